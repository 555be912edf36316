"""Which storms there are."""

import dataclasses
import itertools
from dataclasses import dataclass

from oracle import OBSERVABLE_AT_A_LOOK_US, OBSERVABLE_US

KIB = 1024
MIB = 1024 * KIB
# Where somebody else rolls the log, or nobody does.
NEVER = 0


@dataclass(frozen=True)
class Plan:
    """One storm. With kills or takeovers it lasts until the last of them, ``seconds`` at least."""

    name: str
    # Processes that log as Toolkit does, and how many of them follow the log's name as well.
    writers: int = 4
    reopening: int = 0
    rate: float = 100
    max_bytes: int = 256 * KIB
    seconds: float = 5
    # How long a writer holds its file after its last record.
    linger: float = 0
    # How often the reporter is killed and started again, and how often a stand-by takes over from one.
    kills: int = 0
    takeovers: int = 0
    # What a mover does to the log: `often`, `rename` once, `unlink` once, or `both`.
    move: str = ""
    moves_per_s: float = 1
    # How often the log is copied and emptied, and whether the copy lies beside it.
    truncations_per_s: float = 0
    copies_beside: bool = False
    # What a writer that is alone does with its log: `recreate`, `refill`, `alike`; and how often.
    cycle: str = ""
    cycles: int = 0
    # Of the reporter: whether it hears of no event, and further words for `tk-incident watch`.
    is_deaf: bool = False
    watch_options: tuple[str, ...] = ()
    # Whether what was found is read with `tk-incident occurrences`.
    by_command: bool = False
    # Whether losses cannot be avoided, and it is enough that the reporter names them.
    losses_are_reported: bool = False
    # Quiet logs beside this one. With 200 of them a reporter keeps no handle that it can do without.
    neighbours: int = 0
    seed: int = 1

    @property
    def observable_us(self) -> int:
        """For how long a record must be there to be owed."""
        return OBSERVABLE_AT_A_LOOK_US if self.is_deaf else OBSERVABLE_US

    @property
    def ends_by_itself(self) -> bool:
        """Whether the writers know when to end."""
        return not (self.kills or self.takeovers)


def _longer(plan: Plan, seconds: float, **changes: object) -> Plan:
    return dataclasses.replace(plan, seconds=seconds, **changes)  # type: ignore[arg-type]


# What `make test` runs, too.
QUIET = Plan("quiet", writers=2, seconds=4)
LOUD = Plan("loud", rate=1000, seconds=2)
KILLED = Plan("killed", kills=20)
RESTARTED = Plan("restarted", max_bytes=64 * KIB, kills=3, seconds=1, by_command=True)
NETWORK = Plan("network drive", seconds=4, watch_options=("--state-drive", "network"))
MOVED = Plan("moved 50/s", reopening=2, move="often", moves_per_s=50, seconds=3)
STALE = Plan("stale", writers=2, rate=0.8, max_bytes=NEVER, move="both", seconds=4, linger=1)
TRUNCATED = Plan("truncated", max_bytes=NEVER, truncations_per_s=10, seconds=2, losses_are_reported=True)
COPIED = Plan("truncated, copy beside", max_bytes=NEVER, truncations_per_s=4, copies_beside=True, seconds=2)
REFILLED = Plan("refilled", writers=0, cycle="refill", cycles=100, losses_are_reported=True)
ALIKE = Plan("refilled alike", writers=0, cycle="alike", cycles=50, losses_are_reported=True)
RECREATED = Plan("recreated", writers=0, cycle="recreate", cycles=300)
EVENTLESS = Plan("no events", max_bytes=64 * KIB, is_deaf=True, seconds=2)
TAKEN_OVER = Plan("taken over", max_bytes=64 * KIB, takeovers=3, seconds=1)

CROWDED = Plan("crowded", neighbours=200, reopening=2, move="often", moves_per_s=10, kills=5, seconds=3)

ROLLED = (QUIET, LOUD, KILLED, RESTARTED, NETWORK, CROWDED)
ROUGH = (MOVED, TRUNCATED, COPIED, REFILLED, ALIKE, RECREATED, EVENTLESS)
SHORT = (*ROLLED, *ROUGH, STALE, TAKEN_OVER)

_TABLE = tuple(
    Plan("rolled", writers=writers, rate=rate, max_bytes=max_bytes, seconds=45)
    for writers, rate, max_bytes in itertools.product((2, 4, 8), (10, 100, 1000), (256 * KIB, 5 * MIB))
)
_MOVED = tuple(_longer(MOVED, 45, name=f"moved {moves}/s", moves_per_s=moves) for moves in (1, 10, 50))
_LONG = (
    *_TABLE,
    _longer(KILLED, 60, kills=200),
    _longer(KILLED, 60, kills=100, name="killed, network drive", watch_options=NETWORK.watch_options),
    _longer(RESTARTED, 30, kills=50),
    *_MOVED,
    _longer(STALE, 65, name="stale, renamed", move="rename"),
    _longer(STALE, 65, name="stale, unlinked", move="unlink"),
    _longer(TRUNCATED, 45),
    _longer(COPIED, 45),
    _longer(REFILLED, 120, cycles=3000),
    _longer(ALIKE, 60, cycles=1500),
    _longer(RECREATED, 300, cycles=10_000),
    _longer(EVENTLESS, 45),
    _longer(TAKEN_OVER, 45, takeovers=20),
    _longer(KILLED, 60, kills=100, name="crowded, killed", neighbours=200),
    _longer(MOVED, 45, name="crowded, moved 50/s", neighbours=200),
    _longer(COPIED, 45, name="crowded, copy beside", neighbours=200),
    _longer(TAKEN_OVER, 45, name="crowded, taken over", takeovers=20, neighbours=200),
)

MATRICES = {"short": SHORT, "long": _LONG}
# Where both have a name, it stands for the short one.
NAMED = {plan.name: plan for plan in (*_LONG, *SHORT)}
