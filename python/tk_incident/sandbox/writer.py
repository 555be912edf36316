"""Changes to rows: what a site allows, and what it fills in by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .events import EventLog
from .faults import MISSING, Fault
from .reader import entity_type
from .schema import Field
from .store import Row, Store
from .values import accept, as_wire_time, is_entity_id

Link = Mapping[str, Any]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(timezone.utc)


class Writer:
    """Creates and changes rows in the name of somebody."""

    def __init__(self, store: Store, author: Link, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._author = dict(author)
        self._events = EventLog(store, author)
        self._now = now

    def create(self, type_name: str, values: Mapping[str, Any]) -> Row:
        """Add a row with the defaults of its type. Raises :class:`Fault`."""
        fields = self._fields("create", type_name)
        time = as_wire_time(self._now())
        row: dict[str, Any] = {
            name: [] if field.data_type == "multi_entity" else field.default
            for name, field in fields.items()
            if name != "id"
        }
        row.update(created_at=time, created_by=self._author, updated_at=time)
        if "user" in fields:
            row["user"] = self._author
        with self._store.transaction():
            for name, value in values.items():
                row[name] = self._accepted("create", type_name, name, value)
            for name, field in fields.items():
                if field.mandatory and row[name] is None:
                    raise Fault(f"API create() {type_name}.{name} is required")
            created = self._store.insert(type_name, row)
            self._events.created(created, time)
            return created

    def update(
        self,
        type_name: str,
        row_id: object,
        values: Mapping[str, Any],
        modes: Mapping[str, str] | None = None,
    ) -> Row:
        """Change fields of a row; ``modes`` says ``set``, ``add`` or ``remove`` of a link to many.

        Raises :class:`Fault`.
        """
        with self._store.transaction():
            row = self._existing("update", type_name, row_id)
            if row.retired:
                raise _missing("update", type_name, row_id)
            fields = dict(row.fields)
            for name, value in values.items():
                accepted = self._accepted("update", type_name, name, value)
                fields[name] = _merged(fields.get(name), accepted, (modes or {}).get(name, "set"))
            time = fields["updated_at"] = as_wire_time(self._now())
            changed = replace(row, fields=fields)
            self._store.replace(changed)
            self._events.changed(row, changed, time)
            return changed

    def delete(self, type_name: str, row_id: object) -> bool:
        """Retire a row; False if it already was. Raises :class:`Fault` if there never was one."""
        return self._retire("delete", type_name, row_id, retired=True)

    def revive(self, type_name: str, row_id: object) -> bool:
        """Bring a retired row back; False if it was in use. Raises :class:`Fault` if there never was one."""
        return self._retire("revive", type_name, row_id, retired=False)

    def attach(
        self,
        type_name: str,
        row_id: object,
        field_name: str | None,
        source: Path,
        *,
        name: str,
        content_type: str,
    ) -> Row:
        """Move a received file into the store and link it to a row. Raises :class:`Fault`."""
        fields = self._fields("upload", type_name)
        # Without a field a site lists the file on the entity all the same; here that list is this field.
        target = field_name or ("attachments" if "attachments" in fields else None)
        if target is not None and "Attachment" not in _field("upload", type_name, target, fields).valid_types:
            raise Fault(f"API upload() {type_name}.{target} does not hold files")
        with self._store.transaction():
            owner = self._existing("upload", type_name, row_id)
            attachment = self.create("Attachment", {"display_name": name, "filename": name})
            known = {
                "file_size": source.stat().st_size,
                "content_type": content_type,
                "attachment_links": [owner.link],
            }
            attachment = replace(attachment, fields={**attachment.fields, **known})
            self._store.replace(attachment)
            if target is not None:
                self.update(type_name, row_id, {target: [attachment.link]}, {target: "add"})
            # Last, so that only the commit can fail once the file is in place; a rollback frees its id again.
            source.replace(self._store.file(attachment.id))
        return attachment

    def _retire(self, method: str, type_name: str, row_id: object, *, retired: bool) -> bool:
        with self._store.transaction():
            row = self._existing(method, type_name, row_id)
            if row.retired == retired:
                return False
            row = replace(row, retired=retired)
            self._store.replace(row)
            self._events.retired(row, as_wire_time(self._now()))
            return True

    def _fields(self, method: str, type_name: str) -> Mapping[str, Field]:
        return entity_type(self._store.types, method, type_name).fields

    def _existing(self, method: str, type_name: str, row_id: object) -> Row:
        entity_type(self._store.types, method, type_name)
        row = self._store.get(type_name, row_id) if is_entity_id(row_id) and isinstance(row_id, int) else None
        if row is None:
            raise _missing(method, type_name, row_id)
        return row

    def _accepted(self, method: str, type_name: str, name: str, value: Any) -> Any:
        field = _field(method, type_name, name, self._fields(method, type_name))
        if not field.editable:
            raise Fault(f"API {method}() {type_name}.{name} is not editable")
        accepted = accept(f"API {method}() {type_name}.{name}", field, value)
        for link in accepted if isinstance(accepted, list) else [accepted]:
            if isinstance(link, dict) and self._store.get(link["type"], link["id"]) is None:
                raise _missing(method, link["type"], link["id"])
        return accepted


def _field(method: str, type_name: str, name: str, fields: Mapping[str, Field]) -> Field:
    field = fields.get(name)
    if field is None:
        raise Fault(f"API {method}() {type_name}.{name} doesn't exist")
    return field


def _merged(old: Any, new: Any, mode: str) -> Any:
    if mode == "set" or not isinstance(new, list):
        return new
    kept = old or []
    if mode == "add":
        return kept + [one for one in new if one not in kept]
    if mode == "remove":
        return [one for one in kept if one not in new]
    raise Fault(f"API update() multi_entity_update_mode must be set, add or remove, not {mode!r}")


def _missing(method: str, type_name: str, row_id: object) -> Fault:
    return Fault(f"API {method}() {type_name} with id={str(row_id)[:40]} doesn't exist", MISSING)
