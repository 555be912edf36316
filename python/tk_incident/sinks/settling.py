"""Tickets are looked at again once the site shows what it was told: for twins, and for lost counts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Optional

from tk_incident import site_fields
from tk_incident._core import Delivery
from tk_incident.counts import Counts
from tk_incident.description import has_key_line
from tk_incident.errors import DeliveryError
from tk_incident.pace import Pace
from tk_incident.recurrence import Next
from tk_incident.settings import Settings
from tk_incident.sinks import Journal
from tk_incident.sinks.attaching import attach, is_attached
from tk_incident.sinks.connection import Row
from tk_incident.sinks.lately import Lately
from tk_incident.sinks.makers import is_left_to_maker
from tk_incident.sinks.place import Place, followed
from tk_incident.sinks.telling import Teller, told_values
from tk_incident.sinks.tickets import Tickets
from tk_incident.ticket import Ticket

# No site makes more tickets while it does not yet show one.
_LATE = 10_000


def settle(
    tickets: Tickets,
    deliveries: Sequence[Delivery],
    settings: Settings,
    journal: Journal,
    *,
    pace: Pace,
    lately: Lately,
) -> None:
    """Leave one ticket of each problem in use, the oldest, and see that it holds what it was told.

    One search serves all of them. It comes late on purpose: some sites take a while to show what they were
    told. Nothing is changed once ``pace`` allows no more: what is not settled comes again. Raises
    ``DeliveryError`` at once where the site is to blame, and at the end where it has refused one of them.
    """
    made = [(Ticket.of(each, settings), each.ticket_id) for each in deliveries if each.ticket_id is not None]
    if made:
        _Settling(tickets, settings, journal, pace, lately).go(made)


class _Settling:
    def __init__(
        self, tickets: Tickets, settings: Settings, journal: Journal, pace: Pace, lately: Lately
    ) -> None:
        self._tickets = tickets
        self._settings = settings
        self._journal = journal
        self._pace = pace
        self._lately = lately
        # What tickets lack, by their ids.
        self._lost: dict[int, list[Ticket]] = {}
        self._refused: Optional[DeliveryError] = None

    def go(self, made: Sequence[tuple[Ticket, int]]) -> None:
        # An earlier ticket was there when this one was not yet made, and was found.
        after_id = min(ticket_id for _, ticket_id in made) - _LATE
        lines = [ticket.key_line for ticket, _ in made]
        rows = list(self._tickets.with_lines(lines, after_id=after_id))
        for ticket, ticket_id in made:
            same = [row for row in rows if has_key_line(row.get("description"), ticket.key_line)]
            with self._apart():
                if self._is_settled(ticket, ticket_id, same):
                    self._journal.settled(ticket.delivery.id)
                    self._lately.forget(ticket.delivery.id)
        self._write_lost()
        if self._refused is not None:
            raise self._refused

    @contextmanager
    def _apart(self) -> Iterator[None]:
        """Let what is wrong with one ticket not hold up the others."""
        try:
            yield
        except DeliveryError as error:
            if error.is_outage:
                raise
            self._refused = error

    def _is_settled(self, ticket: Ticket, ticket_id: int, same: Sequence[Row]) -> bool:
        in_use = [row for row in same if not self._tickets.is_closed(row)]
        is_last = self._close_twins(ticket, in_use)
        row = in_use[0] if in_use else next((row for row in same if row["id"] == ticket_id), None)
        # One under an earlier key has no such line.
        row = row or self._tickets.known(ticket_id)
        if row is None:
            return True
        is_told = True
        if in_use and row["id"] < ticket_id:
            is_told = self._pace.wait_s() == 0 and self._move(ticket, row)
        return is_told and self._holds(ticket, row) and is_last

    def _close_twins(self, ticket: Ticket, in_use: Sequence[Row]) -> bool:
        """Close what is one too many, each by whoever has made it; False as long as some are left."""
        is_last = True
        for other in in_use[1:]:
            if is_left_to_maker(other, ticket.tally.who):
                is_last = False
            elif self._pace.wait_s() > 0:
                return False
            else:
                self._tickets.close_as_duplicate(other, in_use[0]["id"])
        return is_last

    def _move(self, ticket: Ticket, row: Row) -> bool:
        """Go over to an older ticket, which then has archive and count; False where it lacks one yet."""
        delivery, told = ticket.delivery, ticket.as_told()
        if not is_attached(self._tickets, row, delivery):
            if is_left_to_maker(row, ticket.tally.who):
                return False
            attach(self._tickets, row["id"], delivery, self._journal)
        is_told = True
        # What was never told is told by the delivery that is under way.
        if told.tally.count > 0:
            # The search is old by now, and others have told the ticket since.
            place = Place(self._tickets.known(row["id"]) or row, Next.TELL)
            outcome = Teller(self._tickets, self._settings, self._lately).tell(told, place, is_move=True)
            is_told = outcome.count > 0 and outcome.is_settled
        # Behind it: what is told twice is told once, and what is not told is lost.
        self._journal.ticket_created(delivery.id, ticket_id=row["id"], is_new=False)
        self._journal.evidence_attached(delivery.id)
        return is_told

    def _holds(self, ticket: Ticket, row: Row) -> bool:
        """Tell whether a ticket, or the one it passes its problem to, has what we told, and will keep it.

        What it lacks is written at the end. What was seen since then is told at its own time.
        """
        told = ticket.as_told()
        if site_fields.COUNTS not in self._tickets.schema or told.tally.count == 0:
            return True
        row, _ = followed(self._tickets, row)
        if Counts.parse(row.get(site_fields.COUNTS)).holds(told.tally):
            return self._lately.is_past(ticket.delivery.id)
        self._lost.setdefault(row["id"], []).append(told)
        return False

    def _write_lost(self) -> None:
        """Write what was lost into the tickets as they are by now: others have told them since the search."""
        if not self._lost or self._pace.wait_s() > 0:
            return
        rows = self._tickets.all_known(list(self._lost))
        changes = {row["id"]: self._counted(row) for row in rows}
        try:
            with self._apart():
                self._tickets.update_all(changes)
                return
            # All or none: of one that is refused the others are told by themselves.
            for ticket_id, values in changes.items():
                with self._apart():
                    self._tickets.update_all({ticket_id: values})
        finally:
            # It is looked at again, whatever has become of it.
            for ticket in chain.from_iterable(self._lost.values()):
                self._lately.note(ticket.delivery.id)

    def _counted(self, row: Row) -> Row:
        """Return the fields of a ticket with what it has lost; several problems of ours may share it."""
        changes: Row = {}
        for ticket in self._lost[row["id"]]:
            changes.update(told_values(self._tickets, ticket, {**row, **changes}))
        return changes
