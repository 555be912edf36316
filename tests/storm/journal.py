"""What a process did to the log and when: written while the storm blows, read by the oracle after it.

Times are microseconds of the monotonic clock, which all processes of a machine share. Nothing is known
to the instant: between two statements of Python the scheduler may take its turn, for many milliseconds on
a busy machine. Each event therefore lies somewhere between ``before`` and ``after``.
"""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Optional, Union

_FLUSH_US = 50_000


class Wrote(NamedTuple):
    """A record went into a file, and ended there at this offset."""

    sequence: int
    before: int
    after: int
    inode: int
    end: int = 0


class Opened(NamedTuple):
    """The writer got a descriptor of the log, which did not exist before if ``is_new``."""

    before: int
    after: int
    inode: int
    is_new: int


class Closed(NamedTuple):
    """The writer gave its descriptor up."""

    before: int
    after: int
    inode: int


class Saw(NamedTuple):
    """A name stood for this file, or for none (0). A name is given as what follows the log's own."""

    before: int
    after: int
    inode: int
    suffix: str


class Truncated(NamedTuple):
    """The file was emptied."""

    before: int
    after: int
    inode: int


Event = Union[Wrote, Opened, Closed, Saw, Truncated]


class Journal:
    """Appends a process's events to a file, at least every 50 ms while :meth:`flush_if_due` is called."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lines: list[str] = []
        self._flushed = now_us()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._flush()
        self._file.close()

    def wrote(self, sequence: int, before: int, inode: int, end: int) -> None:
        """Note a record that has just been written."""
        self._lines.append(f"w {sequence} {before} {now_us()} {inode} {end}\n")

    def opened(self, before: int, inode: int, *, is_new: bool) -> None:
        """Note a descriptor."""
        self._lines.append(f"o {before} {now_us()} {inode} {is_new:d}\n")

    def closed(self, before: int, inode: int) -> None:
        """Note the end of a descriptor."""
        self._lines.append(f"c {before} {now_us()} {inode}\n")

    def saw(self, before: int, inode: int, suffix: str) -> None:
        """Note which file a name stood for."""
        self._lines.append(f"s {before} {now_us()} {inode} {suffix}\n")

    def truncated(self, before: int, inode: int) -> None:
        """Note that a file has just been emptied."""
        self._lines.append(f"t {before} {now_us()} {inode}\n")

    def look(self, log: Path, suffix: str) -> None:
        """Look at a name and note which file it stands for."""
        before = now_us()
        try:
            inode = os.stat(f"{log}{suffix}").st_ino  # noqa: PTH116 - on the way of every roll
        except FileNotFoundError:
            inode = 0
        self.saw(before, inode, suffix)

    def flush_if_due(self) -> None:
        """Write out what is older than 50 ms."""
        if now_us() - self._flushed >= _FLUSH_US:
            self._flush()

    def _flush(self) -> None:
        if self._lines:
            self._file.write("".join(self._lines).encode())
            self._lines.clear()
        self._flushed = now_us()


def now_us() -> int:
    """Return the time of this machine's monotonic clock."""
    return time.monotonic_ns() // 1000


def read_journal(lines: Iterable[str]) -> Iterator[Event]:
    """Read what a :class:`Journal` has written; a last line that a kill cut short is left out."""
    for line in lines:
        if not line.endswith("\n"):
            return
        kind, *fields = line.rstrip("\n").split(" ")
        if kind == "s":
            before, after, inode, suffix = fields
            yield Saw(int(before), int(after), int(inode), suffix)
        elif kind == "w":
            yield Wrote(*map(int, fields))
        elif kind == "o":
            yield Opened(*map(int, fields))
        elif kind == "t":
            yield Truncated(*map(int, fields))
        else:
            yield Closed(*map(int, fields))
