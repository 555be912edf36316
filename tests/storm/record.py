"""One record of the storm: how a writer makes it, and how a reader knows it again."""

import random
import re
import zlib
from typing import NamedTuple, Optional

# Longer than what of a message counts for its signature, so that the whole storm is one problem:
# this is about reading, and an archive for each record would drown what is measured.
_PREAMBLE = "a record of the storm, whose writer, number and checksum stand behind these words, up to here: "
_SHORTEST = 20
_LONGEST = 400
# Pairs of digits: nothing that redaction may take for a secret.
_DIGITS = random.Random(3)
_PAYLOAD = " ".join(f"{_DIGITS.randrange(100):02d}" for _ in range(1000))
_DEEPEST = 5
_FRAMES = [
    f'  File "storm.py", line {line}, in step_{line}\n    step_{line + 1}()\n'
    for line in range(1, _DEEPEST + 1)
]
_MARK = re.compile(r"storm w(\d+) s(\d+) c([0-9a-f]{8}) (.*)", re.DOTALL)
_MARK_ALONE = re.compile(rb"storm w(\d+) s(\d+) c")


class Mark(NamedTuple):
    """Which record it is."""

    writer: int
    sequence: int


class Sighting(NamedTuple):
    """What a text that a reader took for one record really holds."""

    mark: Optional[Mark]
    is_whole: bool


def compose(mark: Mark, chance: random.Random) -> str:
    """Return a message of random length; one in four ends in a traceback."""
    start = chance.randrange(len(_PAYLOAD) - _LONGEST)
    rest = _PAYLOAD[start : start + chance.randrange(_SHORTEST, _LONGEST)].strip()
    if not chance.randrange(4):
        frames = "".join(_FRAMES[: chance.randrange(1, _DEEPEST + 1)])
        rest = f"{rest}\nTraceback (most recent call last):\n{frames}StormError: {rest[:40].strip()}"
    return f"{_PREAMBLE}storm w{mark.writer} s{mark.sequence:06d} c{_checksum(mark, rest)} {rest}"


def recognise(text: str) -> Sighting:
    """Find the mark in a record's text and check what stands behind it, to the last line."""
    match = _MARK.search(text)
    if match is None:
        return Sighting(mark=None, is_whole=False)
    mark = Mark(int(match[1]), int(match[2]))
    is_whole = _PREAMBLE in text and match[3] == _checksum(mark, match[4].rstrip("\r\n"))
    return Sighting(mark, is_whole)


def marks_in(text: bytes) -> set[Mark]:
    """Find the marks of all records in a piece of a log; one that its end cuts short has none."""
    return {Mark(int(writer), int(sequence)) for writer, sequence in _MARK_ALONE.findall(text)}


def _checksum(mark: Mark, rest: str) -> str:
    return f"{zlib.crc32(f'{mark.writer} {mark.sequence} {rest}'.encode()):08x}"
