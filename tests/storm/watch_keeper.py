"""Who reads the logs of a storm, and for how long: reporters that are killed, started again, and relieved."""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack

from oracle import Watch
from plan import Plan
from reporter import Reporter

_KILL_WITHIN_S = 0.5
# A stand-by has to be killed in all its states, just risen as well as long in office.
_TAKE_OVER_WITHIN_S = 1.0


class WatchKeeper:
    """Keeps one reporter running, and a stand-by if the plan wants one."""

    def __init__(self, plan: Plan, start: Callable[[bool], Reporter], stack: ExitStack) -> None:
        """``start`` starts a reporter, as a stand-by if told; ``stack`` ends whatever was started."""
        self._plan = plan
        self._start_one = start
        self._stack = stack
        self._chance = random.Random(plan.seed)
        self.watches: list[Watch] = []
        # From the end of each leader until the stand-by led.
        self.takeovers_us: list[int] = []
        self._leader = self._start()
        self.listened = plan.is_deaf and self._leader.listens()

    def go_on(self) -> None:
        """Kill the leader as often as planned, at random moments, perhaps before it has read anything."""
        began = time.monotonic()
        for _ in range(self._plan.kills):
            self._pause(_KILL_WITHIN_S)
            self.watches.append(self._leader.kill())
            self._leader = self._start()
        for _ in range(self._plan.takeovers):
            stand_by = self._start(stands_by=True)
            self._pause(_TAKE_OVER_WITHIN_S)
            watch = self._leader.kill()
            self.watches.append(watch)
            self._leader = stand_by
            self.takeovers_us.append(stand_by.wait_until_it_leads() - watch.until)
        if not self._plan.ends_by_itself:
            time.sleep(max(0.0, began + self._plan.seconds - time.monotonic()))

    def stop(self) -> None:
        """Ask the leader to end."""
        self.watches.append(self._leader.stop())

    def _start(self, *, stands_by: bool = False) -> Reporter:
        return self._stack.enter_context(self._start_one(stands_by))

    def _pause(self, longest: float) -> None:
        time.sleep(self._chance.uniform(0, longest))
