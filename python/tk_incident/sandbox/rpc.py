"""``POST /api3/json``: the calls of ``shotgun_api3``, as version 3.10 of the client makes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from . import filters
from .access import Access
from .faults import Fault
from .fields import create_field, delete_field
from .reader import Reader, Sort, entity_type
from .store import Store
from .writer import Writer

# Recent enough that the client asks for everything this server does and nothing that it does not.
SERVER_VERSION = [8, 82, 0]
MAX_PAGE = 500

Arguments = Mapping[str, Any]


class Rpc:
    """Answers calls. What cannot be done is a Fault in the reply: only that tells a script why."""

    def __init__(self, store: Store, access: Access, author: Mapping[str, Any]) -> None:
        self._store = store
        self._access = access
        self._writer = Writer(store, author)
        self._methods: dict[str, Callable[[Any, Reader], Any]] = {
            "read": self._read,
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
            "revive": self._revive,
            "batch": self._batch,
            "schema_read": self._schema_read,
            "schema_entity_read": self._schema_entity_read,
            "schema_field_read": self._schema_field_read,
            "schema_field_create": self._schema_field_create,
            "schema_field_delete": self._schema_field_delete,
            "get_session_token": self._get_session_token,
        }

    async def endpoint(self, request: Request) -> Response:
        """The HTTP side of :meth:`answer`."""
        body = await request.body()
        base_url = str(request.base_url).rstrip("/")
        reply = await run_in_threadpool(self.answer, body, base_url)
        # Escaped to ASCII, so that whatever a message quotes can be encoded.
        return Response(json.dumps(reply), media_type="application/json")

    def answer(self, body: bytes, base_url: str) -> dict[str, Any]:
        """The reply to the body of a call. ``base_url`` is how the caller reached the server."""
        try:
            return self._answer(body, base_url)
        except Fault as fault:
            return fault.as_reply()
        except RecursionError:
            return Fault("the call is nested too deeply").as_reply()

    def _answer(self, body: bytes, base_url: str) -> dict[str, Any]:
        try:
            call = json.loads(body)
        except ValueError as error:
            raise Fault(f"the call is not JSON: {error}") from error
        method = call.get("method_name") if isinstance(call, dict) else None
        params = call.get("params", []) if isinstance(call, dict) else None
        if not isinstance(method, str) or not isinstance(params, list):
            raise Fault("a call needs a method_name and an array of params")
        if method == "info":  # the one call without credentials, answered without an envelope
            return _info()
        self._access.check(_mapping(params[0]) if params else {})
        handler = self._methods.get(method)
        if handler is None:
            raise Fault(f"API {method[:80]}() is not a method that the sandbox knows")
        arguments = params[1] if len(params) > 1 else {}
        return {"results": handler(arguments, Reader(self._store, base_url))}

    def _read(self, arguments: Any, reader: Reader) -> dict[str, Any]:
        arguments = _mapping(arguments)
        type_name = self._type_name("read", arguments)
        fields = arguments.get("return_fields", ["id"])
        if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
            raise Fault("API read() return_fields must be an array of field names")
        page, size = _paging(arguments.get("paging", {}))
        accepted = filters.parse(arguments["filters"]) if "filters" in arguments else None
        retired = arguments.get("return_only") == "retired"
        found = reader.find(type_name, accepted, sorts=_sorts(arguments.get("sorts", [])), retired=retired)
        rows = found[(page - 1) * size : page * size]
        return {
            "entities": [reader.shown(row, fields) for row in rows],
            "paging_info": {
                "current_page": page,
                "page_count": max(1, -(-len(found) // size)),
                "entity_count": len(found),
                "entities_per_page": size,
                "has_next_page": page * size < len(found),
            },
        }

    def _create(self, arguments: Any, reader: Reader) -> dict[str, Any]:
        arguments = _mapping(arguments)
        values, _modes = _fields("create", arguments)
        row = self._writer.create(self._type_name("create", arguments), values)
        return_fields = arguments.get("return_fields") or []
        if not isinstance(return_fields, list):
            raise Fault("API create() return_fields must be an array of field names")
        wanted = dict.fromkeys([*values, *(name for name in return_fields if isinstance(name, str))])
        return reader.shown(row, wanted)

    def _update(self, arguments: Any, reader: Reader) -> dict[str, Any]:
        arguments = _mapping(arguments)
        values, modes = _fields("update", arguments)
        row = self._writer.update(self._type_name("update", arguments), arguments.get("id"), values, modes)
        return reader.shown(row, values)

    def _delete(self, arguments: Any, _reader: Reader) -> bool:
        arguments = _mapping(arguments)
        return self._writer.delete(self._type_name("delete", arguments), arguments.get("id"))

    def _revive(self, arguments: Any, _reader: Reader) -> bool:
        arguments = _mapping(arguments)
        return self._writer.revive(self._type_name("revive", arguments), arguments.get("id"))

    def _batch(self, requests: Any, reader: Reader) -> list[Any]:
        if not isinstance(requests, list):
            raise Fault("API batch() expected an array of requests")
        steps = {"create": self._create, "update": self._update, "delete": self._delete}
        results = []
        with self._store.transaction():
            for request in requests:
                step = steps.get(str(_mapping(request).get("request_type")))
                if step is None:
                    raise Fault("API batch() a request_type must be create, update or delete")
                results.append(step(request, reader))
        return results

    def _schema_read(self, _arguments: Any, _reader: Reader) -> dict[str, Any]:
        return {name: one.describe(name) for name, one in self._store.types.items()}

    def _schema_entity_read(self, _arguments: Any, _reader: Reader) -> dict[str, Any]:
        return {
            name: {
                "name": {"value": one.label, "editable": False},
                "visible": {"value": True, "editable": False},
            }
            for name, one in self._store.types.items()
        }

    def _schema_field_read(self, arguments: Any, _reader: Reader) -> dict[str, Any]:
        arguments = _mapping(arguments)
        type_name, field_name = self._type_name("schema_field_read", arguments), arguments.get("field_name")
        described = self._store.types[type_name].describe(type_name)
        if field_name is None:
            return described
        if not isinstance(field_name, str) or field_name not in described:
            raise Fault(f"API schema_field_read() {type_name}.{field_name} doesn't exist")
        return {field_name: described[field_name]}

    def _schema_field_create(self, arguments: Any, _reader: Reader) -> str:
        arguments = _mapping(arguments)
        type_name = self._type_name("schema_field_create", arguments)
        entries = arguments.get("properties", [])
        if not isinstance(entries, list):
            raise Fault("API schema_field_create() properties must be an array of hashes")
        properties = {str(_mapping(one).get("property_name")): one.get("value") for one in entries}
        return create_field(self._store, type_name, arguments.get("data_type"), properties)

    def _schema_field_delete(self, arguments: Any, _reader: Reader) -> bool:
        arguments = _mapping(arguments)
        type_name = self._type_name("schema_field_delete", arguments)
        return delete_field(self._store, type_name, arguments.get("field_name"))

    def _get_session_token(self, _arguments: Any, _reader: Reader) -> dict[str, str]:
        # The client asks for one before it downloads a file.
        return {"session_id": self._access.new_session()}

    def _type_name(self, method: str, arguments: Arguments) -> str:
        name = arguments.get("type")
        entity_type(self._store.types, method, name)
        return str(name)


def _info() -> dict[str, Any]:
    return {
        "version": SERVER_VERSION,
        "full_version": [*SERVER_VERSION, 0],
        "api_max_entities_per_page": MAX_PAGE,
        "user_authentication_method": "default",
        # Uploads come as forms to this server, since there is no storage service beside it.
        "s3_uploads_enabled": False,
        "s3_direct_uploads_enabled": False,
        "s3_enabled_upload_types": {},
    }


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Fault(f"expected a hash but got {type(value).__name__}")
    return value


def _fields(method: str, arguments: Arguments) -> tuple[dict[str, Any], dict[str, str]]:
    """The values by field name, and the update modes of links to many."""
    entries = arguments.get("fields", [])
    if not isinstance(entries, list):
        raise Fault(f"API {method}() fields must be an array of hashes with field_name and value")
    values: dict[str, Any] = {}
    modes: dict[str, str] = {}
    for entry in entries:
        name = _mapping(entry).get("field_name")
        if not isinstance(name, str) or "value" not in entry:
            raise Fault(f"API {method}() a field needs a field_name and a value")
        values[name] = entry["value"]
        modes[name] = str(entry.get("multi_entity_update_mode", "set"))
    return values, modes


def _paging(paging: Any) -> tuple[int, int]:
    page, size = _mapping(paging).get("current_page", 1), paging.get("entities_per_page", MAX_PAGE)
    for number in (page, size):
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise Fault("API read() paging takes whole numbers from 1 up")
    if size > MAX_PAGE:
        raise Fault(f"API read() gives at most {MAX_PAGE} entities a page, not {size}")
    return page, size


def _sorts(sorts: Any) -> list[Sort]:
    if not isinstance(sorts, list):
        raise Fault("API read() sorts must be an array")
    keys = []
    for sort in sorts:
        name = _mapping(sort).get("field_name")
        if not isinstance(name, str):
            raise Fault("API read() a sort needs a field_name")
        keys.append(Sort(name, descending=sort.get("direction") == "desc"))
    return keys
