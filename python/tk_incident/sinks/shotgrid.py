"""Brings deliveries to a Flow Production Tracking (ShotGrid) site, one ticket per problem.

The site has no unique constraint, and the client posts a ``create`` again, silently, where the connection
broke before the answer: so this searches before it creates, and again after.
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Callable, Optional

from tk_incident._core import Delivery
from tk_incident.errors import DeliveryError, TkIncidentError
from tk_incident.pace import Pace
from tk_incident.settings import Settings
from tk_incident.sinks import Journal, Outcome
from tk_incident.sinks.connection import Connection, Row
from tk_incident.sinks.faults import delivery_error
from tk_incident.ticket import Ticket, has_key_line, told_count

_COUNT = "sg_incident_count"
_LAST_SEEN = "sg_incident_last_seen"
# A reply is mail for everybody on the ticket.
_REPLY_INTERVAL_MS = 3_600_000
_STATUS = "sg_status_list"
_RESOLVED = "res"
# So many tickets are asked for at once. A key is the beginning of the keys of its users.
_PAGE = 100
# No site makes more tickets while it does not yet show one.
_LATE = 10_000


class ShotGridSink:
    """A sink on a Shotgun handle; used by the courier's thread only."""

    def __init__(self, connect: Callable[[], Any], settings: Settings) -> None:
        """Take what makes a handle; it is called when it is first needed, and again after an error."""
        self._connect = connect
        self._settings = settings
        self._pace = Pace(settings.max_writes_per_min)
        self._connection: Optional[Connection] = None

    def deliver(self, delivery: Delivery, journal: Journal) -> Outcome:
        """Bring a delivery to the site: ticket, evidence, count. Each step is looked up before it is done.

        Raises ``DeliveryError`` where the site does not take it, ``SpoolError`` from the journal, and
        ``OSError`` where the archive cannot be written to a temporary folder.
        """
        try:
            return self._deliver(self._connected(), delivery, journal)
        except Exception:
            # Whatever state the connection is in, the next attempt does not inherit it.
            self.close()
            raise

    def settle(self, deliveries: Sequence[Delivery], journal: Journal) -> None:
        """Look for twins of tickets that were made, by another reporter or by the client itself.

        One search serves all of them. It comes late on purpose: some sites take a while to show what they
        were told. The oldest stays in use, and the others are resolved as its duplicates.
        """
        made = [
            (Ticket.of(each, self._settings), each.ticket_id, each)
            for each in deliveries
            if each.ticket_id is not None
        ]
        try:
            _settle(self._connected(), made, journal)
        except Exception:
            self.close()
            raise

    def wait_s(self) -> float:
        """Return how many seconds the site is to be left alone."""
        return self._pace.wait_s()

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> Connection:
        if self._connection is None:
            try:
                handle = self._connect()
            except TkIncidentError:
                raise
            except Exception as error:
                raise delivery_error(error, site=self._settings.site_url or "the site") from error
            self._connection = Connection(handle, self._pace)
            self._connection.check()
        return self._connection

    def _deliver(self, connection: Connection, delivery: Delivery, journal: Journal) -> Outcome:
        ticket = Ticket.of(delivery, self._settings)
        row = _known(connection, delivery.ticket_id) if delivery.ticket_id else None
        if delivery.ticket_id and row is None and not delivery.is_settled:
            raise DeliveryError(f"{connection.site} does not show ticket {delivery.ticket_id} yet")
        # A known ticket that is gone was deleted on the site: the problem, seen again, gets a new one.
        is_known = row is not None
        is_new = False
        if row is None:
            row = _found(connection, ticket, self._settings)
            if row is None:
                values = _values(connection, ticket)
                journal.ticket_asked(delivery.id)
                row = {"id": connection.create("Ticket", values)}
                is_new = True
            journal.ticket_created(delivery.id, ticket_id=row["id"], is_new=is_new)
        if not (delivery.attached and is_known):
            if is_new or not _has_evidence(row, delivery):
                _attach(connection, row["id"], delivery, journal)
            journal.evidence_attached(delivery.id)
        recurrence_ms = self._settings.recurrence_interval_s * 1000
        if not is_new and _tell_count(connection, row, delivery, ticket):
            recurrence_ms = max(recurrence_ms, _REPLY_INTERVAL_MS)
        return Outcome(row["id"], delivery.incident.count, recurrence_ms)


def _known(connection: Connection, ticket_id: int) -> Optional[Row]:
    rows = connection.tickets([["id", "is", ticket_id]], _fields(connection), limit=1)
    return rows[0] if rows else None


def _found(connection: Connection, ticket: Ticket, settings: Settings) -> Optional[Row]:
    """Return the oldest ticket with this key line; where there is none, with that of earlier rules.

    The title says nothing: it is that of the first occurrence on the machine that made the ticket.
    """
    former = None
    for row in _with_lines(connection, [ticket.key_line, *ticket.former_key_lines]):
        if has_key_line(row.get("description"), ticket.key_line):
            return row
        if former is None and ticket.is_about(row.get("description"), settings):
            former = row
    return former


def _with_lines(connection: Connection, key_lines: Sequence[str], *, after_id: int = 0) -> Iterator[Row]:
    """Find the tickets whose description has one of these lines in it somewhere, the oldest first."""
    lines = [["description", "contains", line] for line in key_lines]
    either = {"filter_operator": "any", "filters": lines}
    while True:
        behind = [["id", "greater_than", after_id]] if after_id > 0 else []
        rows = connection.tickets([*behind, either], _fields(connection), limit=_PAGE)
        yield from rows
        if len(rows) < _PAGE:
            return
        after_id = int(rows[-1]["id"])


def _settle(connection: Connection, made: list[tuple[Ticket, int, Delivery]], journal: Journal) -> None:
    # An earlier ticket was there when this one was not yet made, and was found.
    after_id = min(ticket_id for _, ticket_id, _ in made) - _LATE
    rows = list(_with_lines(connection, [ticket.key_line for ticket, _, _ in made], after_id=after_id))
    for ticket, ticket_id, delivery in made:
        same = [row for row in rows if has_key_line(row.get("description"), ticket.key_line)]
        if same and same[0]["id"] < ticket_id:
            if not _has_evidence(same[0], delivery):
                _attach(connection, same[0]["id"], delivery, journal)
            journal.ticket_created(delivery.id, ticket_id=same[0]["id"], is_new=False)
        for other in same[1:]:
            _resolve_as_duplicate(connection, other, same[0]["id"])
        journal.settled(delivery.id)


def _resolve_as_duplicate(connection: Connection, row: Row, ticket_id: int) -> None:
    """Leave a ticket that is one too many to nobody, and say which one is in use."""
    status = connection.ticket_fields().get(_STATUS)
    if status is not None and _is_allowed(status, _RESOLVED):
        # Whoever sees both of them may do so, and one note is enough.
        if row.get(_STATUS) == _RESOLVED:
            return
        connection.update("Ticket", row["id"], {_STATUS: _RESOLVED})
    content = f"This is the same problem as ticket {ticket_id}, which is kept up to date instead of this one."
    _reply(connection, row["id"], content)


def _values(connection: Connection, ticket: Ticket) -> Row:
    values: Row = {"title": ticket.title, "description": ticket.description}
    if ticket.project_id is not None:
        values["project"] = {"type": "Project", "id": ticket.project_id}
    schema = connection.ticket_fields()
    for name, value in ticket.fields.items():
        if name in schema and _is_allowed(schema[name], value):
            values[name] = value
    return values


def _is_allowed(field: Any, value: object) -> bool:
    """Tell whether a field takes a value: a list field refuses what is not in its list."""
    try:
        allowed = field["properties"]["valid_values"]["value"]
    except (KeyError, TypeError):
        return True
    return not allowed or value in allowed


def _fields(connection: Connection) -> list[str]:
    schema = connection.ticket_fields()
    return ["description", "attachments", *(name for name in (_COUNT, _STATUS) if name in schema)]


def _has_evidence(row: Row, delivery: Delivery) -> bool:
    """Tell whether the archive is at a ticket, under its name of today or that of an old key."""
    own, name = delivery.incident.signature, delivery.evidence_name
    names = [name, *(name.replace(own, former) for former in delivery.former_signatures)]
    attachments = row.get("attachments")
    if not isinstance(attachments, Iterable):
        return False
    return any(isinstance(each, dict) and each.get("name") in names for each in attachments)


def _attach(connection: Connection, ticket_id: int, delivery: Delivery, journal: Journal) -> None:
    evidence = journal.evidence(delivery.id)
    # Not TemporaryDirectory: where the host ends in the middle of an upload, that one warns on its console.
    folder = Path(tempfile.mkdtemp(prefix="tk-incident-"))
    try:
        path = folder / Path(delivery.evidence_name).name
        path.write_bytes(evidence)
        connection.upload("Ticket", ticket_id, path, field_name="attachments")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tell_count(connection: Connection, row: Row, delivery: Delivery, ticket: Ticket) -> bool:
    """Tell a ticket that was there before how often the problem was seen; True if it took a reply."""
    count = delivery.incident.count
    schema = connection.ticket_fields()
    told = [name for name in (_COUNT, _LAST_SEEN) if name in schema and name in ticket.fields]
    values = {name: ticket.fields[name] for name in told}
    if _COUNT in values:
        # Two machines may share a ticket, and neither knows what the other has counted: it never falls.
        values[_COUNT] = max(count, int(row.get(_COUNT) or 0))
    if values:
        connection.update("Ticket", row["id"], values)
        return False
    if count <= told_count(row.get("description") or ""):
        return False
    _reply(connection, row["id"], f"Seen {count} times by now, last at {delivery.incident.last_seen}.")
    return True


def _reply(connection: Connection, ticket_id: int, content: str) -> None:
    connection.create("Reply", {"content": content, "entity": {"type": "Ticket", "id": ticket_id}})
