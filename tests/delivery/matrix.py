"""Which rows the table has, in their short form, which `make test` runs, and in their long one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Callable, Optional

import burst
import crowd
import kills
import offline
import random_faults
import walk
from result import Result

_SHORT_SEQUENCES, _LONG_SEQUENCES = range(1, 21), range(1, 1001)
_SHORT_KILLS, _LONG_KILLS = range(1, 9), range(1, 501)


@dataclass(frozen=True)
class Row:
    """A row: what it is called, and its runs: the short ones or the long ones, or only one of them.

    That one is named by its seed; a kill at a step also by the step.
    """

    title: str
    run: Callable[[bool, Optional[str]], Iterator[Result]]

    def short(self) -> list[Result]:
        """Run the short form."""
        return list(self.run(True, None))


def _faults(is_short: bool, only: Optional[str]) -> Iterator[Result]:
    seeds = [int(only)] if only else _SHORT_SEQUENCES if is_short else _LONG_SEQUENCES
    return random_faults.run_all(
        seeds, is_short=is_short, at_once=20 if is_short else 32, deadline_s=60 if is_short else 300
    )


def _kills(is_short: bool, only: Optional[str]) -> Iterator[Result]:
    if only is not None:
        named = [each for each in kills.named() if each.name == only]
        courses = named or [kills.drawn(int(only))]
    else:
        courses = kills.one_for_each_step() if is_short else kills.named()
        courses += [kills.drawn(each) for each in (_SHORT_KILLS if is_short else _LONG_KILLS)]
    return kills.run_all(courses, at_once=8, deadline_s=60 if is_short else 180)


def _reporters(is_short: bool, only: Optional[str]) -> Iterator[Result]:
    seed = int(only or 1)
    if is_short:
        yield crowd.run(crowd.Crowd(6, 4, within_s=60, seed=seed))
    else:
        yield crowd.run(crowd.Crowd(64, 16, within_s=60, site_lag_s=5, seed=seed))
        # Where nobody sees what the others have just made, each makes a ticket of each problem: with archive,
        # count and the closing of the twin that is more than a reporter may change in a minute.
        yield crowd.run(crowd.Crowd(64, 16, within_s=180, site_lag_s=5, visible_after_s=2, seed=seed))


def _storm(is_short: bool, _only: Optional[str]) -> Iterator[Result]:
    if is_short:
        plan = burst.Burst(2_000, 3, is_told_all=False, deadline_s=60)
    else:
        plan = burst.Burst(100_000, 60, is_told_all=True, deadline_s=300)
    yield burst.run(plan)


def _offline(is_short: bool, only: Optional[str]) -> Iterator[Result]:
    if is_short:
        plan = offline.Offline(
            problems=12,
            occurrences=300,
            record_bytes=8 << 10,
            max_spool_mib=1,
            max_writes_per_min=16,
            is_patient=False,
            deadline_s=60,
            seed=int(only or 1),
        )
    else:
        plan = offline.Offline(
            problems=300,
            occurrences=10_000,
            record_bytes=32 << 10,
            max_spool_mib=200,
            max_writes_per_min=120,
            is_patient=True,
            deadline_s=1200,
            seed=int(only or 1),
        )
    yield offline.run(plan)


def _walk(is_short: bool, only: Optional[str]) -> Iterator[Result]:
    seeds = [int(only)] if only else range(1, 5 if is_short else 101)
    yield from walk.run_all(seeds, steps=60 if is_short else 1_000)


ROWS = {
    "faults": Row("faults at random", _faults),
    "kills": Row("`kill -9` at each step, and at random", _kills),
    "reporters": Row("several reporters, one site", _reporters),
    "storm": Row("a storm of one error", _storm),
    "walk": Row("people at work on the tickets, against a model", _walk),
    "offline": Row("two weeks offline", _offline),
}
