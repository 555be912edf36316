"""A storm of one error: one ticket, and a site that is left in peace."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shotgun_api3.shotgun import Shotgun

from audit import wrong_at_the_end
from fake_site import Asked, Site
from result import Result
from settings_of import settings_of
from tk_incident import Reporter
from tk_incident._core import Spool
from toolkit_log import Problem, ToolkitLog
from waiting import is_delivered, until

_MINUTE_S = 60.0
_PIECE_S = 0.1
# What a request needs to come to the site.
_SLACK_S = 1.0
_MADE = ["create Ticket", "link_info"]


@dataclass(frozen=True)
class Burst:
    """So many errors within so many seconds."""

    errors: int
    seconds: float
    # Whether to wait until the site knows of all of them: it is told again after a minute.
    is_told_all: bool
    deadline_s: float

    def __str__(self) -> str:
        return f"{self.errors:,} errors in {self.seconds:.0f} s"


def run(burst: Burst) -> Result:
    """Let them come, and look at what the site was asked for."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="burst-", ignore_cleanup_errors=True) as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "logs").mkdir()
        site = stack.enter_context(Site())
        log = stack.enter_context(ToolkitLog(folder / "logs"))
        settings = settings_of(folder, recurrence_interval_s=60, max_writes_per_min=60)

        def connect() -> Any:
            return Shotgun(site.url, script_name="script", api_key="key-of-nobody-at-all", connect=False)

        def is_over() -> bool:
            if burst.is_told_all:
                return is_delivered(spool, burst.errors)
            return spool.status()["books"]["captured"] == burst.errors and not _settling(spool)

        complaints = []
        with Reporter(settings, connect=connect) as reporter:
            until(reporter.agent.is_caught_up, burst.deadline_s)
            spool = Spool(folder / "state")
            _write(burst, log)
            if not until(is_over, burst.deadline_s):
                complaints.append(f"after {burst.deadline_s:.0f} s this waits: {spool.deliveries()}")
        complaints += wrong_at_the_end(site, spool, log.written)
        made = [each.step for each in site.changes() if each.step in _MADE]
        if made != _MADE:
            complaints.append(f"one ticket was to be made, with one archive: {made}")
        updates = [each for each in site.changes() if each.step not in _MADE]
        complaints += too_often(updates)
        counts = {
            "problems": 1,
            "occurrences": log.total,
            "tickets made": len(site.rows("Ticket")),
            "changes": len(site.changes()),
        }
    return Result(str(burst), complaints, time.monotonic() - began, counts)


def too_often(changes: "list[Asked]", *, most: int = 1) -> "list[str]":
    """Look for a minute with more than so many changes."""
    return [
        f"{most + 1} changes within {later.at_s - earlier.at_s:.1f} s, from {earlier.step} to {later.step}"
        for earlier, later in zip(changes, changes[most:])
        if later.at_s - earlier.at_s < _MINUTE_S - _SLACK_S
    ]


def _settling(spool: Spool) -> bool:
    return any(each["step"] != "attached" for each in spool.deliveries())


def _write(burst: Burst, log: ToolkitLog) -> None:
    problem = Problem("Stormy", "Weather")
    began = time.monotonic()
    while log.total < burst.errors:
        due = burst.errors * min(1.0, (time.monotonic() - began + _PIECE_S) / burst.seconds)
        log.write(problem, times=max(1, int(due) - log.total))
        time.sleep(_PIECE_S)
