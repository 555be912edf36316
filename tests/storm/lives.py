"""How long each file of a storm could be read, from what the writers have noted.

No writer sees everything: another one may replace a name between its look and its own rename. So the end
of a life is two times: until the first it certainly could be read, from the second on it certainly not.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from journal import Closed, Event, Opened, Saw, Wrote
from life import FOREVER, End, Life
from record import Mark
from truncations import Truncations

# The two names whose file changes unseen; a unique one belongs to one file, on its way from the log and back.
_LOG = ""
_BACKUP = ".1"


class Written(NamedTuple):
    """One record of a journal, and the life it went into."""

    writer: int
    sequence: int
    before: int
    after: int
    life: Life
    end: int = 0


@dataclass(frozen=True)
class Lives:
    """All files of a storm."""

    ends: Mapping[Life, End]
    written: Sequence[Written]
    # How often the log began anew.
    rolls: int

    def end(self, life: Life) -> End:
        """When the last name and the last descriptor of a writer were gone."""
        return self.ends[life]


def lives(
    journals: Mapping[int, Sequence[Event]],
    last_look: Iterable[Saw],
    copies: Sequence[Collection[Mark]] = (),
) -> Lives:
    """Put the journals of all processes together.

    ``last_look`` is what the names stood for when all was over: what they stood for then never ended.
    ``copies`` are what the log held just before each truncation, and at the very end.
    """
    last = list(last_look)
    events = [event for journal in journals.values() for event in journal]
    births = _births(events)
    sightings = sorted([*(each for each in events if isinstance(each, Saw)), *_as_sightings(events), *last])
    named = _named(births, sightings, last)
    held = _held(births, journals)
    known = named.keys() | held.keys()
    never = End(0, 0)
    files = {life: _later(named.get(life, never), held.get(life, never)) for life in known}
    truncations = Truncations(events, lambda inode, time: _life(births, inode, time), copies)
    written = [
        Written(
            writer,
            each.sequence,
            each.before,
            each.after,
            truncations.life(_life(births, each.inode, each.after), writer, each),
            each.end,
        )
        for writer, journal in journals.items()
        for each in journal
        if isinstance(each, Wrote)
    ]
    rolls = sum(isinstance(each, Opened) and each.is_new for each in events) + truncations.count
    return Lives(truncations.ends(files), written, rolls)


def _as_sightings(events: Iterable[Event]) -> list[Saw]:
    """Whoever opens the log has seen what its name stands for."""
    return [Saw(each.before, each.after, each.inode, _LOG) for each in events if isinstance(each, Opened)]


def _births(events: Iterable[Event]) -> dict[int, list[int]]:
    births: dict[int, list[int]] = defaultdict(list)
    for event in events:
        if isinstance(event, Opened) and event.is_new:
            births[event.inode].append(event.before)
    for times in births.values():
        times.sort()
    return births


def _life(births: Mapping[int, list[int]], inode: int, time: int) -> Life:
    """The life of an inode at a time; birth 0 where nobody has noted the creation."""
    times = births.get(inode, [])
    at = bisect_right(times, time)
    return Life(inode, times[at - 1] if at else 0)


def _named(
    births: Mapping[int, list[int]], sightings: Sequence[Saw], last_look: Iterable[Saw]
) -> dict[Life, End]:
    """When each life lost its last name; ``sightings`` are in order of ``before``."""
    seen: dict[Life, Saw] = {}
    by_suffix: dict[str, list[tuple[Saw, Life]]] = defaultdict(list)
    for each in sightings:
        life = _life(births, each.inode, each.after)
        by_suffix[each.suffix].append((each, life))
        if each.inode:
            seen[life] = each
    survivors = {_life(births, each.inode, each.after) for each in last_look if each.inode}
    ends: dict[Life, End] = {}
    for life, sighting in seen.items():
        if life in survivors:
            ends[life] = End(FOREVER, FOREVER)
            continue
        gone = sighting.after
        for suffix in _ways_out(sighting.suffix):
            gone = _first_other(by_suffix[suffix], life, gone)
        ends[life] = End(sighting.before, gone)
    return ends


def _ways_out(suffix: str) -> Sequence[str]:
    """The names through which a file may have gone unseen since it was last seen under this one.

    From the log a file goes to the backup or is gone: on its way to another name and back it would have been
    seen again, by the one who moved it. So it would where it was moved from the backup to an older one.
    """
    return (suffix,) if suffix[1:].isdecimal() else (_LOG, _BACKUP)


def _first_other(looks: Sequence[tuple[Saw, Life]], life: Life, since: int) -> int:
    """When a name was first known to stand for something else than ``life``."""
    start = bisect_left(looks, since, key=lambda look: look[0].before)
    for each, other in looks[start:]:
        if other != life:
            return each.after
    return FOREVER


def _held(births: Mapping[int, list[int]], journals: Mapping[int, Sequence[Event]]) -> dict[Life, End]:
    """When each life lost its last descriptor of a writer."""
    ends: dict[Life, End] = {}
    for journal in journals.values():
        holds: dict[int, Life] = {}
        for event in journal:
            if isinstance(event, Opened):
                holds[event.inode] = _life(births, event.inode, event.after)
            elif isinstance(event, Closed) and event.inode in holds:
                life = holds.pop(event.inode)
                ends[life] = _later(ends.get(life, End(0, 0)), End(event.before, event.after))
        for life in holds.values():
            # Killed, or its journal was: the last thing it noted it did alive.
            last = journal[-1].after
            ends[life] = _later(ends.get(life, End(0, 0)), End(last, FOREVER))
    return ends


def _later(one: End, other: End) -> End:
    return End(max(one.not_before, other.not_before), max(one.not_after, other.not_after))
