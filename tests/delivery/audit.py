"""What a site and a spool hold, against what was written into the logs; what is wrong, in words."""

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from tk_incident._core import Spool
from tk_incident.cli.status import is_balanced

_KEY_LINE = re.compile(r"^incident-key: (v[0-9]+-[0-9a-f]{24})(?:/(.*))?$")
_SEEN = re.compile(r"^Seen: +([0-9]+) times?(?:, told by \S+)?$", re.MULTILINE)
_SEEN_BY_NOW = re.compile(r"^Seen ([0-9]+) times")
_RESOLVED = "res"


class Holding(Protocol):
    """What is asked of a site."""

    defects: list[str]

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Return the entities of a type, the oldest first."""

    def blobs(self) -> Mapping[int, bytes]:
        """Return what was uploaded, by the attachment's id."""


def tickets_by_key(tickets: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Group tickets by the signature in their last line; what has none is under the empty one."""
    groups = defaultdict(list)
    for ticket in tickets:
        found = _KEY_LINE.match(str(ticket.get("description") or "").rpartition("\n")[2])
        groups[found.group(1) if found else ""].append(ticket)
    return dict(groups)


def wrong_tickets(site: Holding, told: Mapping[str, int]) -> list[str]:
    """Compare with how often each signature is to have been told: one open ticket each, with its archive."""
    complaints = list(site.defects)
    groups = tickets_by_key(site.rows("Ticket"))
    replies = site.rows("Reply")
    for key in sorted({*groups, *told}):
        tickets = groups.get(key, [])
        opened = [each for each in tickets if each.get("sg_status_list") != _RESOLVED]
        if len(opened) != (1 if key in told else 0):
            complaints.append(f"{key or 'no key'}: {len(opened)} open tickets of {len(tickets)}")
            continue
        for ticket in opened:
            complaints += wrong_archives(site, ticket)
            count = told_count(ticket, _notes(replies, ticket))
            if count != told[key]:
                complaints.append(f"{key}: ticket {ticket['id']} tells of {count}, not of {told[key]}")
        complaints += _unexplained(tickets, opened[0], replies) if opened else []
    return complaints


def told_count(ticket: Mapping[str, Any], notes: Sequence[str]) -> int:
    """Return how many occurrences a ticket tells of: its field, or its description and notes."""
    if ticket.get("sg_incident_count") is not None:
        return int(ticket["sg_incident_count"])
    counts = [int(found) for found in _SEEN.findall(str(ticket.get("description") or ""))]
    counts += [int(found) for note in notes for found in _SEEN_BY_NOW.findall(note)]
    return max(counts, default=0)


def wrong_archives(site: Holding, ticket: Mapping[str, Any]) -> list[str]:
    """Look at the archives of a ticket: there is one, and it can be unpacked."""
    archives = [each for each in ticket.get("attachments") or () if str(each["name"]).startswith("incident-")]
    if len(archives) != 1:
        return [f"ticket {ticket['id']} has {len(archives)} archives"]
    complaints = []
    for each in archives:
        blob = site.blobs()[each["id"]]
        try:
            with zipfile.ZipFile(io.BytesIO(blob)) as archive:
                torn = archive.testzip()
        except zipfile.BadZipFile:
            torn = f"{len(blob)} bytes that are no archive"
        complaints += [] if torn is None else [f"an archive of ticket {ticket['id']} is torn: {torn}"]
    return complaints


def wrong_books(spool: Spool, captured: int, untold: int = 0) -> list[str]:
    """Look at the books: they balance, all that was written was captured, and only ``untold`` of it waits."""
    books = spool.status()["books"]
    complaints = [] if is_balanced(books) else [f"the books do not balance: {books}"]
    if books["captured"] != captured:
        complaints.append(f"{captured} records were written, and {books['captured']} captured")
    if books["waiting"] != untold:
        complaints.append(f"{books['waiting']} wait by the books, {untold} by the deliveries")
    return complaints


def wrong_at_the_end(site: Holding, spool: Spool, written: Mapping[str, int]) -> list[str]:
    """Compare both with what was written: what the spool says is still to be told is not at the site."""
    untold = untold_by_key(spool)
    told = {key: count - untold.get(key, 0) for key, count in written.items()}
    return [*wrong_tickets(site, told), *wrong_books(spool, sum(written.values()), sum(untold.values()))]


def untold_by_key(spool: Spool) -> dict[str, int]:
    """Return how many occurrences of each signature the site is still to be told of."""
    return {str(each["signature"]): int(each["untold"]) for each in spool.deliveries()}


def leaks(secrets: Iterable[str], texts: Iterable[str], where: str) -> list[str]:
    """Look for secrets."""
    whole = "\n".join(texts)
    return [f"a secret is in {where}" for secret in secrets if secret in whole]


def all_that_was_sent(site: Holding) -> list[str]:
    """Return all texts that the site was given, and those in the archives."""
    texts = [str(row) for kind in ("Ticket", "Reply", "Attachment") for row in site.rows(kind)]
    for blob in site.blobs().values():
        try:
            with zipfile.ZipFile(io.BytesIO(blob)) as archive:
                texts += [archive.read(name).decode("utf-8", "replace") for name in archive.namelist()]
        except zipfile.BadZipFile:
            texts.append(blob.decode("utf-8", "replace"))
    return texts


def _notes(replies: Iterable[Mapping[str, Any]], ticket: Mapping[str, Any]) -> list[str]:
    return [str(each["content"]) for each in replies if each["entity"]["id"] == ticket["id"]]


def _unexplained(
    tickets: Iterable[Mapping[str, Any]], opened: Mapping[str, Any], replies: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Each ticket that was resolved as a duplicate says which one is in use, and is younger than that."""
    complaints = []
    for ticket in tickets:
        if ticket.get("sg_status_list") != _RESOLVED:
            continue
        if not any(f"ticket {opened['id']}" in note for note in _notes(replies, ticket)):
            complaints.append(f"ticket {ticket['id']} was resolved without a word of ticket {opened['id']}")
        if ticket["id"] < opened["id"]:
            complaints.append(f"ticket {ticket['id']} was resolved, and ticket {opened['id']} is younger")
    return complaints
