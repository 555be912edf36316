import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

pytest.importorskip("tk_incident.sandbox")


def sandbox(*arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tk_incident", "sandbox", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        # Buffered as usual: a line that is not flushed must be missed.
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot ask a process to end in this way")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_says_where_it_is_and_ends_when_asked(number: int, tmp_path: Path) -> None:
    with sandbox("--port", 0, "--data", tmp_path / "data", "--json") as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            assert said["data"] == str(tmp_path / "data")
            with urlopen(said["url"], timeout=10) as page:
                assert page.status == 200
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
        assert (process.returncode, out, err) == (0, "", "")


def test_the_default_folder_is_toolkits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOTGUN_HOME", str(tmp_path))
    with sandbox("--port", 0, "--json") as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
        finally:
            process.kill()
    assert said["data"] == str(tmp_path / "data" / "tk-incident" / "sandbox")


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with sandbox("--port", port, "--data", tmp_path / "data", "--json") as process:
            out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert err.startswith(f"tk-incident: port {port} ") and err.count("\n") == 1


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with sandbox("--port", 0, "--data", file, "--json") as process:
        out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert str(file) in err and err.count("\n") == 1 and "Traceback" not in err


def test_plain_begins_a_site_without_the_reporters_fields(tmp_path: Path) -> None:
    shotgun = pytest.importorskip("shotgun_api3.shotgun")
    with sandbox("--port", 0, "--data", tmp_path / "data", "--plain", "--json") as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            handle = shotgun.Shotgun(url, script_name="test", api_key="any")
            fields = handle.schema_field_read("Ticket")
            handle.close()
        finally:
            process.kill()
    assert "title" in fields
    assert not [name for name in fields if name.startswith("sg_incident_")]


def test_plain_is_for_a_new_folder(tmp_path: Path) -> None:
    with sandbox("--port", 0, "--data", tmp_path / "data", "--json") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    with sandbox("--port", 0, "--data", tmp_path / "data", "--plain", "--json") as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert "give a new folder with --data" in err and err.count("\n") == 1
