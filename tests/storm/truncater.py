"""Empties the log under its writers as logrotate's ``copytruncate`` does, and keeps a journal of it.

``python tests/storm/truncater.py --log FILE --rate 4 --copies DIR --journal FILE``, until SIGTERM

What is written between the copy and the truncation is in no copy: that is what everybody warns of.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from journal import Journal, now_us
from termination import terminated


class Truncater:
    """Copies a log, then empties it."""

    def __init__(self, log: Path, copies: Path, journal: Journal, *, copies_beside: bool) -> None:
        self._log = log
        self._copies = copies
        self._journal = journal
        self._copies_beside = copies_beside
        self._count = 0

    def truncate(self) -> None:
        """Copy and empty the log, if there is one."""
        try:
            log = self._log.open("r+b", buffering=0)
        except FileNotFoundError:
            return
        with log:
            held = log.read() or b""
            if self._copies_beside:
                backup = Path(f"{self._log}.1")
                backup.unlink(missing_ok=True)
                backup.write_bytes(held)
            before = now_us()
            log.truncate(0)
            self._journal.truncated(before, os.fstat(log.fileno()).st_ino)
        # For the oracle, and so outside the log folder; a number tells the order.
        (self._copies / f"{self._count:06d}").write_bytes(held)
        self._count += 1


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Empty the log again and again until SIGTERM."""
    parser = argparse.ArgumentParser(description="A truncater of the storm.")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--rate", type=float, required=True, help="truncations a second")
    parser.add_argument("--copies", type=Path, required=True, help="where the copies are kept")
    parser.add_argument("--copies-beside", action="store_true", help="and the last one beside the log, as .1")
    parser.add_argument("--journal", type=Path, required=True)
    arguments = parser.parse_args(argv)
    ended = terminated()
    with Journal(arguments.journal) as journal:
        beside = arguments.copies_beside
        truncater = Truncater(arguments.log.absolute(), arguments.copies, journal, copies_beside=beside)
        due = time.monotonic() + 1 / arguments.rate
        while not ended.wait(max(0.0, due - time.monotonic())):
            truncater.truncate()
            due += 1 / arguments.rate
            journal.flush_if_due()
    return 0


if __name__ == "__main__":
    sys.exit(main())
