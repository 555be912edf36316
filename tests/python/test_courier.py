"""The courier delivers, keeps what fails, says things once, and ends when it is told to."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Callable, Optional, cast

import pytest

from tk_incident._core import Delivery, Note, redact
from tk_incident.courier import THREAD_NAME, Courier
from tk_incident.errors import DeliveryError, SpoolError, TkIncidentError
from tk_incident.log import MARK
from tk_incident.sinks import Journal, Outcome, Sink

MakeDelivery = Callable[..., Delivery]
DEADLINE_S = 10.0


@dataclass(frozen=True)
class NoteStandIn:
    code: str
    text: str


class Outbox:
    """An agent without a core: what is put in comes out, and what is committed is written down."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.due: list[Delivery] = []
        self.unsettled: list[Delivery] = []
        self.settling_waits: list[int] = []
        self.notes: list[Note] = []
        self.acks: list[tuple[int, int, int]] = []
        self.retries: list[tuple[int, str, Optional[int]]] = []
        self.outages: list[int] = []
        self.discarded: list[tuple[int, int]] = []
        self.asked = 0
        self.ended = False
        self.failed: Optional[str] = None
        self.broken: Optional[Exception] = None

    def put(self, *deliveries: Delivery) -> None:
        with self.changed:
            self.due.extend(deliveries)
            self.changed.notify_all()

    def say(self, code: str, text: str) -> None:
        with self.changed:
            self.notes.append(cast(Note, NoteStandIn(code, text)))
            self.changed.notify_all()

    def end(self) -> None:
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, DEADLINE_S)

    def next_delivery(self, timeout_ms: int) -> Optional[Delivery]:
        with self.changed:
            self.asked += 1
            self.changed.notify_all()
            if self.broken is not None:
                raise self.broken
            self.changed.wait_for(
                lambda: bool(self.due or self.unsettled or self.notes) or self.ended, timeout_ms / 1000
            )
            self.changed.notify_all()
            return self.due.pop(0) if self.due else None

    def redact(self, text: str) -> str:
        # As a studio's own rule would.
        return redact(text).replace("project-x", "[redacted:studio]")

    def ack(self, delivery_id: int, *, count: int, recurrence_ms: int, is_settled: bool) -> None:
        with self.changed:
            self.acks.append((delivery_id, count, recurrence_ms))
            self.changed.notify_all()

    def discard(self, delivery_id: int, *, count: int, recurrence_ms: int) -> None:
        with self.changed:
            self.discarded.append((delivery_id, count))
            self.changed.notify_all()

    def retry_later(
        self, delivery_id: int, *, reason: str, retry_after_ms: Optional[int] = None, is_outage: bool = False
    ) -> int:
        with self.changed:
            self.retries.append((delivery_id, reason, retry_after_ms))
            if is_outage:
                self.outages.append(delivery_id)
            self.changed.notify_all()
        return 1000

    def take_notes(self) -> Sequence[Note]:
        notes, self.notes = self.notes, []
        return notes

    def failure(self) -> Optional[str]:
        return self.failed

    def evidence(self, delivery_id: int) -> bytes:
        return b"zip"

    def take_unsettled(self) -> Sequence[Delivery]:
        with self.changed:
            unsettled, self.unsettled = self.unsettled, []
            return unsettled

    def settle_later(self, wait_ms: int) -> None:
        with self.changed:
            self.settling_waits.append(wait_ms)
            self.changed.notify_all()

    def ticket_asked(self, delivery_id: int) -> None: ...

    def ticket_created(self, delivery_id: int, *, ticket_id: int, is_new: bool) -> None: ...

    def settled(self, delivery_id: int) -> None: ...

    def evidence_attached(self, delivery_id: int) -> None: ...


class ScriptedSink:
    """Does at each delivery what comes next in its script."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.settled: list[int] = []
        self.waits: list[float] = []
        # What was answered, and what was delivered, in order.
        self.turns: list[object] = []
        self.closed = threading.Event()

    def deliver(self, delivery: Delivery, journal: Journal) -> Outcome:
        self.turns.append(delivery.id)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, threading.Event):
            step.wait(DEADLINE_S)
        elif step is not None:
            raise step
        return Outcome(ticket_id=1, count=delivery.incident.count, recurrence_ms=60_000)

    def interrupt(self) -> None:
        self.turns.append("interrupted")

    def settle(self, deliveries: Sequence[Delivery], journal: Journal) -> None:
        self.settled += [each.id for each in deliveries]

    def wait_s(self) -> float:
        wait_s = self.waits.pop(0) if self.waits else 0.0
        self.turns.append(wait_s)
        return wait_s

    def close(self) -> None:
        self.closed.set()


class Records(logging.Handler):
    """What was logged, with a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = threading.Condition()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        with self.arrived:
            self.records.append(record)
            self.arrived.notify_all()

    def at(self, level: int) -> list[str]:
        return [each.getMessage() for each in list(self.records) if each.levelno == level]

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.arrived:
            assert self.arrived.wait_for(condition, DEADLINE_S)


@pytest.fixture
def log() -> Iterator[Records]:
    records = Records()
    logger = logging.getLogger("tk_incident")
    before = logger.level
    logger.addHandler(records)
    logger.setLevel(logging.INFO)
    yield records
    logger.removeHandler(records)
    logger.setLevel(before)
    assert all(each.levelno <= logging.WARNING for each in records.records)
    assert all(each.getMessage().startswith(MARK) for each in records.records)


Start = Callable[..., tuple[Courier, Outbox]]


@pytest.fixture
def start(log: Records) -> Iterator[Start]:
    started: list[tuple[Courier, Outbox]] = []

    def start(sink: Optional[Sink], outbox: Optional[Outbox] = None) -> tuple[Courier, Outbox]:
        outbox = outbox or Outbox()
        courier = Courier(outbox, None if sink is None else lambda: sink)
        courier.start()
        started.append((courier, outbox))
        return courier, outbox

    yield start
    for courier, outbox in started:
        courier.request_stop()
        outbox.end()
        assert courier.stop(DEADLINE_S)


def test_a_delivery_is_acknowledged(start: Start, make_delivery: MakeDelivery) -> None:
    _, outbox = start(ScriptedSink())
    outbox.put(make_delivery(id=7, count=3))
    outbox.wait_for(lambda: bool(outbox.acks))
    assert outbox.acks == [(7, 3, 60_000)]
    assert outbox.retries == []


def test_what_the_site_refuses_is_kept(start: Start, make_delivery: MakeDelivery) -> None:
    away = DeliveryError("site is full", 2.5, is_outage=True)
    _, outbox = start(ScriptedSink(away, DeliveryError("site is full")))
    outbox.put(make_delivery(id=7), make_delivery(id=8), make_delivery(id=9))
    outbox.wait_for(lambda: bool(outbox.acks))
    assert outbox.retries == [(7, "site is full", 2500), (8, "site is full", None)]
    assert outbox.outages == [7]
    assert [ack[0] for ack in outbox.acks] == [9]


def test_an_outage_and_its_end_are_said_once(start: Start, make_delivery: MakeDelivery, log: Records) -> None:
    down = DeliveryError("https://x did not answer")
    _, outbox = start(ScriptedSink(down, down, down, None, None))
    outbox.put(*(make_delivery(id=id) for id in (1, 2, 1, 1, 2)))
    outbox.wait_for(lambda: len(outbox.acks) == 2)
    outbox.wait_for(lambda: outbox.asked > 5)
    said = log.at(logging.WARNING)
    assert said == [
        f"{MARK}an incident could not be delivered: https://x did not answer; it is kept and tried again"
    ]
    assert log.at(logging.INFO) == [f"{MARK}deliveries reach the site again"]


def test_a_second_outage_is_said_again(start: Start, make_delivery: MakeDelivery, log: Records) -> None:
    down = DeliveryError("down")
    _, outbox = start(ScriptedSink(down, None, down, None))
    outbox.put(*[make_delivery(id=1)] * 4)
    outbox.wait_for(lambda: len(outbox.acks) == 2)
    outbox.wait_for(lambda: outbox.asked > 4)
    assert len(log.at(logging.WARNING)) == 2
    assert len(log.at(logging.INFO)) == 2


def test_one_that_never_goes_through_does_not_fill_the_log(
    start: Start, make_delivery: MakeDelivery, log: Records
) -> None:
    refused = DeliveryError("refused")
    _, outbox = start(ScriptedSink(refused, None, refused, None, refused, None))
    outbox.put(*[make_delivery(id=1), make_delivery(id=2)] * 3)
    outbox.wait_for(lambda: len(outbox.acks) == 3)
    outbox.wait_for(lambda: outbox.asked > 6)
    assert len(log.at(logging.WARNING)) == 1
    assert log.at(logging.INFO) == []


def test_a_studios_code_that_fails_tells_no_secret(
    start: Start, make_delivery: MakeDelivery, log: Records
) -> None:
    """A hook's text is in an error of ours, and what makes the handle may raise one."""
    _, outbox = start(ScriptedSink(TkIncidentError("the hook failed: password=hunter2hunter2 at \udcff")))
    outbox.put(make_delivery(id=1), make_delivery(id=2))
    outbox.wait_for(lambda: bool(outbox.acks))
    ((_, reason, _),) = outbox.retries
    (said,) = log.at(logging.WARNING)
    assert "the hook failed: password=" in reason
    assert reason.endswith(" at ?"), "half a character is no text that the spool takes"
    assert reason in said
    assert "hunter2" not in said + reason


def test_nor_does_one_that_fails_when_tickets_are_looked_at_again(
    start: Start, make_delivery: MakeDelivery, log: Records
) -> None:
    class Unsettling(ScriptedSink):
        def settle(self, deliveries: Sequence[Delivery], journal: Journal) -> None:
            raise DeliveryError("no handle: password=hunter2hunter2")

    logging.getLogger("tk_incident").setLevel(logging.DEBUG)
    outbox = Outbox()
    outbox.unsettled = [make_delivery(id=7)]
    start(Unsettling(), outbox)
    log.wait_for(lambda: bool(log.at(logging.DEBUG)))
    (said,) = log.at(logging.DEBUG)
    assert "no handle: password=" in said
    assert "hunter2" not in said


def test_tickets_are_left_alone_for_longer_after_each_look_that_fails(
    start: Start, make_delivery: MakeDelivery
) -> None:
    class Unsettling(ScriptedSink):
        def settle(self, deliveries: Sequence[Delivery], journal: Journal) -> None:
            super().settle(deliveries, journal)
            if len(self.settled) != 3:
                raise DeliveryError("the site is busy", 30.0 if len(self.settled) == 4 else None)

    sink, outbox = Unsettling(), Outbox()
    start(sink, outbox)
    outbox.wait_for(lambda: outbox.asked == 1)

    def waits() -> list[int]:
        asked = outbox.asked
        # A turn without a look, as there are many while none is due.
        outbox.say("spool", "a note")
        outbox.wait_for(lambda: outbox.asked > asked)
        with outbox.changed:
            asked = outbox.asked
            outbox.unsettled = [make_delivery(id=7)]
            outbox.changed.notify_all()
        # It asks for the next delivery once it has done with them.
        outbox.wait_for(lambda: outbox.asked > asked)
        return list(outbox.settling_waits)

    assert [waits() for _ in range(4)] == [[2_000], [2_000, 4_000], [2_000, 4_000], [2_000, 4_000, 30_000]]


def test_a_defect_in_the_sink_is_kept_said_and_survived(
    start: Start, make_delivery: MakeDelivery, log: Records
) -> None:
    defect = ZeroDivisionError("password=hunter2hunter2 Cookie: _session_id=hunter2 for /home/hunter2/x")
    _, outbox = start(ScriptedSink(defect, defect))
    outbox.put(*[make_delivery(id=1)] * 3)
    outbox.wait_for(lambda: bool(outbox.acks))
    assert [retry[0] for retry in outbox.retries] == [1, 1]
    (said,) = log.at(logging.WARNING)
    assert "ZeroDivisionError" in said
    assert "hunter2" not in said + repr(outbox.retries)


def test_notes_are_said_and_a_failure_once(start: Start, log: Records) -> None:
    outbox = Outbox()
    outbox.failed = "the disk is gone"
    outbox.notes = [cast(Note, NoteStandIn("unreadable", text)) for text in ("a 100% b", "c")]
    start(ScriptedSink(), outbox)
    log.wait_for(lambda: len(log.at(logging.WARNING)) == 3)
    outbox.say("unreadable", "in a later turn")
    log.wait_for(lambda: log.at(logging.WARNING)[-1] == f"{MARK}in a later turn")
    a, c, failure, _ = log.at(logging.WARNING)
    assert (a, c) == (f"{MARK}a 100% b", f"{MARK}c")
    assert "the disk is gone" in failure


def test_a_failure_that_has_a_note_is_not_said_again(start: Start, log: Records) -> None:
    outbox = Outbox()
    outbox.failed = "the disk is gone"
    outbox.notes = [cast(Note, NoteStandIn("stopped", "the disk is gone; nothing is reported"))]
    start(ScriptedSink(), outbox)
    outbox.wait_for(lambda: outbox.asked > 0)
    outbox.say("unreadable", "in a later turn")
    log.wait_for(lambda: len(log.at(logging.WARNING)) == 2)
    assert log.at(logging.WARNING)[0] == f"{MARK}the disk is gone; nothing is reported"


def test_notes_are_said_where_nothing_is_delivered(start: Start, log: Records) -> None:
    outbox = Outbox()
    start(None, outbox)
    outbox.say("unreadable", "said")
    log.wait_for(lambda: log.at(logging.WARNING) == [f"{MARK}said"])


def test_what_is_said_keeps_to_the_studios_own_rules(start: Start, log: Records) -> None:
    outbox = Outbox()
    outbox.failed = "no space in /home/anna/project-x"
    start(None, outbox)
    outbox.say("unreadable", "cannot read /home/anna/project-x/tk-maya.log")
    log.wait_for(lambda: len(log.at(logging.WARNING)) == 2)
    said = "\n".join(log.at(logging.WARNING))
    assert said.count("/home/[redacted:user]/[redacted:studio]") == 2


def test_the_last_notes_are_said_at_the_end(start: Start, log: Records) -> None:
    courier, outbox = start(None)
    courier.request_stop()
    outbox.say("unreadable", "last words")
    assert courier.stop(DEADLINE_S)
    assert log.at(logging.WARNING) == [f"{MARK}last words"]


def test_a_broken_spool_is_said_once_and_not_asked_all_the_time(start: Start, log: Records) -> None:
    outbox = Outbox()
    outbox.broken = SpoolError("spool.sqlite: disk full")
    began = time.monotonic()
    start(ScriptedSink(), outbox)
    outbox.wait_for(lambda: outbox.asked >= 2)
    assert time.monotonic() - began >= 0.5
    (said,) = log.at(logging.WARNING)
    assert "spool.sqlite: disk full" in said


def test_an_agent_that_has_ended_is_not_asked_all_the_time(start: Start) -> None:
    class Ended(Outbox):
        def next_delivery(self, timeout_ms: int) -> Optional[Delivery]:
            with self.changed:
                self.asked += 1
                self.changed.notify_all()
            return None

    began = time.monotonic()
    _, outbox = start(ScriptedSink(), Ended())
    outbox.wait_for(lambda: outbox.asked >= 2)
    assert time.monotonic() - began >= 0.5


def test_what_can_wait_is_done_when_nothing_is_due(start: Start, make_delivery: MakeDelivery) -> None:
    sink = ScriptedSink()
    courier, outbox = start(sink)
    outbox.unsettled = [make_delivery(id=7)]
    outbox.put(make_delivery(id=1), make_delivery(id=2))
    outbox.wait_for(lambda: len(outbox.acks) == 2)
    outbox.end()
    outbox.wait_for(lambda: outbox.asked > 3)
    assert courier.stop(DEADLINE_S)
    assert sink.settled == [7]


def test_a_site_that_is_to_be_left_alone_is(start: Start, make_delivery: MakeDelivery) -> None:
    sink = ScriptedSink()
    sink.waits = [60.0]
    _, outbox = start(sink)
    outbox.put(make_delivery(id=7))
    outbox.wait_for(lambda: bool(outbox.acks))
    assert sink.turns[0] == 60.0
    assert sink.turns[1] == 0.0, "nothing is delivered in that turn"
    assert 7 in sink.turns[2:]


def test_a_drained_courier_does_not_wait_for_that(start: Start, make_delivery: MakeDelivery) -> None:
    sink = ScriptedSink()
    sink.waits = [60.0] * 1000
    courier, outbox = start(sink)
    outbox.put(make_delivery(id=1))
    courier.drain()
    assert courier.wait(DEADLINE_S)
    assert outbox.acks == []


def test_a_drained_courier_delivers_what_is_due_and_ends(start: Start, make_delivery: MakeDelivery) -> None:
    first = threading.Event()
    sink = ScriptedSink(first)
    courier, outbox = start(sink)
    outbox.put(*(make_delivery(id=id) for id in (1, 2, 3)))
    outbox.wait_for(lambda: len(outbox.due) == 2)
    courier.drain()
    outbox.end()
    first.set()
    assert courier.wait(DEADLINE_S)
    assert [ack[0] for ack in outbox.acks] == [1, 2, 3]


def test_a_drained_courier_ends_at_the_first_failure(start: Start, make_delivery: MakeDelivery) -> None:
    first = threading.Event()
    courier, outbox = start(ScriptedSink(first, DeliveryError("down")))
    outbox.put(*(make_delivery(id=id) for id in (1, 2, 3)))
    outbox.wait_for(lambda: len(outbox.due) == 2)
    courier.drain()
    first.set()
    assert courier.wait(DEADLINE_S)
    assert (len(outbox.acks), len(outbox.retries), len(outbox.due)) == (1, 1, 1)


def test_stopping_does_not_wait_for_a_site_that_hangs(start: Start, make_delivery: MakeDelivery) -> None:
    site_answers = threading.Event()
    courier, outbox = start(ScriptedSink(site_answers))
    outbox.put(make_delivery(id=1))
    outbox.wait_for(lambda: not outbox.due)
    began = time.monotonic()
    assert not courier.stop(0.2)
    assert time.monotonic() - began < 1.0
    (thread,) = [each for each in threading.enumerate() if each.name == THREAD_NAME]
    assert thread.daemon
    site_answers.set()
    assert courier.stop(DEADLINE_S)
    # What the site had taken is committed all the same.
    assert [ack[0] for ack in outbox.acks] == [1]


def test_a_stopped_courier_leaves_no_thread_and_no_connection(start: Start) -> None:
    sink = ScriptedSink()
    courier, outbox = start(sink)
    outbox.wait_for(lambda: outbox.asked > 0)
    assert courier.is_alive
    courier.request_stop()
    # As an agent does that is stopped: nobody waits for a delivery any more.
    outbox.end()
    assert courier.stop(DEADLINE_S)
    assert courier.stop(0)
    assert not courier.is_alive
    assert sink.closed.is_set()


# pytest takes note of every exception that ends a thread, also of this one.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_guard_lets_more_than_exceptions_through(start: Start, make_delivery: MakeDelivery) -> None:
    courier, outbox = start(ScriptedSink(SystemExit()))
    outbox.put(make_delivery(id=1))
    (thread,) = [each for each in threading.enumerate() if each.name == THREAD_NAME]
    thread.join(DEADLINE_S)
    assert not courier.is_alive
    assert outbox.retries == []
