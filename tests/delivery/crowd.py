"""Several reporters and one site: they share no disk, and meet the same problems."""

import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from audit import wrong_books, wrong_tickets
from fake_site import Site
from result import Result
from tk_incident._core import Spool
from toolkit_log import ToolkitLog, problems
from waiting import is_delivered, until
from watching import Watch

_MOST_TIMES = 9
# So many reporters are started at once: a processor has to start each of them.
_STARTS = 4
# One that is told is at the site, and each reporter has to be asked.
_POLL_S = 0.5


@dataclass(frozen=True)
class Crowd:
    """So many reporters that meet so many problems each, one half of the sightings now and one half later."""

    reporters: int
    problems: int
    # From the last record until all is told.
    within_s: float
    site_lag_s: int = 1
    visible_after_s: float = 0.0
    pause_s: float = 3.0
    seed: int = 1

    def __str__(self) -> str:
        shown = f", shown after {self.visible_after_s:g} s" if self.visible_after_s else ""
        return f"{self.reporters} reporters x {self.problems} problems{shown}, seed {self.seed}"


def run(crowd: Crowd) -> Result:
    """Let them report, and compare what the site holds with what all of them have seen."""
    with TemporaryDirectory(prefix="crowd-", ignore_cleanup_errors=True) as folder, Site() as site:
        site.store.visible_after = crowd.visible_after_s
        with ExitStack() as stack:
            watches = [
                stack.enter_context(
                    Watch(
                        Path(folder) / f"ws{number:03}",
                        site_url=site.url,
                        api_key="key-of-nobody-at-all",
                        ticket_scope="site",
                        user_login=f"artist{number:03}",
                        site_lag_s=crowd.site_lag_s,
                    )
                )
                for number in range(crowd.reporters)
            ]
            with ThreadPoolExecutor(_STARTS) as pool:
                list(pool.map(_start, watches))
            logs = [stack.enter_context(ToolkitLog(watch.logs)) for watch in watches]
            return _judge(crowd, site, watches, logs)


def _start(watch: Watch) -> None:
    watch.start()
    watch.wait_until_it_leads()


def _judge(crowd: Crowd, site: Site, watches: Sequence[Watch], logs: Sequence[ToolkitLog]) -> Result:
    spools = [Spool(watch.state) for watch in watches]
    _write(crowd, logs)
    began = time.monotonic()

    def is_told() -> bool:
        return all(is_delivered(spool, log.total) for spool, log in zip(spools, logs))

    complaints = []
    if not until(is_told, crowd.within_s, poll_s=_POLL_S):
        complaints.append(f"after {crowd.within_s:.0f} s something waits still")
    seconds = time.monotonic() - began
    with ThreadPoolExecutor(len(watches)) as pool:
        if any(code != 0 for code in pool.map(Watch.stop, watches)):
            complaints.append("a reporter did not end in order")
    told = sum((log.written for log in logs), Counter[str]())
    complaints += wrong_tickets(site, told)
    for spool, log in zip(spools, logs):
        complaints += wrong_books(spool, log.total)
    counts = {
        "problems": crowd.problems,
        "occurrences": sum(told.values()),
        "tickets made": len(site.rows("Ticket")),
        "changes": len(site.changes()),
    }
    return Result(str(crowd), complaints, seconds, counts)


def _write(crowd: Crowd, logs: Sequence[ToolkitLog]) -> None:
    """Write each problem into each log, each another number of times."""
    chance = random.Random(crowd.seed)
    all_problems = problems(crowd.problems, chance)
    for is_first in (True, False):
        for log in logs:
            for problem in all_problems:
                log.write(problem, times=chance.randint(1 if is_first else 0, _MOST_TIMES))
        if is_first:
            time.sleep(crowd.pause_s)
