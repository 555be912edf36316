import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tk_incident._core import Spool
from tk_incident.cli import main

KEY = "TK_INCIDENT_TEST_KEY"
RECORD = "2026-11-22 00:21:30,207 [7 ERROR sgtk.env.project.tk-maya] {}\n"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


@contextmanager
def watching(logs: Path, state: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A watch; whoever gets it still has to wait until it leads."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tk_incident",
            "watch",
            "--logs",
            str(logs),
            "--state",
            str(state),
            *arguments,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        # Buffered as usual: a line that is not flushed must be missed.
        env={**os.environ, KEY: "a key", "PYTHONUNBUFFERED": ""},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def said(process: "subprocess.Popen[str]", text: str) -> str:
    """Wait for a line on standard error."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if text in line:
            return line
    raise AssertionError(f"{text!r} was never said: {seen}")


def printed(process: "subprocess.Popen[str]") -> str:
    """Wait for a line on standard output."""
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot ask a process to end in this way")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_prints_each_occurrence_and_ends_when_asked(number: int, logs: Path, tmp_path: Path) -> None:
    with watching(logs, tmp_path / "state", "--json") as process:
        said(process, "nothing is sent")
        said(process, "leading")
        with (logs / "tk-maya.log").open("a") as log:
            for word in ("one", "two"):
                log.write(RECORD.format(word))
                log.flush()
                assert json.loads(printed(process))["message"] == word
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")


def test_the_readable_form_is_one_line(logs: Path, tmp_path: Path) -> None:
    with watching(logs, tmp_path / "state", "--no-deliver") as process:
        said(process, "leading")
        (logs / "tk-maya.log").write_text(RECORD.format("first\nsecond \x1b[2J"))
        assert printed(process) == "2026-11-22 00:21:30  ERROR     tk-maya  first second \\x1b[2J\n"


def test_what_lay_there_at_the_first_start_is_old_news(logs: Path, tmp_path: Path) -> None:
    log = logs / "tk-maya.log"
    log.write_text(RECORD.format("old"))
    with watching(logs, tmp_path / "state", "--json") as process:
        said(process, "leading")
        with log.open("a") as file:
            file.write(RECORD.format("new"))
        assert json.loads(printed(process))["message"] == "new"


@pytest.mark.parametrize("drive", ["local", "network"])
def test_the_second_one_stands_by_and_takes_over(drive: str, logs: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    log = logs / "tk-maya.log"
    arguments = ("--json", "--state-drive", drive)
    with watching(logs, state, *arguments) as leader:
        said(leader, "leading")
        with watching(logs, state, *arguments) as other:
            said(other, "standing by")
            log.write_text(RECORD.format("while the first one leads"))
            assert "while the first" in printed(leader)
            assert "while the first" in printed(other)
            leader.kill()
            leader.wait()
            with log.open("a") as file:
                file.write(RECORD.format("after it was killed"))
            said(other, "leading")
            assert "after it was killed" in printed(other)
    assert [each.message for each in Spool(state).occurrences()] == [
        "while the first one leads",
        "after it was killed",
    ]


@pytest.mark.parametrize("drive", ["local", "network"])
def test_what_is_found_is_shown_while_it_leads_and_after_it_was_killed(
    drive: str, logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"

    def shown(command: str) -> list[dict[str, Any]]:
        assert main([command, "--state", str(state), "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    with watching(logs, state, "--json", "--state-drive", drive) as process:
        said(process, "leading")
        for word in ("one", "two"):
            with (logs / "tk-maya.log").open("a") as log:
                log.write(RECORD.format(word))
            printed(process)
        assert [each["message"] for each in shown("occurrences")] == ["one", "two"]
        assert [each["title"] for each in shown("incidents")] == ["one", "two"]
        (status,) = shown("status")
        assert (status["books"]["captured"], status["log_folders"][0]["has_leader"]) == (2, True)
        process.kill()
        process.wait()
    assert [each["message"] for each in shown("occurrences")] == ["one", "two"]
    assert shown("status")[0]["log_folders"][0]["has_leader"] is False


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--site", "http://127.0.0.1:1"], ["--script-name", "--api-key-env", "--no-deliver"]),
        (["--site", "http://127.0.0.1:1", "--script-name", "s"], ["--api-key-env"]),
        (
            [
                "--site",
                "http://127.0.0.1:1",
                "--script-name",
                "s",
                "--api-key-env",
                "TK_INCIDENT_NO_SUCH_KEY",
            ],
            ["TK_INCIDENT_NO_SUCH_KEY"],
        ),
        (["--site", "studio", "--script-name", "s", "--api-key-env", KEY], ["studio", "https://"]),
    ],
)
def test_a_site_needs_what_it_takes_to_get_in(
    arguments: list[str],
    names: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(KEY, "a key")
    assert main(["watch", "--logs", str(tmp_path), "--state", str(tmp_path / "state"), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tk-incident: ") and err.count("\n") == 1
    assert all(name in err for name in names)


def test_folders_that_cannot_be_used(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.touch()
    for log_folder, state_folder, culprit in (
        (tmp_path / "nowhere", tmp_path / "state", tmp_path / "nowhere"),
        (file, tmp_path / "state", file),
        (logs, file, file),
        (logs, file / "state", file / "state"),
    ):
        assert main(["watch", "--logs", str(log_folder), "--state", str(state_folder), "--json"]) == 1
        out, err = capsys.readouterr()
        last = err.splitlines()[-1]
        assert out == ""
        assert str(culprit) in last and "; " in last, "it has to name the folder and a remedy"
        assert "Traceback" not in err


def test_a_dead_site_and_a_wrong_key_cost_nothing_found(logs: Path, tmp_path: Path) -> None:
    sandbox = pytest.importorskip("tk_incident.sandbox")
    with sandbox.Sandbox(tmp_path / "data", api_key="the right key") as site:
        for name, url in (("dead", "http://127.0.0.1:9"), ("locked", site.url)):
            state = tmp_path / name
            access = ("--site", url, "--script-name", "script", "--api-key-env", KEY)
            with watching(logs, state, "--json", *access) as process:
                said(process, "leading")
                with (logs / "tk-maya.log").open("a") as log:
                    log.write(RECORD.format(name))
                assert json.loads(printed(process))["message"] == name
                assert url.partition("://")[2] in said(process, "127.0.0.1")
            (incident,) = Spool(state).incidents()
            assert (incident.title, incident.state) == (name, "waiting")
