"""A site is told so much in a minute, and no more."""

from collections.abc import Iterator
from typing import Any, Callable

import pytest
from shotgun_api3.shotgun import Shotgun

from tk_incident._core import Delivery
from tk_incident.pace import Pace
from tk_incident.settings import Settings
from tk_incident.sinks.shotgrid import ShotGridSink

MakeDelivery = Callable[..., Delivery]
MakeSink = Callable[..., ShotGridSink]


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Journal:
    """Keeps the steps of deliveries."""

    def __init__(self) -> None:
        self.steps: list[tuple[Any, ...]] = []

    def evidence(self, _delivery_id: int) -> bytes:
        return b"PK"

    def ticket_asked(self, delivery_id: int) -> None:
        self.steps.append(("asked", delivery_id))

    def ticket_created(self, delivery_id: int, *, ticket_id: int, is_new: bool) -> None:
        self.steps.append(("made" if is_new else "found", delivery_id, ticket_id))

    def evidence_attached(self, delivery_id: int) -> None:
        self.steps.append(("attached", delivery_id))

    def settled(self, delivery_id: int) -> None:
        self.steps.append(("settled", delivery_id))


@pytest.fixture
def clock() -> Clock:
    """The clock of the sinks."""
    return Clock()


@pytest.fixture
def make_sink(fake_site: Any, clock: Clock) -> Iterator[MakeSink]:
    sinks: list[ShotGridSink] = []

    def connect() -> Shotgun:
        return Shotgun(fake_site.url, script_name="script", api_key="key", connect=False)

    def make(max_writes_per_min: int) -> ShotGridSink:
        settings = Settings(max_writes_per_min=max_writes_per_min)
        sinks.append(ShotGridSink(connect, settings, clock=clock))
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close()


def key_line(delivery: Delivery) -> str:
    return f"incident-key: {delivery.incident.signature}/{delivery.user_login}"


def test_any_minute_has_so_many_changes_at_most() -> None:
    clock = Clock()
    pace = Pace(3, clock)
    made = []
    for _ in range(400):
        clock.now_s += 0.7
        if pace.wait_s() == 0:
            pace.note()
            made.append(clock.now_s)
    assert all(later - earlier >= 60 for earlier, later in zip(made, made[3:]))
    assert len(made) == 3 * 5, "and no fewer than it may"


def test_the_wait_is_what_is_left_of_the_minute() -> None:
    clock = Clock()
    pace = Pace(2, clock)
    pace.note()
    clock.now_s += 20
    assert pace.wait_s() == 0
    pace.note()
    assert pace.wait_s() == 40
    clock.now_s += 40
    assert pace.wait_s() == 0
    # A change that was not to be held up has its place, too.
    pace.note()
    assert pace.wait_s() == 20


def test_each_change_counts_and_no_question_does(make_sink: MakeSink, make_delivery: MakeDelivery) -> None:
    sink, journal = make_sink(3), Journal()
    made = sink.deliver(make_delivery(), journal).ticket_id
    assert sink.wait_s() == 0, "a ticket and its archive are two"
    known = {"ticket_id": made, "attached": True}
    sink.deliver(make_delivery(**known, count=1), journal)
    assert sink.wait_s() == 0, "there was nothing to tell"
    sink.deliver(make_delivery(**known, count=5), journal)
    assert 50 < sink.wait_s() <= 60


def test_a_minute_has_no_more_twins_closed(
    fake_site: Any, clock: Clock, make_sink: MakeSink, make_delivery: MakeDelivery
) -> None:
    """Twenty tickets are looked at in one go, and each may have as many twins as there are reporters."""
    sink, journal, left = make_sink(3), Journal(), []
    for number in range(4):
        delivery = make_delivery(id=number + 1, ticket_id=100 * number + 1, signature=f"v0-{number:024}")
        left.append(delivery)
        for twin in range(3 if number < 3 else 1):
            text = f"made\n{key_line(delivery)}"
            fake_site.store.add("Ticket", id=100 * number + 1 + twin, title="x", description=text)
    settled: list[list[int]] = []
    closed: list[int] = []
    while left and len(closed) < 10:
        journal.steps.clear()
        before = fake_site.store.calls.count("batch")
        sink.settle(left, journal)
        closed.append(fake_site.store.calls.count("batch") - before)
        settled.append([step[1] for step in journal.steps])
        # As the core gives them out again.
        left = [each for each in left if each.id not in settled[-1]]
        clock.now_s += 60
    assert closed == [3, 3]
    # What needs no change waits for nothing.
    assert settled == [[1, 4], [2, 3]]
    statuses = [row.get("sg_status_list") == "res" for row in fake_site.store.rows["Ticket"].values()]
    assert statuses == [False, True, True] * 3 + [False]
    assert len(fake_site.store.rows["Reply"]) == 6, "each was closed once"


def test_nor_is_an_archive_brought_to_an_older_ticket(
    fake_site: Any, clock: Clock, make_sink: MakeSink, make_delivery: MakeDelivery
) -> None:
    sink, journal = make_sink(1), Journal()
    delivery = make_delivery(ticket_id=9)
    for ticket_id in (4, 9):
        text = f"made\n{key_line(delivery)}"
        fake_site.store.add("Ticket", id=ticket_id, title="x", description=text)
    sink.settle([delivery], journal)
    assert fake_site.store.rows["Ticket"][9]["sg_status_list"] == "res"
    assert journal.steps == []
    clock.now_s += 60
    sink.settle([delivery], journal)
    assert journal.steps == [("found", 1, 4), ("attached", 1), ("settled", 1)]
