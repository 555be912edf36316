"""The tickets of a site: how they are found, what state they are in, and what is done with them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Optional

from tk_incident import site_fields
from tk_incident.description import has_key_line
from tk_incident.errors import DeliveryError
from tk_incident.recurrence import IgnoreUntil
from tk_incident.settings import Settings
from tk_incident.sinks.connection import Connection, Row
from tk_incident.ticket import PRIORITY, Ticket

STATUS = "sg_status_list"
ATTACHMENTS = "attachments"
TAGS = "tags"
# What people can say in a reply where a site lacks the field for it, and what we say ourselves.
_DUPLICATE = re.compile(r"^\s*duplicate of (?:ticket )?#?(\d{1,15})\b", re.IGNORECASE | re.MULTILINE)
_IGNORE = re.compile(r"^\s*ignore until (.+?)\s*$", re.IGNORECASE | re.MULTILINE)
# The first of them that the entity type has is what its entities are called by.
_NAMES = ("title", "code", "content", "subject")
# So many tickets are asked for at once. A key is the beginning of the keys of its users.
_PAGE = 100
# Nobody reads more replies than that, and what was said last counts.
_REPLIES = 50


class Tickets:
    """The tickets of one site; used while one connection lasts. Calls raise ``DeliveryError``."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        """Take a connection, and the settings that say what a ticket is there."""
        self._connection = connection
        self._type = settings.entity_type
        self._settings = settings
        self.site = connection.site
        self.schema = _usable(connection.fields(settings.entity_type))
        """The fields that can be used, by name."""
        self._name = next((name for name in _NAMES if name in self.schema), _NAMES[0])
        asked = (*site_fields.NAMES, STATUS, ATTACHMENTS, PRIORITY, "updated_at")
        self._asked = ["description", "created_at", *(name for name in asked if name in self.schema)]

    # What there is.

    def known(self, ticket_id: int) -> Optional[Row]:
        """Return a ticket; None if it was deleted, or is not shown yet."""
        rows = self._connection.find(self._type, [["id", "is", ticket_id]], self._asked, limit=1)
        return rows[0] if rows else None

    def all_known(self, ticket_ids: Sequence[int]) -> list[Row]:
        """Return several tickets at once, as far as they are there."""
        filters = [["id", "in", list(ticket_ids)]]
        return self._connection.find(self._type, filters, self._asked, limit=len(ticket_ids))

    def found(self, ticket: Ticket) -> Optional[Row]:
        """Return the ticket of a problem: the oldest that is open, else the newest that was closed.

        One with the key line of today comes before one with that of earlier rules. The title says nothing: it
        is that of the first occurrence on the machine that made the ticket.
        """
        former = closed = None
        for row in self.with_lines([ticket.key_line, *ticket.former_key_lines]):
            is_own = has_key_line(row.get("description"), ticket.key_line)
            if is_own and not self.is_closed(row):
                return row
            if is_own:
                closed = row
            elif ticket.is_about(row.get("description"), self._settings) and (
                former is None or self.is_closed(former)
            ):
                former = row
        if former is not None and not self.is_closed(former):
            return former
        return closed or former

    def with_lines(self, key_lines: Sequence[str], *, after_id: int = 0) -> Iterator[Row]:
        """Find the tickets whose description has one of these lines in it somewhere, the oldest first."""
        lines = [["description", "contains", line] for line in key_lines]
        either = {"filter_operator": "any", "filters": lines}
        while True:
            behind = [["id", "greater_than", after_id]] if after_id > 0 else []
            rows = self._connection.find(self._type, [*behind, either], self._asked, limit=_PAGE)
            yield from rows
            if len(rows) < _PAGE:
                return
            after_id = int(rows[-1]["id"])

    def is_closed(self, row: Row) -> bool:
        """Tell whether a ticket is closed."""
        return row.get(STATUS) in self._settings.closed_statuses

    def closed_at(self, row: Row) -> Optional[datetime]:
        """Return when a ticket was closed, as the site's log has it; else when it was changed last."""
        try:
            entries = self._connection.find(
                "EventLogEntry",
                [
                    ["entity", "is", {"type": self._type, "id": row["id"]}],
                    ["attribute_name", "is", STATUS],
                ],
                ["created_at", "meta"],
                limit=_REPLIES,
                newest_first=True,
            )
        except DeliveryError as error:
            if error.is_outage:
                raise
            # Not every script user may read the log.
            entries = []
        for entry in entries:
            meta = entry.get("meta")
            if isinstance(meta, dict) and meta.get("new_value") in self._settings.closed_statuses:
                return moment(entry.get("created_at"))
        return moment(row.get("updated_at"))

    def replies(self, ticket_id: int) -> list[Row]:
        """Return the last replies of a ticket, the newest first; an entity of another type has none."""
        if self._type != "Ticket":
            return []
        entity = {"type": self._type, "id": ticket_id}
        filters = [["entity", "is", entity]]
        return self._connection.find(
            "Reply", filters, ["content", "created_at"], limit=_REPLIES, newest_first=True
        )

    @property
    def open_status(self) -> Optional[str]:
        """The status of a ticket that is opened again; None where the site has none that is open."""
        return self._status(self._settings.reopened_status) or self._default_status()

    def remarks(self, row: Row) -> "Remarks":
        """Return what people have said of a ticket that decides what becomes of it."""
        link = row.get(site_fields.DUPLICATE_OF)
        said = ""
        if self._type == "Ticket":
            said = "\n".join(str(reply.get("content") or "") for reply in self.replies(row["id"]))
        duplicate, ignore = _DUPLICATE.search(said), _IGNORE.search(said)
        duplicate_of = int(duplicate[1]) if duplicate else None
        if isinstance(link, dict) and isinstance(link.get("id"), int) and link.get("type") == self._type:
            duplicate_of = link["id"]
        until = row.get(site_fields.IGNORE_UNTIL) or (ignore[1] if ignore else None)
        return Remarks(duplicate_of, IgnoreUntil.parse(until))

    def has_evidence(self, row: Row, names: Sequence[str]) -> bool:
        """Tell whether an archive of one of these names is at a ticket."""
        attachments = row.get(ATTACHMENTS)
        if self._type != "Ticket" and ATTACHMENTS not in self.schema:
            entity = {"type": self._type, "id": row["id"]}
            attachments = self._connection.find(
                "Attachment", [["attachment_links", "is", entity]], ["display_name"], limit=_PAGE
            )
        if not isinstance(attachments, (list, tuple)):
            return False
        told = [each for each in attachments if isinstance(each, dict)]
        return any(each.get("name") in names or each.get("display_name") in names for each in told)

    # What is done.

    def with_tags(self, values: Row) -> Row:
        """Return the values of a ticket, whose tags may be given by name: those the site lacks are made.

        Where a script user may make none, the ticket goes without.
        """
        given = values.get(TAGS)
        if not isinstance(given, (list, tuple)):
            return values
        wanted = [name for name in map(_name_alone, given) if name is not None]
        ids = self._tag_ids(wanted) if wanted else {}
        tags = [tag for tag in given if _name_alone(tag) is None]
        tags += [{"type": "Tag", "id": ids[name.casefold()]} for name in wanted if name.casefold() in ids]
        return {**values, TAGS: tags}

    def create(self, values: Row) -> int:
        """Make a ticket, and return its id."""
        return self._connection.create(
            self._type, {self._name if k == "title" else k: v for k, v in values.items()}
        )

    def update(self, ticket_id: int, values: Row) -> None:
        """Change fields of a ticket."""
        self._connection.update(self._type, ticket_id, values)

    def update_all(self, changes: Mapping[int, Row]) -> None:
        """Change fields of several tickets at once."""
        requests = [self._update(ticket_id, values) for ticket_id, values in changes.items() if values]
        if requests:
            self._connection.change(requests)

    def reply(self, ticket_id: int, content: str) -> None:
        """Say something at a ticket: mail for everybody on it. Only tickets have replies."""
        if self._type == "Ticket":
            self._connection.create("Reply", self._reply(ticket_id, content))

    def reopen(self, ticket_id: int, values: Row, content: str) -> None:
        """Open a ticket again and say why; both, or neither."""
        self._change(ticket_id, {**values, STATUS: self.open_status}, content)

    def close_as_duplicate(self, row: Row, of_id: int) -> None:
        """Leave a ticket that is one too many to nobody, and say which one is in use."""
        closed = next(filter(None, map(self._status, self._settings.closed_statuses)), None)
        values: Row = {STATUS: closed} if closed else {}
        if site_fields.DUPLICATE_OF in self.schema:
            values[site_fields.DUPLICATE_OF] = {"type": self._type, "id": of_id}
        content = f"Duplicate of ticket {of_id}: the same problem, kept up to date there instead of here."
        self._change(row["id"], values, content)

    def attach(self, ticket_id: int, name: str, content: bytes) -> None:
        """Attach a file to a ticket. Raises ``OSError``, too."""
        has_field = self._type == "Ticket" or ATTACHMENTS in self.schema
        field_name = ATTACHMENTS if has_field else None
        self._connection.upload(self._type, ticket_id, name, content, field_name=field_name)

    def _tag_ids(self, names: Sequence[str]) -> dict[str, int]:
        ids: dict[str, int] = {}
        try:
            for row in self._connection.find("Tag", [["name", "in", list(names)]], ["name"], limit=_PAGE):
                ids[str(row.get("name")).casefold()] = int(row["id"])
            for name in names:
                if name.casefold() not in ids:
                    ids[name.casefold()] = self._connection.create("Tag", {"name": name})
        except DeliveryError as error:
            if error.is_outage:
                raise
        return ids

    def _change(self, ticket_id: int, values: Row, content: str) -> None:
        requests: list[Row] = []
        if values:
            requests.append(self._update(ticket_id, values))
        if self._type == "Ticket":
            reply = self._reply(ticket_id, content)
            requests.append({"request_type": "create", "entity_type": "Reply", "data": reply})
        if requests:
            self._connection.change(requests)

    def _update(self, ticket_id: int, values: Row) -> Row:
        update = {"request_type": "update", "entity_type": self._type, "entity_id": ticket_id}
        return {**update, "data": dict(values)}

    def _reply(self, ticket_id: int, content: str) -> Row:
        return {"content": content, "entity": {"type": self._type, "id": ticket_id}}

    def _status(self, status: str) -> Optional[str]:
        field = self.schema.get(STATUS)
        return status if field is not None and is_allowed(field, status) else None

    def _default_status(self) -> Optional[str]:
        try:
            default = self.schema[STATUS]["properties"]["default_value"]["value"]
        except (KeyError, TypeError):
            return None
        return default if isinstance(default, str) and default not in self._settings.closed_statuses else None


@dataclass(frozen=True)
class Remarks:
    """What people have said of a ticket."""

    duplicate_of: Optional[int]
    ignore_until: Optional[IgnoreUntil]


def _usable(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out what is called as one of our fields and is another: ``setup-site`` says so of it."""
    others = set()
    for field in site_fields.SITE_FIELDS:
        try:
            data_type = schema[field.name]["data_type"]["value"]
        except (KeyError, TypeError):
            continue
        if data_type != field.data_type:
            others.add(field.name)
    return {name: described for name, described in schema.items() if name not in others}


def _name_alone(tag: object) -> Optional[str]:
    """Return the name of a tag that has nothing but a name."""
    if not isinstance(tag, dict) or tag.get("id") is not None:
        return None
    name = tag.get("name")
    return name if isinstance(name, str) else None


def is_allowed(field: Any, value: object) -> bool:
    """Tell whether a field takes a value: a list field refuses what is not in its list."""
    try:
        allowed = field["properties"]["valid_values"]["value"]
    except (KeyError, TypeError):
        return True
    return not allowed or value in allowed


def moment(value: object) -> Optional[datetime]:
    """Return a time of the site, which the client may have turned into a ``datetime``; None if it is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
