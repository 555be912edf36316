"""Several reporters count in one field."""

import random

import pytest

from tk_incident.counts import Counts, Tally


def test_each_has_a_line_and_all_add_up() -> None:
    counts = (
        Counts.parse("")
        .told(Tally.of("b-1", 2, ["bob"], "ws2"))
        .told(Tally.of("a-1", 3, ["ann", "al"], "ws1"))
    )
    assert str(counts) == "a-1 3 ann,al@ws1\nb-1 2 bob@ws2"
    assert counts.total == 5
    assert counts.users == {"ann", "al", "bob"}
    assert Counts.parse(str(counts)) == counts


def test_a_count_never_falls() -> None:
    counts = Counts.parse("a-1 3 ann@ws1").told(Tally.of("a-1", 2, ["ann"], "ws1"))
    assert counts.total == 3
    assert counts.holds(Tally.of("a-1", 3, [], ""))
    assert not counts.holds(Tally.of("a-1", 4, [], ""))
    assert not counts.holds(Tally.of("b-1", 1, [], ""))


def test_what_earlier_rules_told_is_not_told_twice() -> None:
    counts = Counts.parse("a-old 3 ann@ws1\nb-old 1 bob@ws2").told(
        Tally.of("a-new", 4, ["ann"], "ws1"), ["a-old"]
    )
    assert str(counts) == "a-new 4 ann@ws1\nb-old 1 bob@ws2"


def test_what_somebody_writes_there_stays() -> None:
    counts = Counts.parse("please keep\r\na-1 3 ann@ws1\n\n").told(Tally.of("a-1", 4, ["ann"], "ws1"))
    assert str(counts) == "please keep\na-1 4 ann@ws1"


@pytest.mark.parametrize("login", ["a b", "a,b", "a@b", "a\nb", " ", "", "émile", "a\u2028b"])
def test_any_name_fits_a_line(login: str) -> None:
    tally = Tally.of("a-1", 1, [login], f"host {login}")
    assert Counts.parse(str(tally)).tallies == {"a-1": tally}
    assert len(str(tally).splitlines()) == 1


@pytest.mark.parametrize("text", [None, 3, "", "x" * 1000, "a-1 many ann@ws", "a-1 3"])
def test_whatever_it_holds_is_no_error(text: object) -> None:
    assert Counts.parse(text).total == 0


def test_writing_over_each_other_ends_with_all_of_them() -> None:
    """Whoever finds its line missing writes it again, into what is there by then."""
    chance = random.Random(7)
    tallies = [Tally.of(f"r{number}-1", number + 1, [f"user{number}"], "ws") for number in range(20)]
    field = ""
    rounds = 0
    while missing := [tally for tally in tallies if not Counts.parse(field).holds(tally)]:
        seen = field
        for tally in chance.sample(missing, max(1, len(missing) // 2)):
            # Half of them have read before the others wrote.
            field = str(Counts.parse(seen if chance.random() < 0.5 else field).told(tally))
        rounds += 1
        assert rounds < 200
    assert Counts.parse(field).total == sum(range(1, 21))
