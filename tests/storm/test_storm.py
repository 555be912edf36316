"""The storm's short forms: what could be read is found, once, and whole."""

import sys
from pathlib import Path

import pytest

from plan import ROLLED, ROUGH, STALE, TAKEN_OVER, Plan
from row import Row
from storm import Storm, describe

NO_ROLLS = pytest.mark.skipif(
    sys.platform == "win32", reason="a writer there never rolls a log that others hold open"
)
ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="files without a name are read through their writers' descriptors"
)


def is_kept(row: Row) -> bool:
    """Whether the promise is; what is wrong goes where pytest shows it."""
    sys.stdout.writelines(f"{text}\n" for text in (*describe(row.verdict.faults), *row.complaints()))
    return row.keeps_the_promise


@pytest.mark.timeout(120)
@NO_ROLLS
@pytest.mark.parametrize("plan", ROLLED, ids=[plan.name for plan in ROLLED])
def test_what_could_be_read_is_found_once(plan: Plan, tmp_path: Path) -> None:
    (row,) = Storm(plan, tmp_path).run()
    assert row.rolls > 1, "the log has not rolled over: this was no storm"
    assert is_kept(row)


@pytest.mark.timeout(120)
@ON_LINUX
@pytest.mark.parametrize("plan", ROUGH, ids=[plan.name for plan in ROUGH])
def test_what_could_be_read_is_found_once_whatever_else_happens(plan: Plan, tmp_path: Path) -> None:
    (row,) = Storm(plan, tmp_path).run()
    assert row.rolls > 1, "the log has not begun anew: this was no storm"
    assert is_kept(row)


@pytest.mark.timeout(120)
@ON_LINUX
def test_a_writer_is_heard_that_goes_on_in_a_file_whose_names_are_gone(tmp_path: Path) -> None:
    (row,) = Storm(STALE, tmp_path).run()
    assert is_kept(row)
    # Nothing is left to chance here: all could be read.
    assert row.verdict.found == row.verdict.written > 2 * STALE.writers


@pytest.mark.timeout(120)
@ON_LINUX
def test_a_stand_by_takes_over_from_a_killed_leader(tmp_path: Path) -> None:
    (row,) = Storm(TAKEN_OVER, tmp_path).run()
    assert len(row.takeovers_us) == TAKEN_OVER.takeovers
    assert is_kept(row)
