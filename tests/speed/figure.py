"""A figure with its goal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    value: float
    goal: float
    unit: str
    beside: str = ""
    """What others need for the same, or what it is made of."""
    is_less_better: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the figure is as good as its goal."""
        return self.value <= self.goal if self.is_less_better else self.value >= self.goal

    def cells(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        sign = "≤" if self.is_less_better else "≥"
        unit = f" {self.unit}" if self.unit else ""
        return (
            self.what,
            f"{_short(self.value)}{unit}",
            f"{sign} {_short(self.goal)}{unit}",
            "yes" if self.is_met else "**no**",
            self.beside,
        )


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
