"""Starting and ending the sandbox, and what it says when it cannot start."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tk_incident.errors import ConfigError
from tk_incident.sandbox import Sandbox, serve

SERVE = """
import sys
from pathlib import Path
from tk_incident.sandbox import serve
serve(Path(sys.argv[1]), on_ready=lambda url: print(url, flush=True))
print("ended", flush=True)
"""


@contextmanager
def served(data: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(data)], stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that asks a process to end")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_when_it_is_ready_and_ends_when_asked(tmp_path: Path, number: signal.Signals) -> None:
    with served(tmp_path) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        with urlopen(url, timeout=20) as page:
            assert page.status == 200
        process.send_signal(number)
        assert process.stdout.readline() == "ended\n"
        assert process.wait(20) == 0


def test_it_listens_on_the_loopback_interface_only(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as running:
        port = int(running.url.rpartition(":")[2])
        # Binding fails where somebody listens on all interfaces, and succeeds where only 127.0.0.1 is taken.
        with closing(socket.socket()) as other:
            other.bind(("127.0.0.2" if sys.platform == "linux" else "0.0.0.0", port))


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port} on 127.0.0.1 is taken: give another with --port"):
            serve(tmp_path, port, on_ready=lambda _url: None)


def test_a_port_that_cannot_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no port 70000"):
        serve(tmp_path, 70_000, on_ready=lambda _url: None)


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="give another with --data") as caught:
        serve(tmp_path / "file", on_ready=lambda _url: None)
    assert str(tmp_path / "file") in str(caught.value)


def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "sandbox.sqlite3"
    database.write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(ConfigError, match=r"sandbox.sqlite3 is not a database .*move it away"):
        serve(tmp_path, on_ready=lambda _url: None)
    assert database.read_bytes().startswith(b"this is not")


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigError, match="newer tk-incident"):
        serve(tmp_path, on_ready=lambda _url: None)


def test_it_can_be_started_again_on_its_port(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    for _ in range(2):
        sandbox.start()
        with urlopen(sandbox.url, timeout=20) as page:
            assert page.status == 200
        sandbox.stop()
        sandbox.stop()


def test_an_extra_that_is_missing_is_named(tmp_path: Path) -> None:
    without = "import sys; sys.modules['uvicorn'] = None; import tk_incident.sandbox"
    result = subprocess.run(
        [sys.executable, "-c", without], capture_output=True, text=True, timeout=25, check=False
    )
    assert result.returncode == 1
    assert 'ConfigError: the sandbox needs the extra: pip install "tk-incident[sandbox]"' in result.stderr
