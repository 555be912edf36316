"""A Shotgun handle whose waits end, whose answers are checked, and whose errors are ours."""

import contextlib
import functools
import shutil
import socket
import tempfile
import urllib.error
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Callable, Optional

from tk_incident.errors import DeliveryError
from tk_incident.pace import Pace
from tk_incident.sinks.faults import NOT_DATA, delivery_error

_TIMEOUT_S = 30
# Of each step of an upload, not of the whole: the rest of what is due waits for it.
_UPLOAD_TIMEOUT_S = 15
# A delivery that fails is tried again by the courier, which does not hold the connection meanwhile.
_RPC_ATTEMPTS = 2
_RPC_ATTEMPT_INTERVAL_MS = 500
_SECRETS = ("api_key", "session_token", "user_password", "auth_token", "proxy_pass", "authorization")

_UPLOAD = "upload-"

Row = dict[str, Any]


class Connection:
    """One connection, made and used by one thread. Calls raise ``DeliveryError``."""

    def __init__(self, handle: Any, pace: Pace, folder: Optional[Path] = None) -> None:
        """Take a handle of any copy of ``shotgun_api3``, and bound how long it waits. Changes are noted.

        Files lie in ``folder`` while they are uploaded, else in that of the system for temporary files.
        """
        self._handle = handle
        self._folder = folder
        _sweep(folder)
        self._pace = pace
        self._schemas: dict[str, Mapping[str, Any]] = {}
        config = handle.config
        self.site = f"{config.scheme}://{config.server}"
        self._secrets = [str(value) for name in _SECRETS if (value := getattr(config, name, None))]
        config.max_rpc_attempts = min(config.max_rpc_attempts, _RPC_ATTEMPTS)
        config.rpc_attempt_interval = min(config.rpc_attempt_interval, _RPC_ATTEMPT_INTERVAL_MS)
        if config.timeout_secs is None:
            config.timeout_secs = _TIMEOUT_S
            # An open connection keeps the timeout it was made with: none. The next call opens a new one.
            handle.close()
        self._uploading = _Uploading()
        _keep_openers(handle, self._uploading)

    def check(self) -> None:
        """Make sure that a site answers, before the client takes the page of a proxy for an old site."""
        if not isinstance(self._call(self._handle.info), dict):
            raise self._not_data()

    def find(
        self,
        entity_type: str,
        filters: Sequence[Any],
        fields: Sequence[str],
        *,
        limit: int,
        newest_first: bool = False,
    ) -> list[Row]:
        """Find entities, in order of their ids."""
        order = [{"field_name": "id", "direction": "desc" if newest_first else "asc"}]
        rows = self._call(
            self._handle.find, entity_type, list(filters), list(fields), order=order, limit=limit
        )
        if not isinstance(rows, list):
            raise self._not_data()
        return [self._row(row) for row in rows]

    def create(self, entity_type: str, values: Mapping[str, Any]) -> int:
        """Create an entity and return its id."""
        self._pace.note()
        return int(self._row(self._call(self._handle.create, entity_type, dict(values)))["id"])

    def update(self, entity_type: str, entity_id: int, values: Mapping[str, Any]) -> None:
        """Change fields of an entity."""
        self._pace.note()
        self._row(self._call(self._handle.update, entity_type, entity_id, dict(values)))

    def change(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Make several changes at once: all or none. ``requests`` are as the client's ``batch`` has them."""
        self._pace.note()
        rows = self._call(self._handle.batch, [dict(each) for each in requests])
        if not isinstance(rows, list):
            raise self._not_data()

    def upload(
        self, entity_type: str, entity_id: int, name: str, content: bytes, *, field_name: Optional[str]
    ) -> None:
        """Attach a file. Raises ``OSError``, too: the client wants it on a drive."""
        self._pace.note()
        # Not TemporaryDirectory: where the host ends in the middle of an upload, that warns on its console.
        folder = Path(tempfile.mkdtemp(prefix=_UPLOAD, dir=self._folder))
        try:
            path = folder / Path(name).name
            path.write_bytes(content)
            answer = self._call(
                self._handle.upload, entity_type, entity_id, str(path), field_name, display_name=path.name
            )
        except DeliveryError as error:
            # Files lie elsewhere than tickets, and those go on.
            error.is_outage = False
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if not isinstance(answer, int):
            raise self._not_data()

    def fields(self, entity_type: str) -> Mapping[str, Any]:
        """Return the schema of an entity type's fields by name, read once per connection."""
        if entity_type not in self._schemas:
            answer = self._call(self._handle.schema_field_read, entity_type)
            if not isinstance(answer, dict):
                raise self._not_data()
            self._schemas[entity_type] = answer
        return self._schemas[entity_type]

    def close(self) -> None:
        """Close the connection; the handle may open another one."""
        # It is not used again either way.
        with contextlib.suppress(DeliveryError):
            self._call(self._handle.close)

    def _call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise delivery_error(error, site=self.site, secrets=self._secrets) from error

    def _row(self, answer: object) -> Row:
        # The client hands the page of a proxy through as bytes (TOOLKIT.md).
        if isinstance(answer, dict) and isinstance(answer.get("id"), int):
            return answer
        raise self._not_data()

    def _not_data(self) -> DeliveryError:
        return DeliveryError(f"{self.site} {NOT_DATA}", is_outage=True)

    def interrupt(self) -> None:
        """Break off what is under way, from any thread: it fails at once, and the client may try again."""
        for connection in (*_open_connections(self._handle), self._uploading.connection):
            sock = getattr(connection, "sock", None)
            if isinstance(sock, socket.socket):
                with contextlib.suppress(OSError):
                    # Not its own method: that of a TLS socket changes what the other thread is working with.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _sweep(folder: Optional[Path]) -> None:
    """Remove what a host has left that was ended in the middle of an upload."""
    for left in folder.glob(f"{_UPLOAD}*") if folder is not None else ():
        shutil.rmtree(left, ignore_errors=True)


class _Uploading:
    """The connection of the upload that is under way; the last one, where none is."""

    connection: Any = None

    def do_open(
        self, do_open: Callable[..., Any], make: Callable[..., Any], request: Any, **more: Any
    ) -> Any:
        """Stand in for a handler's method, and keep what it connects with."""

        def made(*args: Any, **kwargs: Any) -> Any:
            self.connection = make(*args, **kwargs)
            return self.connection

        return do_open(made, request, **more)


def _open_connections(handle: Any) -> list[Any]:
    """Return the connections of the client's calls, as far as this version of it has them where we look."""
    http = getattr(handle, "_connection", None)
    return list(getattr(http, "connections", {}).values())


def _keep_openers(handle: Any, uploading: _Uploading) -> None:
    """Let the uploads of a handle share what opens their connections, and end their waits.

    The client makes it anew for each request of an upload, and each time loads all certificates: three times
    45 ms of the artist's processor per ticket, more than everything else together. Nor does it tell it its
    own timeout (TOOLKIT.md). It is the client's own business, so where a version of it has no such method,
    uploads stay as slow as they were, and one that stalls holds up the courier.
    """
    build = getattr(handle, "_build_opener", None)
    if not callable(build) or hasattr(build, "cache_info"):
        return

    @functools.lru_cache(maxsize=4)
    def kept(handler: Any) -> Any:
        opener = build(handler)
        timeout_s = min(handle.config.timeout_secs or _UPLOAD_TIMEOUT_S, _UPLOAD_TIMEOUT_S)
        opener.open = functools.partial(_open, opener.open, timeout=timeout_s)
        for each in opener.handlers:
            if hasattr(each, "do_open"):
                each.do_open = functools.partial(uploading.do_open, each.do_open)
        return opener

    handle._build_opener = kept


class _FormRefused(Exception):
    """An answer to a form of an upload that is an error; it has what ``delivery_error`` looks at."""

    def __init__(self, error: urllib.error.HTTPError) -> None:
        super().__init__(str(error))
        self.errcode = error.code
        self.headers = error.headers


def _open(open_: Callable[..., Any], request: Any, *args: Any, **kwargs: Any) -> Any:
    """Open a request of an upload. A storage that has taken a file says so with its tag.

    The client takes any answer without an error for that: also the page of a proxy, and then there is an
    empty file at the ticket. ``ValueError`` is what it raises itself where it is puzzled.
    """
    method = getattr(request, "get_method", str)()
    try:
        answer = open_(request, *args, **kwargs)
    except urllib.error.HTTPError as error:
        if method == "PUT":
            raise
        # The client takes it for a broken connection, and sends the form again, twice: but a gateway that
        # gives up says so of a site that may have done what it was asked for.
        error.close()
        raise _FormRefused(error) from None
    if method == "PUT" and not answer.headers.get("ETag"):
        answer.close()
        raise ValueError("the storage did not say that it has taken the file")
    return answer
