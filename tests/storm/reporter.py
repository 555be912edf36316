"""The reporter under test: ``tk-incident watch`` as a process of its own, and the spool that it fills."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Optional

from journal import now_us
from oracle import Watch
from record import Mark, Sighting, recognise
from tk_incident._core import Spool

_START_S = 20.0
_END_S = 20.0
_CHUNK = 1 << 16
_MARK = re.compile(rb"storm w(\d+) s(\d+) c")


class Reporter:
    """A running ``tk-incident watch`` that sends nothing; it does not outlive its ``with`` block."""

    def __init__(self, logs: Path, state: Path, first_shown: dict[Mark, int]) -> None:
        """Start it and wait until it leads. ``first_shown`` gets the time at which it prints each record."""
        self._first_shown = first_shown
        self._leads = threading.Event()
        self._words: deque[str] = deque(maxlen=5)
        arguments = ["--logs", str(logs), "--state", str(state), "--no-deliver", "--json"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tk_incident", "watch", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self._threads = [
            self._read(self._process.stdout, self._note_shown),
            self._read(self._process.stderr, self._note_words),
        ]
        self._since = 0
        self._until = 0
        try:
            self._wait_until_it_leads()
        except BaseException:
            self.kill()
            raise

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._process.poll() is None:
            self.kill()

    def kill(self) -> Watch:
        """End it as a crash does, and return for how long it led."""
        return self._end(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)

    def stop(self) -> Watch:
        """Ask it to end, and return for how long it led."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> Watch:
        if self._process.poll() is not None:
            raise RuntimeError(f"the reporter ended by itself: {self._last_words()}")
        self._until = now_us()
        self._process.send_signal(how)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        finally:
            for thread in self._threads:
                thread.join()
        return Watch(self._since, self._until)

    def _wait_until_it_leads(self) -> None:
        if not self._leads.wait(_START_S) or self._process.poll() is not None:
            raise RuntimeError(f"the reporter does not lead: {self._last_words()}")
        self._since = now_us()

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
                for writer, sequence in _MARK.findall(chunk):
                    self._first_shown.setdefault(Mark(int(writer), int(sequence)), now)

    def _note_words(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                self._words.append(line.decode(errors="replace").strip())
                if b"leading" in line:
                    self._leads.set()
        # Nobody shall wait for a reporter that has ended.
        self._leads.set()


class SpoolReader:
    """Reads what the spool holds, page by page, each occurrence once."""

    def __init__(self, state: Path) -> None:
        self._spool = Spool(state)
        self._last_id = 0
        self.found: list[Sighting] = []

    def read(self) -> None:
        """Read what is new."""
        while page := self._spool.occurrences(self._last_id):
            self.found.extend(recognise(occurrence.record) for occurrence in page)
            self._last_id = page[-1].id

    def progress(self) -> tuple[int, Any]:
        """Read what is new, and return how far the reporter is: the same again where nothing happens.

        Its lag says less: it is that of names, and a name may stand for another file by now.
        """
        self.read()
        return len(self.found), self._spool.status()["files"]
