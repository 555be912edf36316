"""A writer of the storm: logs as a Toolkit engine does, as fast as told, and keeps a journal of it.

``python tests/storm/writer.py --log FILE --id 3 --rate 1000 --seconds 5 --max-bytes 262144 --journal FILE``

With ``--max-bytes 0`` it never rolls: it goes on in its file whatever becomes of the name.
"""

import argparse
import logging
import os
import random
import sys
import threading
import time
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Optional

from journal import Journal, now_us
from record import Mark, compose
from termination import terminated
from tk_incident.cli.rollover import SafeRotatingFileHandler

# The format of tk-core's log manager.
FORMAT = "%(asctime)s [%(process)d %(levelname)s %(name)s] %(message)s"
LOGGER = "sgtk.env.project.tk-storm"
_LONGEST_SLEEP_S = 0.05


class JournalledHandler(SafeRotatingFileHandler):
    """Toolkit's handler, which notes what it does to which file."""

    def __init__(self, log: Path, max_bytes: int, journal: Journal) -> None:
        self._log = log
        self._journal = journal
        self.inode = 0
        super().__init__(log)
        self.maxBytes = max_bytes
        self.setFormatter(logging.Formatter(FORMAT))

    def end(self) -> int:
        """Where the last record ends: appending takes a descriptor's own position along."""
        assert self.stream is not None
        return os.lseek(self.stream.fileno(), 0, os.SEEK_CUR)

    def reopen_if_moved(self) -> None:
        """Go on in whatever has the log's name now, as a handler does that somebody else rolls."""
        before = now_us()
        try:
            inode = self._log.stat().st_ino
        except FileNotFoundError:
            inode = 0
        self._journal.saw(before, inode, "")
        if inode != self.inode:
            # The next record opens it again.
            self.close()

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

    def __init__(
        self,
        number: int,
        handler: JournalledHandler,
        journal: Journal,
        *,
        error_share: float,
        reopens: bool,
    ) -> None:
        self._number = number
        self._handler = handler
        self._journal = journal
        self._error_share = error_share
        self._reopens = reopens
        self._chance = random.Random(number)
        self._logger = logging.getLogger(LOGGER)
        self._logger.setLevel(logging.INFO)
        self._logger.propagate = False
        self._logger.addHandler(handler)

    def write(self, rate: float, records: int, ended: threading.Event) -> None:
        """Write ``records`` of which ``rate`` are due each second; what is late is written at once."""
        began = time.monotonic()
        sequence = 0
        while sequence < records and not ended.is_set():
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
        if self._reopens:
            self._handler.reopen_if_moved()
        before = now_us()
        # A message that nobody looks for fills the log all the same.
        self._logger.log(logging.ERROR if is_error else logging.INFO, "%s", message)
        if is_error:
            self._journal.wrote(sequence, before, self._handler.inode, self._handler.end())


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
    parser.add_argument(
        "--reopens", action="store_true", help="follow the name, as somebody else rolls the log"
    )
    parser.add_argument(
        "--linger", type=float, default=0.0, help="seconds to hold the log after the last record"
    )
    parser.add_argument("--error-share", type=float, default=1.0, help="the rest is INFO, and not journalled")
    arguments = parser.parse_args(argv)
    records = arguments.records
    if records is None:
        records = int(arguments.seconds * arguments.rate)
    ended = terminated()
    with Journal(arguments.journal) as journal:
        handler = JournalledHandler(arguments.log.absolute(), arguments.max_bytes, journal)
        share, reopens = arguments.error_share, arguments.reopens
        writer = Writer(arguments.id, handler, journal, error_share=share, reopens=reopens)
        writer.write(arguments.rate, records, ended)
        ended.wait(arguments.linger)
        handler.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
