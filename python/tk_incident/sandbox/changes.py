"""What a person changes on a ticket's page: its status, and what the reporter is to make of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..site_fields import DUPLICATE_OF, IGNORE_UNTIL
from .faults import Fault
from .schema import STATUSES
from .store import Store
from .values import is_entity_id

STATUS = "sg_status_list"
MAX_IGNORE_UNTIL = 200


def offered(store: Store) -> list[str]:
    """The fields that this site's tickets have of those that the page can change."""
    return [name for name in _READ if name in store.types["Ticket"].fields]


def read_changes(store: Store, ticket_id: int, form: Mapping[str, str]) -> dict[str, Any]:
    """The values that a form sets, by field. Raises :class:`Fault` with what is wrong with one."""
    values = {
        name: _READ[name](store, ticket_id, form[name].strip()) for name in offered(store) if name in form
    }
    if not values:
        raise Fault("There is nothing in this that can be changed here.")
    return values


def _status(_store: Store, _ticket_id: int, text: str) -> str:
    if text not in STATUSES:
        raise Fault("There is no such status.")
    return text


def _ignore_until(_store: Store, _ticket_id: int, text: str) -> str | None:
    if len(text) > MAX_IGNORE_UNTIL:
        raise Fault(f"“Ignore until” has at most {MAX_IGNORE_UNTIL} characters.")
    return text or None


def _duplicate_of(store: Store, ticket_id: int, text: str) -> dict[str, Any] | None:
    if not text:
        return None
    number = int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0
    row = store.get("Ticket", number) if is_entity_id(number) else None
    if row is None or row.retired:
        raise Fault("There is no ticket of this number.")
    if number == ticket_id:
        raise Fault("A ticket is no duplicate of itself.")
    return row.link


_READ: Mapping[str, Callable[[Store, int, str], Any]] = {
    STATUS: _status,
    IGNORE_UNTIL: _ignore_until,
    DUPLICATE_OF: _duplicate_of,
}
