"""``tk-incident explain``: what becomes of a text, and why two fall together or apart."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import tk_incident
from tk_incident.cli import main

HEADER = "2026-11-22 00:21:30,207 [7 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] "
RECORD = f"""{HEADER}could not publish
Traceback (most recent call last):
  File "/x/install/core/python/tank/platform/engine.py", line 10, in wrapper
    callback()
  File "P:\\x\\tk-multi-publish2\\v1.2.3\\hooks\\publish.py", line 3, in run
    load(path)
OSError: [Errno 28] No space left on device: '/x/y.ma'
"""


def written(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["explain", "--json", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    explanation: dict[str, Any] = json.loads(out)
    return explanation


def test_a_reader_sees_each_decision(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", written(tmp_path, "record.txt", RECORD)]) == 0
    out, _ = capsys.readouterr()
    for said in (
        "Dialect:     toolkit",
        "Reported:    yes: ERROR is one of levels",
        "tk-multi-publish2 (family tk-multi-publish2)",
        "Title:       OSError: [Errno 28] No space left on device: '/x/y.ma'",
        f"Key:         {tk_incident.signature_key(RECORD)}",
        "Toolkit's core, which runs before many problems",
        "tk-multi-publish2/hooks/publish  run       counts",
        "    OSError: Errno 28 No space left on device *.ma",
    ):
        assert said in out, out


def test_json_has_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explanation = explained(capsys, written(tmp_path, "record.txt", RECORD))
    assert explanation["comparison"] is None
    (text,) = explanation["texts"]
    assert text["key"] == tk_incident.signature_key(RECORD)
    assert text["former_keys"][0].startswith("v0-")
    assert [frame["is_kept"] for frame in text["frames"]] == [False, True]


def test_standard_input_is_a_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"just \xff this")))
    (text,) = explained(capsys)["texts"]
    assert text["title"] == "just \ufffd this"


def test_two_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = written(tmp_path, "one.txt", "API CRUD ERROR #5 for shot 12")
    other = written(tmp_path, "other.txt", "API CRUD ERROR #6 for shot 12")
    assert main(["explain", one, other]) == 0
    out, _ = capsys.readouterr()
    assert f"== {one}" in out
    assert 'apart: only the one has "message : API CRUD ERROR 5 for shot *"' in out
    same = written(tmp_path, "same.txt", "API CRUD ERROR #5 for shot 99")
    assert explained(capsys, one, same)["comparison"].startswith("together: both have")


def test_the_settings_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = written(
        tmp_path, "settings.toml", '[[signature_overrides]]\nkey = "disk"\ntext = "No space left"\n'
    )
    (text,) = explained(capsys, "--settings", settings, written(tmp_path, "record.txt", RECORD))["texts"]
    assert (text["kind"], text["normal_form"]) == ("override", "override disk")


def test_what_cannot_be_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = written(tmp_path, "a.txt", "a")
    assert main(["explain", text, text, text]) == 2
    assert main(["explain", "-", "-"]) == 2
    assert main(["explain", str(tmp_path / "missing.txt")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "one text, or two to compare" in err
    assert "missing.txt" in err
