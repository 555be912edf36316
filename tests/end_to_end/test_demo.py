"""The demo is the product: what it says is checked against what it left behind."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tk_incident._core import Spool

sandbox = pytest.importorskip("tk_incident.sandbox")
shotgun = pytest.importorskip("shotgun_api3.shotgun")

DEMO = [sys.executable, "-m", "tk_incident", "demo"]


@pytest.mark.timeout(90)
def test_the_demo_agrees_with_itself_and_with_what_it_leaves(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    done = subprocess.run(
        [*DEMO, "--seconds", "2", "--json", "--keep", str(kept)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=80,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count("\n") == 1
    said = json.loads(done.stdout)
    assert said["agree"] is True and said["differences"] == []
    assert said["rollovers"] == 1
    assert (
        done.stderr == f"tk-incident: to look at the tickets: tk-incident sandbox --data {kept / 'sandbox'}\n"
    )
    written = {each["title"]: each["written"] for each in said["problems"]}
    assert sum(written.values()) == said["levels"]["ERROR"] + said["levels"]["CRITICAL"]
    assert {f"artist - {each.title}": each.count for each in Spool(kept / "state").incidents()} == written
    with sandbox.Sandbox(kept / "sandbox") as site:
        client = shotgun.Shotgun(site.url, script_name="test", api_key="any")
        rows = client.find("Ticket", [], ["title", "sg_incident_count", "attachments"])
        assert {row["title"]: row["sg_incident_count"] for row in rows} == written
        for row in rows:
            (attachment,) = row["attachments"]
            archive = zipfile.ZipFile(io.BytesIO(client.download_attachment(attachment)))
            assert {"incident.json", "environment.json", "record.txt", "context.log"} <= set(
                archive.namelist()
            )
            assert b"sgtk." in archive.read("record.txt")
        client.close()


@pytest.mark.timeout(60)
@pytest.mark.skipif(os.name == "nt", reason="Windows cannot ask a process to end in this way")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_leaves_nothing_behind(number: int, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [*DEMO, "--seconds", "50", "--keep", str(tmp_path / "kept")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "TMPDIR": str(scratch)},
        # Ctrl-C reaches the whole group.
        start_new_session=True,
    )
    try:
        log = tmp_path / "kept" / "logs" / "tk-maya.log"
        while not log.exists():
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.05)
    finally:
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "")
    # The group is empty once its last process is gone.
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.timeout(60)
@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo terminals of this kind")
def test_on_a_terminal_it_waits_for_enter() -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen([*DEMO, "--seconds", "0.5"], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while b"until you press Enter" not in shown:
            shown += os.read(ours, 4096)
        url = re.search(rb"The tickets: (http://127\.0\.0\.1:\d+)", shown)
        assert url is not None
        with urlopen(url.group(1).decode(), timeout=10) as page:
            assert page.status == 200
        assert process.poll() is None
        os.write(ours, b"\n")
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"are found and filed" in shown, "there has to be progress"
    with pytest.raises(URLError):
        urlopen(url.group(1).decode(), timeout=10)
