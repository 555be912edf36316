"""How well a grouping does on the problems and their rewrites, and what it does wrong."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

from problem import Problem
from rewrites import blame, rewrite

RECALL_BAR = 0.98
PRECISION_BAR = 1.0

Key = Callable[[str], Hashable]


@dataclass(frozen=True)
class Sighting:
    """One text of a problem, and the key it got."""

    problem: Problem
    number: int
    text: str
    key: Hashable


@dataclass(frozen=True)
class Scores:
    """Over pairs of sightings: recall of those of one problem, precision of those put together."""

    recall: float
    precision: float

    @property
    def are_met(self) -> bool:
        """Whether both bars are met."""
        return self.recall >= RECALL_BAR and self.precision >= PRECISION_BAR


def sightings(problems: Iterable[Problem], rewrites: int, key: Key) -> list[Sighting]:
    """The problems' texts, each problem rewritten so many times, in an order that is always the same."""
    texts = [
        (problem, number, rewrite(problem, number)) for number in range(rewrites) for problem in problems
    ]
    return [Sighting(problem, number, text, key(text)) for problem, number, text in texts]


def scores(seen: Sequence[Sighting]) -> Scores:
    """The scores over all pairs."""
    right = _pairs(Counter((one.problem.name, one.key) for one in seen))
    together = _pairs(Counter(one.key for one in seen))
    due = _pairs(Counter(one.problem.name for one in seen))
    return Scores(right / due if due else 1.0, right / together if together else 1.0)


def merged(seen: Sequence[Sighting]) -> Iterator[tuple[Sighting, Sighting]]:
    """A pair for every two problems that share a key."""
    groups: defaultdict[Hashable, dict[str, Sighting]] = defaultdict(dict)
    for one in seen:
        groups[one.key].setdefault(one.problem.name, one)
    told: set[frozenset[str]] = set()
    for group in groups.values():
        for pair in itertools.combinations(group.values(), 2):
            names = frozenset(one.problem.name for one in pair)
            if names not in told:
                told.add(names)
                yield pair


def split(seen: Sequence[Sighting]) -> Iterator[tuple[Sighting, Sighting]]:
    """A pair for every problem that got several keys, the problem with most lost pairs first."""
    by_problem: defaultdict[str, list[Sighting]] = defaultdict(list)
    for one in seen:
        by_problem[one.problem.name].append(one)
    keys = {name: Counter(one.key for one in group) for name, group in by_problem.items()}
    for name in sorted(by_problem, key=lambda name: _pairs(keys[name])):
        ranked = [key for key, _ in keys[name].most_common(2)]
        if len(ranked) == 2:
            first, second = (next(one for one in by_problem[name] if one.key == key) for key in ranked)
            yield first, second


def blamed(seen: Sequence[Sighting], key: Key, most: int = 100) -> Counter[str]:
    """How often each rewrite, alone, took the two of a pair apart."""
    return Counter(
        name
        for first, second in itertools.islice(split(seen), most)
        for name in blame(first.problem, first.number, second.number, key)
    )


def _pairs(counts: Mapping[Any, int]) -> int:
    return sum(count * (count - 1) // 2 for count in counts.values())
