"""What the user sees: results on standard output, everything else on standard error."""

import json
import logging
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Optional, TextIO

from tk_incident.cli.progress import Progress
from tk_incident.cli.table import Column, plain_table, printable
from tk_incident.errors import TkIncidentError
from tk_incident.log import MARK


class ReaderGone(Exception):
    """Nobody reads the results any more: ``tk-incident … | head``."""


class OutputFailed(TkIncidentError):
    """The results cannot be written where they were to go."""


class Screen:
    """Tables, JSON lines, notes and progress, in the form that fits where they go.

    rich draws on a terminal where it is installed; a pipe or a file gets plain text without a single
    escape sequence, whatever the environment says about colours.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._out: TextIO = sys.stdout
        self._err: TextIO = sys.stderr
        self._progress: Optional[Progress] = None
        self._hushed = False

    def result(self, value: Mapping[str, Any]) -> None:
        """Write one JSON object as one line. ASCII, so that no locale can spoil it."""
        self.json_line(json.dumps(value, default=os.fspath))

    def json_line(self, text: str) -> None:
        """Write one JSON object that is a line of ASCII already."""
        self._write(text + "\n")

    def line(self, text: str = "") -> None:
        """Write one line for a human reader."""
        self._write(self._encodable(printable(text), self._out) + "\n")

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Write a table for a human reader."""
        if not self._out.isatty():
            for line in plain_table(columns, rows):
                self.line(line)
        elif not self._rich_table(columns, rows):
            for line in plain_table(columns, rows, shutil.get_terminal_size().columns):
                self.line(line)

    def note(self, text: str) -> None:
        """Say something on standard error, in one line that begins with the program's name."""
        if self._hushed:
            return
        line = self._encodable(printable("tk-incident: " + " ".join(text.split())), self._err)
        if self._progress is not None:
            self._progress.say(line)
            return
        # Whoever closed standard error does not want to know; the result still counts.
        try:
            self._err.write(line + "\n")
            self._err.flush()
        except OSError:
            pass

    def hush(self) -> None:
        """Say nothing more on standard error: what happens from now on was asked for."""
        self._hushed = True

    def flush(self) -> None:
        """Hand everything written so far to whoever reads it."""
        with self._written():
            self._out.flush()

    def is_interactive(self) -> bool:
        """True if somebody sits there who can be asked to press a key."""
        return sys.stdin is not None and sys.stdin.isatty() and self._err.isatty()

    @contextmanager
    def progress(self, *, streams_results: bool = False) -> Iterator[Progress]:
        """Show the progress of a long job on a terminal.

        With ``streams_results`` it stays away from a terminal on which result lines run meanwhile.
        """
        shown = self._err.isatty() and not (streams_results and self._out.isatty())
        with Progress(self._err, shown=shown) as progress:
            self._progress = progress if shown else None
            try:
                yield progress
            finally:
                self._progress = None

    @contextmanager
    def logged_notes(self) -> Iterator[None]:
        """Show what the reporter logs as notes, as long as the block lasts."""
        logger = logging.getLogger("tk_incident")
        handler = _NoteHandler(self)
        propagate = logger.propagate
        logger.addHandler(handler)
        logger.propagate = False
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.propagate = propagate

    def abandon_output(self) -> None:
        """Send what is still buffered nowhere, so that the interpreter's exit does not complain."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, self._out.fileno())
        finally:
            os.close(nowhere)

    def _write(self, text: str) -> None:
        with self._written():
            self._out.write(text)

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError as error:
            raise ReaderGone from error
        except OSError as error:
            raise OutputFailed(f"standard output: {error.strerror}; send the results elsewhere") from error

    def _rich_table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> bool:
        try:
            from rich import box, console, table, text  # noqa: PLC0415 - an extra, and slow to import
        except ImportError:
            return False
        drawn = table.Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            drawn.add_column(
                column.title,
                justify="right" if column.right else "left",
                no_wrap=not column.flexible,
                overflow="fold",
            )
        for row in rows:
            # Text is never read as markup.
            drawn.add_row(*(text.Text(self._encodable(printable(cell), self._out)) for cell in row))
        with self._written():
            console.Console(file=self._out).print(drawn)
        return True

    @staticmethod
    def _encodable(text: str, stream: TextIO) -> str:
        encoding = stream.encoding or "utf-8"
        return text.encode(encoding, "backslashreplace").decode(encoding)


class _NoteHandler(logging.Handler):
    """Shows what the package logs as notes of the command."""

    def __init__(self, screen: Screen) -> None:
        super().__init__(logging.WARNING)
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        self._screen.note(record.getMessage().replace(MARK, "", 1))
