"""When which problem is written into a log."""

import threading
import time
from collections.abc import Sequence

from audit import tickets_by_key
from fake_site import Site
from toolkit_log import Problem, ToolkitLog
from waiting import until


def write(
    log: ToolkitLog,
    site: Site,
    early: Sequence[tuple[float, Problem]],
    late: Sequence[Problem],
    *,
    deadline: float,
) -> None:
    """Write problems so many seconds from now, and then some again, each as soon as it has its ticket.

    ``deadline`` is a time of ``time.monotonic``: what has no ticket by then is written all the same.
    """
    began = time.monotonic()
    pause = threading.Event()
    for at_s, problem in early:
        pause.wait(max(0.0, began + at_s - time.monotonic()))
        log.write(problem)
    for problem in late:
        _wait_for_ticket(site, problem.key, deadline)
        log.write(problem)


def _wait_for_ticket(site: Site, key: str, deadline: float) -> None:
    until(lambda: key in tickets_by_key(site.rows("Ticket")), deadline - time.monotonic())
