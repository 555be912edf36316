"""Toolkit's way of rolling a log over, for the demo and the storm: a reader has to survive exactly this."""

import logging
import uuid
from logging.handlers import RotatingFileHandler
from pathlib import Path


class SafeRotatingFileHandler(RotatingFileHandler):
    """Rolls over to one backup, after it has proved that the file can be renamed.

    Windows refuses to rename a file that somebody holds open without sharing its deletion. Toolkit
    therefore renames the log to a unique name and back first; where that fails, it never rolls again.
    Neither does it where the roll itself fails: another process of the engine rolled in the same moment.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, backupCount=1, encoding="utf-8")
        self.rollovers = 0
        self._may_roll = True

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Whether ``record`` would take the file over its limit, and rolling still works."""
        return self._may_roll and bool(super().shouldRollover(record))

    def doRollover(self) -> None:
        """Rename the log away and back, then roll it to ``.1``."""
        self.close()
        log = Path(self.baseFilename)
        aside = Path(f"{log}.{uuid.uuid4()}")
        try:
            self.move(log, aside)
            self.move(aside, log)
            super().doRollover()
        except OSError:
            self._may_roll = False
            self.stream = self._open()
            return
        self.rollovers += 1

    def move(self, source: Path, target: Path) -> None:
        """Rename the log to its unique name, or back."""
        source.rename(target)
