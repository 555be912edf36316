"""The line of a long job that is redrawn in place; shown on a terminal only."""

import shutil
import threading
import time
from types import TracebackType
from typing import Any, Optional, TextIO

from tk_incident.cli.table import printable

_REDRAW_S = 0.1


class Progress:
    """How far a job is. ``with`` shows the line and takes it away again."""

    def __init__(self, stream: TextIO, *, shown: bool) -> None:
        self._stream = stream
        self._shown = shown
        self._bar: Optional[Any] = None
        self._task: Optional[Any] = None
        self._drawn = ""
        self._drawn_at = 0.0
        # Notes come from the courier's thread while the job's own thread redraws.
        self._lock = threading.RLock()

    def __enter__(self) -> "Progress":
        if self._shown:
            self._start_rich()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
                self._bar = None
            self._wipe()
            self._shown = False

    def update(self, text: str, fraction: Optional[float] = None) -> None:
        """Say what is being done, and how much of it (0 to 1) where that is known."""
        if not self._shown:
            return
        with self._lock:
            if self._bar is not None:
                self._bar.update(self._task, description=printable(text), completed=fraction, total=1.0)
            elif time.monotonic() - self._drawn_at >= _REDRAW_S:
                self._draw(text if fraction is None else f"{text} {fraction:4.0%}")

    def say(self, line: str) -> None:
        """Write a line that stays, above the one that is redrawn."""
        with self._lock:
            if self._bar is not None:
                self._bar.console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)
                return
            drawn = self._drawn
            self._wipe()
            self._stream.write(line + "\n")
            self._stream.flush()
            if drawn:
                self._draw(drawn)

    def _start_rich(self) -> None:
        try:
            from rich import console, progress  # noqa: PLC0415 - an extra, and slow to import
        except ImportError:
            return
        self._bar = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            console=console.Console(file=self._stream),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    def _draw(self, text: str) -> None:
        room = shutil.get_terminal_size().columns - 1
        shown = printable(text)[:room]
        self._stream.write("\r" + shown.ljust(min(len(self._drawn), room)))
        self._stream.flush()
        self._drawn = shown
        self._drawn_at = time.monotonic()

    def _wipe(self) -> None:
        if self._drawn:
            self._stream.write("\r" + " " * len(self._drawn) + "\r")
            self._stream.flush()
            self._drawn = ""
