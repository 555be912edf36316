"""How fast the spool takes occurrences, and how often that waits for the disk."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from figure import Figure
from growth import exponent

_ROOT = Path(__file__).parents[2]
_COMMAND = ("cargo", "bench", "--locked", "--quiet", "--bench", "spool", "--")
_SIZES = (10_000, 50_000, 250_000)
_FEW, _MANY = 10_000, 30_000
_SYNCED = re.compile(r"\bf(?:data)?sync\(.*/(spool\.sqlite(?:-wal)?)>")


def rows(folder: Path, *, rounds: int, scale: float) -> Iterator[Figure]:
    """Commit occurrences in batches, as a storm does: ``folder`` should not be in memory."""
    sizes = [max(1_000, round(size * scale)) for size in _SIZES]
    said = _commit(folder, sizes)
    per_s = [said["occurrences_per_s"][str(size)] for size in sizes]
    beside = f"batches of {said['batch']:,}, {said['problems']} problems"
    yield Figure("spool", per_s[1], 50_000, "occurrences/s", beside)
    yield _syncs(folder)
    spent = [size / speed for size, speed in zip(sizes, per_s)]
    yield exponent("commits, by occurrences", sizes, spent)


def _syncs(folder: Path) -> Figure:
    """Count what a commit waits for, without what opening the spool does and the checkpoints of its log."""
    few, many = (_synced(folder, size) for size in (_FEW, _MANY))
    many.subtract(few)
    # Each checkpoint syncs the log before and the database behind it, and the log's new header.
    checkpoints = many["spool.sqlite"]
    commits = (_MANY - _FEW) // 1_000
    value = (many["spool.sqlite-wal"] - 2 * checkpoints) / commits
    beside = f"three more at each of {checkpoints} checkpoints of the log in {commits} commits of 1,000"
    return Figure("spool: syncs of a commit", value, 1, "", beside, is_less_better=True)


def _synced(folder: Path, size: int) -> Counter[str]:
    trace = folder / "syncs.txt"
    options = ("--seccomp-bpf", "--follow-forks", "--decode-fds=path", "--trace=fsync,fdatasync")
    _commit(folder, [size], within=("strace", *options, f"--output={trace}"))
    return Counter(_SYNCED.findall(trace.read_text(encoding="utf-8")))


def _commit(folder: Path, sizes: Sequence[int], within: Sequence[str] = ()) -> Any:
    command = [*within, *_COMMAND, str(folder), *map(str, sizes)]
    run = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(run.stdout)
