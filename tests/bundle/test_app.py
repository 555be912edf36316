"""What the app promises its host, where a real Toolkit would need to be broken to see it."""

import logging
import queue
import sys
from collections.abc import Iterator
from logging.handlers import QueueHandler
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Optional

import pytest


class Reporter:
    """A reporter that does what a test tells it."""

    def __init__(self, *, fails: bool = False, stops: bool = True) -> None:
        self.fails = fails
        self.stops = stops
        self.facts: list[dict[str, Any]] = []
        self.agent = SimpleNamespace(is_leader=lambda: True, failure=lambda: None)

    def start(self) -> None:
        if self.fails:
            raise OSError("the state folder is read-only")

    def stop(self) -> bool:
        if self.fails:
            raise OSError("the state folder is gone")
        return self.stops

    def set_context(self, **facts: Any) -> None:
        self.facts.append(facts)


class Context:
    """A context whose user may not be asked for: that is a question to the site."""

    entity = step = task = None

    def __init__(self) -> None:
        self.project: Optional[dict[str, Any]] = {"type": "Project", "id": 7, "name": "Project Seven"}

    @property
    def user(self) -> None:
        raise AssertionError("context.user asks the site")

    def __str__(self) -> str:
        raise AssertionError("str(context) may ask the site")


@pytest.fixture
def app(app_module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An app whose engine has come up; nothing is started yet."""
    sgtk: Any = sys.modules["sgtk"]
    log_file = logging.FileHandler(tmp_path / "tk-test.log", encoding="utf-8")
    sgtk.LogManager = lambda: SimpleNamespace(base_file_handler=log_file)
    sgtk.get_authenticated_user = lambda: SimpleNamespace(login="artist")
    app = app_module.IncidentReporter()
    app.logger = logging.getLogger("sgtk.env.project.tk-test.tk-incidentreporter")
    app.disk_location = str(tmp_path)
    app.context = Context()
    app.engine = SimpleNamespace(
        name="tk-test", version="v1", host_info={"name": "Test"}, register_command=lambda *_: None
    )
    app.version = "v0.1.0"
    app.sgtk = SimpleNamespace(
        version="v0.23.0", configuration_descriptor=SimpleNamespace(get_uri=lambda: "sgtk:descriptor:test")
    )
    app.get_setting = lambda _name: None
    app.create_hook_instance = lambda _expression: SimpleNamespace(before_ticket=print, environment=dict)
    propagate = logging.getLogger("tk_incident").propagate
    app.init_app()
    yield app
    app._log.detach()
    logging.getLogger("tk_incident").propagate = propagate
    log_file.close()


def use(monkeypatch: pytest.MonkeyPatch, reporter: Reporter) -> None:
    monkeypatch.setattr("tk_incident.Reporter", lambda _settings, **_further: reporter)


def test_it_starts_once_whatever_the_context_changes(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Toolkit calls post_engine_init again after every change of context."""
    reporter = Reporter()
    use(monkeypatch, reporter)
    app.post_engine_init()
    app.context.project = None
    app.post_context_change("old", "new")
    second = Reporter()
    use(monkeypatch, second)
    app.post_engine_init()
    assert not second.facts
    assert [(facts["user_login"], facts["project_id"]) for facts in reporter.facts] == [
        ("artist", 7),
        ("artist", None),
    ]
    assert reporter.facts[0]["environment"]["engine"]["name"] == "tk-test"
    assert reporter.facts[0]["environment"]["context"] == {"project": "Project Seven"}
    assert app.context_change_allowed


def test_the_hooks_of_the_settings_are_asked(
    app: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    given: dict[str, Any] = {}
    hook = SimpleNamespace(before_ticket=lambda values, delivery: values)

    def reporter(_settings: object, **further: Any) -> Reporter:
        given.update(further)
        return Reporter()

    monkeypatch.setattr("tk_incident.Reporter", reporter)
    app.create_hook_instance = lambda _expression: hook
    app.post_engine_init()
    assert given["before_ticket"] is hook.before_ticket
    assert given["environment"] is None, "one that cannot be had is gone without"
    assert ["goes without the hook environment" in record.message for record in caplog.records] == [True]


def test_a_failing_start_is_said_once_as_a_warning(
    app: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use(monkeypatch, Reporter(fails=True))
    app.post_engine_init()
    app.post_engine_init()
    expected = ("WARNING", "[tk-incident] OSError: the state folder is read-only")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [expected]


def test_what_fails_is_said_without_secrets(
    app: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **_further: object) -> None:
        raise RuntimeError("password=hunter2hunter2 \udcff")

    caplog.set_level(logging.INFO)
    app.create_hook_instance = broken
    monkeypatch.setattr("tk_incident.Reporter", broken)
    app.post_engine_init()
    # Without the package nothing here knows what a secret is.
    monkeypatch.setitem(sys.modules, "tk_incident", None)
    app._reporter = SimpleNamespace(stop=broken)
    app.destroy_app()
    app.log_status()
    *said, status = [record.getMessage() for record in caplog.records]
    assert said == [
        "[tk-incident] goes without the hook before_ticket: RuntimeError: password=[redacted:secret] ?",
        "[tk-incident] goes without the hook environment: RuntimeError: password=[redacted:secret] ?",
        "[tk-incident] RuntimeError: password=[redacted:secret] ?",
        "[tk-incident] RuntimeError",
    ]
    assert "hunter2" not in status


def test_no_module_for_this_host_is_a_warning_with_the_remedy(
    app: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "tk_incident", None)
    app.post_engine_init()
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "install the wheel" in record.getMessage()
    app.destroy_app()


def test_the_command_says_what_the_reporter_does(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    app.log_status()
    app._reporter = Reporter()
    app.log_status()
    app._reporter.agent.is_leader = lambda: False
    app.log_status()
    app._reporter.agent.failure = lambda: "the disk is full"
    app.log_status()
    assert [record.getMessage() for record in caplog.records] == [
        "[tk-incident] not running; never started",
        "[tk-incident] running",
        "[tk-incident] standing by: another reporter leads this log folder",
        "[tk-incident] ended: the disk is full",
    ]


def test_the_teardown_of_the_engine_goes_on(
    app: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception in destroy_app would end the engine's teardown."""
    app._reporter = Reporter(fails=True)
    app.destroy_app()
    app._reporter = Reporter(stops=False)
    app.destroy_app()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


def test_the_vendored_package_comes_first(
    app: Any, app_module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Reporter())
    monkeypatch.setattr(sys, "path", list(sys.path))
    app.post_engine_init()
    folder = app_module.vendored_folder(tmp_path)
    assert str(folder) not in sys.path
    folder.mkdir(parents=True)
    app._reporter = None
    app.post_engine_init()
    app._reporter = None
    app.post_engine_init()
    assert sys.path[0] == str(folder)
    assert sys.path.count(str(folder)) == 1


def test_the_packages_log_goes_to_toolkits_file_and_to_no_console(
    app: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Maya prints what its root logger gets; a thread that waits for the main one there is a deadlock."""
    # Not caplog, which also listens where nothing propagates.
    printed: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    console = QueueHandler(printed)
    logging.getLogger().addHandler(console)
    logging.getLogger("tk_incident").warning("[tk-incident] the site refuses us")
    assert (tmp_path / "tk-test.log").read_text(encoding="utf-8") == "[tk-incident] the site refuses us\n"
    app.destroy_app()
    logging.getLogger("tk_incident").warning("[tk-incident] too late")
    assert "too late" not in (tmp_path / "tk-test.log").read_text(encoding="utf-8")
    logging.getLogger().removeHandler(console)
    assert printed.empty()
    assert capsys.readouterr() == ("", "")


def test_without_a_log_file_the_engine_hands_on_what_the_package_logs(app: Any) -> None:
    """tk-desktop's project process has no file: its engine hands records to the site process."""
    sgtk: Any = sys.modules["sgtk"]
    sgtk.LogManager = lambda: SimpleNamespace(base_file_handler=None)
    handed: list[tuple[Any, ...]] = []
    app.engine.async_execute_in_main_thread = lambda *call: handed.append(call)
    logging.getLogger("tk_incident").warning("[tk-incident] the site refuses us")
    ((function, record),) = handed
    assert function == app.logger.handle
    assert record.getMessage() == "[tk-incident] the site refuses us"
