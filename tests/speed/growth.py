"""How a cost grows: a straight line through the logarithms of three sizes and their costs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from figure import Figure

# 1 is linear. Times of one thing differ by some percent, and over the sizes here that makes some hundredths.
_BAR = 1.1


def exponent(what: str, sizes: Sequence[float], costs: Sequence[float]) -> Figure:
    """Return the exponent that a cost grows with."""
    xs, ys = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys)) / sum((x - x_mean) ** 2 for x in xs)
    beside = ", ".join(f"{size:,.0f}: {cost:.3g}" for size, cost in zip(sizes, costs))
    return Figure(f"growth of {what}", slope, _BAR, "", beside, is_less_better=True)
