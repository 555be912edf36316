"""A writer of the storm: logs as a Toolkit engine does, as fast as told, and keeps a journal of it.

``python tests/storm/writer.py --log FILE --id 3 --rate 1000 --seconds 5 --max-bytes 262144 --journal FILE``
"""

import argparse
import logging
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Optional

from journal import Journal, now_us
from record import Mark, compose
from tk_incident.cli.rollover import SafeRotatingFileHandler

# The format of tk-core's log manager.
_FORMAT = "%(asctime)s [%(process)d %(levelname)s %(name)s] %(message)s"
_LOGGER = "sgtk.env.project.tk-storm"
_LONGEST_SLEEP_S = 0.05


class JournalledHandler(SafeRotatingFileHandler):
    """Toolkit's handler, which notes what it does to which file."""

    def __init__(self, log: Path, max_bytes: int, journal: Journal) -> None:
        self._log = log
        self._journal = journal
        self.inode = 0
        super().__init__(log)
        self.maxBytes = max_bytes
        self.setFormatter(logging.Formatter(_FORMAT))

    def close(self) -> None:
        """Close the log."""
        was_open = self.stream is not None
        before = now_us()
        super().close()
        if was_open:
            self._journal.closed(before, self.inode)

    def move(self, source: Path, target: Path) -> None:
        """Rename as Toolkit does, and note which file it was, and which one it replaced."""
        self._journal.look(self._log, "")
        before = now_us()
        super().move(source, target)
        if target == self._log:
            # It was here for a moment at least, even if another process has replaced it since.
            self._journal.saw(before, self.inode, "")
            self._journal.look(self._log, ".1")
        else:
            # Nobody else knows this name: what is there now is what was moved.
            self.inode = target.stat().st_ino
            self._journal.saw(before, self.inode, _suffix(self._log, target))

    def rotate(self, source: str, dest: str) -> None:
        """Rename the log to its backup, and note what was at both names."""
        self._journal.look(self._log, "")
        self._journal.look(self._log, ".1")
        super().rotate(source, dest)
        self._journal.look(self._log, "")
        self._journal.look(self._log, ".1")

    def _open(self) -> TextIOWrapper:
        before = now_us()
        descriptor, is_new = _append_to(self.baseFilename)
        self.inode = os.fstat(descriptor).st_ino
        self._journal.opened(before, self.inode, is_new=is_new)
        return open(descriptor, "a", encoding="utf-8")  # noqa: PTH123 - the handler closes it


class Writer:
    """Writes records at an even pace."""

    def __init__(self, number: int, handler: JournalledHandler, journal: Journal, error_share: float) -> None:
        self._number = number
        self._handler = handler
        self._journal = journal
        self._error_share = error_share
        self._chance = random.Random(number)
        self._logger = logging.getLogger(_LOGGER)
        self._logger.setLevel(logging.INFO)
        self._logger.propagate = False
        self._logger.addHandler(handler)
        self._is_stopping = False

    def stop(self, _signal: int, _frame: Optional[FrameType]) -> None:
        """End behind the record that is being written."""
        self._is_stopping = True

    def write(self, rate: float, records: int) -> None:
        """Write ``records`` of which ``rate`` are due each second; what is late is written at once."""
        began = time.monotonic()
        sequence = 0
        while sequence < records and not self._is_stopping:
            due = began + sequence / rate
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(min(wait, _LONGEST_SLEEP_S))
            else:
                self._write_one(sequence)
                sequence += 1
            self._journal.flush_if_due()

    def _write_one(self, sequence: int) -> None:
        is_error = self._error_share >= 1 or self._chance.random() < self._error_share
        message = compose(Mark(self._number, sequence), self._chance)
        before = now_us()
        # A message that nobody looks for fills the log all the same.
        self._logger.log(logging.ERROR if is_error else logging.INFO, "%s", message)
        if is_error:
            self._journal.wrote(sequence, before, self._handler.inode)


def _append_to(path: str) -> tuple[int, bool]:
    """Open for appending as ``open(path, "a")`` does, but know whether that made the file.

    An inode's number is given out again as soon as it is free: only its maker knows where a life begins.
    """
    flags = os.O_WRONLY | os.O_APPEND
    while True:
        try:
            return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666), True
        except FileExistsError:
            pass
        try:
            return os.open(path, flags), False
        except FileNotFoundError:
            pass


def _suffix(log: Path, path: Path) -> str:
    return path.name[len(log.name) :]


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Write, and end early on SIGTERM."""
    parser = argparse.ArgumentParser(description="A writer of the storm.")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--id", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True, help="records a second")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--seconds", type=float)
    length.add_argument("--records", type=int)
    parser.add_argument("--max-bytes", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--error-share", type=float, default=1.0, help="the rest is INFO, and not journalled")
    arguments = parser.parse_args(argv)
    records = arguments.records
    if records is None:
        records = int(arguments.seconds * arguments.rate)
    with Journal(arguments.journal) as journal:
        handler = JournalledHandler(arguments.log.absolute(), arguments.max_bytes, journal)
        writer = Writer(arguments.id, handler, journal, arguments.error_share)
        signal.signal(signal.SIGTERM, writer.stop)
        writer.write(arguments.rate, records)
        handler.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
