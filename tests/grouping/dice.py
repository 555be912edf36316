"""Draws that are the same in every process and on every Python."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")
_MASK = (1 << 64) - 1


class Dice:
    """Draws from a name. ``random`` would do, were it not for what seeding costs: half of a whole run."""

    def __init__(self, name: str) -> None:
        self._state = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")

    def below(self, limit: int) -> int:
        """A number from 0 to ``limit`` - 1, which is below 2**31."""
        # Knuth's MMIX generator; its upper bits are the good ones.
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & _MASK
        return (self._state >> 33) * limit >> 31

    def choice(self, options: Sequence[_T]) -> _T:
        """One of the options."""
        return options[self.below(len(options))]

    def chance(self, percent: int) -> bool:
        """True in so many of 100 cases."""
        return self.below(100) < percent

    def digits(self, count: int) -> str:
        """So many hexadecimal digits."""
        return "".join(f"{self.below(1 << 16):04x}" for _ in range((count + 3) // 4))[:count]
