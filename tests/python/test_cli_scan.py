import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tk_incident.cli import main

LOGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "toolkit-logs"
TRACEBACK = """Traceback (most recent call last):
  File "/studio/tool.py", line 7, in publish
    publish(scene)
tank.errors.TankError: no such scene
"""
OCCURRENCE = {
    *("signature", "title", "level", "engine", "logger", "pid", "time", "path", "offset", "length"),
    *("message", "exception", "context_id", "request_id", "record"),
}
INCIDENT = {
    *("signature", "title", "level", "engines", "count", "first_seen", "last_seen"),
    *("exception", "message", "users", "state", "ticket"),
}


def record(level: str, message: str, second: int = 30) -> str:
    return f"2026-11-22 00:21:{second:02},207 [7 {level} sgtk.env.project.tk-maya] {message}\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "logs" / "tk-maya.log"
    file.parent.mkdir()
    file.write_text(
        record("INFO", "an ERROR in the text is none")
        + record("ERROR", "it broke", 31)
        + TRACEBACK
        + record("WARNING", "careful")
        + record("CRITICAL", "Größe\n  second line", 33)
        + record("ERROR", "it broke again", 34)
        + TRACEBACK,
        encoding="utf-8",
    )
    return file


def scan_json(
    capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0
) -> tuple[list[dict[str, Any]], str]:
    assert main(["scan", "--json", *map(str, arguments)]) == code
    out, err = capsys.readouterr()
    return [json.loads(line) for line in out.splitlines()], err


def test_incidents_are_the_default(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    incidents, err = scan_json(capsys, log)
    assert err == ""
    assert [(each["title"], each["count"], each["level"]) for each in incidents] == [
        ("TankError: no such scene", 2, "ERROR"),
        ("Größe second line", 1, "CRITICAL"),
    ]
    assert set(incidents[0]) == INCIDENT
    assert incidents[0]["engines"] == ["tk-maya"]
    assert incidents[0]["state"] == "found" and incidents[0]["ticket"] is None


def test_occurrences_have_their_address_and_traceback(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    occurrences, err = scan_json(capsys, log.parent, "--occurrences")
    assert err == ""
    assert [each["message"].splitlines()[0] for each in occurrences] == [
        "it broke",
        "Größe",
        "it broke again",
    ]
    assert set(occurrences[0]) == OCCURRENCE
    content = log.read_bytes()
    for each in occurrences:
        piece = content[each["offset"] : each["offset"] + each["length"]].decode("utf-8")
        assert piece.rstrip("\n") == each["record"].rstrip("\n")
        assert each["path"] == str(log)
    assert TRACEBACK.strip() in occurrences[0]["record"]
    assert occurrences[0]["exception"] == "tank.errors.TankError"


def test_the_readable_form_says_what_was_read(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(log)]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert re.match(r"count +level +title +engines +first seen +last seen", lines[0])
    assert re.match(
        r" +2 +ERROR +TankError: no such scene +tk-maya +2026-11-22 00:21:31 +2026-11-22 00:21:34", lines[2]
    )
    assert re.fullmatch(r"3 records matched in [0-9,]+ bytes\.", lines[-1])
    assert err == ""


def test_settings_count(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "tk-incident.toml"
    settings.write_text('levels = ["WARNING"]\nexclude_patterns = ["nothing"]\n')
    incidents, _ = scan_json(capsys, log, "--settings", settings)
    assert [each["title"] for each in incidents] == ["careful"]


@pytest.mark.parametrize("form", [[], ["--occurrences"], ["--json"]])
def test_what_cannot_be_read_costs_nothing_else(
    form: list[str], log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, below_a_file = tmp_path / "nowhere", log / "tk-nuke.log"
    assert main(["scan", str(missing), str(log), str(below_a_file), *form]) == 1
    out, err = capsys.readouterr()
    assert "TankError" in out
    notes = err.splitlines()
    assert len(notes) == 2
    for note, path in zip(notes, (missing, below_a_file)):
        assert note.startswith(f"tk-incident: {path}")
        assert ";" in note, "it has to name a remedy"


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege there")
def test_a_folder_with_what_is_no_log(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (log.parent / "tk-gone.log").symlink_to(log.parent / "nowhere")
    (log.parent / "tk-folder.log").mkdir()
    incidents, err = scan_json(capsys, log.parent, code=1)
    assert len(incidents) == 2
    assert "tk-gone.log" in err and "tk-folder.log" in err


def test_an_empty_folder_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, err = scan_json(capsys, tmp_path)
    assert found == []
    assert str(tmp_path) in err


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(bytes(range(256)) * 50, id="binary"),
        pytest.param(b"\0" * 10_000, id="nul"),
        pytest.param(b"\xff\xfe\x80 invalid UTF-8 \xc3\x28\n" * 50, id="invalid UTF-8"),
        pytest.param(b"\x1b[2J\x1b]0;owned\x07\n", id="escape sequences"),
        pytest.param(b"x" * 5_000_000 + b"\n", id="a line of 5 MB"),
        pytest.param(
            b"2026-11-22 00:21:30,207 [7 ERROR sgtk.x] " + b"y" * 3_000_000 + b"\n", id="a record of 3 MB"
        ),
    ],
)
def test_garbage_hides_nothing(garbage: bytes, tmp_path: Path) -> None:
    log = tmp_path / "tk-maya.log"
    before, after = record("ERROR", "before").encode(), record("ERROR", "after").encode()
    log.write_bytes(garbage + b"\n" + before + garbage + b"\n" + after)
    done = subprocess.run(
        [sys.executable, "-m", "tk_incident", "scan", str(log), "--json", "--occurrences"],
        capture_output=True,
        check=False,
        timeout=25,
    )
    assert done.returncode == 0
    assert done.stderr == b""
    messages = [json.loads(line)["message"] for line in done.stdout.splitlines()]
    kept = [each.splitlines()[0] for each in messages if each.startswith(("before", "after"))]
    assert kept == ["before", "after"]
    assert max(map(len, messages)) < 1_100_000
    shown = subprocess.run(
        [sys.executable, "-m", "tk_incident", "scan", str(log)],
        capture_output=True,
        check=False,
        timeout=25,
    )
    assert shown.returncode == 0
    assert not {0, 7, 0x1B} & set(shown.stdout)


class Page(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, "str | None"]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_report_is_whole_and_harmless(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with log.open("a") as file:
        file.write(record("ERROR", "<script>alert(1)</script> & \x1b[2J <img src=x onerror=alert(1)>"))
    report = tmp_path / "report.html"
    report.write_text("an older one")
    incidents, err = scan_json(capsys, log, "--report", report)
    assert str(report) in err
    page = Page(report.read_text(encoding="utf-8"))
    assert len(incidents) == page.tags.count("details") == 3
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert page.links == []
    assert "<script>alert(1)</script>" in page.text
    assert TRACEBACK.strip() in page.text
    assert "\x1b" not in page.text
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["report.html"]


def test_a_report_that_cannot_be_written(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for target in (log.parent, tmp_path / "nowhere" / "report.html"):
        incidents, err = scan_json(capsys, log, "--report", target, code=1)
        assert len(incidents) == 2, "what was found is printed all the same"
        assert err.startswith(f"tk-incident: {target}: ")
    assert [each.name for each in tmp_path.iterdir()] == ["logs"]


@pytest.mark.skipif(not LOGS.is_dir(), reason="the sample logs are not beside this checkout")
def test_the_sample_logs_are_found_to_the_last_record(capsys: pytest.CaptureFixture[str]) -> None:
    header = re.compile(rb"^[0-9-]{10} [0-9:,]{12} \[[0-9]+ (?:ERROR|CRITICAL) ", re.MULTILINE)
    written = {
        (str(file), found.start()) for file in LOGS.iterdir() for found in header.finditer(file.read_bytes())
    }
    occurrences, err = scan_json(capsys, LOGS, "--occurrences")
    assert err == ""
    assert {(each["path"], each["offset"]) for each in occurrences} == written
    assert len(occurrences) == len(written) == 27
    incidents, _ = scan_json(capsys, LOGS)
    assert sum(each["count"] for each in incidents) == 27
    assert len({each["title"] for each in incidents}) == len(incidents)
