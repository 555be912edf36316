"""Whether a value may be put into a field, and how it is kept there."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from .faults import Fault
from .schema import Field

# A database's 64 bits; JSON itself has no bound.
MAX_NUMBER = 2**63 - 1

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?")


def as_wire_time(moment: datetime) -> str:
    """A point in time as the site says it; a naive one is taken as UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_wire_time(text: str) -> datetime:
    """The point in time that :func:`as_wire_time` wrote. Raises ``ValueError``."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def is_entity_id(value: object) -> bool:
    """Whether the value can be the id of a row."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def accept(what: str, field: Field, value: Any) -> Any:
    """The value as it is kept. ``what`` names the call and field, such as ``API create() Ticket.title``.

    Raises :class:`Fault` where a site would refuse it. Whether a linked entity exists is not checked here.
    """
    if field.data_type == "multi_entity":
        if value is None:
            return []
        if not isinstance(value, list):
            raise _unexpected(what, "Array", value)
        return [_accept_link(what, field, one) for one in value]
    if value is None:
        if field.mandatory:
            raise Fault(f"{what} is required")
        return None
    return _SCALARS[field.data_type](what, field, value)


def _accept_text(what: str, field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _unexpected(what, "String", value)
    if field.mandatory and not value.strip():
        raise Fault(f"{what} is required")
    # JSON can escape half of a surrogate pair, which nothing can encode afterwards.
    return value.encode("utf-8", "replace").decode("utf-8")


def _accept_choice(what: str, field: Field, value: Any) -> str:
    if value not in field.valid_values:
        raise Fault(f"{what} {value!r} is not one of the valid values: {', '.join(field.valid_values)}")
    return str(value)


def _accept_number(what: str, _field: Field, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _unexpected(what, "Integer", value)
    if abs(value) > MAX_NUMBER:
        raise Fault(f"{what} is too large a number")
    return value


def _accept_checkbox(what: str, _field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _unexpected(what, "Boolean", value)
    return value


def _accept_date_time(what: str, _field: Field, value: Any) -> str:
    if not isinstance(value, str) or not _DATE_TIME.fullmatch(value):
        raise _unexpected(what, "date_time 'YYYY-MM-DDTHH:MM:SSZ'", value)
    # The zone is all that Python 3.10's fromisoformat does not read of the pattern, besides short fractions.
    seconds, zone = value[:19], re.sub(r"^.{19}(\.\d+)?", "", value).replace("Z", "+0000").replace(":", "")
    try:
        return as_wire_time(datetime.strptime(seconds + (zone or "+0000"), "%Y-%m-%dT%H:%M:%S%z"))
    except (ValueError, OverflowError) as error:
        raise _unexpected(what, "date_time 'YYYY-MM-DDTHH:MM:SSZ'", value) from error


def _accept_link(what: str, field: Field, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not is_entity_id(value.get("id")):
        raise _unexpected(what, "entity {'type', 'id'}", value)
    if value.get("type") not in field.valid_types:
        raise Fault(f"{what} links to {', '.join(field.valid_types)}, not to {value.get('type')!r}")
    return {"type": value["type"], "id": value["id"]}


def _accept_url(what: str, _field: Field, _value: Any) -> Any:
    raise Fault(f"{what} is set by an upload")


def _unexpected(what: str, wanted: str, value: Any) -> Fault:
    shown = repr(value)
    return Fault(f"{what} expected {wanted} but got {type(value).__name__}: {shown[:80]}")


_SCALARS = {
    "text": _accept_text,
    "list": _accept_choice,
    "status_list": _accept_choice,
    "number": _accept_number,
    "checkbox": _accept_checkbox,
    "date_time": _accept_date_time,
    "entity": _accept_link,
    "url": _accept_url,
}
