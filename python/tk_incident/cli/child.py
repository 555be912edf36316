"""A child process of the demo, which says what matters as one JSON line on its standard output."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

from tk_incident.errors import TkIncidentError

_END_S = 5.0


class Child:
    """A ``python -m`` process that does not outlive the ``with`` block it is made for."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], errors: Path) -> None:
        """Start it; ``errors`` is the file that takes its standard error."""
        self._name = name
        self._errors = errors
        with errors.open("wb") as stderr:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
            )
        self._line = ""
        self._spoke = threading.Event()
        # Only a thread can wait for a pipe with a deadline on every system.
        self._reader = threading.Thread(target=self._read, name=f"demo-{name}", daemon=True)
        self._reader.start()

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.end()

    def answer(self, timeout_s: float) -> Optional[dict[str, Any]]:
        """Return what it says, or None if it has not spoken in time.

        Raises ``TkIncidentError`` if it ended, or said something else.
        """
        if not self._spoke.wait(timeout_s):
            return None
        try:
            answer: dict[str, Any] = json.loads(self._line)
        except ValueError:
            raise TkIncidentError(f"the demo's process {self._name} failed: {self._last_words()}") from None
        return answer

    def end(self) -> None:
        """End it, by force if it does not follow."""
        try:
            self._process.terminate()
            self._process.wait(_END_S)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._reader.join()
            if self._process.stdout is not None:
                self._process.stdout.close()

    def _read(self) -> None:
        if self._process.stdout is not None:
            self._line = self._process.stdout.readline()
        self._spoke.set()
        if self._process.stdout is not None:
            # A full pipe would stop it.
            for _ in self._process.stdout:
                pass

    def _last_words(self) -> str:
        words = self._errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return words[-1].replace("tk-incident: ", "", 1) if words else f"see {self._errors}"
