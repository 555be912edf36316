"""Running the sandbox: on a thread of its own, or until somebody ends it."""

from __future__ import annotations

import _thread
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from ..errors import ConfigError, InternalError

try:
    # Starlette needs it for forms, and says so only once the first one comes.
    import python_multipart  # noqa: F401
    import uvicorn

    from .app import make_app
except ModuleNotFoundError as error:
    raise ConfigError(
        f'the sandbox needs the extra: pip install "tk-incident[sandbox]" (Python 3.10 or later; {error})'
    ) from error

HOST = "127.0.0.1"
MAX_PORT = 65_535

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
# How long an answer that is under way may still take.
GRACE_S = 2
# The client silently posts again where a connection it kept has gone: keep it longer than a reporter pauses.
KEEP_ALIVE_S = 120
# How often the waiting main thread looks up, for the systems where a signal does not wake it.
POLL_S = 0.5


class Sandbox:
    """A sandbox on a thread of its own, for as long as the ``with`` block lasts."""

    def __init__(
        self, data: Path, port: int = 0, *, api_key: str | None = None, is_plain: bool = False
    ) -> None:
        """Keep tickets in ``data`` and listen on ``port`` of the loopback interface; 0 is any free port.

        With an ``api_key``, other keys are refused. A new site that is plain has none of the reporter's
        fields, as any site before ``setup-site``.
        """
        self.data = data
        self._is_plain = is_plain
        self._port = port
        self._api_key = api_key
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    @property
    def url(self) -> str:
        """Where it is, such as ``http://127.0.0.1:8642``."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Start; connections are accepted once this returns.

        Raises ``OSError`` where the port is taken or the folder cannot be used, ``ConfigError`` where either
        makes no sense.
        """
        listener = _listen(self._port)
        try:
            app = make_app(self.data, self._api_key, is_plain=self._is_plain)
        except BaseException:
            listener.close()
            raise
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,  # the host's logging is not ours to set up
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
        self._server = _Server(config)
        self._ended.clear()
        self._thread = threading.Thread(
            target=self._run, args=(self._server, listener), name="tk-incident-sandbox", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(START_TIMEOUT_S) or not self._server.started:
            self.stop()
            raise InternalError("the sandbox did not start; the log says more")

    def stop(self) -> None:
        """Stop; answers under way may still finish, for a short while. Does nothing if it is not running."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(STOP_TIMEOUT_S)
        self._server = self._thread = None

    def wait(self, timeout_s: float) -> bool:
        """Wait until it has ended by itself; False at the timeout."""
        return self._ended.wait(timeout_s)

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, server: _Server, listener: socket.socket) -> None:
        try:
            server.run(sockets=[listener])
        finally:
            listener.close()
            server.ready.set()
            self._ended.set()


def serve(data: Path, port: int = 0, *, is_plain: bool = False, on_ready: Callable[[str], None]) -> None:
    """Run a sandbox until SIGINT or SIGTERM; ``on_ready`` is given its URL once it accepts connections.

    Raises as :meth:`Sandbox.start` does.
    """
    with _asked_to_end() as asked, Sandbox(data, port, is_plain=is_plain) as sandbox:
        on_ready(sandbox.url)
        while not asked.is_set():
            if sandbox.wait(0):
                raise InternalError("the sandbox has ended by itself; the log says why")
            asked.wait(POLL_S)


class _Server(uvicorn.Server):
    """Tells when it accepts connections; uvicorn itself can only be asked again and again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


def _listen(port: int) -> socket.socket:
    if not 0 <= port <= MAX_PORT:
        raise ConfigError(
            f"there is no port {port}: give one from 0 (any free one) to {MAX_PORT} with --port"
        )
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        reason = "taken" if error.errno == errno.EADDRINUSE else f"not to be had ({error.strerror})"
        message = f"port {port} on {HOST} is {reason}: give another with --port, or 0 for any free one"
        raise OSError(error.errno, message) from error
    # What it accepts inherits this. asyncio does it by itself only for sockets that were made for TCP by
    # name; without it the second half of each answer waits 40 ms for the client's word that it has the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


@contextmanager
def _asked_to_end() -> Iterator[threading.Event]:
    asked = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> Any:
        # Not here: this interrupts the main thread, which may hold the event's lock.
        _thread.start_new_thread(asked.set, ())

    if threading.current_thread() is not threading.main_thread():
        # Python delivers signals to the main thread only.
        yield asked
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
