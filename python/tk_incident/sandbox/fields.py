"""Fields that are added to the site and removed from it, as ``schema_field_create`` and ``…_delete`` ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .faults import Fault
from .schema import Field
from .store import Store

DATA_TYPES = ("text", "number", "checkbox", "date_time", "list", "entity", "multi_entity")
MAX_LABEL = 100

_TEXTS = ("name", "description")
_LISTS = ("valid_types", "valid_values")


def create_field(store: Store, type_name: str, data_type: object, properties: Mapping[str, Any]) -> str:
    """Add a field and return its name, which is made out of its label. Raises :class:`Fault`."""
    if data_type not in DATA_TYPES:
        raise _fault(f"data_type {data_type!r} is none that the sandbox can add: {', '.join(DATA_TYPES)}")
    for name, value in properties.items():
        _check_property(name, value)
    field = Field(
        label=str(properties.get("name", "")).strip(),
        data_type=str(data_type),
        valid_types=tuple(properties.get("valid_types", ())),
        valid_values=tuple(properties.get("valid_values", ())),
        display_values={value: value for value in properties.get("valid_values", ())},
        description=properties.get("description", ""),
    )
    if not field.label or len(field.label) > MAX_LABEL:
        raise _fault(f"a name of 1 to {MAX_LABEL} characters is needed")
    if bool(field.valid_types) != (data_type in ("entity", "multi_entity")):
        raise _fault("valid_types are needed for a link, and for nothing else")
    if bool(field.valid_values) != (data_type == "list"):
        raise _fault("valid_values are needed for a list, and for nothing else")
    for linked in field.valid_types:
        if linked not in store.types:
            raise _fault(f"valid_types: entity type {linked!r} doesn't exist")
    with store.transaction():
        name = _free_name(field.label, store.types[type_name].fields)
        store.add_field(type_name, name, field)
    return name


def delete_field(store: Store, type_name: str, name: object) -> bool:
    """Remove a field that was added, with its values. Raises :class:`Fault` where there is no such field."""
    if not isinstance(name, str) or not store.remove_field(type_name, name):
        raise Fault(f"API schema_field_delete() {type_name}.{name} is no field that was added")
    return True


def _check_property(name: str, value: Any) -> None:
    if name in _TEXTS:
        fits = isinstance(value, str)
    elif name in _LISTS:
        fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
    else:
        raise _fault(f"the sandbox does not support the property {name!r}")
    if not fits:
        raise _fault(f"the property {name} has a value of the wrong type: {value!r}"[:200])


def _free_name(label: str, taken: Mapping[str, Field]) -> str:
    """As on a site: one that is taken is numbered, and nobody is told."""
    name = "sg_" + re.sub(r"\W+", "_", label.lower())
    number = 0
    while (free := f"{name}_{number}" if number else name) in taken:
        number += 1
    return free


def _fault(text: str) -> Fault:
    return Fault(f"API schema_field_create() {text}")
