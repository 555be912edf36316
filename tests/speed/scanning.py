"""How fast logs are scanned, beside what else reads them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import readers
import tk_incident
import toolkit_logs
from figure import Figure
from timing import in_turns
from tk_incident.scanning import scan_stream

_MIB = 1 << 20
# What takes a tenth of a second is measured so many times as often: a minute and a half in all.
_SHORT_ROUNDS = 30
# The Python loop takes its time: it reads this much, and is reckoned up.
_LOOP_BYTES = 32 * _MIB
# Drain3 does, too.
_MESSAGES = 20_000


def rows(folder: Path, *, rounds: int, scale: float) -> Iterator[Figure]:
    """Measure; ``scale`` is 1 for logs of full size."""
    yield from _quiet(folder, rounds, round(512 * _MIB * scale))
    yield from _threads(folder, rounds, round(512 * _MIB * scale))
    yield from _loud(folder, rounds, round(256 * _MIB * scale))


def _quiet(folder: Path, rounds: int, size: int) -> Iterator[Figure]:
    written, log, part = (folder / f"tk-{name}.log" for name in ("written", "quiet", "part"))
    toolkit_logs.write_quiet(written, size, seed=1)
    toolkit_logs.write_quiet(part, min(size, _LOOP_BYTES), seed=1)
    spent = in_turns(
        {
            "read": lambda: readers.bare_read(log),
            "ours": lambda: tk_incident.scan(log),
            "grep": lambda: readers.gnu_grep(log),
            "rg": lambda: readers.ripgrep(log),
            "loop": lambda: readers.python_loop(part),
            "pygtail": lambda: readers.pygtail(part),
        },
        rounds,
        before=partial(_renew, log, written),
    )
    speed = {name: log.stat().st_size / seconds / 1e9 for name, seconds in spent.items()}
    for name in ("loop", "pygtail"):
        speed[name] = part.stat().st_size / spent[name] / 1e9
    beside = ", ".join(f"{name} {each:.2f}" for name, each in speed.items()) + " GB/s"
    yield Figure("scan, 0.1 % errors: of a bare read", speed["ours"] / speed["read"], 0.5, "", beside)
    yield Figure("scan, 0.1 % errors: of GNU grep", speed["ours"] / speed["grep"], 2.5, "")
    yield Figure("scan, 0.1 % errors: of the Python loop", speed["ours"] / speed["loop"], 100, "")
    for each in (written, log, part):
        each.unlink()


def _renew(log: Path, written: Path) -> None:
    """Copy it: by the pages of memory that it happens to lie in, reading it takes up to twice as long."""
    shutil.copyfile(written, log)
    # What comes first would find the copy's last writes on their way to memory.
    readers.bare_read(log)


def _threads(folder: Path, rounds: int, size: int) -> Iterator[Figure]:
    counts, tasks = (100, 1_000, 10_000), {}
    for count in counts:
        logs = folder / f"many{count}"
        toolkit_logs.write_many(logs, count, size, seed=2)
        tasks[f"{count} one"] = partial(tk_incident.scan, logs)
        tasks[f"{count} two"] = partial(tk_incident.scan, logs, threads=2)
    # All in turns: for some ten seconds now and then the machine has less for its second processor.
    spent = in_turns(tasks, _SHORT_ROUNDS * rounds)
    for count in counts:
        one, two = spent[f"{count} one"], spent[f"{count} two"]
        beside = f"{size / one / 1e9:.2f} GB/s with one"
        yield Figure(f"scan, {count:,} files: two threads", one / two, 1.7, "times", beside)
        shutil.rmtree(folder / f"many{count}")


def _loud(folder: Path, rounds: int, size: int) -> Iterator[Figure]:
    log = folder / "tk-loud.log"
    toolkit_logs.write_errors(log, size, seed=3)
    result = tk_incident.scan(log)
    found, messages = result.counters["matched"], [each.message for each in result.occurrences[:_MESSAGES]]
    del result
    spent = in_turns(
        {
            "ours": lambda: _streamed(log),
            "kept": lambda: tk_incident.scan(log),
            "drain3": lambda: readers.drain3(messages),
        },
        rounds,
    )
    beside = (
        f"{found / spent['kept']:,.0f} where all of them are kept in one list;"
        f" Drain3 puts {len(messages) / spent['drain3']:,.0f} of their messages/s into groups"
    )
    yield Figure("scan, 100 % errors with tracebacks", log.stat().st_size / spent["ours"] / 1e6, 150, "MB/s")
    yield Figure("scan, 100 % errors with tracebacks", found / spent["ours"], 250_000, "records/s", beside)
    log.unlink()


def _streamed(log: Path) -> int:
    """Scan as the command line does, piece by piece; return how many incidents there are."""
    for step in scan_stream(log):
        last = step
    return len(last.incidents())
