"""``tk-incident watch``: the reporter without Toolkit."""

import argparse
import dataclasses
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tk_incident import Reporter, Settings
from tk_incident._core import Agent, Occurrence, Spool
from tk_incident.cli.arguments import (
    add_json,
    add_settings,
    add_site,
    add_state,
    require_credentials,
    settings_from,
    with_site,
)
from tk_incident.cli.listing import moment, read_occurrences
from tk_incident.cli.screen import Screen
from tk_incident.cli.signals import stop_requested
from tk_incident.errors import SpoolError, TkIncidentError

if TYPE_CHECKING:
    from tk_incident.cli.arguments import Commands

# How long a request to end may go unnoticed.
_WAIT_MS = 200

_LEADING = "leading: this process follows the log folder"
_STANDING_BY = "standing by: another reporter follows the log folder, and this one takes over when it ends"


def register(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser("watch", help="follow a log folder: the reporter without Toolkit")
    parser.add_argument("--logs", type=Path, metavar="DIR", required=True, help="the folder of tk-*.log*")
    add_state(parser)
    parser.add_argument(
        "--state-drive",
        choices=("auto", "local", "network"),
        help="what kind of drive the state folder is treated as (auto: what it is)",
    )
    add_site(parser, help_site="the site that gets the tickets; without it nothing is sent")
    parser.add_argument("--no-deliver", action="store_true", help="find and keep, send nothing")
    add_settings(parser)
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, screen: Screen) -> int:
    settings = _settings(arguments)
    if not settings.deliver:
        screen.note(f"nothing is sent: what is found is kept in {arguments.state}")
    reporter = Reporter(settings)
    output = _Output(screen, arguments.state, reporter.agent)
    with stop_requested() as stop:
        reporter.start()
        try:
            _follow(reporter.agent, output, screen, stop)
        finally:
            stopped = reporter.stop()
    output.show_committed()
    if not stopped:
        screen.note("the reporter did not end in time: what is not yet kept will be read again")
    return 0


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = with_site(settings_from(arguments.settings), arguments)
    given = {
        "log_folder": arguments.logs,
        "state_folder": arguments.state,
        "state_drive": arguments.state_drive,
    }
    settings = dataclasses.replace(
        settings, **{name: value for name, value in given.items() if value is not None}
    )
    if arguments.no_deliver or settings.site_url is None:
        return dataclasses.replace(settings, deliver=False)
    if settings.deliver:
        require_credentials(settings, otherwise="; to send nothing give --no-deliver")
    return settings


def _follow(agent: Agent, output: "_Output", screen: Screen, stop: threading.Event) -> None:
    """Print what is committed until asked to stop."""
    said = ""
    while not stop.is_set():
        role = _role(agent)
        if role != said:
            screen.note(role)
            said = role
        output.wait()
        failure = agent.failure()
        if failure is not None:
            raise TkIncidentError(failure)


def _role(agent: Agent) -> str:
    return _LEADING if agent.is_leader() else _STANDING_BY


class _Output:
    """Prints each occurrence that is committed from now on, once, whoever leads."""

    def __init__(self, screen: Screen, state: Path, agent: Agent) -> None:
        self._screen = screen
        self._state = state
        self._agent = agent
        try:
            self._last_id = agent.last_occurrence_id()
        except SpoolError:
            # A damaged spool is set aside at the start, and a new one counts from the beginning.
            self._last_id = 0

    def wait(self) -> None:
        """Print what comes within a short time."""
        self._show(self._agent.wait_occurrences(self._last_id, _WAIT_MS))
        if not self._agent.is_leader():
            # Nobody wakes a stand-by, but what the leader commits is in the same spool.
            self.show_committed()

    def show_committed(self) -> None:
        """Print what is in the spool and was not printed yet."""
        if self._agent.last_occurrence_id() > self._last_id:
            self._show(read_occurrences(Spool(self._state), self._last_id))

    def _show(self, occurrences: Iterable[Occurrence]) -> None:
        for occurrence in occurrences:
            if self._screen.as_json:
                self._screen.json_line(occurrence.as_json())
            else:
                when = moment(occurrence.time)
                self._screen.line(f"{when}  {occurrence.level:8}  {occurrence.engine}  {occurrence.title}")
            self._last_id = occurrence.id
        # Once for all that came together: in a storm these are hundreds.
        self._screen.flush()
