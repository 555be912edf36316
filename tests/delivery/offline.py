"""Two weeks without a site: what was found meanwhile is told when it is back, in order and in peace."""

import random
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shotgun_api3.shotgun import Shotgun

from audit import tickets_by_key, wrong_books, wrong_tickets
from burst import too_often
from fake_site import Site
from result import Result
from settings_of import settings_of
from tk_incident import Reporter
from tk_incident._core import Spool
from toolkit_log import Problem, ToolkitLog, problems
from waiting import is_delivered, until

_DAYS = 14
_MIB = 1 << 20
# The journal of the spool may lie beside it for a moment.
_SIZE_SLACK_MIB = 8
# So long it may take to make room.
_ROOM_S = 60.0
# How long a reporter that may tell no more is watched.
_PEACE_S = 2.0
_NO_LIMIT = 6000


@dataclass(frozen=True)
class Offline:
    """So many occurrences of so many problems over two weeks, by the times in the records."""

    problems: int
    occurrences: int
    # More than the cap, so that occurrences are folded into counts.
    record_bytes: int
    max_spool_mib: int
    max_writes_per_min: int
    # Whether to wait until all is told at that pace; else only the first minute is looked at, and the rest is
    # told by a reporter without that limit.
    is_patient: bool
    deadline_s: float
    seed: int = 1

    def __str__(self) -> str:
        return (
            f"{self.occurrences:,} occurrences of {self.problems} problems in {_DAYS} days, seed {self.seed}"
        )


def run(offline: Offline) -> Result:
    """Let the site be away, come back, and hold what was written."""
    with TemporaryDirectory(prefix="offline-", ignore_cleanup_errors=True) as name:
        return _Run(offline, Path(name)).result()


def wrong_order(told: Sequence[Problem], found: Sequence[Problem]) -> "list[str]":
    """Compare the order of the tickets with that of the problems: the severe first, then the oldest."""
    expected = sorted(found, key=lambda each: each.level != "CRITICAL")[: len(told)]
    wrong = [(each, right) for each, right in zip(told, expected) if each != right]
    if not wrong:
        return []
    (first, right) = wrong[0]
    return [f"{len(wrong)} of {len(told)} tickets were made out of order: {first}, where {right} was due"]


class _Run:
    def __init__(self, offline: Offline, folder: Path) -> None:
        self._offline = offline
        self._folder = folder
        (folder / "logs").mkdir()
        self._log = ToolkitLog(folder / "logs", record_bytes=offline.record_bytes)
        chance = random.Random(offline.seed)
        self._problems = problems(offline.problems, chance, critical_share=0.3)
        self._chance = chance
        self._port = _free_port()
        self._complaints: list[str] = []

    def result(self) -> Result:
        offline = self._offline
        began = time.monotonic()
        with self._log, self._reporter(offline.max_writes_per_min) as reporter:
            until(reporter.agent.is_caught_up, offline.deadline_s)
            spool = Spool(self._folder / "state")
            self._write()
            self._wait(lambda: spool.status()["books"]["captured"] == offline.occurrences, "is not captured")
            self._look_at_size(spool)
            with Site(port=self._port) as site:
                self._come_back(reporter, spool, site)
        counts = {
            "problems": offline.problems,
            "occurrences": self._log.total,
            "tickets made": len(site.rows("Ticket")),
            "changes": len(site.changes()),
        }
        return Result(str(offline), self._complaints, time.monotonic() - began, counts)

    def _come_back(self, reporter: Reporter, spool: Spool, site: Site) -> None:
        offline = self._offline
        if offline.is_patient:
            self._wait(lambda: is_delivered(spool, offline.occurrences), "waits")
        else:
            self._look_at_the_first_minute(site)
        reporter.stop()
        self._complaints += too_often(site.changes(), most=offline.max_writes_per_min)
        self._complaints += wrong_order(self._told(site), self._problems)
        if not offline.is_patient:
            with self._reporter(_NO_LIMIT):
                self._wait(lambda: is_delivered(spool, offline.occurrences), "waits")
        self._complaints += wrong_tickets(site, self._log.written)
        self._complaints += wrong_books(spool, offline.occurrences)

    def _reporter(self, max_writes_per_min: int) -> Reporter:
        settings = settings_of(
            self._folder,
            max_writes_per_min=max_writes_per_min,
            max_spool_mib=self._offline.max_spool_mib,
            # Each problem has its own ticket here.
            digest_from=self._offline.problems + 1,
        )

        def connect() -> Any:
            url = f"http://127.0.0.1:{self._port}"
            return Shotgun(url, script_name="script", api_key="key-of-nobody-at-all", connect=False)

        return Reporter(settings, connect=connect)

    def _write(self) -> None:
        """Write two weeks: each problem for the first time in the first one, and then at random."""
        offline, problems_ = self._offline, self._problems
        began = datetime.now() - timedelta(days=_DAYS)
        days = [_DAYS / 2 * number / len(problems_) for number in range(len(problems_))]
        sightings = list(zip(days, problems_))
        for _ in range(offline.occurrences - len(problems_)):
            day, problem = self._chance.choice(sightings[: len(problems_)])
            sightings.append((self._chance.uniform(day, _DAYS), problem))
        for day, problem in sorted(sightings, key=lambda each: each[0]):
            self._log.write(problem, at=began + timedelta(days=day))

    def _look_at_size(self, spool: Spool) -> None:
        """Room is made while there is nothing to read."""

        def mib() -> float:
            size = spool.status()["size"]
            return float(size["file_bytes"] + size["wal_bytes"]) / _MIB

        if not until(lambda: mib() <= self._offline.max_spool_mib + _SIZE_SLACK_MIB, _ROOM_S):
            self._complaints.append(f"the spool has {mib():.0f} MiB")

    def _look_at_the_first_minute(self, site: Site) -> None:
        most = self._offline.max_writes_per_min
        self._wait(lambda: len(site.changes()) >= most, "is not told")
        if until(lambda: len(site.changes()) > most, _PEACE_S):
            self._complaints.append(f"{len(site.changes())} changes in the first minute")

    def _told(self, site: Site) -> list[Problem]:
        by_key = {each.key: each for each in self._problems}
        return [by_key[key] for key in tickets_by_key(site.rows("Ticket"))]

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        if not until(condition, self._offline.deadline_s):
            self._complaints.append(f"after {self._offline.deadline_s:.0f} s something {what}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
