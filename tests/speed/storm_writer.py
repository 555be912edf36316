"""Writes records at a rate, until it is ended: ``python storm_writer.py LOG RECORDS_PER_S``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

_TURN_S = 0.01


def main() -> None:
    """Write one error in ten records, from four processes as their headers say."""
    path, per_s = Path(sys.argv[1]), int(sys.argv[2])
    number, began = 0, time.monotonic()
    with path.open("ab", buffering=0) as log:
        while True:
            due = int((time.monotonic() - began) * per_s)
            records = []
            while number < due:
                records.append(_record(number))
                number += 1
            log.write(b"".join(records))
            time.sleep(_TURN_S)


def _record(number: int) -> bytes:
    level = "ERROR" if number % 10 == 0 else "INFO"
    clock = time.strftime("%Y-%m-%d %H:%M:%S")
    pid = 4000 + number % 4
    text = f"item {number} of scene {number % 7}"
    return f"{clock},{number % 1000:03} [{pid} {level} sgtk.env.x] {text}\n".encode()


if __name__ == "__main__":
    main()
