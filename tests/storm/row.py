"""A row of the storm's table."""

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from os import cpu_count

from lives import Lives
from oracle import Kind, Verdict
from plan import Plan
from record import Mark

# Each column with its width: rows are printed as they come.
_COLUMNS = {
    "reader": 9,
    "writers": 7,
    "records/s each": 14,
    "limit": 7,
    "kills": 5,
    "written": 7,
    "rolls": 5,
    "found": 7,
    "missing, observable": 19,
    "missing, not observable": 23,
    "doubled": 7,
    "torn": 5,
    "out of order": 12,
    "lag p50/p99 ms": 14,
}


@dataclass(frozen=True)
class Row:
    """How one reader fared in one storm."""

    reader: str
    plan: Plan
    kills: int
    rolls: int
    verdict: Verdict
    lags_us: Sequence[int] = ()

    def cells(self) -> list[str]:
        """Return the row as text."""
        verdict = self.verdict
        missing = verdict.count(Kind.MISSING)
        observable = verdict.missing_observable
        cells = (
            self.reader,
            self.plan.writers,
            f"{self.plan.rate:g}",
            _size(self.plan.max_bytes),
            self.kills,
            verdict.written,
            self.rolls,
            verdict.found,
            f"{observable} ({observable / max(verdict.written, 1):.1%})" if observable else 0,
            missing - observable,
            verdict.count(Kind.DOUBLED),
            verdict.count(Kind.TORN),
            verdict.count(Kind.DISORDERED),
            self._lag(),
        )
        return [str(cell) for cell in cells]

    def _lag(self) -> str:
        if not self.lags_us:
            return ""
        lags = sorted(self.lags_us)
        return "/".join(f"{lags[int(share * (len(lags) - 1))] / 1000:.0f}" for share in (0.5, 0.99))


def lags_us(lives: Lives, first_shown: dict[Mark, int]) -> list[int]:
    """From the writing of each record to the moment in which the reporter has printed it."""
    written = {Mark(each.writer, each.sequence): each.after for each in lives.written}
    return [shown - written[mark] for mark, shown in first_shown.items() if mark in written]


def head(*, markdown: bool) -> list[str]:
    """Return the lines above the rows."""
    if not markdown:
        return [line(list(_COLUMNS), markdown=False)]
    dashes = ["-" if name == "reader" else "-:" for name in _COLUMNS]
    return [line(list(_COLUMNS), markdown=True), "|" + "|".join(dashes) + "|"]


def line(cells: Sequence[str], *, markdown: bool) -> str:
    """Return a row as a line."""
    if markdown:
        return f"| {' | '.join(cells)} |"
    widths = _COLUMNS.values()
    return "  ".join(cell.rjust(width) for cell, width in zip(cells, widths))


def machine() -> str:
    """Return when and where it was measured."""
    system = f"{platform.system()} {platform.machine()}, {cpu_count()} cores"
    return f"{time.strftime('%Y-%m-%d')}, {system}, CPython {platform.python_version()}"


def _size(size: int) -> str:
    return f"{size // 1024} KiB" if size < 1 << 20 else f"{size / (1 << 20):g} MiB"
