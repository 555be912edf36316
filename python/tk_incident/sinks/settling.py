"""Tickets are looked at again once the site shows what it was told: for twins, and for lost counts."""

from collections.abc import Sequence

from tk_incident import site_fields
from tk_incident._core import Delivery
from tk_incident.counts import Counts
from tk_incident.description import has_key_line
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
    told. Nothing is changed once ``pace`` allows no more: what is not settled comes again.
    """
    made = [(Ticket.of(each, settings), each.ticket_id) for each in deliveries if each.ticket_id is not None]
    if not made:
        return
    # An earlier ticket was there when this one was not yet made, and was found.
    after_id = min(ticket_id for _, ticket_id in made) - _LATE
    rows = list(tickets.with_lines([ticket.key_line for ticket, _ in made], after_id=after_id))
    lost: dict[int, list[Ticket]] = {}
    for ticket, ticket_id in made:
        same = [row for row in rows if has_key_line(row.get("description"), ticket.key_line)]
        in_use = [row for row in same if not tickets.is_closed(row)]
        is_last = _close_twins(tickets, ticket, in_use, pace)
        row = in_use[0] if in_use else next((row for row in same if row["id"] == ticket_id), None)
        is_told = True
        if in_use and in_use[0]["id"] < ticket_id:
            is_told = pace.wait_s() == 0 and _move(tickets, ticket, in_use[0], settings, journal)
            lately.note(ticket.delivery.id)
        if row is None or (is_told and _holds(tickets, ticket, row, lost, lately) and is_last):
            journal.settled(ticket.delivery.id)
            lately.forget(ticket.delivery.id)
    # The search is old by now, and others have told these tickets since. What is written is looked at again.
    if lost and pace.wait_s() == 0:
        rows = tickets.all_known(list(lost))
        tickets.update_all({row["id"]: _counted(tickets, row, lost[row["id"]]) for row in rows})
        for told in lost.values():
            for ticket in told:
                lately.note(ticket.delivery.id)


def _close_twins(tickets: Tickets, ticket: Ticket, in_use: Sequence[Row], pace: Pace) -> bool:
    """Close what is one too many, each by whoever has made it; False as long as some are left."""
    is_last = True
    for other in in_use[1:]:
        if is_left_to_maker(other, ticket.tally.who):
            is_last = False
        elif pace.wait_s() > 0:
            return False
        else:
            tickets.close_as_duplicate(other, in_use[0]["id"])
    return is_last


def _move(tickets: Tickets, ticket: Ticket, row: Row, settings: Settings, journal: Journal) -> bool:
    """Go over to an older ticket, which then has archive and count; False where it lacks one of them yet."""
    delivery, told = ticket.delivery, ticket.as_told()
    if not is_attached(tickets, row, delivery):
        if is_left_to_maker(row, ticket.tally.who):
            return False
        attach(tickets, row["id"], delivery, journal)
    is_told = True
    # What was never told is told by the delivery that is under way.
    if told.tally.count > 0:
        # The search is old by now, and others have told the ticket since.
        place = Place(tickets.known(row["id"]) or row, Next.TELL)
        outcome = Teller(tickets, settings).tell(told, place, is_move=True)
        is_told = outcome.count > 0 and outcome.is_settled
    # Behind it: what is told twice is told once, and what is not told is lost.
    journal.ticket_created(delivery.id, ticket_id=row["id"], is_new=False)
    journal.evidence_attached(delivery.id)
    return is_told


def _holds(tickets: Tickets, ticket: Ticket, row: Row, lost: dict[int, list[Ticket]], lately: Lately) -> bool:
    """Tell whether a ticket, or the one it passes its problem to, has what we told, and will keep it.

    What it lacks is noted in ``lost``. What was seen since then is told at its own time.
    """
    told = ticket.as_told()
    if site_fields.COUNTS not in tickets.schema or told.tally.count == 0:
        return True
    row, _ = followed(tickets, row)
    if Counts.parse(row.get(site_fields.COUNTS)).holds(told.tally):
        return lately.is_past(ticket.delivery.id)
    lost.setdefault(row["id"], []).append(told)
    return False


def _counted(tickets: Tickets, row: Row, told: Sequence[Ticket]) -> Row:
    """Return the fields of a ticket with what it has lost; several problems of ours may share it."""
    changes: Row = {}
    for ticket in told:
        changes.update(told_values(tickets, ticket, {**row, **changes}))
    return changes
