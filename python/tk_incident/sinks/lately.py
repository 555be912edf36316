"""When each ticket was last told by us: what we wrote can be written over for a while, and is not seen to be.

Somebody who tells a ticket writes it as the site shows it, without what the site does not show yet: our line
is gone then. So a line that is there will stay only once nobody can have written from before it, and the site
shows what they wrote: after twice the time that it may take to show something, and what passes between their
reading and their writing, which is seconds where sixty reporters ask at once.
"""

from typing import Callable

_LAGS = 3


class Lately:
    """Remembers what was told in this process; used by one thread only."""

    def __init__(self, site_lag_s: int, clock: Callable[[], float]) -> None:
        """Take how long the site may take. ``clock`` gives seconds that never go back."""
        self._until_s = _LAGS * site_lag_s
        self._clock = clock
        self._told: dict[int, float] = {}

    def note(self, delivery_id: int) -> None:
        """Note that the ticket of a delivery has been told just now, or may have been."""
        self._told[delivery_id] = self._clock()

    def is_past(self, delivery_id: int) -> bool:
        """Tell whether nobody can still write over what a delivery's ticket was told.

        What another process has told may have been told a moment ago: it counts from the first question.
        """
        now = self._clock()
        return now - self._told.setdefault(delivery_id, now) >= self._until_s

    def forget(self, delivery_id: int) -> None:
        """Drop what is remembered of a delivery that needs no further look."""
        self._told.pop(delivery_id, None)
