import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from tk_incident import signature
from tk_incident.cli import main
from tk_incident.cli.child import Child
from tk_incident.cli.comparison import Problem, compare
from tk_incident.cli.plot import ENGINES, ROLLING_ENGINE, Entry, expected_title
from tk_incident.cli.rollover import SafeRotatingFileHandler
from tk_incident.cli.ticket_reader import FiledTicket
from tk_incident.errors import TkIncidentError

HEADER = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[\d+ ([A-Z]+) (.+?)\] ", re.MULTILINE)


def ticket(number: int = 1, title: str = "a - x", count: int = 2, fault: "str | None" = None) -> FiledTicket:
    return FiledTicket(number, title, count, fault)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_writer_says_what_stands_in_its_log(engine: str, tmp_path: Path) -> None:
    arguments = ["--engine", engine, "--logs", str(tmp_path), "--seconds", "0.01", "--user-login", "artist"]
    done = subprocess.run(
        [sys.executable, "-m", "tk_incident.cli.writer", *arguments],
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=25,
    )
    assert done.stderr == ""
    said = json.loads(done.stdout)
    logs = [tmp_path / f"{engine}.log.1", tmp_path / f"{engine}.log"]
    text = "".join(log.read_text(encoding="utf-8") for log in logs if log.exists())
    levels = [level for level, _ in HEADER.findall(text)]
    assert {level: levels.count(level) for level in set(levels)} == said["levels"]
    matching = said["levels"].get("ERROR", 0) + said["levels"].get("CRITICAL", 0)
    assert sum(said["problems"].values()) == matching > 0
    assert said["rollovers"] == (1 if engine == ROLLING_ENGINE else 0)
    assert logs[0].exists() == (engine == ROLLING_ENGINE)
    assert {entry.logger for entry in ENGINES[engine]} == {logger for _, logger in HEADER.findall(text)}


@pytest.mark.parametrize("entry", [entry for entries in ENGINES.values() for entry in entries])
def test_the_expected_title_is_what_the_core_makes_of_it(entry: Entry) -> None:
    error = None
    if entry.failure is not None:
        with pytest.raises(Exception) as raised:
            entry.failure()
        error = raised.value
    record = logging.LogRecord(entry.logger, entry.level, "", 0, entry.message, None, None)
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    text = logging.Formatter("%(asctime)s [%(process)d %(levelname)s %(name)s] %(message)s").format(record)
    assert expected_title("artist", entry.message, error) == f"artist - {signature(text).title}"


def test_the_plot_has_every_shape() -> None:
    entries = [entry for entries in ENGINES.values() for entry in entries]
    assert {entry.level for entry in entries} >= {
        logging.INFO,
        logging.WARNING,
        logging.ERROR,
        logging.CRITICAL,
    }
    assert any("ERROR" in entry.message and entry.level == logging.INFO for entry in entries)
    assert any("\n" in entry.message for entry in entries)
    assert any(not entry.message.isascii() for entry in entries)
    assert any(" " in entry.logger and "/" in entry.logger for entry in entries)
    assert any(entry.message.startswith("[PROXY] ") for entry in entries)
    assert any(len(entry.message) > 80 for entry in entries if entry.failure is None)


def test_a_log_that_cannot_be_renamed_is_not_rolled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Path, _target: object) -> NoReturn:
        raise PermissionError(13, "somebody holds it open")

    handler = SafeRotatingFileHandler(tmp_path / "tk-nuke.log")
    handler.maxBytes = 10
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        for number in range(3):
            handler.handle(logging.makeLogRecord({"msg": f"record number {number}"}))
    handler.handle(logging.makeLogRecord({"msg": "record number 3"}))
    handler.close()
    assert handler.rollovers == 0
    assert (tmp_path / "tk-nuke.log").read_text().splitlines() == [f"record number {n}" for n in range(4)]


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (Problem("a - x", 2, 2, [ticket()]), []),
        (Problem("a - x", 2, 1, [ticket()]), ["written 2, found 1"]),
        (Problem("a - x", 2, 2, []), ["0 tickets"]),
        (Problem("a - x", 2, 2, [ticket(1), ticket(2)]), ["2 tickets"]),
        (Problem("a - x", 2, 2, [ticket(count=1)]), ["told of 1"]),
        (Problem("a - x", 2, 2, [ticket(fault="it has no attachment")]), ["it has no attachment"]),
        (Problem("a - x", 0, 1, [ticket(count=1)]), ["written 0, found 1", "told of 1"]),
    ],
)
def test_every_difference_is_said(problem: Problem, said: list[str]) -> None:
    differences = problem.differences()
    assert len(differences) == len(said)
    assert all(part in difference for part, difference in zip(said, differences))


def test_a_ticket_that_nobody_wrote_for_shows_up() -> None:
    problems = compare({"a - x": 2}, [], [ticket(), ticket(2, "a - stray", 1)], "a")
    assert [(each.title, each.written, each.found, each.filed) for each in problems] == [
        ("a - x", 2, 0, 2),
        ("a - stray", 0, 0, 1),
    ]


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    arguments = ["scan", str(tmp_path), "--settings", str(tmp_path / "no.toml")]
    with (
        Child("sandbox", "tk_incident", arguments, tmp_path / "errors") as child,
        pytest.raises(TkIncidentError, match=r"sandbox failed: .*no\.toml"),
    ):
        child.answer(20)


def test_a_child_does_not_outlive_its_block(tmp_path: Path) -> None:
    arguments = ["--engine", "tk-maya", "--logs", str(tmp_path), "--seconds", "60", "--user-login", "artist"]
    with Child("writer", "tk_incident.cli.writer", arguments, tmp_path / "errors") as child:
        assert child.answer(0.01) is None
    with pytest.raises(TkIncidentError, match="writer failed"):
        child.answer(0)


def test_a_kept_folder_must_be_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "something").touch()
    assert main(["demo", "--keep", str(tmp_path), "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert str(tmp_path) in err
    assert main(["demo", "--keep", str(tmp_path / "something"), "--json"]) == 1
    assert "something" in capsys.readouterr().err
