"""Brings deliveries to a Flow Production Tracking (ShotGrid) site, one ticket per problem.

The site has no unique constraint, and the client posts a ``create`` again, silently, where the connection
broke before the answer: so this searches before it creates, and again after.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Optional

from tk_incident._core import Delivery
from tk_incident.archive import lines_before
from tk_incident.errors import DeliveryError, InternalError, TkIncidentError
from tk_incident.pace import Pace
from tk_incident.recurrence import Next
from tk_incident.settings import Settings
from tk_incident.sinks import Journal, Outcome
from tk_incident.sinks.attaching import attach, is_attached
from tk_incident.sinks.connection import Connection, Row
from tk_incident.sinks.faults import delivery_error
from tk_incident.sinks.lately import Lately
from tk_incident.sinks.makers import is_left_to_maker
from tk_incident.sinks.place import Place, place_of
from tk_incident.sinks.settling import settle
from tk_incident.sinks.telling import Teller
from tk_incident.sinks.tickets import Tickets
from tk_incident.sinks.values import BeforeTicket, bare, new_ticket
from tk_incident.ticket import Ticket


class ShotGridSink:
    """A sink on a Shotgun handle; used by the courier's thread only."""

    def __init__(
        self,
        connect: Callable[[], Any],
        settings: Settings,
        before_ticket: Optional[BeforeTicket] = None,
        folder: Optional[Path] = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what makes a handle; it is called when it is first needed, and again after an error.

        ``before_ticket`` may edit the values of each new ticket, or want none. Archives lie in ``folder``
        while they are uploaded. ``clock`` gives seconds that never go back.
        """
        self._folder = folder
        self._connect = connect
        self._settings = settings
        self._before_ticket = before_ticket
        self._pace = Pace(settings.max_writes_per_min, clock)
        self._lately = Lately(settings.site_lag_s, clock)
        self._connection: Optional[Connection] = None

    def deliver(self, delivery: Delivery, journal: Journal) -> Outcome:
        """Bring a delivery to the site: ticket, evidence, count. Each step is looked up before it is done.

        Raises ``DeliveryError`` where the site does not take it, ``SpoolError`` from the journal, and
        ``OSError`` where the archive cannot be written to a temporary folder.
        """
        try:
            return self._deliver(Tickets(self._connected(), self._settings), delivery, journal)
        except Exception:
            # Whatever state the connection is in, the next attempt does not inherit it.
            self.close()
            raise

    def settle(self, deliveries: Sequence[Delivery], journal: Journal) -> None:
        """Look at tickets again once the site shows what it was told: for twins, and for lost counts.

        Of twins, made by another reporter or by the client itself, the oldest stays in use. What is left once
        the site is to be left alone is not settled.
        """
        try:
            tickets = Tickets(self._connected(), self._settings)
            settle(tickets, deliveries, self._settings, journal, pace=self._pace, lately=self._lately)
        except Exception:
            self.close()
            raise

    def wait_s(self) -> float:
        """Return how many seconds the site is to be left alone."""
        return self._pace.wait_s()

    def interrupt(self) -> None:
        """Break off what is under way at the site; from any thread."""
        connection = self._connection
        if connection is not None:
            connection.interrupt()

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
            self._connection = Connection(handle, self._pace, self._folder)
            self._connection.check()
        return self._connection

    def _deliver(self, tickets: Tickets, delivery: Delivery, journal: Journal) -> Outcome:
        ticket = Ticket.of(delivery, self._settings)
        known = tickets.known(delivery.ticket_id) if delivery.ticket_id else None
        if delivery.ticket_id and known is None and not delivery.is_settled:
            raise DeliveryError(f"{tickets.site} does not show ticket {delivery.ticket_id} yet")
        # A known ticket that is gone was deleted on the site: the problem, seen again, gets a new one.
        row = known
        if row is None or tickets.is_closed(row):
            row = tickets.found(ticket) or row
        place = place_of(tickets, ticket, row, self._settings)
        if place.then is Next.NEW:
            return self._create(tickets, ticket, place, journal)
        if place.row is None or row is None:  # a place without a ticket is one for a new one
            raise InternalError("a ticket to be told is missing")
        # One that only passes its problem on stays its ticket: it may be opened again.
        own = place.row if ticket.is_own(place.row, self._settings) else row
        is_moved = known is not None and own["id"] != known["id"]
        if known is None or is_moved:
            journal.ticket_created(delivery.id, ticket_id=own["id"], is_new=False)
        is_awaited = False
        if known is None or is_moved or not delivery.attached:
            is_there = is_attached(tickets, place.row, delivery)
            is_awaited = not is_there and is_left_to_maker(place.row, ticket.tally.who)
            if not is_awaited:
                if not is_there:
                    attach(tickets, place.row["id"], delivery, journal)
                    # An upload takes its time, in which others have told the ticket, too.
                    place = replace(place, row=tickets.known(place.row["id"]) or place.row)
                journal.evidence_attached(delivery.id)
        outcome = Teller(tickets, self._settings, self._lately).tell(ticket, place)
        if not is_awaited:
            return outcome
        # It is told all, and looked at once more: for the archive, at a time that is not that of all others.
        wait_ms = round(self._settings.site_lag_s * 1000 * random.SystemRandom().uniform(0.5, 1.5))
        return replace(outcome, count=delivery.told_count, recurrence_ms=wait_ms)

    def _create(self, tickets: Tickets, ticket: Ticket, place: Place, journal: Journal) -> Outcome:
        delivery = ticket.delivery
        before = lines_before(journal.evidence(delivery.id), ticket.record)
        description = ticket.description(before, place.previous)
        recurrence_ms = self._settings.recurrence_interval_s * 1000
        values = new_ticket(ticket, tickets.schema, description, self._settings.tags, self._before_ticket)
        if values is None:
            return Outcome(None, delivery.incident.count, recurrence_ms)
        values = tickets.with_tags(values)
        journal.ticket_asked(delivery.id)
        ticket_id = self._created(tickets, ticket, values)
        journal.ticket_created(delivery.id, ticket_id=ticket_id, is_new=True)
        attach(tickets, ticket_id, delivery, journal)
        journal.evidence_attached(delivery.id)
        return Outcome(ticket_id, delivery.incident.count, recurrence_ms)

    @staticmethod
    def _created(tickets: Tickets, ticket: Ticket, values: Row) -> int:
        try:
            return tickets.create(values)
        except DeliveryError as error:
            # A field that may not be written costs the field, not the ticket; but a refusal may also pass.
            if error.is_outage or ticket.delivery.attempts == 0:
                raise
            return tickets.create(bare(values, str(error), ticket.key_line))
