"""The storm's short forms: what could be read is found, once, and whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from journal import Wrote, read_journal
from lives import lives
from oracle import Kind, judge
from plan import KILLED, LOUD, QUIET, Plan
from record import Mark, recognise
from storm import Storm, describe
from tk_incident import scan

WRITER = Path(__file__).with_name("writer.py")


@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform == "win32", reason="a writer there never rolls a log that others hold open")
@pytest.mark.parametrize("plan", [QUIET, LOUD], ids=["quiet", "loud"])
def test_what_could_be_read_is_found_once(plan: Plan, tmp_path: Path) -> None:
    (row,) = Storm(plan, tmp_path).run()
    assert row.rolls > 1, "the log has not rolled over: this was no storm"
    verdict = row.verdict
    assert verdict.keeps_the_promise, "\n".join(describe(verdict.faults))


@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform == "win32", reason="a writer there never rolls a log that others hold open")
def test_kills_double_and_tear_nothing(tmp_path: Path) -> None:
    """What kills can lose, and why, stands in docs/reliability.md under "Not yet kept"."""
    (row,) = Storm(KILLED, tmp_path).run()
    wrong = [fault for fault in row.verdict.faults if fault.kind is not Kind.MISSING]
    assert not wrong, "\n".join(describe(wrong))


def test_a_writer_that_is_alone_loses_nothing_but_what_it_rolls_away(tmp_path: Path) -> None:
    """The writer and the oracle agree with each other where nothing is left to chance."""
    log, journal = tmp_path / "tk-storm.log", tmp_path / "journal"
    options = ["--log", str(log), "--id", "5", "--rate", "100000", "--records", "500"]
    subprocess.run(
        [sys.executable, str(WRITER), *options, "--max-bytes", "65536", "--journal", str(journal)], check=True
    )
    with journal.open(encoding="utf-8") as lines:
        events = list(read_journal(lines))
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
