"""Problems that can be told apart, and a log that they are written into as Toolkit writes it."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Optional, TextIO

from tk_incident import signature_key

_ADJECTIVES = [
    "Ancient",
    "Bitter",
    "Broken",
    "Crooked",
    "Dusty",
    "Empty",
    "Frozen",
    "Golden",
    "Hollow",
    "Idle",
    "Jagged",
    "Knotted",
    "Lonely",
    "Muddy",
    "Narrow",
    "Opaque",
    "Painted",
    "Quiet",
    "Rusty",
    "Silent",
]
_NOUNS = [
    "Anchor",
    "Bridge",
    "Camera",
    "Drawer",
    "Engine",
    "Feather",
    "Garden",
    "Hammer",
    "Island",
    "Jacket",
    "Kettle",
    "Ladder",
    "Mirror",
    "Needle",
    "Orchard",
    "Pillow",
    "Quarry",
    "Ribbon",
    "Saddle",
    "Tunnel",
]
_TEXT = """{time} [{pid} {level} sgtk.env.project.tk-maya] Publishing stopped: password={secret}
{more}Traceback (most recent call last):
  File "/studio/tools/{noun}/{adjective}.py", line 7, in publish_{noun}
    {adjective}_{noun}(scene, password="{secret}")
{name}Error: the {adjective} {noun} is gone
"""
# What a message may have to say besides its first line.
_MORE = "    an input of the scene that was not found, among many others of its kind\n"


@dataclass(frozen=True)
class Problem:
    """One thing that goes wrong; all its records have one signature."""

    adjective: str
    noun: str
    level: str = "ERROR"

    def record(self, at: datetime, *, secret: str = "", more: str = "") -> str:
        """Return a record of it; ``more`` are further lines of the message."""
        return _TEXT.format(
            time=f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03}",
            pid=4711,
            level=self.level,
            adjective=self.adjective.lower(),
            noun=self.noun.lower(),
            name=f"{self.adjective}{self.noun}",
            secret=secret or "hunter2hunter2",
            more=more,
        )

    @property
    def key(self) -> str:
        """Its signature, as the oracle knows it: from the text alone."""
        return signature_key(self.record(datetime(2026, 1, 2, 3, 4, 5)))


def problems(count: int, chance: random.Random, *, critical_share: float = 0.0) -> list[Problem]:
    """Draw different problems."""
    names = [(adjective, noun) for adjective in _ADJECTIVES for noun in _NOUNS]
    drawn = [
        Problem(*name, level="CRITICAL" if chance.random() < critical_share else "ERROR")
        for name in chance.sample(names, count)
    ]
    if len({each.key for each in drawn}) < count:
        raise RuntimeError("two of these problems have one signature: nothing could be counted")
    return drawn


class ToolkitLog:
    """A log, and what was written into it. As Toolkit's it stays open from the first record on.

    Nor may the descriptor be another log's meanwhile: other reporters of this machine look through it.
    """

    def __init__(self, folder: Path, *, secret: str = "", record_bytes: int = 0) -> None:
        """``secret`` stands in each record, and each has about so many bytes."""
        self._path = folder / "tk-maya.log"
        self._secret = secret
        self._record_bytes = record_bytes
        self._file: Optional[TextIO] = None
        # How often each signature was written.
        self.written: Counter[str] = Counter()

    def write(self, problem: Problem, *, times: int = 1, at: Optional[datetime] = None) -> None:
        """Append records of a problem, in one piece; ``at`` is now if it is not given."""
        more = _MORE * (self._record_bytes // len(_MORE))
        text = problem.record(at or datetime.now(), secret=self._secret, more=more)
        if self._file is None:
            self._file = self._path.open("a", encoding="utf-8")
        self._file.write(text * times)
        self._file.flush()
        self.written[problem.key] += times

    def __enter__(self) -> "ToolkitLog":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def total(self) -> int:
        """How many records were written."""
        return sum(self.written.values())
