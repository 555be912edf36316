"""Faults at random: what a reporter makes of a site that fails as it likes, drawn from a seed."""

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shotgun_api3.shotgun import Shotgun

from audit import all_that_was_sent, leaks, wrong_at_the_end
from fake_site import Fault, Site
from result import Result
from said import Said
from settings_of import settings_of
from sightings import write
from tk_incident import Reporter
from tk_incident._core import Spool
from toolkit_log import Problem, ToolkitLog, problems
from waiting import is_delivered, until

_STATUSES = ("http401", "http403", "http404", "http429", "http500", "http502", "http503", "http504")
MODES = (*_STATUSES, "html200", "fault", "auth", "drop", "lost", "stall")
_STEPS = ("info", "schema_field_read", "read Ticket", "create Ticket")
# What leaves a ticket in doubt comes more often than it would.
_OFTEN = ("lost", "lost", "drop")
_OFTEN_AT = ("create Ticket", "create Ticket")
_UPLOADS = {True: ("link_info", "storage", "link_file"), False: ("upload_file",)}
_UPDATES = {True: "update Ticket", False: "create Reply"}
# So long the client waits for an answer, and a site that stalls is longer about it.
_TIMEOUT_S = 2.0
_STALL_S = 2.5
# A site shows what it was told within this share of the time that we give it.
_SHOWN_WITHIN = 0.6


@dataclass(frozen=True)
class Course:
    """What happens in one sequence."""

    seed: int
    has_s3: bool
    has_fields: bool
    site_lag_s: int
    visible_after_s: float
    faults: Sequence[Fault]
    # Which problem is written how many seconds after the start, and which one again once it has its ticket.
    problems: Sequence[Problem]
    early: Sequence[tuple[float, Problem]]
    late: Sequence[Problem]

    def __str__(self) -> str:
        kind = f"{'S3' if self.has_s3 else 'no S3'}, {'fields' if self.has_fields else 'no fields'}"
        shown = f"shown after {self.visible_after_s:.1f} s of {self.site_lag_s}"
        faults = "; ".join(map(str, self.faults)) or "no fault"
        count = len(self.early) + len(self.late)
        return (
            f"seed {self.seed}: {kind}, {shown}, {len(self.problems)} problems seen {count} times; {faults}"
        )


def drawn(seed: int, *, is_short: bool) -> Course:
    """Draw a sequence; the same one for the same seed."""
    chance = random.Random(seed)
    has_s3, has_fields = chance.random() < 0.5, chance.random() < 0.7
    site_lag_s = 1 if is_short else chance.choice((1, 1, 2, 5))
    drawn_problems = problems(chance.randint(1, 6), chance, critical_share=0.2)
    sightings = [each for each in drawn_problems for _ in range(chance.randint(1, 5))]
    chance.shuffle(sightings)
    lasts_s = 2.0 if is_short else 8.0
    is_late = [chance.random() < 0.3 for _ in sightings]
    early = [(chance.uniform(0, lasts_s), each) for each, late in zip(sightings, is_late) if not late]
    # Before a ticket can be there, its problem has to be.
    seen = {problem for _, problem in early}
    early += [(0.0, each) for each in drawn_problems if each not in seen]
    late = [each for each, is_one in zip(sightings, is_late) if is_one and each in seen]
    return Course(
        seed=seed,
        has_s3=has_s3,
        has_fields=has_fields,
        site_lag_s=site_lag_s,
        visible_after_s=chance.choice((0.0, chance.uniform(0, _SHOWN_WITHIN * site_lag_s))),
        faults=_faults(chance, has_s3=has_s3, has_fields=has_fields, failures=2 if is_short else 5),
        problems=drawn_problems,
        early=sorted(early, key=lambda each: each[0]),
        late=late,
    )


def _faults(chance: random.Random, *, has_s3: bool, has_fields: bool, failures: int) -> list[Fault]:
    steps = (*_STEPS, *_OFTEN_AT, *_UPLOADS[has_s3], _UPDATES[has_fields])
    faults: list[Fault] = []
    # Each failure may double the wait before the next try.
    left = chance.randint(1, failures)
    while left:
        mode, count = chance.choice((*MODES, *_OFTEN)), min(left, chance.randint(1, 2))
        left -= count
        fault = Fault(chance.choice(steps), mode, count, skip=chance.choice((0, 0, 1, 3)))
        if mode == "stall":
            fault.seconds = _STALL_S
        if mode == "http429":
            fault.retry_after_s = chance.choice((None, 1, 3))
        faults.append(fault)
    return faults


def run_all(seeds: Sequence[int], *, is_short: bool, at_once: int, deadline_s: float) -> Iterator[Result]:
    """Run a sequence for each seed, so many at a time."""

    def run_one(seed: int) -> Result:
        with TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
            return _run(drawn(seed, is_short=is_short), Path(folder), said, deadline_s)

    # The client waits for seconds between its tries of an upload.
    backoff, Shotgun.BACKOFF = Shotgun.BACKOFF, 0.05
    try:
        with Said() as said, ThreadPoolExecutor(at_once) as pool:
            yield from pool.map(run_one, seeds)
    finally:
        Shotgun.BACKOFF = backoff


def _run(course: Course, folder: Path, said: Said, deadline_s: float) -> Result:
    """Let it happen, and compare what the site holds with what was written."""
    (folder / "logs").mkdir()
    secrets = (f"key-{course.seed}-of-nobody", f"Tr0ub4dor-{course.seed}-x")
    began = time.monotonic()

    def connect() -> Any:
        handle = Shotgun(site.url, script_name="script", api_key=secrets[0], connect=False)
        handle.config.timeout_secs = _TIMEOUT_S
        return handle

    with (
        Site(has_s3=course.has_s3, has_fields=course.has_fields) as site,
        ToolkitLog(folder / "logs", secret=secrets[1]) as log,
    ):
        site.store.visible_after = course.visible_after_s
        site.expect(*(replace(each) for each in course.faults))
        complaints = []
        with Reporter(settings_of(folder, site_lag_s=course.site_lag_s), connect=connect) as reporter:
            if not until(reporter.agent.is_caught_up, deadline_s):
                return Result(str(course), ["the reporter has not had its first look"])
            write(log, site, course.early, course.late, deadline=began + deadline_s / 2)
            spool = Spool(folder / "state")
            if not until(lambda: is_delivered(spool, log.total), began + deadline_s - time.monotonic()):
                complaints.append(f"after {deadline_s:.0f} s this waits: {spool.deliveries()}")
        complaints += wrong_at_the_end(site, spool, log.written)
        complaints += leaks(secrets, said.texts(), "what was logged")
        complaints += leaks(secrets, all_that_was_sent(site), "what was sent")
    met = sum(each.count for each in course.faults) - site.failures_left()
    counts = {
        "faults or kills": met,
        "problems": len(course.problems),
        "occurrences": log.total,
        "tickets made": len(site.rows("Ticket")),
        "changes": len(site.changes()),
    }
    return Result(str(course), complaints, time.monotonic() - began, counts)
