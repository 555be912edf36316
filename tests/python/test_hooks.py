"""What a studio's hooks can do to a new ticket, and to what is known of the host."""

import json
import logging
import queue
import threading
from collections.abc import Mapping
from typing import Any, Callable, Optional

import pytest

from tk_incident._core import Delivery
from tk_incident.description import MAX_DESCRIPTION_BYTES, has_key_line, told_by
from tk_incident.enquiry import Enquiry
from tk_incident.errors import TkIncidentError
from tk_incident.settings import Settings
from tk_incident.sinks.values import bare, new_ticket
from tk_incident.ticket import Ticket

MakeDelivery = Callable[..., Delivery]
TEXT: Mapping[str, Any] = {"properties": {}}
PRIORITY: Mapping[str, Any] = {"properties": {"valid_values": {"value": ["1", "2"]}}}
SCHEMA = {
    "title": TEXT,
    "description": TEXT,
    "project": TEXT,
    "sg_ticket_type": TEXT,
    "sg_priority": PRIORITY,
}
DEADLINE_S = 10


@pytest.fixture
def ticket(make_delivery: MakeDelivery) -> Ticket:
    return Ticket.of(make_delivery(), Settings())


def made(ticket: Ticket, hook: Any = None) -> Optional[dict[str, Any]]:
    return new_ticket(ticket, SCHEMA, ticket.description(), (), hook)


def test_without_a_hook(ticket: Ticket) -> None:
    values = made(ticket)
    assert values is not None
    assert set(values) == {"title", "description", "project", "sg_ticket_type"}
    assert "Left out, because the site does not know it: sg_priority '3'" in values["description"].split("\n")
    assert values["description"].endswith(f"\n\n{ticket.key_line}")


def test_a_hook_edits(ticket: Ticket) -> None:
    def hook(values: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        assert delivery.incident.title == "TankError"
        return {**values, "title": "mine", "sg_priority": "1", "sg_unknown": 5}

    values = made(ticket, hook)
    assert values is not None
    assert (values["title"], values["sg_priority"]) == ("mine", "1")
    assert "sg_unknown" not in values
    assert "does not know it: sg_unknown 5" in values["description"]


@pytest.mark.parametrize("description", ["short", "", "x" * 100_000, "a\nincident-key: v0-other\nb"])
def test_a_ticket_is_found_again_whatever_a_hook_writes(ticket: Ticket, description: str) -> None:
    values = made(ticket, lambda values, _delivery: {**values, "description": description})
    assert values is not None
    assert has_key_line(values["description"], ticket.key_line)
    assert values["description"].split("\n")[-1] == ticket.key_line
    assert len(values["description"].encode()) <= MAX_DESCRIPTION_BYTES


@pytest.mark.parametrize("description", ["See the wiki.\r\n", "x" * 100_000])
def test_whose_ticket_it_is_stays_known_whatever_a_hook_writes(ticket: Ticket, description: str) -> None:
    who = told_by(ticket.description())
    assert who
    values = made(ticket, lambda values, _delivery: {**values, "description": description})
    assert values is not None
    assert told_by(values["description"]) == who
    assert told_by("Seen:  3 times, told by bbbbbbbbbb\r\nmore") == "bbbbbbbbbb"


def test_a_hook_wants_no_ticket(ticket: Ticket) -> None:
    assert made(ticket, lambda _values, _delivery: None) is None


@pytest.mark.parametrize("answer", ["text", 5, ["title"]])
def test_a_hook_that_returns_something_else_is_named(ticket: Ticket, answer: Any) -> None:
    with pytest.raises(TkIncidentError, match=f"before_ticket returned {type(answer).__name__}"):
        made(ticket, lambda _values, _delivery: answer)


def test_a_hook_that_fails_is_named(ticket: Ticket) -> None:
    def hook(values: dict[str, Any], _delivery: Delivery) -> dict[str, Any]:
        return {"title": values["no such"]}

    with pytest.raises(TkIncidentError, match="before_ticket failed: KeyError"):
        made(ticket, hook)


def test_what_is_needed_is_kept_where_the_site_refuses_the_rest(ticket: Ticket) -> None:
    values = made(ticket)
    assert values is not None
    left = bare(values, "no right to set sg_ticket_type", ticket.key_line)
    assert set(left) == {"title", "description", "project"}
    assert "the site refused the ticket: sg_ticket_type, no right" in left["description"]
    assert left["description"].split("\n")[-1] == ticket.key_line


class Answers:
    """Takes what a hook answers."""

    def __init__(self) -> None:
        self.taken: list[Mapping[str, Any]] = []
        self.came = threading.Event()

    def __call__(self, facts: Mapping[str, Any]) -> None:
        self.taken.append(facts)
        self.came.set()


def test_the_answer_comes_from_another_thread() -> None:
    answers, threads = Answers(), []

    def hook() -> dict[str, str]:
        threads.append(threading.current_thread())
        return {"plugins": "mtoa"}

    Enquiry(hook).ask(answers)
    assert answers.came.wait(DEADLINE_S)
    assert answers.taken == [{"plugins": "mtoa"}]
    assert threads[0] is not threading.current_thread()


def test_an_answer_that_is_too_late_is_dropped() -> None:
    asked: queue.Queue[threading.Event] = queue.Queue()

    def hook() -> dict[str, str]:
        may_answer = threading.Event()
        asked.put(may_answer)
        assert may_answer.wait(DEADLINE_S)
        return {"plugins": "mtoa"}

    enquiry, early, late = Enquiry(hook), Answers(), Answers()
    enquiry.ask(early)
    first = asked.get(timeout=DEADLINE_S)
    enquiry.ask(late)
    asked.get(timeout=DEADLINE_S).set()
    assert late.came.wait(DEADLINE_S)
    first.set()
    for thread in threading.enumerate():
        if thread.name == "tk-incident-environment":
            thread.join(DEADLINE_S)
    assert early.taken == []
    assert len(late.taken) == 1


def test_a_hook_that_fails_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    def hook() -> dict[str, str]:
        raise RuntimeError("password=hunter2hunter2 at \udcff")

    enquiry, answers = Enquiry(hook), Answers()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            enquiry.ask(answers)
            for thread in threading.enumerate():
                if thread.name == "tk-incident-environment":
                    thread.join(DEADLINE_S)
    assert not answers.taken
    (record,) = caplog.records
    assert "the hook environment failed: RuntimeError" in record.message
    assert "hunter2" not in record.message


def test_the_version_is_what_the_studio_calls_it(make_delivery: MakeDelivery) -> None:
    def version(**facts: Any) -> str:
        return Ticket.of(make_delivery(environment=json.dumps(facts)), Settings()).version

    uri = "sgtk:descriptor:app_store?name=tk-config-default2&version=v1.4.3"
    toolkit, engine = {"configuration": uri}, {"name": "tk-maya", "version": "v0.12.1"}
    assert version(version="show_b 7", toolkit=toolkit) == "show_b 7"
    assert version(toolkit=toolkit, engine=engine) == "tk-config-default2 v1.4.3"
    assert (
        version(toolkit={"configuration": "sgtk:descriptor:dev?path=/x"}, engine=engine) == "tk-maya v0.12.1"
    )
    assert version(engine=5, toolkit=[]) == ""
