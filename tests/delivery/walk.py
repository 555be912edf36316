"""People close, reopen, merge and delete tickets while the problems go on: the sink against a model."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Optional, cast

from shotgun_api3.shotgun import Shotgun

from result import Result
from tk_incident import Settings
from tk_incident._core import Delivery
from tk_incident.sandbox import Sandbox
from tk_incident.sinks.shotgrid import ShotGridSink

_RECORD = "2026-11-22 10:21:30,207 [4711 ERROR sgtk.tool] it broke"
_ARCHIVE = b"PK\x05\x06" + bytes(18)
_PROBLEMS, _REPORTERS = 4, 2
_ACTIONS = {"see": 10, "see late": 2, "resolve": 4, "reopen": 2, "ignore": 1, "duplicate": 2, "delete": 1}


@dataclass
class ModelTicket:
    """A ticket as the model has it."""

    problem: int
    is_closed: bool = False
    duplicate_of: Optional[int] = None
    ignored_until: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass
class Model:
    """What should become of the tickets, said once more and in other words."""

    on_closed: str
    tickets: dict[int, ModelTicket] = field(default_factory=dict)

    def see(self, problem: int, who: str, count: int, *, known: Optional[int], is_late: bool) -> str:
        """Return what the delivery does: ``new``, or what and the number of the ticket."""
        at = known if known in self.tickets else None
        if at is None or self.tickets[at].is_closed:
            of_problem = [number for number, each in sorted(self.tickets.items()) if each.problem == problem]
            is_open = [number for number in of_problem if not self.tickets[number].is_closed]
            at = is_open[0] if is_open else of_problem[-1] if of_problem else None
        if at is None:
            return "new"
        passed = {at}
        while self.tickets[at].is_closed and self.tickets[at].duplicate_of in set(self.tickets) - passed:
            at = cast(int, self.tickets[at].duplicate_of)
            passed.add(at)
        ticket = self.tickets[at]
        total = sum({**ticket.counts, who: count}.values())
        if ticket.is_closed and self.on_closed != "ignore" and not is_late and total >= ticket.ignored_until:
            if self.on_closed == "new":
                return "new"
            ticket.is_closed = False
        ticket.counts[who] = count
        return "told"


class Journal:
    """What the spool would keep of one problem of one reporter."""

    def __init__(self) -> None:
        self.ticket_id: Optional[int] = None
        self.attached = False
        self.count = 0

    def evidence(self, _delivery_id: int) -> bytes:
        return _ARCHIVE

    def ticket_asked(self, _delivery_id: int) -> None:
        pass

    def ticket_created(self, _delivery_id: int, *, ticket_id: int, is_new: bool) -> None:
        self.ticket_id = ticket_id
        self.attached &= not is_new

    def evidence_attached(self, _delivery_id: int) -> None:
        self.attached = True

    def settled(self, _delivery_id: int) -> None:
        pass


class Walk:
    """One site, its model, and whoever acts on both."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self.chance = random.Random(seed)
        on_closed = self.chance.choice(["reopen", "reopen", "new", "ignore"])
        self.model = Model(on_closed)
        self.people = Shotgun(sandbox.url, script_name="people", api_key="key-of-nobody-at-all")
        settings = Settings.from_mapping(
            {"ticket_scope": "site", "on_closed": on_closed, "max_writes_per_min": 6000}
        )
        self.sinks = [ShotGridSink(lambda: self._handle(sandbox.url), settings) for _ in range(_REPORTERS)]
        self.journals = {(who, what): Journal() for who in range(_REPORTERS) for what in range(_PROBLEMS)}
        # Keys of this walk alone: many walks share a site.
        self.keys = [f"v1-{what:08x}{seed:016x}" for what in range(_PROBLEMS)]
        self.complaints: list[str] = []
        self.done = 0

    @staticmethod
    def _handle(url: str) -> Any:
        return Shotgun(url, script_name="script", api_key="key-of-nobody-at-all", connect=False)

    def step(self) -> None:
        """Do something, and compare."""
        action = self.chance.choices(list(_ACTIONS), list(_ACTIONS.values()))[0]
        if action.startswith("see"):
            self._see(is_late=action == "see late")
        elif self.model.tickets:
            self._act(action, self.chance.choice(sorted(self.model.tickets)))
        self.done += 1

    def close(self) -> None:
        """Give all connections back."""
        for sink in self.sinks:
            sink.close()
        self.people.close()

    def _see(self, *, is_late: bool) -> None:
        who, what = self.chance.randrange(_REPORTERS), self.chance.randrange(_PROBLEMS)
        journal = self.journals[who, what]
        journal.count += self.chance.randint(1, 3)
        name = f"reporter{who}-{self.keys[what].partition('-')[2][:8]}"
        expected = self.model.see(what, name, journal.count, known=journal.ticket_id, is_late=is_late)
        delivery = self._delivery(who, what, journal, is_late=is_late)
        outcome = self.sinks[who].deliver(delivery, cast(Any, journal))
        if outcome.ticket_id is not None and outcome.ticket_id not in self.model.tickets:
            self._expect(expected == "new", f"ticket {outcome.ticket_id} was made, not {expected}")
            self.model.tickets[outcome.ticket_id] = ModelTicket(what, counts={name: journal.count})
        else:
            self._expect(expected == "told", f"ticket {outcome.ticket_id} was told, not {expected}")
        self._compare()

    def _act(self, action: str, number: int) -> None:
        ticket = self.model.tickets[number]
        if action == "delete":
            self.people.delete("Ticket", number)
            del self.model.tickets[number]
            return
        values: dict[str, Any] = {}
        if action == "resolve" and not ticket.is_closed:
            values, ticket.is_closed = {"sg_status_list": "res"}, True
        elif action == "reopen" and ticket.is_closed:
            values, ticket.is_closed = {"sg_status_list": "opn"}, False
        elif action == "ignore":
            ticket.ignored_until = ticket.total + self.chance.randint(0, 6)
            values = {"sg_incident_ignore_until": f"count {ticket.ignored_until}"}
        elif action == "duplicate":
            target = self.chance.choice(sorted(self.model.tickets))
            ticket.duplicate_of, ticket.is_closed = target, True
            values = {"sg_status_list": "res", "sg_duplicate_of": {"type": "Ticket", "id": target}}
        if values:
            self.people.update("Ticket", number, values)

    def _compare(self) -> None:
        fields = ["sg_status_list", "sg_incident_count", "sg_incident_key", "attachments"]
        own = [["sg_incident_key", "in", self.keys]]
        rows: dict[Any, Any] = {row["id"]: row for row in self.people.find("Ticket", own, fields)}
        self._expect(sorted(rows) == sorted(self.model.tickets), f"there are {sorted(rows)}")
        for number, ticket in self.model.tickets.items():
            row = rows.get(number, {})
            is_closed = row.get("sg_status_list") == "res"
            self._expect(is_closed == ticket.is_closed, f"ticket {number} is {row.get('sg_status_list')}")
            self._expect(
                row.get("sg_incident_count") == ticket.total,
                f"ticket {number} has {row.get('sg_incident_count')}, not {ticket.total}",
            )
            # Its own, and one of each problem that was passed on to it.
            archives = [each["name"] for each in row.get("attachments") or ()]
            is_one_each = len(archives) == len(set(archives))
            has_own = _archive(self.keys[ticket.problem]) in archives
            self._expect(is_one_each and has_own, f"ticket {number} has {sorted(archives)}")

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.complaints.append(f"step {self.done}: {otherwise}")

    def _delivery(self, who: int, what: int, journal: Journal, *, is_late: bool) -> Delivery:
        # The site closes now; what was seen an hour ago was seen before that, and what is seen in an hour
        # behind it.
        seen = datetime.now() + timedelta(hours=-1 if is_late else 1)
        times = {"first_seen": seen.isoformat(), "last_seen": seen.isoformat()}
        incident = SimpleNamespace(
            signature=self.keys[what],
            title=f"problem {what}",
            level="ERROR",
            count=journal.count,
            message="it broke",
            users=[f"user{who}"],
            engines=["tk-maya"],
            **times,
        )
        occurrence = SimpleNamespace(
            title=f"problem {what}",
            level="ERROR",
            engine="tk-maya",
            logger="sgtk.tool",
            pid=4711,
            path=Path("tk-maya.log"),
            offset=0,
            message="it broke",
            exception=None,
            record=_RECORD,
        )
        return cast(
            Delivery,
            SimpleNamespace(
                id=1 + what,
                incident=incident,
                occurrence=occurrence,
                user_login=f"user{who}",
                reporter_id=f"reporter{who}",
                members=[],
                project_id=1,
                told_count=0,
                attempts=0,
                ticket_id=journal.ticket_id,
                attached=journal.attached,
                is_settled=True,
                former_signatures=[],
                evidence_name=_archive(self.keys[what]),
                environment='{"host": "ws"}',
            ),
        )


def _archive(key: str) -> str:
    return f"incident-{key}.zip"


def run_all(seeds: "range | list[int]", steps: int) -> Iterator[Result]:
    """Go so many steps from each seed."""
    with TemporaryDirectory(prefix="walk-", ignore_cleanup_errors=True) as name:
        for seed in seeds:
            began = time.monotonic()
            # A site for each walk: a search goes through all its tickets.
            with Sandbox(Path(name) / str(seed)) as sandbox:
                walk = Walk(sandbox, seed)
                try:
                    while walk.done < steps and not walk.complaints:
                        walk.step()
                finally:
                    walk.close()
            counts = {
                "faults or kills": walk.done,
                "problems": _PROBLEMS,
                "tickets made": len(walk.model.tickets),
            }
            what = f"seed {seed}, {walk.done:,} steps, on_closed {walk.model.on_closed}"
            yield Result(what, walk.complaints, time.monotonic() - began, counts)
