"""The reporter under test: ``tk-incident watch`` as a process of its own, and the spool that it fills."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Optional

from journal import now_us
from life import FOREVER
from oracle import Lost, Watch
from record import Mark, Sighting, marks_in, recognise
from tk_incident._core import Spool

COMMAND = (sys.executable, "-m", "tk_incident")
_START_S = 20.0
_END_S = 20.0
_CHUNK = 1 << 16
# What was written and gone between two looks has an end that nobody knows.
_LOST = re.compile("bytes ([0-9]+)\N{EN DASH}([0-9]+|[?]) of ")
_LEADS = "tk-incident: leading:"
_STANDS_BY = "tk-incident: standing by:"


class Heard:
    """What all reporters of a storm have said."""

    def __init__(self) -> None:
        # When each record was first printed.
        self.first_shown: dict[Mark, int] = {}
        self.lost: list[Lost] = []


class Reporter:
    """A running ``tk-incident watch`` that sends nothing; it does not outlive its ``with`` block."""

    def __init__(
        self,
        logs: Path,
        state: Path,
        heard: Heard,
        *,
        options: Sequence[str] = (),
        within: Sequence[str] = (),
        stands_by: bool = False,
    ) -> None:
        """Start it and wait until it leads, or stands by."""
        self._heard = heard
        self._leads = threading.Event()
        self._stands_by = threading.Event()
        self._has_ended = threading.Event()
        self._words: deque[str] = deque(maxlen=5)
        arguments = ["--logs", str(logs), "--state", str(state), "--no-deliver", "--json", *options]
        # Notes are read here whatever the machine's locale.
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        self._process = subprocess.Popen(
            [*within, *COMMAND, "watch", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environment,
        )
        self._threads = [
            self._read(self._process.stdout, self._note_shown),
            self._read(self._process.stderr, self._note_words),
        ]
        self._since = 0
        try:
            self._wait_for(self._stands_by if stands_by else self._leads)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if not self._has_ended.is_set():
            self.kill()

    def wait_until_it_leads(self) -> int:
        """Wait for a stand-by, and return when it said that it leads."""
        self._wait_for(self._leads)
        return self._since

    def listens(self) -> bool:
        """Whether it has asked the system for events (Linux)."""
        descriptors = Path(f"/proc/{self._process.pid}/fd").iterdir()
        return any("inotify" in os.readlink(each) for each in descriptors)  # noqa: PTH115 - no path of a file

    def kill(self) -> Watch:
        """End it as a crash does, and return for how long it led."""
        return self._end(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)

    def stop(self) -> Watch:
        """Ask it to end, and return for how long it led."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> Watch:
        if self._has_ended.is_set():
            raise RuntimeError(f"the reporter ended by itself: {self._last_words()}")
        until = now_us()
        self._process.send_signal(how)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        finally:
            for thread in self._threads:
                thread.join()
        # One that never led has a watch of no length.
        return Watch(self._since or until, until)

    def _wait_for(self, role: threading.Event) -> None:
        if not role.wait(_START_S) or self._has_ended.is_set():
            raise RuntimeError(f"the reporter does neither lead nor stand by: {self._last_words()}")

    def _last_words(self) -> str:
        return " / ".join(self._words) or "it said nothing"

    def _read(self, pipe: Optional[IO[bytes]], note: Callable[[IO[bytes]], None]) -> threading.Thread:
        assert pipe is not None
        thread = threading.Thread(target=note, args=(pipe,), daemon=True)
        thread.start()
        return thread

    def _note_shown(self, pipe: IO[bytes]) -> None:
        with pipe:
            while chunk := pipe.read(_CHUNK):
                now = now_us()
                # A mark that lies across two chunks has no time: there are enough others.
                for mark in marks_in(chunk):
                    self._heard.first_shown.setdefault(mark, now)

    def _note_words(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                now, words = now_us(), line.decode(errors="replace").strip()
                self._words.append(words)
                self._heard.lost += lost_in(words, now)
                if words.startswith(_LEADS):
                    self._since = now
                    self._leads.set()
                elif words.startswith(_STANDS_BY):
                    self._stands_by.set()
        # Nobody shall wait for a reporter that has ended.
        self._has_ended.set()
        self._leads.set()
        self._stands_by.set()


def lost_in(words: str, at: int) -> list[Lost]:
    """Find the byte ranges that a note names as lost."""
    return [
        Lost(at, int(start), FOREVER if stop == "?" else int(stop)) for start, stop in _LOST.findall(words)
    ]


class SpoolReader:
    """Reads what the spool holds, page by page, each occurrence once."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._last_id = 0
        self.found: list[Sighting] = []

    def read(self) -> None:
        """Read what is new."""
        spool = self._spool()
        while page := spool.occurrences(self._last_id):
            self.found.extend(recognise(occurrence.record) for occurrence in page)
            self._last_id = page[-1].id

    def progress(self) -> tuple[int, Any]:
        """Read what is new, and return how far the reporter is: the same again where nothing happens.

        Its lag says less: it is that of names, and a name may stand for another file by now.
        """
        self.read()
        return len(self.found), self._spool().status()["files"]

    def lost_bytes(self) -> int:
        """How many bytes the reporter has counted as lost."""
        return int(self._spool().status()["counters"].get("bytes_lost", 0))

    def _spool(self) -> Spool:
        # Opened each time: on a network drive it is a copy, as old as itself.
        return Spool(self._state)
