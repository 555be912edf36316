"""The reporter: an agent that follows the logs, a courier that speaks to the site, and their life."""

import atexit
import functools
import getpass
import json
import threading
import time
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Optional

from tk_incident import _core
from tk_incident import environment as host
from tk_incident.courier import Courier
from tk_incident.enquiry import Enquiry
from tk_incident.settings import Settings

if TYPE_CHECKING:
    from tk_incident.sinks import Sink
    from tk_incident.sinks.values import BeforeTicket

# What is left of a time limit for what happens around the waiting itself.
_SLACK_S = 0.1
_EXIT_TIMEOUT_S = 1.5
# How much of the time to stop may go into deliveries that are due: the rest is for ending in order.
_DELIVERY_SHARE = 0.75


class Reporter:
    """Follows a log folder and files one ticket per problem, in threads of its own.

    It may be used from any thread, as a context manager too. One that is never stopped ends with the
    interpreter, and one that is forgotten ends by itself.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connect: Optional[Callable[[], Any]] = None,
        before_ticket: "Optional[BeforeTicket]" = None,
        environment: Optional[Callable[[], Mapping[str, Any]]] = None,
    ) -> None:
        """Take the settings; starts nothing. Raises ``ConfigError``.

        ``connect`` makes a Shotgun handle. It is called on the courier's thread, when there is something to
        deliver and again after an error. By default ``settings.site_url``, ``script_name`` and
        ``api_key_env`` say what to connect to.

        ``before_ticket`` is asked on the same thread about each new ticket: it returns the values, changed or
        not, or None for no ticket. ``environment`` is asked for further facts at the start and after each
        ``set_context``, on a thread of its own.
        """
        self._settings = settings
        self._connect = connect
        self._before_ticket = before_ticket
        self._enquiry = Enquiry(environment)
        self._lock = threading.Lock()
        # Asked once: the system may have to ask a server for it.
        self._fallback_login = settings.user_login or _process_login()
        self._facts = self._merged(None, None, None)
        self._courier: Optional[Courier] = None
        self._running = False
        self._at_exit: Optional[Callable[[], None]] = None
        self._at_collection: Optional[weakref.finalize[Any, Reporter]] = None
        self.agent = _core.Agent(settings.to_json())

    def start(self) -> None:
        """Start following and delivering; does nothing while it runs.

        Raises ``ConfigError`` before anything runs, ``SpoolError`` or ``OSError`` where the state or log
        folder cannot be used. A site that is down is no error: deliveries wait.
        """
        with self._lock:
            if self._running:
                return
            make_sink = self._checked_sink() if self._settings.deliver else None
            if self._courier is not None:
                # An agent that was stopped is not started again.
                self.agent = _core.Agent(self._settings.to_json())
            self.agent.set_facts(**self._facts)
            self.agent.start()
            self._enquire()
            courier = Courier(self.agent, make_sink)
            try:
                courier.start()
            except Exception:
                self.agent.stop(0)
                raise
            self._courier = courier
            self._running = True
            self._at_exit = functools.partial(_stop_at_exit, weakref.ref(self))
            atexit.register(self._at_exit)
            self._at_collection = weakref.finalize(self, _forget, self.agent, courier)
            self._at_collection.atexit = False

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Stop within ``timeout_s`` seconds; True if both threads have ended, or none was started.

        What is found and due is delivered first, as far as the time goes; the rest stays in the spool. A
        courier that hangs at the site is abandoned.
        """
        deadline = time.monotonic() + timeout_s - _SLACK_S
        with self._lock:
            courier = self._courier
            if courier is None:
                return True
            self._running = False
            if self._at_exit is not None:
                atexit.unregister(self._at_exit)
                self._at_exit = None
            if self._at_collection is not None:
                self._at_collection.detach()
                self._at_collection = None
            # In this order: what the agent wakes is a courier that knows that it shall end.
            courier.drain()
            self.agent.drain()
            # With the agent gone no outcome can be committed, and the next session looks it up.
            courier.wait((deadline - time.monotonic()) * _DELIVERY_SHARE)
            courier.request_stop()
            agent_ended = self.agent.stop(max(0, round((deadline - time.monotonic()) * 1000)))
            courier_ended = courier.stop(deadline - time.monotonic())
            return agent_ended and courier_ended

    def set_context(
        self,
        *,
        user_login: Optional[str] = None,
        project_id: Optional[int] = None,
        environment: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Say who works on what, for what is found from now on.

        It takes the place of all that was said before: what is None falls back to the settings, and a login
        that is not there either to that of the process. ``environment`` holds further facts for
        ``environment.json``, such as Toolkit's versions.
        """
        with self._lock:
            self._facts = self._merged(user_login, project_id, environment)
            self.agent.set_facts(**self._facts)
            self._enquire()

    @property
    def running(self) -> bool:
        """True between ``start`` and ``stop``."""
        return self._running

    def __enter__(self) -> "Reporter":
        self.start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.stop()

    def _checked_sink(self) -> "Callable[[], Sink]":
        """Return what makes the sink. Raises ``ConfigError`` where the settings name no site."""
        connect = self._connect
        if connect is None:
            from tk_incident.site import connector  # noqa: PLC0415  only for who has no handle

            connect = connector(self._settings)

        # Without a reference to this reporter: one that is forgotten ends.
        settings, before_ticket, folder = self._settings, self._before_ticket, self.agent.state_folder

        def make_sink() -> "Sink":
            # Half of what this package imports, and ssl, is for this alone: see Courier.
            from tk_incident.sinks.shotgrid import ShotGridSink  # noqa: PLC0415

            return ShotGridSink(connect, settings, before_ticket, folder)

        return make_sink

    def _enquire(self) -> None:
        """Ask the hook for further facts about what is told now; they come when they come."""
        facts, agent = self._facts, self.agent

        def take(further: Mapping[str, Any]) -> None:
            told = {**json.loads(facts["environment"]), **further}
            agent.set_facts(**{**facts, "environment": json.dumps(told, default=str)})

        self._enquiry.ask(take)

    def _merged(
        self,
        user_login: Optional[str],
        project_id: Optional[int],
        further: Optional[Mapping[str, Any]],
    ) -> dict[str, Any]:
        return {
            "user_login": user_login or self._fallback_login,
            "project_id": self._settings.project_id if project_id is None else project_id,
            "environment": json.dumps({**host.facts(), **(further or {})}, default=str),
        }


def _process_login() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        # A user id without a name, as in a container.
        return "unknown"


def _stop_at_exit(reporter: "weakref.ref[Reporter]") -> None:
    # A thread that comes back from the core while the interpreter goes down would take the process with it.
    alive = reporter()
    if alive is not None:
        alive.stop(_EXIT_TIMEOUT_S)


def _forget(agent: _core.Agent, courier: Courier) -> None:
    # This runs in whatever thread let go of the reporter: ask, and do not wait.
    courier.request_stop()
    agent.stop(0)
