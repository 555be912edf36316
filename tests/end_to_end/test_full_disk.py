"""A full disk is said, and nothing that was found is lost: it is kept as soon as there is room."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tk_incident import Reporter, Settings

# A small disk of one's own needs Linux's mount namespaces; docs/testing.md says so.
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a mount namespace")

SMALL = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"'
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


@contextmanager
def watching(logs: Path, state: Path, *, mount: str, at: Path) -> Iterator["subprocess.Popen[str]"]:
    """A reporter that sees a folder as a disk of its own."""
    unshare = shutil.which("unshare")
    assert unshare, "util-linux's unshare makes the small disk"
    namespace = ["--mount"] if os.getuid() == 0 else ["--user", "--map-root-user", "--mount"]
    folders = ["--logs", str(logs), "--state", str(state)]
    watch = ["-m", "tk_incident", "watch", *folders, "--no-deliver", "--json"]
    process = subprocess.Popen(
        [unshare, *namespace, "sh", "-c", mount, str(at), sys.executable, *watch],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


def wait_for(process: "subprocess.Popen[str]", words: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it never said: {words}")


def fill(path: Path) -> None:
    with pytest.raises(OSError) as refused, path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert refused.value.errno == errno.ENOSPC


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    logs, disk = tmp_path / "logs", tmp_path / "disk"
    logs.mkdir()
    disk.mkdir()
    with watching(logs, disk, mount=SMALL, at=disk) as process:
        assert process.stdout is not None
        wait_for(process, "leading")
        ballast = Path(f"/proc/{process.pid}/root{disk}/ballast")
        fill(ballast)
        messages = [f"problem {number} {'x' * 5000}" for number in range(20)]
        with (logs / "tk-maya.log").open("w", encoding="utf-8") as log:
            for message in messages:
                log.write(f"2026-11-22 00:21:30,207 [7 ERROR sgtk.env] {message}\n")
        said = wait_for(process, "no space left")
        assert str(disk) in said
        assert "free some disk space" in said
        ballast.unlink()
        found = [json.loads(process.stdout.readline())["message"] for _ in messages]
    assert found == messages


@pytest.mark.parametrize(
    ("which", "words"), [("state", "check the folder"), ("logs", "check that the log folder may be written")]
)
def test_a_folder_that_is_read_only_is_named(which: str, words: str, tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("logs", "state")}
    for folder in folders.values():
        folder.mkdir()
    with watching(folders["logs"], folders["state"], mount=READ_ONLY, at=folders[which]) as process:
        said = wait_for(process, words)
        assert process.wait() == 1
    assert str(folders[which]) in said


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings(log_folder=tmp_path, state_folder=tmp_path / "file" / "state", deliver=False)
    with pytest.raises(OSError, match=r"cannot use the state folder: .*file/state.*set state_folder"):
        Reporter(settings).start()
