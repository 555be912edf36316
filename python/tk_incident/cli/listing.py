"""``tk-incident incidents`` and ``occurrences``: what the spool holds, also while a reporter runs."""

import argparse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tk_incident._core import Incident, Occurrence, Spool
from tk_incident.cli.arguments import add_json, add_state
from tk_incident.cli.screen import Screen
from tk_incident.cli.table import Column

if TYPE_CHECKING:
    from tk_incident.cli.arguments import Commands

_INCIDENT_COLUMNS = (
    Column("count", right=True),
    Column("level"),
    Column("title", flexible=True),
    Column("engines"),
    Column("first seen"),
    Column("last seen"),
)
_OCCURRENCE_COLUMNS = (
    Column("time"),
    Column("level"),
    Column("engine"),
    Column("title", flexible=True),
    Column("file"),
    Column("offset", right=True),
)


def register(commands: "Commands") -> None:
    """Add the commands."""
    incidents = commands.add_parser("incidents", help="list the problems in a spool")
    add_state(incidents)
    add_json(incidents)
    incidents.set_defaults(run=_run_incidents)
    occurrences = commands.add_parser("occurrences", help="list every sighting in a spool")
    add_state(occurrences)
    add_json(occurrences)
    occurrences.set_defaults(run=_run_occurrences)


def show_incidents(screen: Screen, incidents: Iterable[Incident], *, with_tickets: bool) -> None:
    """Print incidents as the screen's form asks."""
    if screen.as_json:
        for incident in incidents:
            screen.json_line(incident.as_json())
        return
    rows = [_incident_row(incident, with_tickets=with_tickets) for incident in incidents]
    if rows:
        tickets = (Column("state"), Column("ticket", right=True)) if with_tickets else ()
        screen.table((*_INCIDENT_COLUMNS, *tickets), rows)


def show_occurrences(screen: Screen, occurrences: Iterable[Occurrence]) -> None:
    """Print occurrences as the screen's form asks."""
    if screen.as_json:
        for occurrence in occurrences:
            screen.json_line(occurrence.as_json())
        return
    rows = [_occurrence_row(occurrence) for occurrence in occurrences]
    if rows:
        screen.table(_OCCURRENCE_COLUMNS, rows)


def read_occurrences(spool: Spool, after_id: int = 0) -> Iterator[Occurrence]:
    """Read all occurrences behind ``after_id``, a page at a time."""
    while True:
        page = spool.occurrences(after_id)
        if not page:
            return
        yield from page
        after_id = page[-1].id


def _run_incidents(arguments: argparse.Namespace, screen: Screen) -> int:
    incidents = Spool(arguments.state).incidents()
    show_incidents(screen, incidents, with_tickets=True)
    if not screen.as_json:
        screen.line(f"{len(incidents)} incidents, {sum(each.count for each in incidents)} occurrences.")
    return 0


def _run_occurrences(arguments: argparse.Namespace, screen: Screen) -> int:
    show_occurrences(screen, read_occurrences(Spool(arguments.state)))
    return 0


def _incident_row(incident: Incident, *, with_tickets: bool) -> list[str]:
    row = [
        str(incident.count),
        incident.level,
        incident.title,
        ", ".join(incident.engines),
        moment(incident.first_seen),
        moment(incident.last_seen),
    ]
    if with_tickets:
        row += [incident.state, "" if incident.ticket is None else str(incident.ticket)]
    return row


def _occurrence_row(occurrence: Occurrence) -> list[str]:
    return [
        moment(occurrence.time),
        occurrence.level,
        occurrence.engine,
        occurrence.title,
        occurrence.path.name,
        str(occurrence.offset),
    ]


def moment(iso: str) -> str:
    """Return a time to the second: a table's reader has no use for the rest."""
    return iso.replace("T", " ").partition(".")[0]
