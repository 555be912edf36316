"""A process of the demo: logs as a Toolkit engine does, then prints what it wrote as one JSON line.

``python -m tk_incident.cli.writer --engine tk-nuke --logs DIR --seconds 5 --user-login artist``
"""

import argparse
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from tk_incident.cli.plot import ENGINES, ROLLING_ENGINE, ROUNDS, Entry, expected_title
from tk_incident.cli.rollover import SafeRotatingFileHandler

# The format of tk-core's log manager.
_FORMAT = "%(asctime)s [%(process)d %(levelname)s %(name)s] %(message)s"
_MATCHING = (logging.ERROR, logging.CRITICAL)


class Writer:
    """Logs an engine's part of the plot into ``<logs>/<engine>.log``."""

    def __init__(self, engine: str, logs: Path, user_login: str) -> None:
        self._engine = engine
        self._user_login = user_login
        self._levels: Counter[str] = Counter()
        self._problems: Counter[str] = Counter()
        self._handler = SafeRotatingFileHandler(logs / f"{engine}.log")
        self._handler.setFormatter(logging.Formatter(_FORMAT))
        root = logging.getLogger("sgtk")
        root.setLevel(logging.INFO)
        root.propagate = False
        root.addHandler(self._handler)

    def write(self, seconds: float) -> None:
        """Write all rounds, spread over ``seconds``."""
        entries = [
            entry for number in range(ROUNDS) for entry in ENGINES[self._engine] if number % entry.every == 0
        ]
        for index, entry in enumerate(entries):
            if self._engine == ROLLING_ENGINE and index == len(entries) // 2:
                self._roll_soon()
            self._write_one(entry)
            time.sleep(seconds / len(entries))
        self._handler.close()

    def summary(self) -> dict[str, Any]:
        """Return what was written: records by level, and matching ones by their ticket's title."""
        return {
            "engine": self._engine,
            "levels": dict(self._levels),
            "problems": dict(self._problems),
            "rollovers": self._handler.rollovers,
        }

    def _roll_soon(self) -> None:
        # Toolkit's 5 MiB would take too long to fill. A quarter above what half of the records take
        # is reached once, and not again.
        self._handler.maxBytes = Path(self._handler.baseFilename).stat().st_size * 5 // 4

    def _write_one(self, entry: Entry) -> None:
        logger = logging.getLogger(entry.logger)
        error = None
        if entry.failure is None:
            logger.log(entry.level, entry.message)
        else:
            try:
                entry.failure()
            except Exception as raised:
                error = raised
                logger.log(entry.level, entry.message, exc_info=raised)
        self._levels[logging.getLevelName(entry.level)] += 1
        if entry.level in _MATCHING:
            self._problems[expected_title(self._user_login, entry.message, error)] += 1


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Write, and print the summary."""
    parser = argparse.ArgumentParser(description="A writer of the demo.")
    parser.add_argument("--engine", choices=sorted(ENGINES), required=True)
    parser.add_argument("--logs", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--user-login", required=True)
    arguments = parser.parse_args(argv)
    writer = Writer(arguments.engine, arguments.logs, arguments.user_login)
    try:
        writer.write(arguments.seconds)
    except KeyboardInterrupt:
        # Ctrl-C reaches every process of the demo; one of them answers for all.
        return 128 + 2
    print(json.dumps(writer.summary()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
