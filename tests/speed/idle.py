"""What a reporter costs that has nothing to do."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import toolkit_logs
from figure import Figure
from growth import exponent
from processes import Cost, cost, open_files
from tk_incident import Reporter, Settings

_QUIET_S = 20.0
# By then whatever follows from the start is over.
_SETTLE_S = 40.0
# Of a core, by the number of files.
_GOALS = {1: 0.05, 100: 0.1, 10_000: 0.5}
# Less cannot be told from nothing.
_LEAST = 0.001


def rows(folder: Path, *, rounds: int, scale: float) -> Iterator[Figure]:
    """Follow files to which nobody writes."""
    costs = []
    for count, goal in _GOALS.items():
        logs = folder / f"idle{count}"
        toolkit_logs.write_many(logs, count, count * 2_000, seed=4)
        spent, files = _idle(logs, folder / f"idle{count}-state", _QUIET_S * scale)
        share, per_s = 100 * spent.cpu_s / (_QUIET_S * scale), spent.wake_ups / (_QUIET_S * scale)
        name = f"{count:,} quiet files" if count > 1 else "one quiet file"
        yield Figure(f"idle, {name}", share, goal, "% of a core", f"{files} open files", is_less_better=True)
        yield Figure(f"idle, {name}", per_s, 1, "wake-ups/s", is_less_better=True)
        costs.append(max(share, _LEAST))
    yield exponent("cost at rest, by files", list(_GOALS), costs)


def _idle(logs: Path, state: Path, quiet_s: float) -> tuple[Cost, int]:
    own = os.getpid()
    before = open_files(own)
    with Reporter(Settings(log_folder=logs, state_folder=state, deliver=False)) as reporter:
        while not reporter.agent.is_caught_up():
            time.sleep(0.1)
        time.sleep(_SETTLE_S)
        # Each thread counts, the courier's too; the main one is the host's.
        began = cost(own, but_main=True)
        time.sleep(quiet_s)
        return cost(own, but_main=True).since(began), open_files(own) - before
