"""A site is told so much in a minute, and no more."""

from typing import Any, Callable

from shotgun_api3.shotgun import Shotgun

from tk_incident._core import Delivery
from tk_incident.pace import Pace
from tk_incident.settings import Settings
from tk_incident.sinks.shotgrid import ShotGridSink


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


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


def test_each_change_counts_and_no_question_does(
    fake_site: Any, make_delivery: Callable[..., Delivery]
) -> None:
    class Journal:
        def __getattr__(self, name: str) -> Callable[..., bytes]:
            return lambda *_args, **_kwargs: b"PK"

    def connect() -> Shotgun:
        return Shotgun(fake_site.url, script_name="script", api_key="key", connect=False)

    sink = ShotGridSink(connect, Settings(max_writes_per_min=3))
    journal: Any = Journal()
    made = sink.deliver(make_delivery(), journal).ticket_id
    assert sink.wait_s() == 0, "a ticket and its archive are two"
    known = {"ticket_id": made, "attached": True}
    sink.deliver(make_delivery(**known, count=1), journal)
    assert sink.wait_s() == 0, "there was nothing to tell"
    sink.deliver(make_delivery(**known, count=5), journal)
    assert 50 < sink.wait_s() <= 60
    sink.close()
