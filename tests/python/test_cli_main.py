import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from tk_incident import __version__
from tk_incident.cli import main

COMMANDS = ["demo", "scan", "watch", "incidents", "occurrences", "status", "setup-site", "sandbox"]
RECORD = "2026-11-22 00:21:30,207 [7 ERROR sgtk.env.project.tk-maya] record {}\n"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(command in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_json(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tk-incident {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such-command"],
        ["scan"],
        ["scan", "x", "--no-such-option"],
        ["watch", "--logs", "x"],
        ["status"],
        ["sandbox", "--port", "70000"],
        ["sandbox", "--port", "x"],
        ["demo", "--seconds", "0"],
        ["demo", "--seconds", "nan"],
        ["demo", "--seconds", "soon"],
    ],
)
def test_wrong_usage_is_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage: tk-incident" in err


def test_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tk_incident", "--version"], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == f"tk-incident {__version__}\n"
    assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no broken pipes of this kind")
@pytest.mark.parametrize("form", [["--json", "--occurrences"], ["--occurrences"]])
def test_a_reader_that_goes_ends_it_quietly(form: list[str], tmp_path: Path) -> None:
    log = tmp_path / "tk-maya.log"
    log.write_text("".join(RECORD.format(number) for number in range(20_000)))
    process = subprocess.Popen(
        [sys.executable, "-m", "tk_incident", "scan", str(log), *form],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    _, err = process.communicate(timeout=20)
    assert err == b""
    assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_is_said(tmp_path: Path) -> None:
    log = tmp_path / "tk-maya.log"
    log.write_text(RECORD.format(1))
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tk_incident", "scan", str(log), "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            encoding="utf-8",
        )
    assert done.returncode == 1
    assert (
        done.stderr == "tk-incident: standard output: No space left on device; send the results elsewhere\n"
    )


def test_ctrl_c_is_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_arguments: object, **_options: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("tk_incident.cli.scan.scan_stream", interrupt)
    assert main(["scan", str(tmp_path)]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("idle_flsh_ms = 1", ["idle_flsh_ms", "idle_flush_ms"]),
        ('include_patterns = ["fine", "(broken"]', ["include_patterns", "(broken"]),
        ("idle_flush_ms = 1", ["idle_flush_ms", "between"]),
        ('levels = ["LOUD"]', ["levels"]),
        ("not toml at all", ["TOML"]),
        (None, ["cannot read the settings"]),
    ],
)
@pytest.mark.parametrize("command", ["scan", "watch"])
def test_wrong_settings_are_named(
    command: str,
    settings: "str | None",
    said: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "tk-incident.toml"
    if settings is not None:
        file.write_text(settings)
    where = {"scan": [str(tmp_path)], "watch": ["--logs", str(tmp_path), "--state", str(tmp_path / "state")]}
    assert main([command, *where[command], "--settings", str(file), "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tk-incident: ") and err.count("\n") == 1
    assert all(word in err for word in [*said, str(file)])
