"""``tk-incident setup-site``: gives the tickets of a site the reporter's fields."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tk_incident.cli.arguments import (
    UsageError,
    add_json,
    add_settings,
    add_site,
    require_credentials,
    settings_from,
    with_site,
)
from tk_incident.cli.screen import Screen
from tk_incident.site import connector
from tk_incident.site_fields import SITE_FIELDS
from tk_incident.site_setup import FieldReport, set_up

if TYPE_CHECKING:
    from tk_incident.cli.arguments import Commands

_STATES = {
    "there": "there",
    "added": "added",
    "missing": "missing",
    "refused": "refused",
    "other_type": "has another type",
}
_NAME_WIDTH = max(len(field.name) for field in SITE_FIELDS)


def register(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser("setup-site", help="add the reporter's fields to the tickets of a site")
    add_site(parser, help_site="the site that gets the fields")
    parser.add_argument(
        "--entity-type", default="Ticket", metavar="TYPE", help="what tickets are there; default %(default)s"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what is missing, change nothing")
    add_settings(parser)
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, screen: Screen) -> int:
    settings = with_site(settings_from(arguments.settings), arguments)
    if settings.site_url is None:
        raise UsageError("no site is named: give one with --site, or as site_url in --settings")
    require_credentials(settings)
    reports = []
    for report in set_up(
        connector(settings), settings, entity_type=arguments.entity_type, dry_run=arguments.dry_run
    ):
        reports.append(report)
        _show(screen, report)
        screen.flush()
    if not screen.as_json:
        screen.line(_conclusion(reports, arguments.entity_type))
    return 0 if all(report.is_there for report in reports) else 1


def _show(screen: Screen, report: FieldReport) -> None:
    if screen.as_json:
        field = report.field
        screen.result(
            {
                "name": field.name,
                "label": field.label,
                "data_type": field.data_type,
                "purpose": field.purpose,
                "state": report.state,
                "text": report.text,
            }
        )
        return
    text = f"{report.field.name:<{_NAME_WIDTH}}  {_STATES[report.state]}"
    screen.line(f"{text}: {report.text}" if report.text else text)


def _conclusion(reports: Sequence[FieldReport], entity_type: str) -> str:
    there = sum(report.is_there for report in reports)
    if there == len(reports):
        return f"{entity_type} has all {there} fields."
    return f"{entity_type} has {there} of {len(reports)} fields; the reporter works without the others."
