"""What came of the runs of a test, and the table of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_COLUMNS = (
    "test",
    "runs",
    "faults or kills",
    "problems",
    "occurrences",
    "tickets made",
    "changes",
    "longest s",
)


@dataclass(frozen=True)
class Result:
    """One run of a test. ``counts`` has numbers under the names of the columns."""

    # What it was, with what it takes to run it again.
    what: str
    complaints: Sequence[str]
    seconds: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.complaints

    def words(self) -> list[str]:
        """Say what was wrong."""
        return [f"{self.what}: {complaint}" for complaint in self.complaints]


def head() -> list[str]:
    """Return the lines above the rows, as Markdown."""
    columns = (*_COLUMNS, "wrong")
    return [_line(columns), "|" + "|".join("-" if name == "test" else "-:" for name in columns) + "|"]


def line(test: str, results: Sequence[Result]) -> str:
    """Return the row of a test: all its runs together, and the longest of them."""
    sums = {name: sum(each.counts.get(name, 0) for each in results) for name in _COLUMNS}
    wrong = sum(not each.is_right for each in results)
    longest = f"{max(each.seconds for each in results):.0f}" if results else ""
    numbers = [f"{sums[name]:,}" for name in _COLUMNS[2:-1]]
    return _line([test, f"{len(results):,}", *numbers, longest, str(wrong)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
