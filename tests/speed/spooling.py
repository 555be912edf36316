"""How fast the spool takes occurrences."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from figure import Figure
from growth import exponent

_ROOT = Path(__file__).parents[2]
_SIZES = (10_000, 50_000, 250_000)


def rows(folder: Path, *, rounds: int, scale: float) -> Iterator[Figure]:
    """Commit occurrences in batches, as a storm does: ``folder`` should not be in memory."""
    sizes = [max(1_000, round(size * scale)) for size in _SIZES]
    command = ["cargo", "bench", "--locked", "--quiet", "--bench", "spool", "--"]
    run = subprocess.run(
        [*command, str(folder), *map(str, sizes)], cwd=_ROOT, stdout=subprocess.PIPE, check=True, text=True
    )
    said = json.loads(run.stdout)
    per_s = [said["occurrences_per_s"][str(size)] for size in sizes]
    beside = f"batches of {said['batch']:,}, {said['problems']} problems"
    yield Figure("spool", per_s[1], 50_000, "occurrences/s", beside)
    spent = [size / speed for size, speed in zip(sizes, per_s)]
    yield exponent("commits, by occurrences", sizes, spent)
