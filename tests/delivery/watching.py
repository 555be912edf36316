"""A reporter that is a process of its own: ``tk-incident watch``, which delivers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

from settings_of import settings_of
from waiting import until

_KEY_VARIABLE = "TK_INCIDENT_DELIVERY_KEY"
_START_S = 60.0
_END_S = 60.0
# These cross in the command.
_OPTIONS = ("log_folder", "state_folder", "site_url", "script_name", "api_key_env")

_running: "set[subprocess.Popen[bytes]]" = set()


def kill_all() -> None:
    """End all that run, for a program that is told to end itself: they would go on without it."""
    for process in list(_running):
        process.kill()


class Watch:
    """A log folder and a state folder under ``folder``, and the reporter on them, in all its lives."""

    def __init__(self, folder: Path, *, site_url: str, api_key: str, **settings: Any) -> None:
        """Make the folders. ``settings`` are those that are not as in ``settings_of``."""
        self.logs, self.state = folder / "logs", folder / "state"
        self.logs.mkdir(parents=True)
        self._said = folder / "said.txt"
        given = json.loads(settings_of(folder, **settings).to_json())
        toml = folder / "tk-incident.toml"
        plain = {
            name: value for name, value in given.items() if value not in (None, []) and name not in _OPTIONS
        }
        toml.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in plain.items()))
        where = ["--logs", str(self.logs), "--state", str(self.state), "--settings", str(toml)]
        whom = ["--site", site_url, "--script-name", "script", "--api-key-env", _KEY_VARIABLE]
        self._command = [sys.executable, "-m", "tk_incident", "watch", *where, *whom]
        self._environment = {**os.environ, _KEY_VARIABLE: api_key}
        self._process: Optional[subprocess.Popen[bytes]] = None
        # How much of ``said`` is of earlier lives.
        self._said_before = 0

    def __enter__(self) -> "Watch":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it; returns at once."""
        with self._said.open("ab") as said:
            self._said_before = said.tell()
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=self._environment
            )
        _running.add(self._process)

    def wait_until_it_leads(self) -> None:
        """Wait until it follows the logs: what lies in the folder before the very first look is old news."""
        if not until(lambda: b"leading:" in self._said.read_bytes()[self._said_before :], _START_S):
            raise RuntimeError(f"the reporter does not lead: {self.words()}")

    def words(self) -> str:
        """Return what it said, all its lives together."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """End it as a crash does, from any thread."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_END_S)
            _running.discard(self._process)

    def has_ended(self) -> bool:
        """Whether it does not run."""
        return self._process is None or self._process.poll() is not None

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(_END_S)
        _running.discard(self._process)
        return code
