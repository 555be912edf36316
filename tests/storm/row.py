"""A row of the storm's table."""

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from os import cpu_count

from life import FOREVER
from lives import Lives
from oracle import Chance, Kind, Lost, Verdict
from plan import Plan
from record import Mark

# Each column with its width: rows are printed as they come.
_COLUMNS = {
    "storm": 23,
    "reader": 9,
    "writers": 7,
    "records/s each": 14,
    "limit": 7,
    "kills": 5,
    "written": 7,
    "rolls": 5,
    "found": 7,
    "missing, observable": 19,
    "missing, reported": 17,
    "missing, not observable": 23,
    "doubled": 7,
    "torn": 5,
    "out of order": 12,
    "lag p50/p99 ms": 14,
    "longest takeover s": 18,
    "stood still ms": 14,
}
_LONGEST_TAKEOVER_S = 5


@dataclass(frozen=True)
class Row:
    """How one reader fared in one storm."""

    reader: str
    plan: Plan
    rolls: int
    verdict: Verdict
    lags_us: Sequence[int] = ()
    takeovers_us: Sequence[int] = ()
    # Whether it had asked for events that it was to do without.
    listened: bool = False
    # What it said was lost, and how many bytes of that it counted.
    lost: Sequence[Lost] = ()
    lost_bytes: int = 0
    # For how long one of the machine's processors did, all in all.
    stood_still_us: int = 0

    @property
    def keeps_the_promise(self) -> bool:
        """Whether the oracle is content, and so is everybody else."""
        return self.verdict.keeps_the_promise and not self.complaints()

    def complaints(self) -> list[str]:
        """Say what is wrong besides the records."""
        complaints = []
        said = sum(each.stop - each.start for each in self.lost if each.stop < FOREVER)
        if said > self.lost_bytes or (said < self.lost_bytes and not self._has_open_range):
            complaints.append(
                f"{self.lost_bytes} bytes are counted as lost, but ranges of {said} bytes were named"
            )
        if self.takeovers_us and max(self.takeovers_us) > _LONGEST_TAKEOVER_S * 1_000_000:
            complaints.append(f"a takeover took {max(self.takeovers_us) / 1e6:.1f} s")
        if self.listened:
            complaints.append("it listens to events")
        return complaints

    @property
    def _has_open_range(self) -> bool:
        return any(each.stop == FOREVER for each in self.lost)

    def cells(self) -> list[str]:
        """Return the row as text."""
        plan, verdict = self.plan, self.verdict
        missing = verdict.count(Kind.MISSING)
        observable = verdict.missing_observable
        reported = verdict.count(Kind.MISSING, (Chance.REPORTED,))
        cells = (
            plan.name,
            self.reader,
            plan.writers,
            f"{plan.rate:g}" if plan.writers else "",
            _size(plan.max_bytes) if plan.max_bytes and plan.writers else "",
            plan.kills + plan.takeovers if self.reader == "ours" else 0,
            verdict.written,
            self.rolls,
            verdict.found,
            f"{observable} ({observable / max(verdict.written, 1):.1%})" if observable else 0,
            reported,
            missing - observable - reported,
            verdict.count(Kind.DOUBLED),
            verdict.count(Kind.TORN),
            verdict.count(Kind.DISORDERED),
            self._lag(),
            f"{max(self.takeovers_us) / 1e6:.1f}" if self.takeovers_us else "",
            f"{self.stood_still_us / 1000:.0f}" if self.reader == "ours" else "",
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
    dashes = ["-" if name in ("storm", "reader") else "-:" for name in _COLUMNS]
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
