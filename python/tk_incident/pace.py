"""How fast a site is written to: so many changes in any minute, whatever there is to tell."""

import time
from collections import deque
from typing import Callable

_MINUTE_S = 60.0


class Pace:
    """Remembers the changes of the last minute; used by one thread only."""

    def __init__(self, most_per_min: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow so many changes in any minute. ``clock`` gives seconds that never go back."""
        self._clock = clock
        # When each of the last ones was made, the oldest first.
        self._made: deque[float] = deque(maxlen=most_per_min)

    def note(self) -> None:
        """Note that the site is told something now."""
        self._made.append(self._clock())

    def wait_s(self) -> float:
        """Return how many seconds the next change has to wait; 0 if it may be made now."""
        if len(self._made) < (self._made.maxlen or 0):
            return 0.0
        return max(0.0, self._made[0] + _MINUTE_S - self._clock())
