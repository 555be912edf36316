import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

from tk_incident import Reporter, Settings
from tk_incident.cli import main
from tk_incident.cli.status import balance, is_balanced

RECORD = "2026-11-22 00:21:30,207 [7 ERROR sgtk.env.project.tk-maya] {}\n"
WAIT_MS = 20_000


@pytest.fixture
def reporter(tmp_path: Path) -> Iterator[Reporter]:
    """A running reporter that has found three occurrences of two problems."""
    logs = tmp_path / "logs"
    logs.mkdir()
    settings = Settings(log_folder=logs, state_folder=tmp_path / "state", deliver=False, user_login="artist")
    with Reporter(settings) as reporter:
        agent = reporter.agent
        while not agent.is_caught_up():
            assert agent.wait_occurrences(0, 10) == []
        with (logs / "tk-maya.log").open("a") as log:
            log.write("".join(RECORD.format(word) for word in ("one", "two", "one")))
        found = 0
        while found < 3:
            found = len(agent.wait_occurrences(0, WAIT_MS))
        yield reporter


def run_json(capsys: pytest.CaptureFixture[str], command: str, state: Path) -> list[dict[str, Any]]:
    assert main([command, "--state", str(state), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def run_text(capsys: pytest.CaptureFixture[str], command: str, state: Path) -> str:
    assert main([command, "--state", str(state)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.usefixtures("reporter")
def test_incidents_while_a_reporter_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state"
    incidents = run_json(capsys, "incidents", state)
    assert [(each["title"], each["count"], each["state"], each["users"]) for each in incidents] == [
        ("one", 2, "waiting", ["artist"]),
        ("two", 1, "waiting", ["artist"]),
    ]
    text = run_text(capsys, "incidents", state)
    assert re.search(r"^ +2  ERROR  one +tk-maya  .* waiting$", text, re.MULTILINE)
    assert text.endswith("2 incidents, 3 occurrences.\n")


@pytest.mark.usefixtures("reporter")
def test_occurrences_while_a_reporter_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state"
    occurrences = run_json(capsys, "occurrences", state)
    assert [each["message"] for each in occurrences] == ["one", "two", "one"]
    assert [each["offset"] for each in occurrences] == sorted(each["offset"] for each in occurrences)
    assert run_text(capsys, "occurrences", state).count("tk-maya.log") == 3


def test_status_with_and_without_a_reporter(
    reporter: Reporter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    (status,) = run_json(capsys, "status", state)
    assert [folder["has_leader"] for folder in status["log_folders"]] == [True]
    assert status["books"] == {
        "read": 3,
        "matched": 3,
        "not_matched": 0,
        "known": 0,
        "folded": 0,
        "kept": 3,
        "captured": 3,
        "delivered": 0,
        "waiting": 3,
        "discarded": {},
    }
    assert status["size"]["cap_bytes"] == 200 << 20
    assert 0 < status["size"]["used_bytes"] <= status["size"]["file_bytes"]
    text = run_text(capsys, "status", state)
    assert "a reporter leads" in text
    assert "Captured: 3 = 0 delivered + 3 waiting + 0 discarded\n" in text
    assert "MiB of 200 MiB (max_spool_mib)" in text
    assert reporter.stop()
    assert "no reporter runs" in run_text(capsys, "status", state)


def test_a_delivery_that_waits_is_shown_in_local_time(
    monkeypatch: pytest.MonkeyPatch, zone: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    zone("Asia/Tokyo")
    delivery = {
        "title": "TankError",
        "step": "attached",
        "ticket": 12,
        "untold": 1000,
        "attempts": 3,
        "next_try": "2126-11-22T16:09:07.25Z",
        "last_error": "no route",
    }
    folders = [{"path": "y", "has_leader": True}]
    status = {"spool": "x", "log_folders": folders, "files": [], "counters": {}, "deliveries": [delivery]}
    status["books"] = _BOOKS
    status["size"] = {"used_bytes": 0, "file_bytes": 0, "wal_bytes": 0, "cap_bytes": None}

    class SpoolStandIn:
        def __init__(self, _state: Path) -> None:
            pass

        def status(self) -> dict[str, Any]:
            return status

    monkeypatch.setattr("tk_incident.cli.status.Spool", SpoolStandIn)
    text = run_text(capsys, "status", Path("x"))
    row = r"^TankError +ticket 12 is told of 1,000 more +2126-11-23 01:09:07 +3 times  no route$"
    assert re.search(row, text, re.MULTILINE)
    folders[0]["has_leader"] = False
    assert "once a reporter runs" in run_text(capsys, "status", Path("x"))


def test_each_delivery_that_waits_says_what_comes_next(
    reporter: Reporter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    deliveries = run_json(capsys, "deliveries", state)
    assert [(each["title"], each["untold"], each["attempts"]) for each in deliveries] == [
        ("one", 2, 0),
        ("two", 1, 0),
    ]
    assert {each["step"] for each in deliveries} <= {"evidence", "pending"}
    text = run_text(capsys, "deliveries", state)
    first_step = r"^one +(its evidence is taken|a ticket is looked for, and made if there is none) "
    assert re.search(first_step, text, re.MULTILINE)
    assert text.endswith("2 deliveries wait.\n")
    assert reporter.stop()
    assert "once a reporter runs" in run_text(capsys, "deliveries", state)


_BOOKS = {
    "read": 9,
    "matched": 7,
    "not_matched": 2,
    "known": 3,
    "captured": 4,
    "delivered": 1,
    "waiting": 2,
    "discarded": {"too_old": 1},
    "kept": 3,
    "folded": 1,
}


@pytest.mark.parametrize(
    "name", ["read", "matched", "not_matched", "known", "captured", "delivered", "waiting", "kept", "folded"]
)
def test_books_that_do_not_add_up_are_said(name: str) -> None:
    assert is_balanced(_BOOKS)
    assert balance(_BOOKS) == [
        "Read:     9 records = 7 matched + 2 not",
        "Captured: 4 (and 3 known before) = 1 delivered + 2 waiting + 1 discarded (1 too old)",
        "Kept:     3 occurrences + 1 folded into counts",
    ]
    books = {**_BOOKS, name: 100}
    assert not is_balanced(books)
    assert balance(books)[-1].startswith("THIS DOES NOT ADD UP")


@pytest.mark.parametrize("command", ["incidents", "occurrences", "status"])
def test_a_spool_that_is_none(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "spool.sqlite").write_bytes(b"this is no database" * 100)
    file = tmp_path / "file"
    file.touch()
    for state in (tmp_path, tmp_path / "nowhere", file, damaged):
        assert main([command, "--state", str(state), "--json"]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("tk-incident: ") and err.count("\n") == 1
        assert str(state) in err and "; " in err, "it has to name the folder and a remedy"
