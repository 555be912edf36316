"""A reporter files what it finds, and leaves the host alone whatever the site and the host do."""

import gc
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Optional

import pytest
from shotgun_api3.shotgun import Shotgun

from tk_incident import ConfigError, Reporter, Settings, TkIncidentError, _core
from tk_incident.courier import THREAD_NAME

# Longer than a site takes to show what it was told, and a failed delivery to be tried again.
DEADLINE_S = 25.0
ERROR = "2026-11-22 10:00:01,000 [7 ERROR sgtk.x] {0}\n"


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something that another process or thread does, and that gives no signal."""
    deadline = time.monotonic() + DEADLINE_S
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.02)


def couriers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == THREAD_NAME]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "logs").mkdir()
    return Settings(log_folder=tmp_path / "logs", state_folder=tmp_path / "state", user_login="artist")


@contextmanager
def following(settings: Settings, connect: Optional[Callable[[], Any]] = None) -> Iterator[Reporter]:
    """Run a reporter that has had its first look: what lies in the folder before that is old news."""
    with Reporter(settings, connect=connect) as reporter:
        wait_until(reporter.agent.is_caught_up)
        yield reporter


@pytest.fixture
def write(settings: Settings) -> Callable[[str], None]:
    """Append an error to a log of the folder."""

    def write(message: str) -> None:
        assert settings.log_folder is not None
        with (settings.log_folder / "tk-maya.log").open("a", encoding="utf-8") as log:
            log.write(ERROR.format(message))

    return write


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    wait_until(lambda: not couriers())


def never() -> None:
    raise ConnectionRefusedError


# Twice ten seconds are the site's.
@pytest.mark.timeout(90)
@pytest.mark.parametrize("fault", ["lost", "drop"])
def test_a_site_that_answers_nothing_and_shows_late_gets_one_ticket(
    fake_site: Any, settings: Settings, write: Callable[[str], None], fault: str
) -> None:
    """Two tickets are there that nobody was told of, or none: what the client can tell is the same."""
    fake_site.store.visible_after = 4
    fake_site.faults.append({"mode": fault, "match": "create", "count": 99})
    state = settings.state_folder
    assert state is not None

    def deliveries() -> list[dict[str, Any]]:
        return _core.Spool(state).deliveries()

    def connect() -> Any:
        return Shotgun(fake_site.url, script_name="script", api_key="key", connect=False)

    with following(settings, connect):
        write("it broke")
        wait_until(lambda: [each["attempts"] for each in deliveries()] == [1])
        assert deliveries()[0]["step"] == "creating"
        fake_site.faults.clear()
        wait_until(lambda: [each["step"] for each in deliveries()] == ["settling"])
        wait_until(lambda: not deliveries())
    tickets = fake_site.store.rows["Ticket"].values()
    assert len(tickets) == (2 if fault == "lost" else 1)
    (ticket,) = [each for each in tickets if each.get("sg_status_list") != "res"]
    assert len(ticket["attachments"]) == 1


def test_an_error_becomes_a_ticket(sandbox: Any, settings: Settings, write: Callable[[str], None]) -> None:
    with following(settings, sandbox.connect) as reporter:
        reporter.set_context(environment={"toolkit": {"tk-core": "v0.23.1"}})
        write("it broke")
        handle = sandbox.connect()
        wait_until(lambda: handle.find_one("Ticket", [["attachments", "is_not", None]]))
        assert settings.state_folder is not None
        spool = _core.Spool(settings.state_folder)
        wait_until(lambda: spool.incidents()[0].state == "delivered")
    fields = ["title", "description", "attachments", "sg_incident_count", "sg_incident_last_seen"]
    (ticket,) = handle.find("Ticket", [], fields)
    handle.close()
    assert ticket["title"] == "artist - it broke"
    assert ticket["description"].splitlines()[-1].startswith("incident-key: v1-")
    assert "toolkit.tk-core: v0.23.1" in ticket["description"]
    assert f"python.version: {sys.version.split()[0]}" in ticket["description"]
    assert ticket["sg_incident_count"] == 1
    expected = time.mktime((2026, 11, 22, 10, 0, 1, 0, 0, -1))
    assert ticket["sg_incident_last_seen"].timestamp() == expected
    assert len(ticket["attachments"]) == 1


def test_what_a_hook_wants_no_ticket_for_is_called_discarded(
    sandbox: Any, settings: Settings, write: Callable[[str], None]
) -> None:
    with Reporter(settings, connect=sandbox.connect, before_ticket=lambda *_: None) as reporter:
        wait_until(reporter.agent.is_caught_up)
        write("it broke")
        assert settings.state_folder is not None
        spool = _core.Spool(settings.state_folder)
        wait_until(lambda: [each.state for each in spool.incidents()] == ["discarded"])
        assert spool.status()["books"]["discarded"] == {"vetoed": 1}
    handle = sandbox.connect()
    assert handle.find("Ticket", []) == []
    handle.close()


def test_a_hook_that_fails_tells_no_secret(
    sandbox: Any, settings: Settings, write: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    def hook(*_: object) -> None:
        raise RuntimeError("password=hunter2hunter2 at \udcff")

    with Reporter(settings, connect=sandbox.connect, before_ticket=hook) as reporter:
        wait_until(reporter.agent.is_caught_up)
        write("it broke")
        assert settings.state_folder is not None
        spool = _core.Spool(settings.state_folder)
        wait_until(lambda: [each["attempts"] for each in spool.deliveries()] == [1])
        (delivery,) = spool.deliveries()
    assert "before_ticket failed: RuntimeError: password=" in delivery["last_error"]
    assert delivery["last_error"] in caplog.text
    assert "hunter2" not in caplog.text + delivery["last_error"]


def test_a_recurrence_raises_the_count(
    sandbox: Any, settings: Settings, write: Callable[[str], None]
) -> None:
    frequent = Settings(**{**vars(settings), "recurrence_interval_s": 1})
    handle = sandbox.connect()

    def count() -> Any:
        ticket = handle.find_one("Ticket", [], ["sg_incident_count"])
        return ticket and ticket["sg_incident_count"]

    with following(frequent, sandbox.connect):
        write("it broke")
        wait_until(lambda: count() == 1)
        write("it broke")
        wait_until(lambda: count() == 2)
    assert handle.find("Reply", []) == []
    handle.close()


def test_start_and_stop_may_be_repeated(settings: Settings) -> None:
    reporter = Reporter(settings, connect=never)
    assert not reporter.running
    assert reporter.stop()
    reporter.start()
    reporter.start()
    assert reporter.running
    assert len(couriers()) == 1
    assert reporter.stop()
    assert reporter.stop()
    assert not reporter.running
    assert couriers() == []
    with reporter:
        assert reporter.running
    assert couriers() == []


def test_a_dead_site_is_no_error_and_nothing_is_lost(
    settings: Settings, write: Callable[[str], None]
) -> None:
    with following(settings, never) as reporter:
        write("it broke")
        assert reporter.agent.wait_occurrences(0, int(DEADLINE_S * 1000))
    assert settings.state_folder is not None
    (incident,) = _core.Spool(settings.state_folder).incidents()
    assert (incident.state, incident.ticket, incident.users) == ("waiting", None, ["artist"])


def test_stopping_keeps_its_time_with_a_site_that_hangs(
    settings: Settings, write: Callable[[str], None]
) -> None:
    asked, answer = threading.Event(), threading.Event()

    def hang() -> None:
        asked.set()
        answer.wait(DEADLINE_S)
        raise ConnectionResetError

    reporter = Reporter(settings, connect=hang)
    reporter.start()
    wait_until(reporter.agent.is_caught_up)
    write("it broke")
    assert asked.wait(DEADLINE_S)
    began = time.monotonic()
    assert not reporter.stop(1.0)
    assert time.monotonic() - began < 1.0
    answer.set()


def test_nothing_is_sent_where_nothing_shall_be(settings: Settings, write: Callable[[str], None]) -> None:
    quiet = Settings(**{**vars(settings), "deliver": False})
    asked = threading.Event()
    with following(quiet, asked.set) as reporter:
        write("it broke")
        assert reporter.agent.wait_occurrences(0, int(DEADLINE_S * 1000))
    assert not asked.is_set()


def test_a_context_holds_for_what_comes(settings: Settings, write: Callable[[str], None]) -> None:
    quiet = Settings(**{**vars(settings), "deliver": False})
    with following(quiet) as reporter:
        write("first")
        assert reporter.agent.wait_occurrences(0, int(DEADLINE_S * 1000))
        reporter.set_context(user_login="other", project_id=7, environment={"unusual": Path("x")})
        last = reporter.agent.last_occurrence_id()
        write("second")
        assert reporter.agent.wait_occurrences(last, int(DEADLINE_S * 1000))
        reporter.set_context()
        last = reporter.agent.last_occurrence_id()
        write("third")
        assert reporter.agent.wait_occurrences(last, int(DEADLINE_S * 1000))
    assert settings.state_folder is not None
    users = [each.users for each in _core.Spool(settings.state_folder).incidents()]
    assert users == [["artist"], ["other"], ["artist"]]


SITE = {"site_url": "https://studio.invalid", "script_name": "script", "api_key_env": "TK_INCIDENT_TEST_KEY"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"site_url": None}, "site_url is not set"),
        ({"site_url": "studio.invalid"}, "site_url 'studio.invalid' is no address"),
        ({"site_url": "ftp://studio.invalid"}, "site_url"),
        ({"site_url": "https://"}, "site_url"),
        ({"site_url": "https://x:port"}, "site_url"),
        ({"site_url": "https://me:hunter2hunter2@x"}, "site_url holds credentials"),
        ({"site_url": "ftp://me:hunter2hunter2@x"}, "site_url"),
        ({"script_name": None}, "script_name is not set"),
        ({"api_key_env": None}, "api_key_env is not set"),
        ({"api_key_env": "TK_INCIDENT_NO_KEY"}, "TK_INCIDENT_NO_KEY"),
    ],
)
def test_a_site_that_cannot_be_used_is_said_before_anything_runs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], expected: str
) -> None:
    monkeypatch.setenv("TK_INCIDENT_TEST_KEY", "key")
    wrong = Settings.from_mapping({**json.loads(settings.to_json()), **SITE, **changes})
    reporter = Reporter(wrong)
    with pytest.raises(ConfigError) as caught:
        reporter.start()
    assert expected in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert not reporter.running
    assert couriers() == []
    assert settings.state_folder is not None
    assert not settings.state_folder.exists()


def test_the_client_is_an_extra(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TK_INCIDENT_TEST_KEY", "key")
    monkeypatch.setitem(sys.modules, "shotgun_api3", None)
    reporter = Reporter(Settings.from_mapping({**json.loads(settings.to_json()), **SITE}))
    with pytest.raises(ConfigError, match=r'pip install "tk-incident\[shotgrid\]"'):
        reporter.start()


def test_the_settings_name_a_site(
    fake_site: Any, settings: Settings, write: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TK_INCIDENT_TEST_KEY", "key")
    site = {**SITE, "site_url": fake_site.url}
    with following(Settings.from_mapping({**json.loads(settings.to_json()), **site})):
        write("it broke")
        wait_until(lambda: fake_site.store.rows.get("Ticket", {}).get(1, {}).get("attachments"))


def test_a_folder_that_cannot_be_used_is_said(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for wrong in ({"log_folder": tmp_path / "missing"}, {"state_folder": tmp_path / "file" / "state"}):
        reporter = Reporter(Settings(**{**vars(settings), **wrong}), connect=never)
        with pytest.raises((OSError, TkIncidentError)):
            reporter.start()
        assert not reporter.running
        assert couriers() == []


def test_a_reporter_that_is_forgotten_ends(settings: Settings) -> None:
    reporter = Reporter(settings, connect=never)
    reporter.start()
    (thread,) = couriers()
    gone = weakref.ref(reporter)
    del reporter
    gc.collect()
    assert gone() is None
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


@pytest.mark.parametrize("end", ["", "os._exit(0)", "sys.exit(0)", "del reporter"])
@pytest.mark.parametrize("site", ["refuse", "hang"])
def test_the_host_may_end_at_any_time(
    settings: Settings, write: Callable[[str], None], tmp_path: Path, end: str, site: str
) -> None:
    host = tmp_path / "host.py"
    host.write_text(
        textwrap.dedent(
            f"""
            import os, sys, threading, time
            from tk_incident import Reporter, Settings

            asked = threading.Event()

            def refuse():
                asked.set()
                raise ConnectionRefusedError

            def hang():
                asked.set()
                time.sleep(60)

            reporter = Reporter(Settings.from_file(sys.argv[1]), connect={site})
            reporter.start()
            while not reporter.agent.is_caught_up():
                time.sleep(0.01)
            print("started", flush=True)
            assert asked.wait(15)
            print(time.time(), flush=True)
            {end}
            """
        ),
        encoding="utf-8",
    )
    file = tmp_path / "tk-incident.toml"
    folders = {"log_folder": str(settings.log_folder), "state_folder": str(settings.state_folder)}
    file.write_text(
        "\n".join(f"{name} = {json.dumps(folder)}" for name, folder in folders.items()), encoding="utf-8"
    )
    command = [sys.executable, "-W", "error", str(host), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        write("it broke")
        ended_at = float(process.stdout.readline())
        _, errors = process.communicate(timeout=DEADLINE_S)
        took_s = time.time() - ended_at
    assert (process.returncode, errors) == (0, "")
    assert took_s < 2.0


def test_the_end_of_the_interpreter_stops_a_reporter(settings: Settings) -> None:
    # Handlers run last in, first out: this one looks after ours has run.
    code = textwrap.dedent(
        """
        import atexit, sys
        from pathlib import Path
        from tk_incident import Reporter, Settings

        folders = {"log_folder": Path(sys.argv[1]), "state_folder": Path(sys.argv[2])}
        reporter = Reporter(Settings(**folders), connect=lambda: None)
        atexit.register(lambda: print(reporter.running))
        reporter.start()
        """
    )
    command = [sys.executable, "-c", code, str(settings.log_folder), str(settings.state_folder)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")


def test_importing_starts_nothing_and_prints_nothing() -> None:
    code = "import threading, tk_incident; assert threading.active_count() == 1"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, check=False, env=dict(os.environ)
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
