"""How soon an error that is written is a committed occurrence."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import waking
from figure import Figure
from tk_incident import Reporter, Settings

_RECORDS = 300
_PAUSE_S = 0.05
_DEADLINE_MS = 10_000


def rows(folder: Path, *, rounds: int, scale: float) -> Iterator[Figure]:
    """Write errors one by one, and wait for each."""
    settings = Settings(log_folder=folder / "live", state_folder=folder / "live-state", deliver=False)
    for is_followed in (True, False):
        spent = sorted(_waits(settings, round(_RECORDS * scale), is_followed=is_followed))
        middle, late = statistics.median(spent), spent[len(spent) * 99 // 100]
        allowed = 5 if is_followed else 5 + settings.idle_flush_ms
        what = "with a next record" if is_followed else "without one"
        beside = _peers(folder, round(_RECORDS * scale)) if is_followed else ""
        yield Figure(
            f"written to committed, {what}: half of them", middle, allowed, "ms", beside, is_less_better=True
        )
        yield Figure(
            f"written to committed, {what}: 99 of 100", late, allowed + 50, "ms", is_less_better=True
        )


def _peers(folder: Path, count: int) -> str:
    said = []
    for name, listening in waking.PEERS.items():
        spent = list(waking.waits(folder / name.replace(" ", "-"), listening, count, _PAUSE_S))
        said.append(f"{name} {statistics.median(spent):.1f}")
    return "written to noticed: " + ", ".join(said) + " ms"


def _waits(settings: Settings, count: int, *, is_followed: bool) -> Iterator[float]:
    assert settings.log_folder is not None
    settings.log_folder.mkdir(exist_ok=True)
    log = settings.log_folder / "tk-live.log"
    with Reporter(settings) as reporter, log.open("ab", buffering=0) as out:
        out.write(_record("INFO", "begun"))
        while not reporter.agent.is_caught_up():
            time.sleep(0.01)
        last = reporter.agent.last_occurrence_id()
        for number in range(count):
            # Not in step with whatever the reporter does every so often.
            time.sleep(_PAUSE_S * (1 + number % 7) / 7)
            text = _record("ERROR", f"broken {number} times")
            began = time.perf_counter()
            out.write(text + _record("INFO", "next") if is_followed else text)
            found = reporter.agent.wait_occurrences(last, _DEADLINE_MS)
            spent = time.perf_counter() - began
            assert len(found) == 1, "an error was not found, or twice"
            last = found[-1].id
            yield spent * 1000


def _record(level: str, message: str) -> bytes:
    now = time.time()
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now)) + f",{int(now * 1000) % 1000:03}"
    return f"{clock} [4711 {level} sgtk.env.project.tk-maya] {message}\n".encode()
