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
from pathlib import Path

import readers
from figure import Figure
from processes import private_mib
from tk_incident import Reporter, Settings

_PER_S = 4_000
_LOOP_S = 3.0
_TURNS = 5
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
    middle = {name: statistics.median(each) for name, each in speeds.items()}
    loop = f"the Python loop as a thread leaves {middle['loop'] / middle['alone']:.2f}"
    yield Figure(
        f"a busy loop beside {_PER_S:,} records/s",
        middle["ours"] / middle["alone"],
        0.98,
        "of its speed",
        loop,
    )


def _memory(folder: Path, storm_s: float) -> Figure:
    logs = folder / "memory"
    logs.mkdir()
    for number in range(99):
        (logs / f"tk-quiet{number:02}.log").write_text("")
    settings = Settings(log_folder=logs, state_folder=folder / "memory-state", deliver=False)
    own = os.getpid()
    before = private_mib(own)
    with _storm(logs / "tk-storm.log"), Reporter(settings):
        time.sleep(storm_s / 2)
        middle = private_mib(own) - before
        time.sleep(storm_s / 2)
        after = private_mib(own) - before
    beside = f"{middle:.1f} MiB at half of {storm_s:.0f} s"
    return Figure("memory, 100 files and a storm", after, 12, "MiB", beside, is_less_better=True)


@contextmanager
def _storm(log: Path) -> Iterator[None]:
    log.touch()
    command = [sys.executable, str(Path(__file__).with_name("storm_writer.py")), str(log), str(_PER_S)]
    writer = subprocess.Popen(command)
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
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        for _ in range(1_000):
            pass
        count += 1
    return count / seconds
