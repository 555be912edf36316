"""The Toolkit app: hands Toolkit's settings and context to a reporter, starts it and stops it."""

import contextlib
import dataclasses
import functools
import logging
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

import sgtk

if TYPE_CHECKING:
    import tk_incident

MARK = "[tk-incident] "
REMEDY = (
    "Toolkit goes on without it. Use the release archive for this platform, which brings its own,"
    " or install the wheel tk-incident into this Python."
)

App = TypeVar("App", bound="IncidentReporter")


def guarded(method: Callable[[App], None]) -> Callable[..., None]:
    """Keep an error of ours from the host: an exception in ``destroy_app`` ends its whole teardown."""

    @functools.wraps(method)
    def call(app: App, *_contexts: object) -> None:
        try:
            method(app)
        except Exception as error:
            app.say_once(told(error))

    return call


def told(error: Exception) -> str:
    """Say an error without the secrets in its text; without its text where nothing can take them out."""
    text = redacted(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def redacted(text: str) -> str:
    """Take the secrets out of a text; nothing is left of it where nothing can."""
    package = sys.modules.get("tk_incident")
    if package is None:
        return ""
    try:
        # The core refuses lone surrogates.
        return str(package.redact(text.encode("utf-8", "replace").decode("utf-8")))
    except Exception:
        # Whatever is wrong with the package: this is asked by what guards the host.
        return ""


def _without_home(error: ImportError) -> str:
    """Say why the package cannot be loaded, which would else take the artist's name out of the paths."""
    return str(error).replace(str(Path.home()), "~")


def vendored_folder(app_folder: Path) -> Path:
    """Return where the release archive for this platform holds ``tk_incident``."""
    names = {"win32": "windows-x86_64", "darwin": "macos-universal2"}
    return app_folder / "vendor" / names.get(sys.platform, f"linux-{platform.machine()}")


class IncidentReporter(sgtk.platform.Application):  # type: ignore[misc]  # sgtk has no types
    """Runs one reporter for as long as the engine lives, through all changes of context."""

    def init_app(self) -> None:
        """Register the command; the reporter starts once the engine is up."""
        self._reporter: Optional[tk_incident.Reporter] = None
        self._log = ToolkitLog(self)
        self._said: set[str] = set()
        self.engine.register_command(
            "Incident Reporter: Status",
            self.log_status,
            {
                "short_name": "incident_reporter_status",
                "type": "context_menu",
                "description": "Write to the log what the incident reporter is doing.",
            },
        )
        self._log.attach()

    @guarded
    def post_engine_init(self) -> None:
        """Start the reporter. Toolkit calls this again after every change of context."""
        if self._reporter is None:
            self._start()

    @guarded
    def post_context_change(self) -> None:
        """Tell the reporter where the artist works now."""
        if self._reporter is not None:
            self._tell_facts(self._reporter)

    @guarded
    def destroy_app(self) -> None:
        """Stop the reporter; what it has found and not yet filed stays in its state folder."""
        reporter, self._reporter = self._reporter, None
        try:
            if reporter is not None and not reporter.stop():
                self.say_once("did not stop in time. Nothing is lost; its threads end with the process.")
        finally:
            self._log.detach()

    @property
    def context_change_allowed(self) -> bool:
        """True: Toolkit drops an app that says False without ``destroy_app``, and its threads with it."""
        return True

    @guarded
    def log_status(self) -> None:
        """Log one line that says what the reporter does."""
        self.logger.info("%s%s", MARK, self._status())

    def say_once(self, text: str) -> None:
        """Log ``text`` at WARNING unless it has been said: at ERROR it would become a ticket."""
        if text not in self._said:
            self._said.add(text)
            self.logger.warning("%s%s", MARK, text)

    def _status(self) -> str:
        if self._reporter is None:
            return "not running; " + ("; ".join(sorted(self._said)) or "never started")
        agent = self._reporter.agent
        failure = agent.failure()
        if failure is not None:
            return f"ended: {redacted(failure)}"
        return "running" if agent.is_leader() else "standing by: another reporter leads this log folder"

    def _start(self) -> None:
        folder = str(vendored_folder(Path(self.disk_location)))
        if Path(folder).is_dir() and folder not in sys.path:
            sys.path.insert(0, folder)
        try:
            # By its absolute name and not with import_module, which would load the native module again
            # under a new name at every start of an engine.
            import tk_incident  # noqa: PLC0415
        except ImportError as error:
            python = f"{sys.platform}, {platform.machine()}, Python {platform.python_version()}"
            self.say_once(f"not started: nothing that fits {python} ({_without_home(error)}). {REMEDY}")
            return
        names = [field.name for field in dataclasses.fields(tk_incident.Settings)]
        # None is what a setting gives that is not in the manifest, and means its default.
        settings = tk_incident.Settings.from_mapping({name: self.get_setting(name) for name in names})
        reporter = tk_incident.Reporter(
            settings,
            connect=self._connect,
            before_ticket=self._hook("before_ticket"),
            environment=self._hook("environment"),
        )
        self._tell_facts(reporter)
        reporter.start()
        self._reporter = reporter

    def _hook(self, name: str) -> Optional[Callable[..., Any]]:
        """Return the method of a hook that is called as the setting, or None where it cannot be loaded."""
        try:
            # Once, and here: its method is called on threads of the reporter.
            return getattr(self.create_hook_instance(self.get_setting(name)), name)  # type: ignore[no-any-return]
        except Exception as error:
            self.say_once(f"goes without the hook {name}: {told(error)}")
            return None

    def _tell_facts(self, reporter: "tk_incident.Reporter") -> None:
        # Neither context.user nor str(context): both may ask the site, on this thread, which is the host's
        # main one. A script user has no login: the reporter then takes that of the process.
        user = sgtk.get_authenticated_user()
        links = {kind: getattr(self.context, kind) for kind in ("project", "entity", "step", "task")}
        reporter.set_context(
            user_login=user.login if user else None,
            project_id=links["project"]["id"] if links["project"] else None,
            environment={
                "engine": {
                    "name": self.engine.name,
                    "version": self.engine.version,
                    "host": self.engine.host_info,
                },
                "toolkit": {
                    "core": self.sgtk.version,
                    "app": self.version,
                    "configuration": self.sgtk.configuration_descriptor.get_uri(),
                },
                "context": {kind: link["name"] for kind, link in links.items() if link},
            },
        )

    def _connect(self) -> Any:
        # On the courier's thread. Toolkit's own handle of a logged-in artist answers an expired session with
        # a login dialog, or a password prompt where there is no Qt. This one fails, and the courier tries
        # again later, with the session that the artist has by then.
        user = sgtk.get_authenticated_user()
        if user is None:  # a configuration from before there were users: its own script, nothing to expire
            return self.shotgun
        handle = user.create_sg_connection()
        if user.login is None:
            return handle
        from tank_vendor.shotgun_api3 import Shotgun  # noqa: PLC0415

        return Shotgun(
            user.host,
            session_token=handle.get_session_token(),
            http_proxy=user.http_proxy,
            connect=False,
        )


class ToolkitLog(logging.Handler):
    """Writes what the package logs to Toolkit's log file, and nowhere else.

    ``app.logger`` would also write to the engine's console. Where a console waits for the main thread, and
    the main thread for the thread that logs, that is a deadlock.
    """

    def __init__(self, app: IncidentReporter) -> None:
        super().__init__(logging.INFO)
        self._app = app
        self._source = logging.getLogger("tk_incident")

    def attach(self) -> None:
        """Take over the package's log: no handler of the host's root logger shall print it."""
        self._source.propagate = False
        self._source.addHandler(self)

    def detach(self) -> None:
        """Let go of it; what a late thread still says is dropped."""
        self._source.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; one that cannot be written is dropped, for there is nowhere left to say so."""
        with contextlib.suppress(Exception):
            self._write(record)

    def _write(self, record: logging.LogRecord) -> None:
        log_file = sgtk.LogManager().base_file_handler
        if log_file is None:
            # The project process of tk-desktop has none: its engine hands records to the site process.
            # This call waits for nobody.
            self._app.engine.async_execute_in_main_thread(self._app.logger.handle, record)
            return
        log_file.acquire()
        try:
            # Not log_file.emit: it may roll the file, and where that fails the core logs from inside, which
            # goes to the console.
            logging.FileHandler.emit(log_file, record)
        finally:
            log_file.release()
