"""Kills at any point: a reporter that is killed in the middle of its deliveries, and started again."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Optional

from audit import all_that_was_sent, leaks, wrong_at_the_end
from fake_site import ANSWERED, HALF, LOST, Fault, Site
from result import Result
from sightings import write
from tk_incident._core import Spool
from toolkit_log import Problem, ToolkitLog, problems
from waiting import is_delivered, until
from watching import Watch

# Before the work is done, after it and before the answer, and after the answer.
_MOMENTS = ("drop", LOST, ANSWERED)
# Where a point that was drawn is never reached, the kill comes all the same.
_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Kill:
    """One end of the reporter: at a request, or at a moment of its own."""

    # None: ``after_s`` seconds after its start, whatever it does.
    step: Optional[str] = None
    moment: str = "drop"
    skip: int = 0
    after_s: float = 0.0

    def __str__(self) -> str:
        if self.step is None:
            return f"{self.after_s:.2f} s after the start"
        which = f" no. {self.skip + 1}" if self.skip else ""
        return f"{self.moment} at {self.step}{which}"


@dataclass(frozen=True)
class Course:
    """What happens in one run."""

    name: str
    kills: Sequence[Kill]
    problems: Sequence[Problem]
    # When which of them is written, in seconds from the start.
    sightings: Sequence[tuple[float, Problem]]
    # And which of them once their tickets are there.
    late: Sequence[Problem] = ()
    has_s3: bool = True
    has_fields: bool = True
    makes_twin: bool = False
    # Whether a kill that did not come is a complaint.
    is_exact: bool = False

    def __str__(self) -> str:
        kind = f"{'S3' if self.has_s3 else 'no S3'}, {'fields' if self.has_fields else 'no fields'}"
        twins = ", twins" if self.makes_twin else ""
        return f"{self.name} ({kind}{twins}): killed {', '.join(map(str, self.kills))}"


def named() -> list[Course]:
    """Return a run for each step and each moment of it, under the step's name."""
    courses = [_named("evidence", Kill(after_s=after_s)) for after_s in (0.05, 0.2, 0.4)]
    courses += [_named("pending", Kill("read Ticket", moment)) for moment in _MOMENTS]
    courses += [_named("creating", Kill("create Ticket", moment)) for moment in _MOMENTS]
    for step in ("link_info", "storage", "link_file"):
        courses += [_named("created", Kill(step, moment)) for moment in _MOMENTS]
    courses.append(_named("created", Kill("storage", HALF)))
    courses += [_named("created", Kill("upload_file", moment), has_s3=False) for moment in (*_MOMENTS, HALF)]
    courses += [_named("attached", Kill("update Ticket", moment), is_seen_again=True) for moment in _MOMENTS]
    courses += [
        _named("attached", Kill("create Reply", moment), is_seen_again=True, has_fields=False)
        for moment in _MOMENTS
    ]
    courses += [_named("settling", Kill("read Ticket", moment, skip=1)) for moment in _MOMENTS]
    courses += [_named("settling", Kill("resolve Ticket", moment), makes_twin=True) for moment in _MOMENTS]
    return courses


def one_for_each_step() -> list[Course]:
    """Return the runs whose answer is lost, one for each step by its name."""
    first: dict[str, Course] = {}
    for course in named():
        kill = course.kills[0]
        if kill.step is None or kill.moment == LOST:
            first.setdefault(course.name, course)
    return list(first.values())


def drawn(seed: int) -> Course:
    """Draw a run; the same one for the same seed."""
    chance = random.Random(seed)
    has_s3, has_fields = chance.random() < 0.5, chance.random() < 0.8
    all_problems = problems(chance.randint(1, 4), chance, critical_share=0.2)
    sightings = [(0.0, each) for each in all_problems if chance.random() < 0.7]
    sightings += [(chance.uniform(0, 4), each) for each in all_problems for _ in range(chance.randint(1, 4))]
    return Course(
        name=f"seed {seed}",
        kills=[_any_kill(chance, has_s3=has_s3, has_fields=has_fields) for _ in range(chance.randint(1, 3))],
        problems=all_problems,
        sightings=sorted(sightings, key=lambda each: each[0]),
        late=[each for each in all_problems if chance.random() < 0.3],
        has_s3=has_s3,
        has_fields=has_fields,
        makes_twin=chance.random() < 0.3,
    )


def run_all(courses: Sequence[Course], *, at_once: int, deadline_s: float) -> Iterator[Result]:
    """Run them, so many at a time."""

    def run_one(course: Course) -> Result:
        with TemporaryDirectory(prefix="kills-", ignore_cleanup_errors=True) as folder:
            return _run(course, Path(folder), deadline_s)

    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(run_one, courses)


def _named(
    name: str,
    kill: Kill,
    *,
    is_seen_again: bool = False,
    has_s3: bool = True,
    has_fields: bool = True,
    makes_twin: bool = False,
) -> Course:
    (problem,) = problems(1, random.Random(7))
    late = [problem] if is_seen_again else []
    kills = [kill]
    return Course(
        name, kills, [problem], [(0.0, problem)], late, has_s3, has_fields, makes_twin, is_exact=True
    )


def _any_kill(chance: random.Random, *, has_s3: bool, has_fields: bool) -> Kill:
    if chance.random() < 0.3:
        return Kill(after_s=chance.choice((chance.uniform(0, 1), chance.uniform(0, 5))))
    uploads = ("link_info", "storage", "link_file") if has_s3 else ("upload_file",)
    update = "update Ticket" if has_fields else "create Reply"
    steps = ("info", "schema_field_read", "read Ticket", "create Ticket", *uploads, update, "resolve Ticket")
    step = chance.choice(steps)
    moments = (*_MOMENTS, HALF) if step in ("storage", "upload_file") else _MOMENTS
    return Kill(step, chance.choice(moments), skip=chance.choice((0, 0, 1, 2, 5)))


def _run(course: Course, folder: Path, deadline_s: float) -> Result:
    """Let it happen, and compare what the site holds with what was written."""
    secrets = ("key-of-nobody-at-all", "Tr0ub4dor-and-3-x")
    began = time.monotonic()
    with Site(has_s3=course.has_s3, has_fields=course.has_fields) as site, ExitStack() as stack:
        watch = stack.enter_context(Watch(folder, site_url=site.url, api_key=secrets[0]))
        log = stack.enter_context(ToolkitLog(watch.logs, secret=secrets[1]))
        if course.makes_twin:
            site.expect(Fault("create Ticket", LOST))
        watch.start()
        watch.wait_until_it_leads()
        writer = threading.Thread(
            target=write,
            args=(log, site, course.sightings, course.late),
            kwargs={"deadline": began + deadline_s / 2},
            daemon=True,
        )
        complaints = _kill(course, site, watch, writer, deadline_s)
        writer.join()
        spool = Spool(watch.state)
        if not until(lambda: is_delivered(spool, log.total), began + deadline_s - time.monotonic()):
            complaints.append(f"after {deadline_s:.0f} s this waits: {spool.deliveries()}")
        watch.wait_until_it_leads()
        if watch.stop() != 0:
            complaints.append(f"it did not end in order: {watch.words()}")
        complaints += wrong_at_the_end(site, spool, log.written)
        complaints += leaks(secrets, [watch.words()], "what was said")
        complaints += leaks(secrets, all_that_was_sent(site), "what was sent")
    counts = {
        "faults or kills": len(course.kills),
        "problems": len(course.problems),
        "occurrences": log.total,
        "tickets made": len(site.rows("Ticket")),
        "changes": len(site.changes()),
    }
    return Result(str(course), complaints, time.monotonic() - began, counts)


def _kill(course: Course, site: Site, watch: Watch, writer: threading.Thread, deadline_s: float) -> list[str]:
    """Kill a reporter that runs as often as planned, and leave one that runs."""
    complaints = []
    for number, kill in enumerate(course.kills):
        trap = None
        if kill.step is not None:
            trap = Fault(kill.step, kill.moment, skip=kill.skip, then=watch.kill)
            site.expect(trap)
        # The first one is set before there is anything to deliver.
        writer.start() if number == 0 else watch.start()
        patience_s = kill.after_s if trap is None else deadline_s / 2 if course.is_exact else _PATIENCE_S
        if not until(watch.has_ended, patience_s):
            if trap is not None and course.is_exact:
                complaints.append(f"it did not come to {kill}")
            watch.kill()
        if trap is not None:
            site.forget(trap)
    watch.start()
    return complaints
