"""The toolkit harness's site, told to fail at a step; it remembers what it was asked for, and when."""

import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

HARNESS = Path(__file__).resolve().parents[3] / "shared" / "toolkit-harness"
NO_HARNESS = "the toolkit harness is not beside this checkout"
# What a studio may add to its tickets for the reporter; the harness's site has none of them.
FIELDS = {
    "sg_incident_key": "text",
    "sg_incident_count": "number",
    "sg_incident_counts": "text",
    "sg_incident_first_seen": "date_time",
    "sg_incident_last_seen": "date_time",
}
# A request is known by what it asks for: the method and the type of the entity, or the last part of a path.
UPLOADS = {
    "/upload/upload_file": "upload_file",
    "/upload/api_get_upload_link_info": "link_info",
    "/upload/api_link_file": "link_file",
}
STORAGE = "storage"
RESOLVE = "resolve Ticket"
# Each of these asks for one change of what the site holds; an upload by its first request.
CHANGES = ("create Ticket", "create Reply", "update Ticket", RESOLVE, "link_info", "upload_file")
# Modes that the site does not have by itself: the work is done, and the answer lost, also that of an upload;
# nothing is wrong; a part of the body is read.
LOST, ANSWERED, HALF = "lost", "answered", "half"
_BACKLOG = 256


@dataclass
class Fault:
    """What happens to the next ``count`` requests of a step, after ``skip`` of them."""

    step: str
    mode: str
    count: int = 1
    skip: int = 0
    seconds: float = 0
    retry_after_s: Optional[int] = None
    # Called in the moment of the fault: after the answer, or else before the connection breaks.
    then: Optional[Callable[[], object]] = None

    def __str__(self) -> str:
        more = "" if self.retry_after_s is None else f" retry-after {self.retry_after_s} s"
        return f"{self.mode}{more} x{self.count} on {self.step}"


@dataclass(frozen=True)
class Asked:
    """A request."""

    step: str
    # By a clock that never goes back.
    at_s: float


class Site:
    """A site on a free port of the loopback interface, for as long as the ``with`` block lasts."""

    def __init__(self, *, has_s3: bool = True, has_fields: bool = True, port: int = 0) -> None:
        self._fake = _harness().FakeSite(port=port, s3=has_s3)
        self._has_fields = has_fields
        self._schema = self._fake._schema
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._asked: list[Asked] = []
        # What went wrong in the site itself: a test that met it proves nothing.
        self.defects: list[str] = []
        self._fake._schema = self._schema_with_fields
        # The harness's handler is given the fault itself in place of what was asked for.
        self._fake.fault_for = lambda fault: fault
        server = self._fake.httpd
        server.RequestHandlerClass = _handler(server.RequestHandlerClass, self)
        server.handle_error = self._note_defect
        # Dozens of reporters come at once.
        server.socket.listen(_BACKLOG)

    def __enter__(self) -> "Site":
        self._fake.start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._fake.stop()

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._fake.url)

    @property
    def store(self) -> Any:
        """All that it holds."""
        return self._fake.store

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Return the entities of a type, the oldest first."""
        with self.store.lock:
            return [dict(row) for _, row in sorted(self.store.rows.get(kind, {}).items())]

    def blobs(self) -> dict[int, bytes]:
        """Return what was uploaded, by the attachment's id."""
        with self.store.lock:
            return dict(self.store.blobs)

    def changes(self) -> list[Asked]:
        """Return the requests that were to change something."""
        with self._lock:
            return [each for each in self._asked if each.step in CHANGES]

    def expect(self, *faults: Fault) -> None:
        """Let something happen to what is asked from now on."""
        with self._lock:
            self._faults += faults

    def forget(self, fault: Fault) -> None:
        """Let a fault happen no more."""
        with self._lock:
            self._faults.remove(fault)

    def failures_left(self) -> int:
        """Return how many failures have not happened yet."""
        with self._lock:
            return sum(each.count for each in self._faults)

    def note(self, step: str) -> None:
        """Note a request."""
        with self._lock:
            self._asked.append(Asked(step, time.monotonic()))

    def next_fault(self, step: str, *, half: bool) -> Optional[Fault]:
        """Take a fault for a request; ``half`` asks for those that come in the middle of its body."""
        with self._lock:
            for fault in self._faults:
                if fault.step != step or fault.count == 0 or (fault.mode == HALF) is not half:
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.count -= 1
                return fault
        return None

    def _schema_with_fields(self, method: str, parameters: Any) -> Any:
        schema = self._schema(method, parameters)
        if method == "schema_field_read" and self._has_fields and not parameters.get("field_name"):
            for name, data_type in FIELDS.items():
                schema[name] = {**schema["title"], "data_type": {"value": data_type, "editable": False}}
        return schema

    def _note_defect(self, _request: object, _address: object) -> None:
        # A client that was killed, or has given up, is nobody's defect.
        if not isinstance(sys.exc_info()[1], OSError):
            self.defects.append(traceback.format_exc())


def is_here() -> bool:
    """Whether there is a harness at all."""
    return HARNESS.is_dir()


def _harness() -> Any:
    if not is_here():
        raise RuntimeError(f"{NO_HARNESS}: {HARNESS}")
    if str(HARNESS) not in sys.path:
        sys.path.append(str(HARNESS))
        # It is another repository's folder.
        sys.dont_write_bytecode = True
    return import_module("fake_fptr")


def _step(what: str, body: Optional[bytes]) -> str:
    if what.startswith("/storage/"):
        return STORAGE
    if what.startswith("/"):
        return UPLOADS.get(what, what)
    call = json.loads(body or b"{}")
    parameters = call.get("params") or [{}]
    if what == "batch":
        return _step_of_all(parameters[-1])
    given = parameters[-1] if isinstance(parameters[-1], dict) else {}
    return f"{what} {given['type']}" if what in ("read", "create", "update") else what


def _step_of_all(requests: Sequence[Mapping[str, Any]]) -> str:
    """Several changes at once are one step: a ticket is resolved, or told, with a note or without."""
    updates = [each for each in requests if each["request_type"] == "update"]
    values = [(each["field_name"], each["value"]) for update in updates for each in update["fields"]]
    if ("sg_status_list", "res") in values:
        return RESOLVE
    return "update Ticket" if updates else "create Reply"


def _handler(base: Any, site: Site) -> type:
    """Make the handler of a site; one handles all requests of a connection, one after the other."""

    def body(self: Any) -> Optional[bytes]:
        self.fault, self.raw = None, None
        path = self.path.partition("?")[0]
        announced = int(self.headers.get("Content-Length") or 0)
        fault = site.next_fault(_step(path, None), half=True) if path != "/api3/json" else None
        if fault is None:
            self.raw = base._body(self)
            if self.raw is None or len(self.raw) == announced:
                return self.raw  # type: ignore[no-any-return]
            # Whoever sent it was killed between the head and the end: no site does anything with that.
            _drop(self)
            return None
        site.note(_step(path, None))
        self.rfile.read(announced // 2)
        _then(fault)
        _drop(self)
        return None

    def injected(self: Any, what: str, act: Optional[Callable[[], object]] = None) -> bool:
        step = _step(what, self.raw)
        site.note(step)
        self.fault = fault = site.next_fault(step, half=False)
        if fault is None or fault.mode in (LOST, ANSWERED):
            return False
        _then(fault)
        return bool(base._injected(self, {"mode": fault.mode, "seconds": fault.seconds}, act))

    def reply(
        self: Any,
        body: Any,
        ctype: str = "application/json; charset=utf-8",
        code: int = 200,
        extra: Sequence[tuple[str, str]] = (),
    ) -> None:
        fault, self.fault = self.fault, None
        if fault is not None and fault.mode == LOST:
            _then(fault)
            _drop(self)
            return
        if fault is not None and fault.retry_after_s is not None:
            extra = [*extra, ("Retry-After", str(fault.retry_after_s))]
        base._reply(self, body, ctype, code, extra)
        if fault is not None and fault.mode == ANSWERED:
            _then(fault)

    # Else the second half of each answer waits 40 ms for the client's word that it has the first.
    quick = {"disable_nagle_algorithm": True}
    names = {**quick, "fault": None, "raw": None, "_body": body, "_injected": injected, "_reply": reply}
    return type("Handler", (base,), names)


def _then(fault: Fault) -> None:
    if fault.then is not None:
        fault.then()


def _drop(handler: Any) -> None:
    handler.close_connection = True
    handler.connection.close()
