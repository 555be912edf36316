"""Notes when a processor of this machine stood still: whoever was to run there could not read anything.

``python tests/storm/standstill.py --processor 0 --journal FILE``, until SIGTERM

A virtual machine's processor is others', too, and is taken away for tens of milliseconds now and then.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

from journal import now_us
from termination import terminated

_NAP_US = 2_000
# Whoever sleeps is woken as late as this by a machine that is merely busy.
_LATE_US = 3_000


def processors() -> list[int]:
    """Return the processors that can be asked, one by one; only one where nobody can be held on one."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else [0]


def read_standstills(path: Path) -> Iterator[tuple[int, int]]:
    """Read a journal: since when, and until when."""
    for line in path.read_text(encoding="ascii").splitlines():
        since, until = line.split()
        yield int(since), int(until)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Sleep and look at the clock until SIGTERM."""
    parser = argparse.ArgumentParser(description="Notes when a processor stood still.")
    parser.add_argument("--processor", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    arguments = parser.parse_args(argv)
    ended = terminated()
    if sys.platform == "linux":
        os.sched_setaffinity(0, [arguments.processor])
    with arguments.journal.open("w", encoding="ascii", buffering=1) as journal:
        before = now_us()
        while not ended.is_set():
            time.sleep(_NAP_US / 1e6)
            now = now_us()
            if now - before > _NAP_US + _LATE_US:
                journal.write(f"{before + _NAP_US} {now}\n")
            before = now
    return 0


if __name__ == "__main__":
    sys.exit(main())
