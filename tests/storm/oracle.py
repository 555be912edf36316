"""Says what a reader has lost, doubled, torn or disordered, and whether it ever had a chance.

The promise is about records that could be read for 10 ms while a reporter led: through a name, or on
Linux through the descriptor of a live writer. Where the journals leave a doubt, it counts against the reader.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Optional

from life import FOREVER, Life
from lives import Lives, Written
from record import Mark, Sighting

OBSERVABLE_US = 10_000
# Where no event comes: no look at the folder, and none at the writers, is further apart.
OBSERVABLE_AT_A_LOOK_US = 500_000


class Kind(Enum):
    """What can be wrong with a record."""

    MISSING = "missing"
    DOUBLED = "doubled"
    TORN = "torn"
    DISORDERED = "out of order"


class Chance(Enum):
    """Whether a record could be read for 10 ms while a reporter led."""

    OBSERVABLE = "observable"
    PERHAPS = "perhaps observable"
    NONE = "not observable"
    # Where a loss cannot be avoided, it is kept as a byte range that the reporter itself has named.
    REPORTED = "reported as lost"


class Watch(NamedTuple):
    """A time in which a reporter led."""

    since: int
    until: int


ALWAYS = (Watch(0, FOREVER),)


def without(watches: Iterable[Watch], standstills: Iterable[tuple[int, int]]) -> list[Watch]:
    """Return the times in which a reporter led and the machine ran."""
    left = list(watches)
    for since, until in standstills:
        pieces = []
        for watch in left:
            if until <= watch.since or watch.until <= since:
                pieces.append(watch)
                continue
            pieces += [Watch(watch.since, since)] if watch.since < since else []
            pieces += [Watch(until, watch.until)] if until < watch.until else []
        left = pieces
    return left


class Lost(NamedTuple):
    """A byte range that the reporter said is lost, and when it said so."""

    at: int
    start: int
    stop: int


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong; ``mark`` is None where a torn text does not even say whose it is."""

    kind: Kind
    mark: Optional[Mark]
    chance: Chance = Chance.OBSERVABLE
    written: Optional[Written] = None


@dataclass(frozen=True)
class Verdict:
    """What the oracle says of one reader."""

    written: int
    found: int
    faults: Sequence[Fault]

    def count(self, kind: Kind, chances: Collection[Chance] = tuple(Chance)) -> int:
        """How many faults there are of a kind."""
        return sum(fault.kind is kind and fault.chance in chances for fault in self.faults)

    @property
    def missing_observable(self) -> int:
        """Records that should have been found, with those where the journals leave a doubt."""
        return self.count(Kind.MISSING, (Chance.OBSERVABLE, Chance.PERHAPS))

    @property
    def keeps_the_promise(self) -> bool:
        """Whether nothing observable is missing, and nothing doubled, torn or out of order."""
        return not (
            self.missing_observable
            or self.count(Kind.DOUBLED)
            or self.count(Kind.TORN)
            or self.count(Kind.DISORDERED)
        )


def judge(
    lives: Lives,
    found: Sequence[Sighting],
    watches: Sequence[Watch] = ALWAYS,
    *,
    observable_us: int = OBSERVABLE_US,
    lost: Sequence[Lost] = (),
) -> Verdict:
    """Compare what was written with what was found, in the order of its finding.

    ``lost`` excuses what is missing, so it is given only for a storm whose losses cannot be avoided.
    """
    written = {Mark(each.writer, each.sequence): each for each in lives.written}
    faults = [*_torn(found, written), *_doubled(found), *_disordered(found, written)]
    seen = {sighting.mark for sighting in found}
    for mark, each in written.items():
        if mark not in seen:
            had = chance(each, lives, watches, observable_us)
            if had is not Chance.NONE and _is_reported(each, lost):
                had = Chance.REPORTED
            faults.append(Fault(Kind.MISSING, mark, had, each))
    whole = {sighting.mark for sighting in found if sighting.is_whole}
    return Verdict(len(written), len(whole & written.keys()), faults)


def chance(
    record: Written, lives: Lives, watches: Sequence[Watch], observable_us: int = OBSERVABLE_US
) -> Chance:
    """Say whether a record could be read for so long without a break while a reporter led."""
    end = lives.end(record.life)
    if _longest(record.after, end.not_before, watches) >= observable_us:
        return Chance.OBSERVABLE
    if _longest(record.before, end.not_after, watches) >= observable_us:
        return Chance.PERHAPS
    return Chance.NONE


def _is_reported(record: Written, lost: Iterable[Lost]) -> bool:
    """Whether the record's last byte is one of those that were said to be lost, after it was written."""
    return any(each.start < record.end <= each.stop and record.before < each.at for each in lost)


def _longest(since: int, until: int, watches: Iterable[Watch]) -> int:
    return max((min(until, watch.until) - max(since, watch.since) for watch in watches), default=0)


def _torn(found: Iterable[Sighting], written: dict[Mark, Written]) -> list[Fault]:
    """Texts that are not what was written; one that nobody wrote has lost its number's right digits."""
    return [
        Fault(Kind.TORN, sighting.mark)
        for sighting in found
        if not sighting.is_whole or sighting.mark not in written
    ]


def _doubled(found: Iterable[Sighting]) -> list[Fault]:
    """One fault for each sighting beyond the first."""
    counts = Counter(sighting.mark for sighting in found if sighting.mark is not None)
    return [Fault(Kind.DOUBLED, mark) for mark, count in counts.items() for _ in range(count - 1)]


def _disordered(found: Iterable[Sighting], written: dict[Mark, Written]) -> list[Fault]:
    """A writer's records within a life of a file come in the order in which it wrote them."""
    previous: dict[tuple[int, Life], int] = {}
    seen: set[Mark] = set()
    faults = []
    for mark, _ in found:
        # A double is a fault of its own.
        if mark is None or mark not in written or mark in seen:
            continue
        seen.add(mark)
        place = (mark.writer, written[mark].life)
        if mark.sequence < previous.get(place, -1):
            faults.append(Fault(Kind.DISORDERED, mark))
        previous[place] = mark.sequence
    return faults
