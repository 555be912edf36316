"""What a storm's row says of a reporter, besides what the oracle says."""

import dataclasses
from collections.abc import Sequence

import pytest

from life import FOREVER
from oracle import Lost, Verdict
from plan import EVENTLESS, QUIET
from reporter import lost_in
from row import Row, head, line

CONTENT = Row("ours", QUIET, rolls=2, verdict=Verdict(written=3, found=3, faults=[]))
# As the core says it.
NOTE = (
    "tk-incident: bytes 120\N{EN DASH}480 of /logs/tk-maya.log (life 2) were gone before they could be read"
)


def test_a_reporter_that_does_as_it_says_keeps_the_promise() -> None:
    assert CONTENT.keeps_the_promise
    assert dataclasses.replace(CONTENT, takeovers_us=[100_000, 4_900_000]).keeps_the_promise


def test_a_slow_takeover_breaks_it() -> None:
    slow = dataclasses.replace(CONTENT, takeovers_us=[100_000, 5_100_000])
    assert slow.complaints() == ["a takeover took 5.1 s"]
    assert not slow.keeps_the_promise


def test_without_events_nobody_may_listen() -> None:
    assert not dataclasses.replace(CONTENT, plan=EVENTLESS, listened=True).keeps_the_promise


@pytest.mark.parametrize(
    ("lost", "counted", "expected"),
    [
        ([], 0, True),
        ([Lost(1, 120, 480)], 360, True),
        ([Lost(1, 120, 480), Lost(2, 0, 10)], 370, True),
        ([Lost(1, 120, 480)], 359, False),
        ([Lost(1, 120, 480)], 361, False),
        ([], 1, False),
        # Of a range without an end at least something may be counted, but no other may be left out.
        ([Lost(1, 120, 480), Lost(2, 7, FOREVER)], 400, True),
        ([Lost(1, 120, 480), Lost(2, 7, FOREVER)], 359, False),
    ],
)
def test_what_is_counted_as_lost_was_named(lost: Sequence[Lost], counted: int, expected: bool) -> None:
    assert dataclasses.replace(CONTENT, lost=lost, lost_bytes=counted).keeps_the_promise is expected


def test_a_note_of_lost_bytes_is_understood() -> None:
    assert lost_in(NOTE, 7) == [Lost(7, 120, 480)]
    assert lost_in(NOTE.replace("480", "?"), 7) == [Lost(7, 120, FOREVER)]
    assert lost_in("tk-incident: leading: this process follows the log folder", 7) == []


@pytest.mark.parametrize("markdown", [True, False])
def test_a_row_has_a_cell_for_each_column(markdown: bool) -> None:
    first = head(markdown=markdown)[0]
    row = line(CONTENT.cells(), markdown=markdown)
    if markdown:
        assert row.count("|") == first.count("|")
    else:
        assert len(row) == len(first)
