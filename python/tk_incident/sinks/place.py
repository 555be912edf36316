"""Which ticket a problem belongs to now, and what becomes of it."""

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Optional

from tk_incident import site_fields
from tk_incident.counts import Counts
from tk_incident.description import told_version
from tk_incident.recurrence import Next, Seen, next_for_closed
from tk_incident.settings import Settings
from tk_incident.sinks.connection import Row
from tk_incident.sinks.tickets import Remarks, Tickets
from tk_incident.ticket import Ticket, utc


@dataclass(frozen=True)
class Place:
    """A ticket, and what is done with it."""

    row: Optional[Row]
    """None where there is no ticket: then there is to be a new one."""
    then: Next
    closed_at: Optional[datetime] = None

    @property
    def closed_under(self) -> str:
        """Say when and under what it was closed: as far as known, in words that go behind *closed*."""
        when = f" on {self.closed_at.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC" if self.closed_at else ""
        version = version_at(self.row) if self.row is not None else ""
        return f"{when} under {version}" if version else when

    @property
    def previous(self) -> str:
        """Say which ticket a new one follows; empty where there was none."""
        if self.row is None:
            return ""
        return f"Ticket {self.row['id']} of the same problem was closed{self.closed_under}. It is back."


def place_of(tickets: Tickets, ticket: Ticket, row: Optional[Row], settings: Settings) -> Place:
    """Find the ticket that stands for a problem: a closed duplicate passes it on to the one it points to."""
    if row is None:
        return Place(None, Next.NEW)
    row, remarks = followed(tickets, row)
    if remarks is None:
        return Place(row, Next.TELL)
    counts = Counts.parse(row.get(site_fields.COUNTS)).told(ticket.tally, ticket.former_tallies)
    seen = Seen(
        count=max(counts.total, int(row.get(site_fields.COUNT) or 0)),
        users=len(counts.users),
        last=utc(ticket.delivery.incident.last_seen),
        version=ticket.version,
    )
    closed_at = tickets.closed_at(row)
    now = datetime.now(timezone.utc)
    then = next_for_closed(settings.on_closed, closed_at, remarks.ignore_until, seen, now)
    if then is Next.REOPEN and tickets.open_status is None:
        # It would be said at each occurrence, and stay closed.
        then = Next.LEAVE
    return Place(row, then, closed_at)


def followed(tickets: Tickets, row: Row) -> tuple[Row, Optional[Remarks]]:
    """Go from a closed duplicate to the ticket it points to, and on from there.

    Returns where that ends, and what was said of that ticket if it is closed. A circle ends where it closes,
    and a ticket that was deleted is not pointed to.
    """
    passed = {row["id"]}
    while tickets.is_closed(row):
        remarks = tickets.remarks(row)
        to = remarks.duplicate_of
        target = None if to is None or to in passed else tickets.known(to)
        if target is None:
            return row, remarks
        passed.add(target["id"])
        row = target
    return row, None


def version_at(row: Row) -> str:
    """Return what a ticket was told last that its problem was seen under; empty if nothing."""
    return str(row.get(site_fields.VERSION) or "") or told_version(row.get("description"))
