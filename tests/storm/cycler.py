"""A writer that begins its log anew again and again: it deletes and makes it, or empties and refills it.

``python tests/storm/cycler.py --log FILE --how recreate --cycles 300 --journal FILE``

The number of a deleted inode is given out again at once. A log that is emptied is refilled in one write, past
the place to which it was read before anybody can look, and each time its first bytes are the same.
With ``alike`` its length and its last bytes are the same, too: only its middle tells it from the one before.
"""

import argparse
import logging
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Optional

from journal import Journal, now_us
from record import Mark, compose
from termination import terminated
from writer import FORMAT, LOGGER

# Half of the logs stay as long as the promise asks for, and the scheduler may take some of it.
_LONG_S = (0.015, 0.02)
_SHORT_S = (0.0, 0.003)
_HEAD_LINES = 12
_TAIL_LINES = 4
_ALIKE_BYTES = 8192
_MOST_RECORDS = 12


class Cycler:
    """Writes the records of writer 0, and is alone."""

    def __init__(self, log: Path, journal: Journal) -> None:
        self._log = log
        self._journal = journal
        self._chance = random.Random(11)
        self._sequence = 0
        self._format = logging.Formatter(FORMAT)

    def recreate(self) -> None:
        """Make the log, write a few records, keep it for a while, delete it."""
        before = now_us()
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o666)
        inode = os.fstat(descriptor).st_ino
        self._journal.opened(before, inode, is_new=True)
        for _ in range(self._chance.randint(1, 3)):
            self._write(descriptor, inode, [self._record()])
        self._keep()
        steps: list[Callable[[], None]] = [self._unlink, lambda: self._close(descriptor, inode)]
        for step in steps if self._chance.random() < 0.5 else reversed(steps):
            step()

    def refill(self, *, alike: bool) -> None:
        """Empty the log and fill it with other records, in one write; keep it for a while."""
        before = now_us()
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        is_new = not self._sequence
        inode = os.fstat(descriptor).st_ino
        self._journal.opened(before, inode, is_new=is_new)
        count = 3 if alike else self._chance.randint(1, _MOST_RECORDS)
        head = self._lines(_HEAD_LINES)
        records = [self._record() for _ in range(count)]
        tail = self._lines(_TAIL_LINES) if alike else b""
        if alike:
            short = _ALIKE_BYTES - len(head) - len(tail) - sum(map(len, records))
            # In front of what is always the same, so that only the middle differs.
            tail = self._text(logging.INFO, "x" * (short - len(self._text(logging.INFO, "")))) + tail
        if not is_new:
            before = now_us()
            os.ftruncate(descriptor, 0)
            self._journal.truncated(before, inode)
        self._write(descriptor, inode, records, head=head, tail=tail)
        self._keep()
        self._close(descriptor, inode)

    def _write(
        self, descriptor: int, inode: int, records: Sequence[bytes], head: bytes = b"", tail: bytes = b""
    ) -> None:
        before = now_us()
        os.write(descriptor, head + b"".join(records) + tail)
        end = os.lseek(descriptor, 0, os.SEEK_CUR) - len(tail) - sum(map(len, records))
        for sequence, record in enumerate(records, self._sequence - len(records)):
            end += len(record)
            self._journal.wrote(sequence, before, inode, end)

    def _keep(self) -> None:
        shortest, longest = _LONG_S if self._chance.random() < 0.5 else _SHORT_S
        time.sleep(self._chance.uniform(shortest, longest))

    def _unlink(self) -> None:
        self._log.unlink()
        self._journal.look(self._log, "")
        self._journal.look(self._log, ".1")

    def _close(self, descriptor: int, inode: int) -> None:
        before = now_us()
        os.close(descriptor)
        self._journal.closed(before, inode)

    def _record(self) -> bytes:
        message = compose(Mark(0, self._sequence), self._chance)
        self._sequence += 1
        return self._text(logging.ERROR, message)

    def _lines(self, count: int) -> bytes:
        """Lines that are the same each time, their times included."""
        line = (
            f"2026-11-22 00:00:00,000 [{os.getpid()} INFO {LOGGER}] the same words in each log that is made"
        )
        return f"{line}\n".encode() * count

    def _text(self, level: int, message: str) -> bytes:
        record = logging.LogRecord(LOGGER, level, "", 0, message, None, None)
        return f"{self._format.format(record)}\n".encode()


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Go round so many times, or until SIGTERM."""
    parser = argparse.ArgumentParser(description="A writer of the storm that begins anew.")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--how", choices=("recreate", "refill", "alike"), required=True)
    parser.add_argument("--cycles", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    arguments = parser.parse_args(argv)
    ended = terminated()
    with Journal(arguments.journal) as journal:
        cycler = Cycler(arguments.log.absolute(), journal)
        for _ in range(arguments.cycles):
            if ended.is_set():
                break
            if arguments.how == "recreate":
                cycler.recreate()
            else:
                cycler.refill(alike=arguments.how == "alike")
            journal.flush_if_due()
    return 0


if __name__ == "__main__":
    sys.exit(main())
