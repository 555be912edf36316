"""The storm's programs and the oracle agree with each other where nothing is left to chance."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from actors import script
from journal import Event, Opened, Saw, Wrote, read_journal
from lives import Lives, lives
from oracle import Chance, Kind, judge
from record import Mark, Sighting, marks_in, recognise
from tk_incident import scan

HERE = Path(__file__).parent
ON_POSIX = pytest.mark.skipif(
    sys.platform == "win32", reason="nobody there renames or deletes a file that a writer has open"
)


def run(program: str, **options: object) -> None:
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    subprocess.run([sys.executable, str(HERE / program), *words], check=True)


def read(journal: Path) -> list[Event]:
    with journal.open(encoding="utf-8") as lines:
        return list(read_journal(lines))


def last_look(log: Path) -> list[Saw]:
    here = log.stat().st_ino if log.exists() else 0
    return [Saw(1 << 61, 1 << 61, here, ""), Saw(1 << 61, 1 << 61, 0, ".1")]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def whole(marks: set[Mark]) -> list[Sighting]:
    return [Sighting(mark, is_whole=True) for mark in sorted(marks)]


def test_a_writer_that_is_alone_loses_nothing_but_what_it_rolls_away(tmp_path: Path) -> None:
    log, journal = tmp_path / "tk-storm.log", tmp_path / "journal"
    run("writer.py", log=log, id=5, rate=100_000, records=500, max_bytes=65536, journal=journal)
    events = read(journal)
    assert sum(isinstance(event, Wrote) for event in events) == 500
    files = lives({5: events}, [])
    assert files.rolls > 2
    paths = [log.with_name("tk-storm.log.1"), log]
    found = [recognise(occurrence.record) for occurrence in scan(paths).occurrences]
    verdict = judge(files, found)
    assert 0 < len(found) < 500
    assert [(fault.kind, fault.mark) for fault in verdict.faults] == [
        (Kind.MISSING, Mark(5, sequence)) for sequence in range(500 - len(found))
    ]


def refilled(how: str, folder: Path) -> tuple[Lives, list[Sighting]]:
    log, journal = folder / "tk-storm.log", folder / "journal"
    run("cycler.py", log=log, how=how, cycles=20, journal=journal)
    files = lives({0: read(journal)}, last_look(log))
    return files, [recognise(occurrence.record) for occurrence in scan([log]).occurrences]


@ON_POSIX
def test_of_a_log_that_is_refilled_the_last_filling_is_left(tmp_path: Path) -> None:
    files, found = refilled("refill", tmp_path)
    last = files.written[-1].life
    assert len({each.life for each in files.written}) == files.rolls == 20
    assert [each.mark.sequence for each in found if each.mark] == [
        each.sequence for each in files.written if each.life == last
    ]
    verdict = judge(files, found)
    assert verdict.count(Kind.MISSING) == len(files.written) - len(found)
    # Some fillings stay for long enough, and some for less than half of it.
    assert verdict.count(Kind.MISSING, (Chance.OBSERVABLE,)) > 0
    assert not verdict.count(Kind.TORN)


@ON_POSIX
def test_a_log_that_is_refilled_alike_differs_in_its_middle_alone(tmp_path: Path) -> None:
    log, journal = tmp_path / "tk-storm.log", tmp_path / "journal"
    with script("cycler.py", {"log": log, "how": "alike", "cycles": 30, "journal": journal}) as cycler:
        assert cycler.wait(20) == 0
    content = log.read_bytes()
    assert len(content) == 8192
    ends = [event.end for event in read(journal) if isinstance(event, Wrote)]
    head, tail = content[:1000], content[-300:]
    assert b"storm w" not in head + tail
    assert 1000 < min(ends) < max(ends) < 8192 - 300
    # The journal says where each record of the last filling ends.
    assert [content[end - 1 : end] for end in ends[-3:]] == [b"\n"] * 3
    assert [len(marks_in(content[:end])) for end in ends[-3:]] == [1, 2, 3]


@ON_POSIX
def test_a_log_that_is_made_again_has_a_life_each_time(tmp_path: Path) -> None:
    log, journal = tmp_path / "tk-storm.log", tmp_path / "journal"
    run("cycler.py", log=log, how="recreate", cycles=20, journal=journal)
    events = read(journal)
    files = lives({0: events}, last_look(log))
    births = {(event.inode, event.before) for event in events if isinstance(event, Opened)}
    assert {tuple(each.life) for each in files.written} == births
    assert len(births) == files.rolls == 20
    assert all(files.end(each.life).not_after < each.after + 10_000_000 for each in files.written)
    nothing = judge(files, [])
    assert nothing.count(Kind.MISSING) == nothing.written
    assert nothing.count(Kind.MISSING, (Chance.OBSERVABLE,)) > 0


@ON_POSIX
def test_what_a_truncater_has_copied_could_be_read_and_what_it_missed_could_not(tmp_path: Path) -> None:
    log, copies = tmp_path / "tk-storm.log", tmp_path / "copies"
    copies.mkdir()
    options = {"log": log, "rate": 20, "copies": copies, "journal": tmp_path / "1"}
    with script("truncater.py", options) as truncater:
        run("writer.py", log=log, id=0, rate=2000, records=2000, max_bytes=0, journal=tmp_path / "0")
        truncater.terminate()
        assert truncater.wait(20) == 0
    held = [marks_in(path.read_bytes()) for path in (*sorted(copies.iterdir()), log)]
    files = lives({0: read(tmp_path / "0"), 1: read(tmp_path / "1")}, last_look(log), held)
    verdict = judge(files, whole(set().union(*held)))
    assert verdict.written == 2000
    assert {fault.chance for fault in verdict.faults} <= {Chance.NONE}
    nothing = judge(files, [])
    assert nothing.count(Kind.MISSING, (Chance.OBSERVABLE,)) > 0


@ON_POSIX
def test_a_mover_notes_where_each_file_went(tmp_path: Path) -> None:
    log, journal = tmp_path / "tk-storm.log", tmp_path / "0"
    options = {"id": 0, "rate": 200, "records": 200, "max-bytes": 0, "journal": journal}
    with script("writer.py", {"log": log, "reopens": True, **options}) as writer:
        with script("mover.py", {"log": log, "how": "often", "rate": 50, "journal": tmp_path / "1"}) as mover:
            wait_until(lambda: journal.exists() and journal.read_bytes().count(b"\nw ") > 100)
            mover.terminate()
            # It ends before the writer does, or it would move all that there is over the edge.
            assert mover.wait(20) == 0
        assert writer.wait(20) == 0
    names = {path.name[len(log.name) :]: path for path in tmp_path.glob("tk-storm.log*")}
    assert set(names) == {"", ".1", ".2", ".3"}
    look = [Saw(1 << 61, 1 << 61, os.stat(path).st_ino, suffix) for suffix, path in names.items()]  # noqa: PTH116
    files = lives({0: read(tmp_path / "0"), 1: read(tmp_path / "1")}, look)
    assert files.rolls > 4
    left = set().union(*(marks_in(path.read_bytes()) for path in names.values()))
    verdict = judge(files, whole(left))
    missing = [fault.written for fault in verdict.faults if fault.written]
    assert 0 < len(missing) < verdict.written == 200
    # Whatever is not there any more is known to be gone, and whatever is there is known to have stayed.
    gone = {each.life for each in missing}
    assert all(files.end(life).not_after < 1 << 61 for life in gone)
    assert not gone & {each.life for each in files.written if Mark(0, each.sequence) in left}
