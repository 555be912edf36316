"""How the cost of a scan grows with what is in it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Callable

import tk_incident
import toolkit_logs
from figure import Figure
from growth import exponent

_MIB = 1 << 20
_QUIET_BYTES = (32 * _MIB, 128 * _MIB, 512 * _MIB)
_LOUD_BYTES = (4 * _MIB, 16 * _MIB, 64 * _MIB)
_FILES = (100, 1_000, 10_000)
_FILE_BYTES = 4_000
_PROBLEMS = (2_000, 10_000, 50_000)


def rows(folder: Path, *, rounds: int, scale: float) -> Iterator[Figure]:
    """Scan three sizes of each."""
    for what, write, full in (
        ("a quiet log", toolkit_logs.write_quiet, _QUIET_BYTES),
        ("a log of errors", toolkit_logs.write_errors, _LOUD_BYTES),
    ):
        lengths, costs = [], []
        for size in full:
            log = folder / "tk-grow.log"
            write(log, round(size * scale), seed=6)
            lengths.append(log.stat().st_size)
            costs.append(_seconds(partial(tk_incident.scan, log), rounds))
            log.unlink()
        yield exponent(f"a scan of {what}, by bytes", lengths, costs)
    sizes, costs = [max(10, round(count * scale)) for count in _FILES], []
    for count in sizes:
        logs = folder / f"grow{count}"
        toolkit_logs.write_many(logs, count, count * _FILE_BYTES, seed=5)
        costs.append(_seconds(partial(tk_incident.scan, logs), rounds))
    yield exponent("a scan, by files", sizes, costs)
    sizes, costs = [max(100, round(count * scale)) for count in _PROBLEMS], []
    for count in sizes:
        log = folder / f"tk-problems{count}.log"
        toolkit_logs.write_problems(log, count)
        costs.append(_seconds(partial(tk_incident.scan, log), rounds))
        log.unlink()
    yield exponent("a scan, by signatures", sizes, costs)


def _seconds(task: Callable[[], object], rounds: int) -> float:
    spent = []
    for _ in range(rounds):
        began = time.perf_counter()
        task()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)
