"""Medians of things that take turns: what slows the machine down slows all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from typing import Callable


def in_turns(
    tasks: Mapping[str, Callable[[], object]], rounds: int, *, before: Callable[[], object] = lambda: None
) -> dict[str, float]:
    """Run all tasks once, and again, each time something ``before``; return the median seconds of each."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        before()
        for name, task in tasks.items():
            began = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in seconds.items()}
