"""The demo's run: a site, a reporter and three writers, each a real one."""

import os
import secrets
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

from tk_incident import Reporter, Settings
from tk_incident._core import Incident, Spool
from tk_incident.cli.child import Child
from tk_incident.cli.comparison import Problem, compare
from tk_incident.cli.plot import ENGINES
from tk_incident.cli.progress import Progress
from tk_incident.cli.ticket_reader import TicketReader
from tk_incident.errors import InternalError, TkIncidentError

USER_LOGIN = "artist"
SCRIPT_NAME = "demo"
_KEY_VARIABLE = "TK_INCIDENT_DEMO_KEY"
_START_S = 20.0
_FILE_S = 30.0
# Everything is read and filed, and it is not what was written: by then nothing more will come.
_SETTLE_S = 3.0
_POLL_MS = 50


@dataclass(frozen=True)
class Written:
    """What the writers say they wrote."""

    levels: Counter[str]
    problems: Counter[str]
    rollovers: int


class Performance:
    """The parts of the demo while they run; ``with`` ends whatever was started."""

    def __init__(self, folder: Path) -> None:
        self.url = ""
        self.data = folder / "sandbox"
        self._logs = folder / "logs"
        self._state = folder / "state"
        self._folder = folder
        self._parts = ExitStack()
        self._reporting = ExitStack()
        self._reporter: Optional[Reporter] = None
        self._key = secrets.token_hex(16)

    def __enter__(self) -> "Performance":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        # The reporter first, so that it does not see its site die.
        with self._parts:
            self._reporting.close()

    def start(self) -> None:
        """Start the site, then the reporter; return when it follows the log folder."""
        self._logs.mkdir(parents=True, exist_ok=True)
        arguments = ["sandbox", "--port", "0", "--data", str(self.data), "--json"]
        sandbox = self._start_child("sandbox", "tk_incident", arguments)
        answer = sandbox.answer(_START_S)
        if answer is None:
            raise TkIncidentError(f"the sandbox did not start within {_START_S:.0f} s")
        self.url = answer["url"]
        os.environ[_KEY_VARIABLE] = self._key
        self._reporting.callback(os.environ.pop, _KEY_VARIABLE, None)
        settings = Settings(
            log_folder=self._logs,
            state_folder=self._state,
            recurrence_interval_s=1,
            user_login=USER_LOGIN,
            site_url=self.url,
            script_name=SCRIPT_NAME,
            api_key_env=_KEY_VARIABLE,
        )
        self._reporter = self._reporting.enter_context(Reporter(settings))
        self._await_leadership()

    def write(self, seconds: float, progress: Progress) -> Written:
        """Let the three engines write for ``seconds``, and return what they say they wrote."""
        started = time.monotonic()
        writers = [self._start_writer(engine, seconds) for engine in ENGINES]
        deadline = started + seconds + _START_S
        written = Written(Counter(), Counter(), 0)
        for writer in writers:
            answer = None
            while answer is None:
                answer = writer.answer(_POLL_MS / 1000)
                elapsed = time.monotonic() - started
                progress.update(
                    "three engines write, errors are found and filed", min(1.0, elapsed / seconds)
                )
                if answer is None and time.monotonic() > deadline:
                    raise TkIncidentError(f"a writer did not end within {seconds + _START_S:.0f} s")
            written = _sum(written, answer)
        return written

    def await_filing(self, written: Written, progress: Progress) -> None:
        """Wait until all that was written is found and filed, or nothing more is to be expected."""
        expected = sum(written.problems.values())
        agent = self._running().agent
        deadline = time.monotonic() + _FILE_S
        settled = time.monotonic() + _SETTLE_S
        last_id = agent.last_occurrence_id()
        while time.monotonic() < min(deadline, settled):
            incidents = self._incidents()
            found = sum(incident.count for incident in incidents)
            filed = sum(incident.count for incident in incidents if incident.state == "delivered")
            progress.update(f"{found} of {expected} found, {filed} filed", min(1.0, filed / max(1, expected)))
            done = agent.is_caught_up() and filed == found
            if done and found == expected:
                return
            if not done:
                settled = time.monotonic() + _SETTLE_S
            agent.wait_occurrences(last_id, _POLL_MS)
            last_id = agent.last_occurrence_id()
            self._check(agent.failure())

    def compare(self, written: Written) -> list[Problem]:
        """Read the tickets back, and put what was written, found and filed side by side."""
        reader = TicketReader(self.url, SCRIPT_NAME, self._key)
        return compare(written.problems, self._incidents(), reader.tickets(), USER_LOGIN)

    def books(self) -> dict[str, Any]:
        """Return where everything is that was captured."""
        books: dict[str, Any] = Spool(self._state).status()["books"]
        return books

    def stop_reporting(self) -> None:
        """Stop the reporter; the site goes on."""
        self._reporting.close()

    def _start_child(self, name: str, module: str, arguments: list[str]) -> Child:
        errors = self._folder / "stderr" / f"{name}.txt"
        errors.parent.mkdir(exist_ok=True)
        return self._parts.enter_context(Child(name, module, arguments, errors))

    def _start_writer(self, engine: str, seconds: float) -> Child:
        arguments = ["--engine", engine, "--logs", str(self._logs), "--seconds", str(seconds)]
        arguments += ["--user-login", USER_LOGIN]
        return self._start_child(engine, "tk_incident.cli.writer", arguments)

    def _await_leadership(self) -> None:
        agent = self._running().agent
        deadline = time.monotonic() + _START_S
        # A log that appears before the first look at the folder would be old news.
        while not (agent.is_leader() and agent.is_caught_up()):
            self._check(agent.failure())
            if time.monotonic() > deadline:
                raise TkIncidentError(f"the reporter did not follow {self._logs} within {_START_S:.0f} s")
            agent.wait_occurrences(agent.last_occurrence_id(), _POLL_MS)

    def _running(self) -> Reporter:
        if self._reporter is None:
            raise InternalError("the demo's reporter was not started")
        return self._reporter

    def _incidents(self) -> list[Incident]:
        return Spool(self._state).incidents()

    @staticmethod
    def _check(failure: Optional[str]) -> None:
        if failure is not None:
            raise TkIncidentError(failure)


def _sum(written: Written, answer: dict[str, Any]) -> Written:
    return Written(
        levels=written.levels + Counter(answer["levels"]),
        problems=written.problems + Counter(answer["problems"]),
        rollovers=written.rollovers + answer["rollovers"],
    )
