"""Which storms there are."""

import itertools
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True)
class Plan:
    """One storm. With kills it lasts until the last of them, ``seconds`` at least."""

    writers: int
    rate: float
    max_bytes: int
    seconds: float
    kills: int = 0
    seed: int = 1


# What `make test` runs, too.
QUIET = Plan(writers=2, rate=100, max_bytes=256 * KIB, seconds=8)
LOUD = Plan(writers=4, rate=1000, max_bytes=256 * KIB, seconds=5)
KILLED = Plan(writers=4, rate=100, max_bytes=256 * KIB, seconds=5, kills=20)

# Eighteen storms of 45 s and one of five minutes.
_LONG = tuple(
    Plan(writers=writers, rate=rate, max_bytes=max_bytes, seconds=45)
    for writers, rate, max_bytes in itertools.product((2, 4, 8), (10, 100, 1000), (256 * KIB, 5 * MIB))
)

MATRICES = {
    "short": (QUIET, LOUD, KILLED),
    "long": (*_LONG, Plan(writers=4, rate=100, max_bytes=256 * KIB, seconds=60, kills=200)),
}
