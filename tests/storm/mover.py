"""Renames the log under its writers, as somebody's own rotation does, and keeps a journal of it.

``python tests/storm/mover.py --log FILE --how often --rate 10 --journal FILE``, until SIGTERM

``often``: at random, away to a unique name and back, or along the backups with a new log in its place.
``rename``, ``unlink``: once, or ``both`` in turn; ``unlink`` takes away all the file's names.
"""

import argparse
import itertools
import os
import random
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from journal import Journal, now_us
from termination import terminated

# The last one is lost when the next one comes.
_BACKUPS = (".1", ".2", ".3")
_LOOK_EVERY_S = 0.02
_LONGEST_ASIDE_S = 0.01


class Mover:
    """Moves the log. Nobody else touches a backup behind the first one, nor the unique names."""

    def __init__(self, log: Path, journal: Journal) -> None:
        self._log = log
        self._journal = journal
        self._chance = random.Random(7)

    def move(self) -> None:
        """Move the log once, one way or the other."""
        if self._chance.random() < 0.5:
            self._away_and_back()
        else:
            self._along()
        self.look()

    def rename(self) -> None:
        """Rename the log for good: its writers go on in it."""
        self._rename("", f".{uuid.uuid4()}")
        self.look()

    def unlink(self) -> None:
        """Take all names away: the log's writers go on in a file without one."""
        for path in sorted(self._log.parent.glob(f"{self._log.name}*")):
            path.unlink(missing_ok=True)
            self._journal.look(self._log, path.name[len(self._log.name) :])
        self.look()

    def look(self) -> None:
        """Note what the two names stand for that others change, too."""
        self._journal.look(self._log, "")
        self._journal.look(self._log, ".1")

    def _away_and_back(self) -> None:
        aside = f".{uuid.uuid4()}"
        if inode := self._rename("", aside):
            time.sleep(self._chance.uniform(0, _LONGEST_ASIDE_S))
            self._journal.look(self._log, "")
            before = now_us()
            os.rename(f"{self._log}{aside}", self._log)  # noqa: PTH104 - names are suffixes here
            # It was here for a moment at least, even if another process has replaced it since.
            self._journal.saw(before, inode, "")

    def _along(self) -> None:
        for source, target in reversed(list(zip(("", *_BACKUPS), _BACKUPS))):
            self._rename(source, target)
        before = now_us()
        try:
            descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            return
        inode = os.fstat(descriptor).st_ino
        self._journal.opened(before, inode, is_new=True)
        before = now_us()
        os.close(descriptor)
        self._journal.closed(before, inode)

    def _rename(self, source: str, target: str) -> int:
        """Rename, note what is there then, and return its inode; 0 where there was nothing to rename."""
        self._journal.look(self._log, source)
        self._journal.look(self._log, target)
        before = now_us()
        try:
            os.rename(f"{self._log}{source}", f"{self._log}{target}")  # noqa: PTH104 - names are suffixes here
        except FileNotFoundError:
            return 0
        try:
            inode = os.stat(f"{self._log}{target}").st_ino  # noqa: PTH116 - as above
        except FileNotFoundError:
            # Only of the first backup: a writer that rolls has removed it.
            return 0
        self._journal.saw(before, inode, target)
        return inode


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Move the log until SIGTERM."""
    parser = argparse.ArgumentParser(description="A mover of the storm.")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--how", choices=("often", "rename", "unlink", "both"), required=True)
    parser.add_argument(
        "--rate", type=float, required=True, help="moves a second; once means after one of these"
    )
    parser.add_argument("--journal", type=Path, required=True)
    arguments = parser.parse_args(argv)
    ended = terminated()
    with Journal(arguments.journal) as journal:
        mover = Mover(arguments.log.absolute(), journal)
        moves = {
            "often": itertools.repeat(mover.move),
            "rename": iter([mover.rename]),
            "unlink": iter([mover.unlink]),
            "both": iter([mover.rename, mover.unlink]),
        }[arguments.how]
        due = time.monotonic() + 1 / arguments.rate
        while not ended.wait(max(0.0, min(_LOOK_EVERY_S, due - time.monotonic()))):
            move = mover.look
            if time.monotonic() >= due:
                move = next(moves, mover.look)
                due += 1 / arguments.rate
            move()
            journal.flush_if_due()
    return 0


if __name__ == "__main__":
    sys.exit(main())
