"""The event log: what happened to tickets, which a site writes down by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .store import Row, Store

LOGGED_TYPES = ("Ticket",)
# A site keeps them for years; here the newest will do.
MAX_EVENTS = 10_000
_LOG = "EventLogEntry"
# It changes with each change, and a site does not log it.
_UNLOGGED = ("updated_at",)


class EventLog:
    """Writes entries in the name of somebody, in the caller's transaction. Times are as on the wire."""

    def __init__(self, store: Store, author: Mapping[str, Any]) -> None:
        self._store = store
        self._author = dict(author)

    def created(self, row: Row, time: str) -> None:
        """Say that a row is new; a site's further entries about its first values are left out."""
        self._write(row, "New", {"type": "new_entity", "entity_type": row.type, "entity_id": row.id}, time)

    def changed(self, before: Row, after: Row, time: str) -> None:
        """Say what each field was and is that has changed."""
        for name, new in after.fields.items():
            old = before.fields.get(name)
            if old != new and name not in _UNLOGGED:
                self._write(after, "Change", self._change(after, name, old, new), time, name)

    def retired(self, row: Row, time: str) -> None:
        """Say that a row was deleted, or that it is back."""
        kind = "entity_retirement" if row.retired else "entity_revival"
        meta = {"type": kind, "entity_type": row.type, "entity_id": row.id}
        self._write(row, "Retirement" if row.retired else "Revival", meta, time)

    def _change(self, row: Row, name: str, old: Any, new: Any) -> dict[str, Any]:
        field = self._store.types[row.type].fields[name]
        meta = {
            "type": "attribute_change",
            "attribute_name": name,
            "entity_type": row.type,
            "entity_id": row.id,
            "field_data_type": field.data_type,
        }
        if field.data_type == "multi_entity":
            old, new = old or [], new or []
            added, removed = [one for one in new if one not in old], [one for one in old if one not in new]
            return {**meta, "added": added, "removed": removed}
        return {**meta, "old_value": old, "new_value": new}

    def _write(
        self, row: Row, what: str, meta: Mapping[str, Any], time: str, name: str | None = None
    ) -> None:
        if row.type not in LOGGED_TYPES:
            return
        self._store.insert(
            _LOG,
            {
                "event_type": f"Shotgun_{row.type}_{what}",
                "attribute_name": name,
                "entity": row.link,
                "meta": meta,
                "project": row.fields.get("project"),
                "user": self._author,
                "created_at": time,
                "created_by": self._author,
                "updated_at": time,
            },
        )
        self._store.keep_newest(_LOG, MAX_EVENTS)
