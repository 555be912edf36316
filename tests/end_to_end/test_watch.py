"""Killed at any moment and started again, the reporter has found each record once."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tk_incident._core import Occurrence, Spool

KILLS = 4
RECORDS_A_ROUND = 40


@contextmanager
def watching(logs: Path, state: Path) -> Iterator["subprocess.Popen[str]"]:
    folders = ["--logs", str(logs), "--state", str(state)]
    is_first = not state.exists()
    process = subprocess.Popen(
        [sys.executable, "-m", "tk_incident", "watch", *folders, "--no-deliver", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        try:
            assert process.stderr is not None
            # What lies there at the very first look is old news.
            while is_first and "leading" not in process.stderr.readline():
                assert process.poll() is None
            yield process
        finally:
            # SIGKILL where there is one: the process gets no chance to put anything in order.
            process.kill()


def write(log: Path, numbers: range) -> list[str]:
    """Append records with tracebacks, in pieces that end anywhere, and return their messages."""
    messages = [f"record {number}" for number in numbers]
    text = "".join(
        f"2026-11-22 00:21:30,207 [7 ERROR sgtk.env.project.tk-maya] {message}\n"
        "Traceback (most recent call last):\n"
        f'  File "a.py", line 1, in f\nValueError: {message}\n'
        for message in messages
    )
    with log.open("a", encoding="utf-8") as file:
        for start in range(0, len(text), 777):
            file.write(text[start : start + 777])
            file.flush()
    return messages


def all_occurrences(state: Path) -> list[Occurrence]:
    spool = Spool(state)
    found: list[Occurrence] = []
    while page := spool.occurrences(found[-1].id if found else 0):
        found.extend(page)
    return found


@pytest.mark.timeout(90)
def test_nothing_is_lost_or_doubled_by_a_kill(tmp_path: Path) -> None:
    logs, state = tmp_path / "logs", tmp_path / "state"
    logs.mkdir()
    log = logs / "tk-maya.log"
    written: list[str] = []
    for kill in range(KILLS):
        with watching(logs, state) as process:
            assert process.stdout is not None
            written += write(log, range(len(written), len(written) + RECORDS_A_ROUND))
            # Each kill comes at another point of the work: after 1, 4, 7, … of its records.
            for _ in range(1 + 3 * kill):
                assert process.stdout.readline()
        # Nobody watches these; a log that rolls over in between is read all the same.
        written += write(log, range(len(written), len(written) + RECORDS_A_ROUND))
        if kill == KILLS // 2:
            log.rename(logs / "tk-maya.log.1")
    with watching(logs, state) as process:
        assert process.stdout is not None
        last = write(log, range(len(written), len(written) + 1))[0]
        written.append(last)
        while json.loads(process.stdout.readline())["message"] != last:
            pass
    found = all_occurrences(state)
    assert sorted(each.message for each in found) == sorted(written)
    assert all(each.record.endswith(f"ValueError: {each.message}") for each in found)
    (incident,) = Spool(state).incidents()
    assert (incident.title, incident.count) == ("ValueError: record 0", len(written))
