"""A scan finds what the logs hold, keeps nothing and sends nothing."""

import json
import re
from pathlib import Path

import pytest

import tk_incident
from tk_incident import ConfigError, Settings, scan
from tk_incident._core import Incident, Occurrence
from tk_incident.scanning import scan_stream

LOGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "toolkit-logs"
HEADER = re.compile(rb"^[0-9-]{10} [0-9:,]{12} \[[0-9]+ (ERROR|CRITICAL) ", re.MULTILINE)
LOG = """2026-11-22 10:00:00,000 [7 INFO sgtk.x] an ERROR in words only
2026-11-22 10:00:01,000 [7 ERROR sgtk.x] it broke
Traceback (most recent call last):
  File "tool.py", line 7, in publish
tank.errors.TankError: no such scene
2026-11-22 10:00:02,000 [8 ERROR sgtk.y] it broke elsewhere
Traceback (most recent call last):
  File "tool.py", line 9, in publish
tank.errors.TankError: no such scene
2026-11-22 10:00:03,000 [7 CRITICAL sgtk.x] disk is full
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tk-maya.log").write_text(LOG, encoding="utf-8")
    (tmp_path / "other.log").write_text(LOG, encoding="utf-8")
    return tmp_path


def test_a_folder_and_what_is_in_it(folder: Path) -> None:
    result = scan([folder])
    assert [(each.title, each.count) for each in result.incidents] == [
        ("TankError: no such scene", 2),
        ("disk is full", 1),
    ]
    assert [each.path.name for each in result.occurrences] == ["tk-maya.log"] * 3
    first = result.occurrences[0]
    assert first.record.endswith("tank.errors.TankError: no such scene")
    assert first.time == "2026-11-22T10:00:01.000"
    assert result.counters["matched"] == 3
    assert list(result.notes) == []


def test_threads_find_the_same_in_the_same_order(folder: Path) -> None:
    for number in range(20):
        (folder / f"tk-nuke{number}.log").write_text(LOG * (20 - number), encoding="utf-8")
    one, several = scan(folder), scan(folder, threads=3)
    assert [each.as_dict() for each in several.occurrences] == [each.as_dict() for each in one.occurrences]
    assert several.counters == one.counters
    with pytest.raises(ValueError, match="zero"):
        scan(folder, threads=0)


def test_an_occurrence_is_one_line_of_ascii_that_says_the_same(tmp_path: Path) -> None:
    log = tmp_path / "tk-größe.log"
    text = 'Größe "a\\b" 日本 \U0001f525\n\tcut\n'
    log.write_text(f"2026-11-22 10:00:00,000 [7 ERROR sgtk.x] {text}", encoding="utf-8")
    result = scan(log)
    dicts = [*map(Occurrence.as_dict, result.occurrences), *map(Incident.as_dict, result.incidents)]
    lines = [*map(Occurrence.as_json, result.occurrences), *map(Incident.as_json, result.incidents)]
    assert [json.loads(line) for line in lines] == dicts
    assert all(line.isascii() and "\n" not in line for line in lines)
    assert "日本 \U0001f525" in result.occurrences[0].message


def test_one_path_needs_no_list(folder: Path) -> None:
    for path in (folder / "other.log", str(folder / "other.log")):
        assert len(scan(path).occurrences) == 3


def test_settings_of_records_and_rules_count(folder: Path) -> None:
    result = scan(folder, settings=Settings(levels=("CRITICAL",), keywords=("words only",)))
    assert [each.level for each in result.occurrences] == ["INFO", "CRITICAL"]
    with pytest.raises(ConfigError, match="include_patterns"):
        scan(folder, settings=Settings(include_patterns=("(",)))


def test_what_cannot_be_read_is_noted_and_the_rest_is_read(folder: Path) -> None:
    result = scan([folder / "missing.log", folder])
    assert len(result.occurrences) == 3
    (note,) = result.notes
    assert "missing.log" in note.text


def test_nothing_to_read_is_a_result(tmp_path: Path) -> None:
    (tmp_path / "tk-maya.log").touch()
    result = scan(tmp_path)
    assert (list(result.incidents), list(result.occurrences)) == ([], [])


def test_progress_reaches_the_end(folder: Path) -> None:
    steps = list(scan_stream(folder))
    assert steps[-1].bytes_done == steps[-1].bytes_total == len(LOG)
    assert list(steps[-1].occurrences) == []
    assert sum(len(step.occurrences) for step in steps) == 3
    assert [each.count for each in steps[-1].incidents()] == [2, 1]


@pytest.mark.skipif(not LOGS.is_dir(), reason="the sample logs are not beside this checkout")
def test_real_logs_give_every_error_and_nothing_else() -> None:
    result = scan(LOGS)
    expected = sum(len(HEADER.findall(log.read_bytes())) for log in LOGS.glob("tk-*.log*"))
    assert expected > 0
    assert len(result.occurrences) == sum(each.count for each in result.incidents) == expected
    assert {each.level for each in result.occurrences} == {"ERROR", "CRITICAL"}


def test_one_problem_has_one_key_wherever_it_is_met() -> None:
    record = LOG[LOG.index("2026-11-22 10:00:01") : LOG.index("2026-11-22 10:00:02")]
    traceback = record.partition("\n")[2]
    key = tk_incident.signature_key(record)
    assert key == tk_incident.signature_key(traceback) == tk_incident.signature(record).key
    assert key != tk_incident.signature_key("disk is full")


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2hunter2",
        repr({"api_key": "hunter2^&hunter2", "n": 1}),
        json.dumps(json.dumps({"session_token": 'a"hunter2'})),
        "['tool', '--script-key', 'hunter2']",
        "https://hunter2:hunter2@host/x",
        "Authorization: Basic aHVudGVyMjpodW50ZXIy hunter2",
        r"C:\Users\hunter2\x and /home/hunter2/x and hunter2@studio.example",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    redacted = tk_incident.redact(text)
    assert "hunter2" not in redacted
    assert tk_incident.redact(redacted) == redacted


def test_a_studio_adds_secrets_of_its_own(tmp_path: Path) -> None:
    log = tmp_path / "tk-maya.log"
    log.write_text("2026-11-22 10:00:01,000 [7 ERROR sgtk.x] no licence for PRJ-4711\n", encoding="utf-8")
    (found,) = scan(log, settings=Settings(redact_patterns=(r"PRJ-\d+",))).occurrences
    assert found.message == "no licence for [redacted:studio]"
