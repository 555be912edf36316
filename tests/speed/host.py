"""What the process notices that the reporter lives in."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path

import readers
from figure import Figure
from tk_incident import Reporter, Settings

_PER_S = 4_000
_LOOP_S = 0.3
_TURNS = 60
_STORM_S = 180.0
_START = """
import time; began = time.perf_counter()
import tk_incident
imported = time.perf_counter()
settings = tk_incident.Settings(log_folder={logs!r}, state_folder={state!r}, deliver=False)
reporter = tk_incident.Reporter(settings)
reporter.start()
started = time.perf_counter()
reporter.stop()
print(imported - began, started - imported, time.perf_counter() - started)
"""


def rows(folder: Path, *, rounds: int, scale: float) -> Iterator[Figure]:
    """Run a host with and without a reporter."""
    yield from _life(folder, rounds)
    yield from _busy(folder, scale)
    yield _memory(folder, _STORM_S * scale)


def _life(folder: Path, rounds: int) -> Iterator[Figure]:
    logs, state = folder / "life", folder / "life-state"
    logs.mkdir()
    script = _START.format(logs=str(logs), state=str(state))
    spent: list[tuple[float, ...]] = []
    # The first one makes the spool and fills the page cache: it does not count.
    for _ in range(1 + 2 * rounds):
        run = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True, text=True)
        spent.append(tuple(float(word) * 1000 for word in run.stdout.split()))
    for name, goal, each in zip(("import", "start", "stop"), (20, 50, 200), zip(*spent[1:])):
        yield Figure(name, statistics.median(each), goal, "ms", is_less_better=True)


def _busy(folder: Path, scale: float) -> Iterator[Figure]:
    """Compare a loop on the main thread in turns: alone, with ours, with the Python loop as a thread."""
    logs = folder / "busy"
    logs.mkdir()
    settings = Settings(log_folder=logs, state_folder=folder / "busy-state", deliver=False)
    speeds: dict[str, list[float]] = {"alone": [], "ours": [], "loop": []}
    with _storm(logs / "tk-busy.log"):
        for _ in range(_TURNS):
            speeds["alone"].append(_loops_per_s(_LOOP_S * scale))
            with Reporter(settings):
                speeds["ours"].append(_loops_per_s(_LOOP_S * scale))
            with _python_loop(logs / "tk-busy.log"):
                speeds["loop"].append(_loops_per_s(_LOOP_S * scale))
    # What else runs on the machine only slows it down: the better turns say more than the middle one.
    good = {name: statistics.quantiles(each, n=4)[2] for name, each in speeds.items()}
    kept = {name: good[name] / good["alone"] for name in ("ours", "loop")}
    beside = f"the Python loop as a thread leaves {kept['loop']:.2f}"
    yield Figure(f"a busy loop beside {_PER_S:,} records/s", kept["ours"], 0.98, "of its speed", beside)


def _memory(folder: Path, storm_s: float) -> Figure:
    """Measure in a process of its own, beginning with an interpreter that has imported next to nothing."""
    logs, state = folder / "memory", folder / "memory-state"
    logs.mkdir()
    for number in range(99):
        (logs / f"tk-quiet{number:02}.log").write_text("")
    host = Path(__file__).with_name("quiet_host.py")
    command = [sys.executable, str(host), str(logs), str(state), str(storm_s)]
    with _storm(logs / "tk-storm.log"):
        run = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    early, late = (float(word) for word in run.stdout.split())
    beside = f"{early:.1f} MiB after a tenth of {storm_s:,.0f} s"
    return Figure("memory, 100 files and a storm", late, 12, "MiB", beside, is_less_better=True)


@contextmanager
def _storm(log: Path) -> Iterator[None]:
    log.touch()
    command = [sys.executable, str(Path(__file__).with_name("storm_writer.py")), str(log), str(_PER_S)]
    writer = subprocess.Popen(command)
    # Else it takes its time from the loop that is measured, more or less of it as the scheduler likes.
    os.sched_setaffinity(writer.pid, {max(os.sched_getaffinity(0))})
    try:
        yield
    finally:
        writer.kill()
        writer.wait()


@contextmanager
def _python_loop(log: Path) -> Iterator[None]:
    ended = threading.Event()
    follower = threading.Thread(target=readers.follow, args=(log, ended))
    follower.start()
    try:
        yield
    finally:
        ended.set()
        follower.join()


def _loops_per_s(seconds: float) -> float:
    # One processor may be faster than the other, and which one this goes on is chance: always the first.
    # Threads that run already may go where they like.
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        # Of nothing that has to be allocated: where that comes to lie makes more of a difference than we do.
        for _ in repeat(None, 1_000):
            pass
        count += 1
    os.sched_setaffinity(0, everywhere)
    return count / seconds
