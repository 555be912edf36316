"""How a ticket learns how often its problem was seen: in fields where the site has them, else in a reply."""

import re
from datetime import datetime, timedelta, timezone
from typing import Optional

from tk_incident import site_fields
from tk_incident.counts import Counts
from tk_incident.description import told_count
from tk_incident.errors import InternalError
from tk_incident.recurrence import Next
from tk_incident.settings import Settings
from tk_incident.sinks import Outcome
from tk_incident.sinks.connection import Row
from tk_incident.sinks.lately import Lately
from tk_incident.sinks.place import Place
from tk_incident.sinks.tickets import Tickets, is_allowed, moment
from tk_incident.ticket import PRIORITY, Ticket, names, raised_priority, utc

# A reply is mail for everybody on the ticket.
_REPLY_INTERVAL = timedelta(hours=1)
_TOLD = re.compile(r"^Seen (?P<count>\d+) times? by now.* Told by (?P<who>[0-9a-z-]+)", re.DOTALL)


class Teller:
    """Tells tickets; used while one connection lasts."""

    def __init__(self, tickets: Tickets, settings: Settings, lately: Lately) -> None:
        """Take the site's tickets, the settings that say how often, and what notes when one was told."""
        self._tickets = tickets
        self._lately = lately
        self._recurrence_ms = settings.recurrence_interval_s * 1000

    def tell(self, ticket: Ticket, place: Place, *, is_move: bool = False) -> Outcome:
        """Tell a ticket that was there before; open it again where it was closed and that is wanted.

        With ``is_move`` a reply does not wait for its hour: what was told at another ticket would be lost.
        """
        row = place.row
        if row is None:
            raise InternalError("a ticket to be told is missing")
        count = ticket.tally.count
        values = told_values(self._tickets, ticket, row)
        # Several reporters may write at once, and the last one wins: also over what an earlier attempt has
        # written, whose answer was lost.
        is_settled = site_fields.COUNTS not in self._tickets.schema
        if place.then is Next.TELL and not values and not self._has_fields:
            return self._reply(ticket, row, is_move=is_move)
        if place.then is Next.REOPEN or values:
            try:
                self._write(row["id"], values, ticket, place)
            finally:
                # Whatever became of it.
                self._lately.note(ticket.delivery.id)
        return Outcome(row["id"], count, self._recurrence_ms, is_settled)

    def _write(self, ticket_id: int, values: Row, ticket: Ticket, place: Place) -> None:
        if place.then is Next.REOPEN:
            self._tickets.reopen(ticket_id, values, _back(ticket, place))
        else:
            self._tickets.update(ticket_id, values)

    @property
    def _has_fields(self) -> bool:
        names = (site_fields.COUNT, site_fields.COUNTS, site_fields.LAST_SEEN)
        return any(name in self._tickets.schema for name in names)

    def _reply(self, ticket: Ticket, row: Row, *, is_move: bool) -> Outcome:
        """Say it, unless that was said; at most once an hour, whoever says it."""
        count, own = ticket.tally.count, ticket.tally.who
        told = told_count(str(row.get("description") or ""), own)
        last: Optional[datetime] = None
        for reply in self._tickets.replies(row["id"]):
            found = _TOLD.match(str(reply.get("content") or ""))
            if found is not None:
                told = max(told, int(found["count"]) if found["who"] == own else 0)
                last = max(filter(None, (last, moment(reply.get("created_at")))), default=None)
        interval_ms = max(self._recurrence_ms, round(_REPLY_INTERVAL.total_seconds() * 1000))
        if count <= told:
            return Outcome(row["id"], count, self._recurrence_ms)
        wait = timedelta() if last is None else last + _REPLY_INTERVAL - datetime.now(timezone.utc)
        if wait > timedelta() and not is_move:
            # No more than was: the next one waits for its turn. Of what was told we may not know, if we were
            # ended before it was kept.
            return Outcome(row["id"], told, min(interval_ms, round(wait.total_seconds() * 1000)))
        times = "1 time" if count == 1 else f"{count} times"
        who = ", ".join(ticket.tally.users) + (f" on {ticket.tally.host}" if ticket.tally.host else "")
        last_seen = ticket.delivery.incident.last_seen
        content = f"Seen {times} by now by {who}, last at {last_seen}. Told by {own}."
        self._tickets.reply(row["id"], content)
        return Outcome(row["id"], count, interval_ms)


def told_values(tickets: Tickets, ticket: Ticket, row: Row) -> Row:
    """Return the fields of a ticket that change when it is told; none where it knows all already."""
    before = Counts.parse(row.get(site_fields.COUNTS))
    counts = before.told(ticket.tally, ticket.former_tallies)
    incident = ticket.delivery.incident
    raised = raised_priority(
        incident.level, row.get(PRIORITY), users=len(counts.users), before=len(before.users)
    )
    known = int(row.get(site_fields.COUNT) or 0)
    seen = [utc(incident.last_seen), moment(row.get(site_fields.LAST_SEEN))]
    # A site keeps times to the second.
    last = max((each.replace(microsecond=0) for each in seen if each), default=None)
    told: Row = {
        site_fields.COUNTS: str(counts),
        # Without the lines of all reporters nobody knows what the others have counted: it never falls.
        site_fields.COUNT: counts.total
        if site_fields.COUNTS in tickets.schema
        else max(known, ticket.tally.count),
        site_fields.LAST_SEEN: last,
        site_fields.VERSION: ticket.version or None,
        site_fields.USERS: names((*counts.users, *ticket.tally.users), row.get(site_fields.USERS)),
        site_fields.ENGINES: names(ticket.engines, row.get(site_fields.ENGINES)),
        PRIORITY: raised if is_allowed(tickets.schema.get(PRIORITY), raised) else None,
    }
    was = {**row, site_fields.LAST_SEEN: moment(row.get(site_fields.LAST_SEEN))}
    return {
        name: value
        for name, value in told.items()
        if name in tickets.schema and value is not None and was.get(name) != value
    }


def _back(ticket: Ticket, place: Place) -> str:
    under = f" under {ticket.version}" if ticket.version else ""
    last_seen = ticket.delivery.incident.last_seen
    closed = f"this ticket was closed{place.closed_under}"
    return f"It is back: {closed}, and its problem was seen at {last_seen}{under}."
