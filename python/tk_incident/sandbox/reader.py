"""Rows as a client sees them: links with names, files with addresses, fields through links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .faults import Fault
from .filters import Filter
from .schema import ENTITY_TYPES, EntityType
from .store import Row, Store


@dataclass(frozen=True)
class Sort:
    """One key of the order; a row without the value comes first, as the smallest."""

    path: str
    descending: bool = False


def entity_type(types: Mapping[str, EntityType], method: str, name: object) -> EntityType:
    """The type with this name. Raises :class:`Fault`."""
    found = types.get(name) if isinstance(name, str) else None
    if found is None:
        raise Fault(f"API {method}() entity type {name!r} doesn't exist; the sandbox has {', '.join(types)}")
    return found


class Reader:
    """Answers reads. ``base_url`` is where this client reaches the server, for the addresses of files."""

    def __init__(self, store: Store, base_url: str = "") -> None:
        self._store = store
        self._base_url = base_url

    def find(
        self,
        type_name: str,
        accepted: Filter | None = None,
        *,
        sorts: Sequence[Sort] = (),
        retired: bool = False,
    ) -> list[Row]:
        """The rows of a type that a filter accepts, in order. Raises :class:`Fault` on an unknown field."""
        paths = list(accepted.paths()) if accepted else []
        for path in [*paths, *(sort.path for sort in sorts)]:
            check_path(self._store.types, type_name, path)
        rows = self._store.rows(type_name, retired=retired)
        if accepted is not None and all(_is_own_field(path) for path in paths):
            # The same as below, in half the time: this is what most searches are.
            rows = [row for row in rows if accepted.accepts(row.fields.get)]
        elif accepted is not None:
            rows = [row for row in rows if accepted.accepts(partial(self.value, row))]
        for sort in reversed(sorts):
            rows.sort(key=partial(self._sort_key, path=sort.path), reverse=sort.descending)
        return rows

    def value(self, row: Row, path: str) -> Any:
        """The value that filters and orders compare, at a path such as ``project.Project.name``."""
        head, _, rest = path.partition(".")
        value: Any = row.id if head == "id" else row.fields.get(head)
        if not rest:
            return value
        linked_type, _, further = rest.partition(".")
        if isinstance(value, list):
            return [self.value(one, further) for one in self._linked(value) if one.type == linked_type]
        linked = [one for one in self._linked([value]) if one.type == linked_type]
        return self.value(linked[0], further) if linked else None

    def shown(self, row: Row, paths: Iterable[str]) -> dict[str, Any]:
        """The row as it goes over the wire, with the fields that were asked for.

        An unknown field is left out without a word, as a site does it.
        """
        result: dict[str, Any] = {"type": row.type, "id": row.id}
        for path in paths:
            try:
                check_path(self._store.types, row.type, path)
            except Fault:
                continue
            result[path] = self._expanded(row, path)
        return result

    def _sort_key(self, row: Row, *, path: str) -> tuple[int, Any]:
        value = self.value(row, path)
        if value is None or isinstance(value, (dict, list)):
            return (0, 0)
        if isinstance(value, str):
            return (2, value.casefold())
        return (1, value)

    def _expanded(self, row: Row, path: str) -> Any:
        if path == "this_file":
            return self._file(row)
        head, _, rest = path.partition(".")
        if rest and not isinstance(row.fields.get(head), list):
            linked_type, _, further = rest.partition(".")
            linked = [one for one in self._linked([row.fields.get(head)]) if one.type == linked_type]
            return self._expanded(linked[0], further) if linked else None
        value = self.value(row, path)
        if self._store.types[row.type].fields[head].data_type == "serializable":
            return value
        if isinstance(value, dict):
            return next(iter(self._named([value])), None)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return self._named(value)
        return value

    def _linked(self, links: Iterable[dict[str, Any] | None]) -> list[Row]:
        """The rows behind links; those that were deleted since are gone from what links to them."""
        found = (self._store.get(link["type"], link["id"]) for link in links if link)
        return [row for row in found if row is not None and not row.retired]

    def _named(self, links: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            self._file(row) if row.type == "Attachment" else {**row.link, "name": name_of(row)}
            for row in self._linked(links)
        ]

    def _file(self, attachment: Row) -> dict[str, Any]:
        return {
            **attachment.link,
            "name": name_of(attachment),
            "content_type": attachment.fields.get("content_type"),
            "link_type": "upload",
            "url": f"{self._base_url}/file_serve/attachment/{attachment.id}",
        }


def _is_own_field(path: str) -> bool:
    return path != "id" and "." not in path


def name_of(row: Row) -> str:
    """What a link to the row is called."""
    name = row.fields.get(ENTITY_TYPES[row.type].name_field)
    return str(name) if name else ""


def check_path(types: Mapping[str, EntityType], type_name: str, path: str) -> None:
    """Check that a field path such as ``entity.Ticket.title`` can be read. Raises :class:`Fault`."""
    head, _, rest = path.partition(".")
    field = entity_type(types, "read", type_name).fields.get(head)
    if field is None:
        raise Fault(f"API read() {type_name}.{head} doesn't exist")
    if not rest:
        return
    linked_type, _, further = rest.partition(".")
    if linked_type not in field.valid_types or not further:
        raise Fault(f"API read() {type_name}.{path} doesn't exist")
    check_path(types, linked_type, further)
