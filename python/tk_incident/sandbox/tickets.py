"""Tickets as people see them: lines of the list, and one ticket with all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from ..site_fields import COUNT, COUNTS, DUPLICATE_OF, FIRST_SEEN, IGNORE_UNTIL, KEY, LAST_SEEN, VERSION
from . import filters
from .evidence import Evidence, read_evidence
from .reader import Reader, name_of
from .schema import STATUSES
from .store import Row, Store
from .values import from_wire_time

# What a browser redraws every two seconds without effort.
MAX_LINES = 500


@dataclass(frozen=True)
class Line:
    """One ticket in the list."""

    id: int
    title: str
    excerpt: str
    status: str
    priority: str | None
    count: int | None
    last_seen: datetime | None
    attachments: int


@dataclass(frozen=True)
class Listing:
    """The newest tickets that a search found; ``found`` and ``total`` count all of them."""

    lines: list[Line]
    found: int
    total: int


@dataclass(frozen=True)
class File:
    """An attachment that can be downloaded."""

    id: int
    name: str
    size_bytes: int | None


@dataclass(frozen=True)
class Answer:
    """A reply to a ticket."""

    id: int
    author: str
    time: datetime | None
    content: str


@dataclass(frozen=True)
class Original:
    """The ticket that another one is a duplicate of."""

    id: int
    title: str


@dataclass(frozen=True)
class Ticket:
    """One ticket with its evidence and replies."""

    line: Line
    description: str
    project: str | None
    kind: str | None
    key: str | None
    people: list[str]
    first_seen: datetime | None
    counts: list[str]
    """How often each reporter saw it, one a line."""
    version: str | None
    ignore_until: str | None
    duplicate_of: Original | None
    files: list[File]
    evidence: Evidence | None
    answers: list[Answer]


class Tickets:
    """Reads tickets for the pages."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reader = Reader(store)

    def search(self, words: str, status: str) -> Listing:
        """The tickets that have every word and the status (any where it is not one), last seen first."""
        rows = self._store.rows("Ticket")
        found = [row for row in rows if status not in STATUSES or row.fields.get("sg_status_list") == status]
        wanted = words.casefold().split()
        if wanted:
            found = [row for row in found if _has_all(self._searchable(row), wanted)]
        found.sort(key=lambda row: (_last_seen(row) or "", row.id), reverse=True)
        return Listing([self._line(row) for row in found[:MAX_LINES]], len(found), len(rows))

    def get(self, ticket_id: int) -> Ticket | None:
        """One ticket; None if there is none, or it was deleted."""
        row = self._store.get("Ticket", ticket_id)
        if row is None or row.retired:
            return None
        fields = row.fields
        files = self._files(row)
        return Ticket(
            line=self._line(row),
            description=fields.get("description") or "",
            project=self._name(row, "project"),
            kind=fields.get("sg_ticket_type"),
            key=fields.get(KEY),
            people=self._people(row),
            first_seen=_moment(fields.get(FIRST_SEEN) or fields.get("created_at")),
            counts=(fields.get(COUNTS) or "").splitlines(),
            version=fields.get(VERSION),
            ignore_until=fields.get(IGNORE_UNTIL),
            duplicate_of=self._original(row),
            files=files,
            evidence=self._evidence(files),
            answers=self._answers(row),
        )

    def _line(self, row: Row) -> Line:
        fields = row.fields
        return Line(
            id=row.id,
            title=fields.get("title") or "(no title)",
            excerpt=_first_line(fields.get("description") or ""),
            status=fields.get("sg_status_list") or "",
            priority=fields.get("sg_priority"),
            count=fields.get(COUNT),
            last_seen=_moment(_last_seen(row)),
            attachments=len(self._files(row)),
        )

    def _searchable(self, row: Row) -> str:
        texts = [row.fields.get("title"), row.fields.get("description"), *self._people(row)]
        return "\n".join(text for text in texts if text).casefold()

    def _people(self, row: Row) -> list[str]:
        shown = self._reader.shown(row, ["addressings_to", "addressings_cc"])
        links = shown["addressings_to"] + shown["addressings_cc"]
        return list(dict.fromkeys(link["name"] for link in links))

    def _name(self, row: Row, field: str) -> str | None:
        link = self._reader.shown(row, [field])[field]
        return link["name"] if link else None

    def _original(self, row: Row) -> Original | None:
        shown = self._reader.shown(row, [DUPLICATE_OF]).get(DUPLICATE_OF)
        return Original(shown["id"], shown["name"] or "(no title)") if shown else None

    def _files(self, row: Row) -> list[File]:
        """Newest first."""
        links = row.fields.get("attachments") or []
        rows = [self._store.get("Attachment", link["id"]) for link in links]
        files = [
            File(one.id, name_of(one) or f"attachment-{one.id}", one.fields.get("file_size"))
            for one in rows
            if one is not None and not one.retired
        ]
        return sorted(files, key=lambda file: file.id, reverse=True)

    def _evidence(self, files: list[File]) -> Evidence | None:
        archives = [file for file in files if PurePath(file.name).suffix.lower() == ".zip"]
        return read_evidence(self._store.file(archives[0].id)) if archives else None

    def _answers(self, row: Row) -> list[Answer]:
        of_ticket = filters.Condition("entity", "is", [row.link])
        return [
            Answer(
                id=reply.id,
                author=self._name(reply, "user") or "Unknown",
                time=_moment(reply.fields.get("created_at")),
                content=reply.fields.get("content") or "",
            )
            for reply in self._reader.find("Reply", of_ticket)
        ]


def _has_all(text: str, words: list[str]) -> bool:
    return all(word in text for word in words)


def _last_seen(row: Row) -> Any:
    return row.fields.get(LAST_SEEN) or row.fields.get("updated_at")


def _moment(text: str | None) -> datetime | None:
    return from_wire_time(text) if text else None


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:200]
