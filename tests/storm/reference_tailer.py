"""The reader that everybody writes: a glob, a ``readline``, a look at inode and size, five times a second.

It is fair to its kind: it remembers offsets by inode, so it reads a renamed file on and none twice, and it
waits for whole lines. What it loses is what such a reader cannot have seen.

``python tests/storm/reference_tailer.py --logs DIR --output FILE``, until SIGTERM
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

from termination import terminated

_POLL_S = 0.2
_HEADER = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[\d+ ")


class ReferenceTailer:
    """Follows a log folder."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._offsets: dict[int, int] = {}
        self._open: dict[int, list[bytes]] = {}

    def poll(self) -> Iterator[str]:
        """Read what is new in each file, and return the records that are whole."""
        for path in sorted(self._logs.glob("tk-*.log*")):
            try:
                yield from self._read(path)
            except FileNotFoundError:
                continue

    def rest(self) -> Iterator[str]:
        """Return the last record of each file, which no header ends."""
        for lines in self._open.values():
            yield _text(lines)
        self._open.clear()

    def _read(self, path: Path) -> Iterator[str]:
        with path.open("rb") as file:
            # Of the open file: the name may stand for another one by now.
            status = os.fstat(file.fileno())
            inode = status.st_ino
            if status.st_size < self._offsets.get(inode, 0):
                self._offsets[inode] = 0
            file.seek(self._offsets.get(inode, 0))
            while (line := file.readline()).endswith(b"\n"):
                self._offsets[inode] = file.tell()
                lines = self._open.setdefault(inode, [])
                if lines and _HEADER.match(line):
                    yield _text(lines)
                    lines.clear()
                lines.append(line)


def _text(lines: Sequence[bytes]) -> str:
    return b"".join(lines).decode(errors="replace").rstrip("\n")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Write each record as a line of JSON, until told to end."""
    parser = argparse.ArgumentParser(description="The reader that everybody writes.")
    parser.add_argument("--logs", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args(argv)
    stopped = terminated()
    tailer = ReferenceTailer(arguments.logs)
    with arguments.output.open("w", encoding="utf-8") as output:
        is_last = False
        while not is_last:
            is_last = stopped.wait(_POLL_S)
            output.writelines(json.dumps(record) + "\n" for record in tailer.poll())
            if is_last:
                output.writelines(json.dumps(record) + "\n" for record in tailer.rest())
            # The file exists and is up to date: that is how one knows that it has begun.
            output.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
