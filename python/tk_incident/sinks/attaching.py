"""The evidence archive at a ticket."""

import shutil
import tempfile
from pathlib import Path

from tk_incident._core import Delivery
from tk_incident.sinks import Journal
from tk_incident.sinks.connection import Row
from tk_incident.sinks.tickets import Tickets


def attach(tickets: Tickets, ticket_id: int, delivery: Delivery, journal: Journal) -> None:
    """Attach the archive of a delivery to a ticket."""
    evidence = journal.evidence(delivery.id)
    # Not TemporaryDirectory: where the host ends in the middle of an upload, that one warns on its console.
    folder = Path(tempfile.mkdtemp(prefix="tk-incident-"))
    try:
        path = folder / Path(delivery.evidence_name).name
        path.write_bytes(evidence)
        tickets.attach(ticket_id, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def attach_once(tickets: Tickets, row: Row, delivery: Delivery, journal: Journal) -> None:
    """Attach the archive of a delivery, unless it is there under its name of today or that of an old key."""
    own, name = delivery.incident.signature, delivery.evidence_name
    names = [name, *(name.replace(own, former) for former in delivery.former_signatures)]
    if not tickets.has_evidence(row, names):
        attach(tickets, row["id"], delivery, journal)
