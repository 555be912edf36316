"""A delivery becomes a ticket that people can read and that the sink finds again."""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable

import pytest

from tk_incident._core import Delivery
from tk_incident.description import MAX_DESCRIPTION_BYTES, has_key_line, shown_record, told_count
from tk_incident.excerpt import excerpt, one_line
from tk_incident.settings import Settings
from tk_incident.ticket import Ticket, utc

MakeDelivery = Callable[..., Delivery]
SIGNATURE = "v0-0123456789abcdef01234567"
USER = Settings()
SITE = Settings(ticket_scope="site")


def test_title_and_key_of_a_user(make_delivery: MakeDelivery) -> None:
    ticket = Ticket.of(make_delivery(), USER)
    assert ticket.title == "artist - TankError"
    assert ticket.key_line == f"incident-key: {SIGNATURE}/artist"
    assert ticket.description().split("\n")[-1] == ticket.key_line
    assert ticket.fields["sg_incident_key"] == f"{SIGNATURE}/artist"


def test_title_and_key_of_the_site(make_delivery: MakeDelivery) -> None:
    ticket = Ticket.of(make_delivery(), SITE)
    assert ticket.title == "TankError"
    assert ticket.key_line == f"incident-key: {SIGNATURE}"
    assert ticket.description().split("\n")[-1] == ticket.key_line


def test_a_record_is_read_back_from_the_description(make_delivery: MakeDelivery) -> None:
    record = "first\n\n    indented\n\nlast"
    for environment in ("", '{"host": "ws042"}'):
        ticket = Ticket.of(make_delivery(record=record, environment=environment), USER)
        assert shown_record(ticket.description()) == record == ticket.record
        stripped = "\r\n".join(line.rstrip() for line in ticket.description().split("\n"))
        assert shown_record(stripped) == record


def test_a_record_that_was_cut_is_not_read_back(make_delivery: MakeDelivery) -> None:
    long = "\n".join(f"line {number} of a record" for number in range(5_000))
    for record in (long, "x" * 100_000):
        assert shown_record(Ticket.of(make_delivery(record=record), USER).description()) is None
    assert shown_record("Record:\n\n    by hand") is None


def test_former_key_lines_are_of_the_same_scope(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery(former_signatures=["v1-a", "v0-b"])
    lines = ["incident-key: v1-a", "incident-key: v0-b"]
    assert Ticket.of(delivery, SITE).former_key_lines == lines
    assert Ticket.of(delivery, USER).former_key_lines == [f"{line}/artist" for line in lines]


def test_description_does_not_tell_whose_home_the_log_lies_in(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery(path=Path("/home/zebedee/.shotgun/logs/tk-maya.log"))
    assert "zebedee" not in Ticket.of(delivery, USER).description()


def test_description_says_what_an_operator_asks(make_delivery: MakeDelivery) -> None:
    description = Ticket.of(make_delivery(count=3, last_seen="2026-11-22T11:00:00.000"), USER).description()
    lines = description.split("\n")
    assert lines[0] == "ERROR: tank.errors.TankError: no such scene"
    assert "Where: tk-maya, logger sgtk.env.project.tk-maya" in lines
    assert "Who:   artist on ws042, process 4711" in lines
    assert "When:  first 2026-11-22T10:21:30.207, last 2026-11-22T11:00:00.000" in lines
    assert "Seen:  3 times, told by 3f2a91c0d1-01234567" in lines
    assert any(line.startswith("File:  ") and line.endswith("tk-maya.log, byte 1234") for line in lines)
    assert '      File "/studio/tool.py", line 7, in publish' in lines
    assert "    os: Linux" in lines
    assert "    memory.total_bytes: 8" in lines


@pytest.mark.parametrize(
    ("settings_project", "own", "expected"), [(None, None, None), (7, None, 7), (7, 1, 1), (None, 1, 1)]
)
def test_the_project_of_the_context_comes_first(
    make_delivery: MakeDelivery, settings_project: Any, own: Any, expected: Any
) -> None:
    ticket = Ticket.of(make_delivery(project_id=own), Settings(project_id=settings_project))
    assert ticket.project_id == expected


def test_a_line_that_is_no_exception_is_its_message(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery(exception=None, message="disk is full\nsecond line")
    assert Ticket.of(delivery, USER).description().startswith("ERROR: disk is full\n")


@pytest.mark.parametrize("line", ["{0}: gone", "{0}", "tool.<locals>.{0}: gone", "   {0}: gone"])
def test_the_error_line_is_found_in_the_record(make_delivery: MakeDelivery, line: str) -> None:
    line = line.format("TankError")
    record = f"header TankError: not me\nTraceback (most recent call last):\n{line}\nafterwards"
    first = Ticket.of(make_delivery(record=record), USER).description().partition("\n")[0]
    assert first == f"ERROR: {line.strip()}"


@pytest.mark.parametrize(
    "body", ["x" * 200_000, "    frame()\n" * 50_000, "é\n" * 100_000, "\x00\n" * 50_000]
)
def test_a_long_record_is_cut_and_its_error_line_stays(make_delivery: MakeDelivery, body: str) -> None:
    record = (
        f"2026-11-22 10:21:30,207 [1 ERROR x] head\n{body}\n  File last.py\ntank.errors.TankError: the end"
    )
    delivery = make_delivery(record=record, environment='{"x": "' + "y" * 90_000 + '"}')
    description = Ticket.of(delivery, USER).description()
    assert len(description.encode()) <= MAX_DESCRIPTION_BYTES
    assert len(description.encode()) > MAX_DESCRIPTION_BYTES - 2000
    assert "\n    tank.errors.TankError: the end\n" in description
    assert "\n      File last.py\n" in description
    assert "2026-11-22 10:21:30,207 [1 ERROR x] head" in description
    assert "bytes are left out here" in description
    assert description.endswith(f"\nincident-key: {SIGNATURE}/artist")


def test_an_error_line_in_the_middle_of_a_long_record_stays(make_delivery: MakeDelivery) -> None:
    record = "head\n" + "a\n" * 50_000 + "tank.errors.TankError: in the middle\n" + "b\n" * 100_000
    assert "TankError: in the middle" in Ticket.of(make_delivery(record=record), USER).description()


def test_a_record_that_quotes_another_ticket_is_not_that_ticket(make_delivery: MakeDelivery) -> None:
    other = "incident-key: v0-ffffffffffffffffffffffff/artist"
    for text in (
        other,
        "x" * 100_000 + "\n" + other,
        other + "\n" + "x" * 100_000,
        f"x\u2028{other}\x0b{other}\r{other}",
    ):
        delivery = make_delivery(record=text, message=other, exception=None, title=other)
        assert not has_key_line(Ticket.of(delivery, USER).description(), other)


def test_the_key_line_is_known_after_the_site_had_it(make_delivery: MakeDelivery) -> None:
    ticket = Ticket.of(make_delivery(), USER)
    edited = ticket.description().replace("\n", "\r\n") + " \r\nA person wrote this below."
    assert has_key_line(edited, ticket.key_line)
    assert not has_key_line(ticket.description() + "x", ticket.key_line)
    assert not has_key_line(None, ticket.key_line)


def test_what_a_site_cannot_hold_is_replaced(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery(user_login="a\udcffb\nc", record="nul \x00 esc \x1b[31m \udcff")
    ticket = Ticket.of(delivery, USER)
    ticket.description().encode("utf-8")
    assert ticket.title == "a?b c - TankError"
    assert "nul ? esc ?[31m ?" in ticket.description()
    assert ticket.description().endswith(f"\nincident-key: {SIGNATURE}/a?b c")


def test_search_paths_do_not_take_the_place_of_the_rest(make_delivery: MakeDelivery) -> None:
    environment = '{"variables": {"PATH": "' + "/bin:" * 1_000 + '"}, "os": {"name": "Linux"}}'
    description = Ticket.of(make_delivery(environment=environment), USER).description()
    assert "os.name: Linux" in description
    assert "/bin:" not in description


def test_an_environment_that_cannot_be_read_is_left_out(make_delivery: MakeDelivery) -> None:
    for text in ("", "{", "[1]", "null"):
        description = Ticket.of(make_delivery(environment=text), USER).description()
        assert "Environment:" not in description
        assert "Who:   artist, process 4711" in description


def test_times_are_of_the_writers_zone(zone: Callable[[str], None]) -> None:
    zone("America/Los_Angeles")
    assert utc("2026-11-22T10:21:30.207") == datetime(2026, 11, 22, 18, 21, 30, 207000, timezone.utc)
    assert utc("2026-07-01T10:00:00") == datetime(2026, 7, 1, 17, tzinfo=timezone.utc)
    assert utc("yesterday") is None
    assert utc("") is None


def test_a_time_that_is_none_leaves_its_field_out(make_delivery: MakeDelivery) -> None:
    fields = Ticket.of(make_delivery(first_seen="?"), USER).fields
    assert "sg_incident_first_seen" not in fields
    assert "sg_incident_last_seen" in fields


def test_the_told_count_is_read_from_our_own_line(make_delivery: MakeDelivery) -> None:
    record = "header\nSeen:  99 times"
    for count in (12, 1):
        ticket = Ticket.of(make_delivery(count=count, record=record), USER)
        assert told_count(ticket.description(), ticket.tally.who) == count
        assert told_count(ticket.description(), "another") == 0, "it tells of its own"
    assert told_count("Seen:  7 times", "whoever") == 7, "as an earlier version said it"
    assert told_count("a person's own text", "whoever") == 0


@pytest.mark.parametrize("text", ["a" * 1000, "line\n" * 300, "é" * 700, "x" * 900 + "\n" + "y" * 90])
def test_an_excerpt_has_both_ends_and_counts_what_it_leaves_out(text: str) -> None:
    for max_bytes in (120, 200, 333, 500):
        cut = excerpt(text, max_bytes)
        assert len(cut.encode()) <= max_bytes
        head, _, rest = cut.partition("\n[... ")
        missing, _, tail = rest.partition(" bytes are left out here; the attached archive has them ...]\n")
        head, tail = head.rstrip("…"), tail.lstrip("…")
        assert text.startswith(head)
        assert text.endswith(tail)
        assert tail
        assert int(missing) == len(text.encode()) - len(head.encode()) - len(tail.encode())


def test_an_excerpt_without_room_is_the_end() -> None:
    assert excerpt("abc" * 100, 10) == ("abc" * 100)[-10:]
    assert excerpt("abc", 3) == "abc"
    assert excerpt("abcd", 0) == ""


def test_one_line_is_one_line() -> None:
    assert one_line(" a \n b\t c ", 100) == "a b c"
    assert one_line("é" * 10, 10) == "ééé…"
