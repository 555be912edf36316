"""The evidence archive at a ticket."""

from tk_incident._core import Delivery
from tk_incident.sinks import Journal
from tk_incident.sinks.connection import Row
from tk_incident.sinks.tickets import Tickets


def attach(tickets: Tickets, ticket_id: int, delivery: Delivery, journal: Journal) -> None:
    """Attach the archive of a delivery to a ticket."""
    tickets.attach(ticket_id, delivery.evidence_name, journal.evidence(delivery.id))


def is_attached(tickets: Tickets, row: Row, delivery: Delivery) -> bool:
    """Tell whether the archive of a delivery is at a ticket, by its name or that of an old key."""
    own, name = delivery.incident.signature, delivery.evidence_name
    names = [name, *(name.replace(own, former) for former in delivery.former_signatures)]
    return tickets.has_evidence(row, names)
