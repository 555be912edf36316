"""Waiting for what another thread or process does, and that gives no signal."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from tk_incident._core import Spool

_POLL_S = 0.05
# A site without our fields is told by a reply, an hour after the last one: nobody waits for that.
_FAR_S = 600


def until(condition: Callable[[], object], deadline_s: float, *, poll_s: float = _POLL_S) -> bool:
    """Wait for a condition; False at the deadline."""
    deadline = time.monotonic() + deadline_s
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(poll_s)
    return True


def is_delivered(spool: Spool, captured: int) -> bool:
    """Whether all that was written was found, and nothing waits but for an hour to be over."""
    if spool.status()["books"]["captured"] < captured:
        return False
    return all(_waits_for_its_hour(each) for each in spool.deliveries())


def _waits_for_its_hour(delivery: "dict[str, Any]") -> bool:
    if delivery["step"] != "attached" or delivery["attempts"]:
        return False
    next_try = datetime.fromisoformat(delivery["next_try"].rstrip("Z").partition(".")[0])
    wait = next_try.replace(tzinfo=timezone.utc) - datetime.now(timezone.utc)
    return wait.total_seconds() > _FAR_S
