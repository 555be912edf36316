"""The oracle finds each kind of fault, and knows which record anybody could have read."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from journal import Closed, Event, Journal, Opened, Saw, Truncated, Wrote, read_journal
from life import FOREVER, End, Life
from lives import Lives, Written, lives
from oracle import OBSERVABLE_AT_A_LOOK_US, Chance, Fault, Kind, Lost, Verdict, Watch, chance, judge, without
from record import Mark, Sighting, compose, marks_in, recognise
from tk_incident import redact

MS = 1000
STILL_THERE = End(FOREVER, FOREVER)
HEADER = "2026-11-22 00:21:30,207 [7 ERROR sgtk.env.project.tk-storm] "


def sightings(*sequences: int) -> list[Sighting]:
    return [Sighting(Mark(0, sequence), is_whole=True) for sequence in sequences]


def one_file(records: int, end: End = STILL_THERE) -> Lives:
    """Records of writer 0 in one file, a millisecond apart from one second on."""
    life = Life(inode=7, birth=1)
    times = [(1000 + sequence) * MS for sequence in range(records)]
    written = [Written(0, sequence, time, time + 10, life) for sequence, time in enumerate(times)]
    return Lives({life: end}, written, rolls=0)


def faults(verdict: Verdict) -> list[tuple[Kind, object]]:
    return [(fault.kind, fault.mark) for fault in verdict.faults]


def test_nothing_is_wrong() -> None:
    verdict = judge(one_file(3), sightings(0, 1, 2))
    assert verdict == Verdict(written=3, found=3, faults=[])
    assert verdict.keeps_the_promise


def test_a_missing_record_is_named() -> None:
    verdict = judge(one_file(3), sightings(0, 2))
    assert faults(verdict) == [(Kind.MISSING, Mark(0, 1))]
    assert (verdict.found, verdict.missing_observable, verdict.keeps_the_promise) == (2, 1, False)


def test_a_record_that_nobody_could_read_breaks_no_promise() -> None:
    lost_at_once = one_file(1, End(1005 * MS, 1005 * MS))
    verdict = judge(lost_at_once, [])
    assert [fault.chance for fault in verdict.faults] == [Chance.NONE]
    assert (verdict.missing_observable, verdict.keeps_the_promise) == (0, True)


def test_nobody_can_read_while_the_machine_stands_still() -> None:
    for_thirty_ms = one_file(1, End(1030 * MS, 1030 * MS))
    (record,) = for_thirty_ms.written
    watches = [Watch(0, 1020 * MS), Watch(1020 * MS, FOREVER)]
    assert without(watches, []) == watches
    assert without(watches, [(1015 * MS, 1025 * MS)]) == [Watch(0, 1015 * MS), Watch(1025 * MS, FOREVER)]
    assert without(watches, [(0, 1020 * MS), (1020 * MS, 1021 * MS)]) == [Watch(1021 * MS, FOREVER)]
    for standstill, had in (
        ((1005 * MS, 1010 * MS), Chance.OBSERVABLE),
        ((1008 * MS, 1022 * MS), Chance.NONE),
    ):
        assert chance(record, for_thirty_ms, without(watches, [standstill])) is had


def test_each_sighting_beyond_the_first_is_one_too_many() -> None:
    verdict = judge(one_file(2), sightings(0, 1, 0, 0))
    assert faults(verdict) == [(Kind.DOUBLED, Mark(0, 0))] * 2
    assert not verdict.keeps_the_promise


@pytest.mark.parametrize(
    "torn",
    [
        Sighting(Mark(0, 1), is_whole=False),
        Sighting(None, is_whole=False),
        Sighting(Mark(0, 999), is_whole=True),
    ],
    ids=["wrong checksum", "no mark", "never written"],
)
def test_a_torn_record_is_named(torn: Sighting) -> None:
    verdict = judge(one_file(1), [*sightings(0), torn])
    assert (Kind.TORN, torn.mark) in faults(verdict)
    assert not verdict.keeps_the_promise


def test_a_torn_record_is_not_found() -> None:
    verdict = judge(one_file(1), [Sighting(Mark(0, 0), is_whole=False)])
    assert (verdict.found, faults(verdict)) == (0, [(Kind.TORN, Mark(0, 0))])


def test_the_order_within_a_life_counts_and_no_other() -> None:
    files = one_file(3)
    old, new = files.written[0].life, Life(8, 2)
    moved = [*files.written[:2], files.written[2]._replace(life=new)]
    rolled = Lives({old: STILL_THERE, new: STILL_THERE}, moved, rolls=1)
    assert judge(rolled, sightings(2, 0, 1)).faults == []
    assert judge(rolled, sightings(2, 1, 0)).faults == [Fault(Kind.DISORDERED, Mark(0, 0))]
    # One that comes too early is one fault, however many it has overtaken.
    verdict = judge(files, sightings(2, 0, 1))
    assert verdict.faults == [Fault(Kind.DISORDERED, Mark(0, 0))]
    assert not verdict.keeps_the_promise


@pytest.mark.parametrize(
    ("end", "watch", "expected"),
    [
        (End(1011 * MS, 1012 * MS), Watch(0, FOREVER), Chance.OBSERVABLE),
        (End(1009 * MS, 1012 * MS), Watch(0, FOREVER), Chance.PERHAPS),
        (End(1009 * MS, 1009 * MS), Watch(0, FOREVER), Chance.NONE),
        # Nobody led when it could be read, or not for long enough.
        (End(2000 * MS, 2000 * MS), Watch(1995 * MS, FOREVER), Chance.NONE),
        (End(2000 * MS, 2000 * MS), Watch(0, 1005 * MS), Chance.NONE),
        (End(2000 * MS, 2000 * MS), Watch(1500 * MS, 1511 * MS), Chance.OBSERVABLE),
    ],
)
def test_observable_is_ten_milliseconds_under_a_leader(end: End, watch: Watch, expected: Chance) -> None:
    files = one_file(1, end)
    assert chance(files.written[0], files, [watch]) is expected


def test_two_short_watches_are_not_one_long_one() -> None:
    files = one_file(1, End(2000 * MS, 2000 * MS))
    watches = [Watch(1100 * MS, 1106 * MS), Watch(1200 * MS, 1206 * MS)]
    assert chance(files.written[0], files, watches) is Chance.NONE


def test_without_events_a_record_has_to_be_there_for_longer() -> None:
    files = one_file(1, End(1400 * MS, 1400 * MS))
    assert not judge(files, []).keeps_the_promise
    assert judge(files, [], observable_us=OBSERVABLE_AT_A_LOOK_US).keeps_the_promise
    assert not judge(one_file(1), [], observable_us=OBSERVABLE_AT_A_LOOK_US).keeps_the_promise


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        (Lost(at=2000 * MS, start=500, stop=700), Chance.REPORTED),
        # Up to the byte before the record, from the byte behind it on, and before it was written.
        (Lost(at=2000 * MS, start=0, stop=699), Chance.OBSERVABLE),
        (Lost(at=2000 * MS, start=700, stop=900), Chance.OBSERVABLE),
        (Lost(at=999 * MS, start=500, stop=700), Chance.OBSERVABLE),
    ],
)
def test_what_was_reported_as_lost_is_known_to_be(lost: Lost, expected: Chance) -> None:
    files = one_file(1)
    ending = Lives(files.ends, [files.written[0]._replace(end=700)], rolls=0)
    verdict = judge(ending, [], lost=[lost])
    assert [fault.chance for fault in verdict.faults] == [expected]
    assert verdict.keeps_the_promise is (expected is Chance.REPORTED)
    # It is an excuse for nothing else.
    assert not judge(ending, sightings(0, 0), lost=[lost]).keeps_the_promise


# Two writers: the first one rolls file 7 to the backup and goes on in file 8; the second one still holds
# file 7, finds it full and rolls, too: file 8 becomes the backup, and file 7 has no name any more.
FIRST: Sequence[Event] = (
    Opened(10, 11, 7, 1),
    Wrote(0, 100, 101, 7),
    Closed(200, 201, 7),
    Saw(202, 203, 7, ".aside"),
    Saw(204, 205, 7, ""),
    Saw(206, 207, 0, ".1"),
    Saw(208, 209, 7, ".1"),
    Opened(210, 211, 8, 1),
    Wrote(1, 50_000, 50_001, 8),
)
SECOND: Sequence[Event] = (
    Opened(20, 21, 7, 0),
    Wrote(0, 300, 301, 7),
    Closed(400, 402, 7),
    Saw(410, 411, 8, ".aside"),
    Saw(412, 413, 8, ""),
    Saw(414, 415, 7, ".1"),
    Saw(420, 421, 8, ".1"),
    Opened(430, 431, 9, 1),
    Wrote(1, 440, 441, 9),
    Closed(900_000, 900_010, 9),
)
LAST_LOOK = (Saw(950_000, 950_001, 9, ""), Saw(950_000, 950_001, 8, ".1"))


def test_a_life_ends_with_its_last_name_and_descriptor() -> None:
    files = lives({0: FIRST, 1: SECOND}, LAST_LOOK)
    assert files.end(Life(7, 10)) == End(not_before=414, not_after=421)
    assert files.end(Life(8, 210)) == STILL_THERE
    assert files.rolls == 3
    assert [(each.writer, each.life.inode) for each in files.written] == [(0, 7), (0, 8), (1, 7), (1, 9)]


def test_a_descriptor_keeps_a_file_readable() -> None:
    holding_on = [event for event in SECOND if not isinstance(event, Closed)]
    files = lives({0: FIRST, 1: [*holding_on, Closed(800_000, 800_020, 7)]}, LAST_LOOK)
    assert files.end(Life(7, 10)) == End(not_before=800_000, not_after=800_020)


def test_a_file_that_was_replaced_unseen_has_a_doubtful_end() -> None:
    unseen = [event for event in SECOND if event != Saw(414, 415, 7, ".1")]
    files = lives({0: FIRST, 1: unseen}, LAST_LOOK)
    # The first writer saw it last; the second one's descriptor was open for longer.
    assert files.end(Life(7, 10)) == End(not_before=400, not_after=421)


def test_a_file_that_was_the_log_for_a_moment_is_gone_when_the_old_one_comes_home() -> None:
    """Renamed back, the old log replaces the one that another process has made meanwhile."""
    roller: list[Event] = [
        Opened(10, 11, 7, 1),
        Closed(20, 21, 7),
        Saw(22, 23, 7, ".aside"),
        Saw(40, 42, 7, ""),
        Saw(43, 44, 0, ".1"),
        Saw(46, 47, 7, ".1"),
        Opened(50, 51, 9, 1),
    ]
    other: list[Event] = [Opened(30, 31, 8, 1), Wrote(0, 32, 33, 8), Closed(60_000, 60_005, 8)]
    files = lives({0: roller, 1: other}, [Saw(90_000, 90_001, 9, ""), Saw(90_000, 90_001, 7, ".1")])
    assert files.end(Life(8, 30)) == End(not_before=60_000, not_after=60_005)
    # Without its writer's descriptor it lived until its name was taken.
    released: list[Event] = [*other[:-1], Closed(34, 35, 8)]
    files = lives({0: roller, 1: released}, [Saw(90_000, 90_001, 9, ""), Saw(90_000, 90_001, 7, ".1")])
    assert files.end(Life(8, 30)) == End(not_before=34, not_after=44)


def test_an_inode_that_comes_again_is_another_life() -> None:
    again = (Opened(500, 501, 7, 1), Wrote(2, 510, 511, 7), Closed(600, 601, 7), Saw(700, 701, 7, ".1"))
    files = lives({0: [*FIRST, *again], 1: SECOND}, [LAST_LOOK[0], Saw(950_000, 950_001, 7, ".1")])
    assert files.end(Life(7, 10)).not_after == 421
    assert files.end(Life(7, 500)) == STILL_THERE
    assert files.written[2].life == Life(7, 500)


def test_a_file_dies_where_the_last_backup_is_replaced() -> None:
    mover: list[Event] = [
        Opened(10, 11, 7, 1),
        Closed(12, 13, 7),
        Saw(20, 21, 7, ".1"),
        Opened(22, 23, 8, 1),
        Closed(24, 25, 8),
        Saw(30, 31, 7, ".2"),
        Saw(32, 33, 8, ".1"),
        Saw(40, 41, 8, ".2"),
        Saw(42, 43, 0, ".1"),
    ]
    files = lives({0: mover}, [Saw(90, 91, 8, ".2"), Saw(90, 91, 0, ".1"), Saw(90, 91, 0, "")])
    assert files.end(Life(7, 10)) == End(not_before=30, not_after=41)
    assert files.end(Life(8, 22)) == STILL_THERE


# A log that is emptied at 200 to 210 and at 300 to 310, and three records that are written meanwhile.
EMPTIED: Sequence[Event] = (
    Opened(10, 11, 7, 1),
    Wrote(0, 100, 101, 7),
    Wrote(1, 195, 205, 7),
    Wrote(2, 196, 206, 7),
    Wrote(3, 250, 251, 7),
    Wrote(4, 305, 311, 7),
    Wrote(5, 400, 401, 7),
)
TRUNCATER: Sequence[Event] = (Truncated(200, 210, 7), Truncated(300, 310, 7))
EMPTIED_AT_THE_END = (Saw(950_000, 950_001, 7, ""),)


def test_a_truncation_ends_a_life_and_begins_another() -> None:
    copies = [{Mark(0, 0)}, {Mark(0, 2), Mark(0, 3)}, {Mark(0, 4), Mark(0, 5)}]
    files = lives({0: EMPTIED, 1: TRUNCATER}, EMPTIED_AT_THE_END, copies)
    first, second, third = Life(7, 10), Life(7, 200), Life(7, 300)
    assert [each.life for each in files.written] == [first, first, second, second, third, third]
    assert files.end(first) == End(200, 210)
    assert files.end(second) == End(300, 310)
    assert files.end(third) == STILL_THERE
    assert files.rolls == 3


def test_a_record_in_no_copy_went_with_the_truncation_that_it_met() -> None:
    files = lives({0: EMPTIED, 1: TRUNCATER}, EMPTIED_AT_THE_END, [set(), set(), set()])
    # What met none lies where its time says.
    assert [each.life.birth for each in files.written] == [10, 10, 10, 200, 200, 300]


def test_a_truncation_of_another_life_of_the_inode_is_not_this_ones() -> None:
    again: Sequence[Event] = (*EMPTIED, Closed(500, 501, 7), Opened(600, 601, 7, 1), Wrote(6, 610, 611, 7))
    files = lives({0: again, 1: TRUNCATER}, EMPTIED_AT_THE_END)
    assert files.written[-1].life == Life(7, 600)
    assert files.end(Life(7, 600)) == STILL_THERE
    assert files.end(Life(7, 200)) == End(300, 310)


def test_a_journal_gives_back_what_was_noted(tmp_path: Path) -> None:
    path, log = tmp_path / "journal", tmp_path / "tk-storm.log"
    log.touch()
    with Journal(path) as journal:
        journal.opened(1, 7, is_new=True)
        journal.wrote(12, 2, 7, 90)
        journal.look(log, "")
        journal.look(log, ".1")
        journal.closed(3, 7)
        journal.truncated(4, 7)
    opened, wrote, here, gone, closed, truncated = read_journal(path.read_text().splitlines(keepends=True))
    assert opened == Opened(1, opened.after, 7, 1)
    assert wrote == Wrote(12, 2, wrote.after, 7, 90)
    assert here == Saw(here.before, here.after, log.stat().st_ino, "")
    assert gone == Saw(gone.before, gone.after, 0, ".1")
    assert closed == Closed(3, closed.after, 7)
    assert truncated == Truncated(4, truncated.after, 7)
    assert list(read_journal(["o 1 2 7 1\n", "w 12 2"])) == [Opened(1, 2, 7, 1)]


@pytest.mark.parametrize("seed", range(50))
def test_a_record_is_known_again_and_no_byte_of_it_may_change(seed: int) -> None:
    random_ = random.Random(seed)
    mark = Mark(3, seed)
    text = HEADER + compose(mark, random_)
    assert recognise(text) == Sighting(mark, is_whole=True)
    assert recognise(text + "\n") == Sighting(mark, is_whole=True)
    assert not recognise(text[:-1]).is_whole
    assert not recognise(text + "\nand a line of somebody else").is_whole
    at = random_.randrange(len(HEADER), len(text))
    assert not recognise(text[:at] + "#" + text[at + 1 :]).is_whole
    assert redact(text) == text
    assert marks_in(f"{text}\n{text[: text.index('storm w') + 9]}".encode()) == {mark}
