"""The oracle: it is content with what is right, and names each thing that is wrong."""

import io
import random
import zipfile
from datetime import datetime
from typing import Any, Callable, Optional

import pytest

import kills
import random_faults
from audit import all_that_was_sent, leaks, tickets_by_key, told_count, wrong_tickets
from burst import too_often
from fake_site import Asked
from matrix import ROWS
from offline import wrong_order
from result import Result, head, line
from tk_incident import signature_key
from toolkit_log import Problem, problems

KEY = "v1-0123456789abcdef01234567"
OTHER = "v1-ffffffffffffffffffffffff"


def packed(text: str = "it broke") -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("record.txt", text)
    return whole.getvalue()


class Held:
    """A site that holds one ticket with one archive, of which three sightings are told."""

    def __init__(self) -> None:
        self.defects: list[str] = []
        self.tickets: list[dict[str, Any]] = [self.ticket(1)]
        self.replies: list[dict[str, Any]] = []
        self.files = {1: packed()}

    def ticket(self, number: int, *, key: str = KEY, status: Optional[str] = None) -> dict[str, Any]:
        return {
            "id": number,
            "description": f"it broke\nSeen:  1 time\n\nincident-key: {key}/artist",
            "sg_incident_count": 3,
            "sg_status_list": status,
            "attachments": [{"id": 1, "name": f"incident-{key}.zip"}],
        }

    def note(self, number: int, text: str) -> None:
        self.replies.append({"id": 1, "content": text, "entity": {"type": "Ticket", "id": number}})

    def rows(self, kind: str) -> list[dict[str, Any]]:
        return {"Ticket": self.tickets, "Reply": self.replies}.get(kind, [])

    def blobs(self) -> dict[int, bytes]:
        return self.files


def test_nothing_is_wrong() -> None:
    held = Held()
    assert wrong_tickets(held, {KEY: 3}) == []
    held.tickets.append(held.ticket(2, status="res"))
    held.note(2, "This is the same problem as ticket 1, which is kept up to date.")
    assert wrong_tickets(held, {KEY: 3}) == []


def two_open(held: Held) -> None:
    held.tickets.append(held.ticket(2))


def unknown(held: Held) -> None:
    held.tickets.append(held.ticket(2, key=OTHER))


def without_key(held: Held) -> None:
    held.tickets.append({**held.ticket(2), "description": "by hand"})


def without_archive(held: Held) -> None:
    held.tickets[0]["attachments"] = []


def attached_twice(held: Held) -> None:
    held.tickets[0]["attachments"] *= 2


def empty(held: Held) -> None:
    held.files[1] = b""


def torn(held: Held) -> None:
    held.files[1] = packed()[:-20]


def miscounted(held: Held) -> None:
    held.tickets[0]["sg_incident_count"] = 2


def unexplained(held: Held) -> None:
    held.tickets.append(held.ticket(2, status="res"))


def older_resolved(held: Held) -> None:
    held.tickets[0]["sg_status_list"] = "res"
    held.note(1, "This is the same problem as ticket 2.")
    held.tickets.append(held.ticket(2))


def all_resolved(held: Held) -> None:
    held.tickets[0]["sg_status_list"] = "res"


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (two_open, "2 open tickets of 2"),
        (unknown, f"{OTHER}: 1 open tickets"),
        (without_key, "no key: 1 open tickets"),
        (without_archive, "has 0 archives"),
        (attached_twice, "has 2 archives"),
        (empty, "0 bytes that are no archive"),
        (torn, "that are no archive"),
        (miscounted, "tells of 2, not of 3"),
        (unexplained, "resolved without a word of ticket 1"),
        (older_resolved, "ticket 2 is younger"),
        (all_resolved, "0 open tickets of 1"),
    ],
)
def test_what_is_wrong_is_named(spoil: Callable[[Held], None], expected: str) -> None:
    held = Held()
    spoil(held)
    (complaint,) = wrong_tickets(held, {KEY: 3})
    assert expected in complaint


def test_a_problem_without_a_ticket_is_named() -> None:
    assert wrong_tickets(Held(), {KEY: 3, OTHER: 1}) == [f"{OTHER}: 0 open tickets of 0"]


def test_without_a_field_the_description_and_the_notes_tell() -> None:
    ticket = {**Held().ticket(1), "sg_incident_count": None}
    assert told_count(ticket, []) == 1
    assert told_count(ticket, ["Seen 4 times by now, last at noon.", "Seen 3 times by now."]) == 4
    assert told_count({**ticket, "description": "by hand"}, []) == 0


def test_the_key_is_in_the_last_line() -> None:
    ticket = {"id": 1, "description": f"incident-key: {KEY}/artist\nsaid somebody"}
    assert list(tickets_by_key([ticket])) == [""]


def test_secrets_are_found_in_texts_and_archives() -> None:
    held = Held()
    assert leaks(["hunter2"], all_that_was_sent(held), "what was sent") == []
    held.files[1] = packed("password=hunter2")
    assert leaks(["hunter2"], all_that_was_sent(held), "what was sent") == ["a secret is in what was sent"]


def test_any_minute_counts() -> None:
    def asked(*times: float) -> list[Asked]:
        return [Asked("update Ticket", at_s) for at_s in times]

    assert too_often(asked(0, 60, 120)) == []
    assert len(too_often(asked(0, 60, 90))) == 1
    assert too_often(asked(0, 1, 60, 61), most=2) == []
    assert len(too_often(asked(0, 1, 2), most=2)) == 1


def test_the_severe_come_first_and_then_the_oldest() -> None:
    found = [
        Problem("a", "x"),
        Problem("b", "x", "CRITICAL"),
        Problem("c", "x"),
        Problem("d", "x", "CRITICAL"),
    ]
    right = [found[1], found[3], found[0], found[2]]
    assert wrong_order(right, found) == []
    assert wrong_order(right[:2], found) == []
    assert wrong_order([found[0], found[1]], found) != []
    assert wrong_order([found[3], found[1]], found) != []


def test_all_problems_are_different_ones() -> None:
    assert len({each.key for each in problems(400, random.Random(1))}) == 400


def test_more_words_make_no_other_problem() -> None:
    (problem,) = problems(1, random.Random(1))
    more = problem.record(datetime.now(), secret="another-one-2", more="    and more\n" * 9)
    assert signature_key(more) == problem.key


@pytest.mark.parametrize("is_short", [True, False])
def test_a_seed_draws_the_same_again(is_short: bool) -> None:
    for seed in range(200):
        course = random_faults.drawn(seed, is_short=is_short)
        assert course == random_faults.drawn(seed, is_short=is_short)
        # The site shows what it was told before it is asked again, or nothing could be promised.
        assert course.visible_after_s < course.site_lag_s
        # A ticket is waited for only where its problem was written.
        assert {*course.late} <= {problem for _, problem in course.early} == {*course.problems}
        assert kills.drawn(seed) == kills.drawn(seed)


def test_all_modes_and_all_steps_are_drawn() -> None:
    faults = [fault for seed in range(1, 1001) for fault in random_faults.drawn(seed, is_short=False).faults]
    assert {fault.mode for fault in faults} == {*random_faults.MODES}
    assert len({fault.step for fault in faults}) == 10
    assert {fault.retry_after_s is None for fault in faults if fault.mode == "http429"} == {True, False}


def test_a_row_has_a_cell_for_each_column() -> None:
    wrong = Result("seed 7", ["2 open tickets"], 3.4, {"problems": 2})
    row = line(ROWS["faults"].title, [wrong, Result("seed 8", [], 9.6, {"problems": 3})])
    assert row.count("|") == head()[0].count("|") == head()[1].count("|")
    assert row == "| faults at random | 2 | 0 | 5 | 0 | 0 | 0 | 10 | 1 |"
    assert wrong.words() == ["seed 7: 2 open tickets"]
