"""Adds the reporter's fields to the tickets of a site, one by one, and says what came of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Callable, Literal

from tk_incident.errors import DeliveryError
from tk_incident.pace import Pace
from tk_incident.settings import Settings
from tk_incident.sinks.connection import Connection
from tk_incident.site_fields import SITE_FIELDS, SiteField

State = Literal["there", "added", "missing", "refused", "other_type"]
# As the pages of a site call them.
_TYPE_LABELS = {"text": "Text", "number": "Number", "date_time": "Date and Time", "entity": "Entity"}


@dataclass(frozen=True)
class FieldReport:
    """What came of one field."""

    field: SiteField
    state: State
    """``missing`` only where nothing was to be changed."""
    text: str
    """What that means and what to do, as far as there is something to say."""

    @property
    def is_there(self) -> bool:
        """True if the site has the field now, as the reporter uses it."""
        return self.state in ("there", "added")


def set_up(
    connect: Callable[[], Any], settings: Settings, *, entity_type: str, dry_run: bool
) -> Iterator[FieldReport]:
    """Add what the tickets of a site lack; each report comes when that field is done.

    ``connect`` makes a Shotgun handle, ``entity_type`` is what tickets are on that site; ``dry_run`` changes
    nothing. Raises ``DeliveryError`` where the site cannot be asked; what was added by then stays.
    """
    site = _Schema(connect(), Pace(settings.max_writes_per_min))
    try:
        site.check()
        known = site.fields(entity_type)
        for field in SITE_FIELDS:
            if field.name in known:
                yield _report_known(field, known[field.name], entity_type)
            elif dry_run:
                yield FieldReport(field, "missing", "")
            else:
                yield _add(site, field, entity_type)
    finally:
        site.close()


class _Schema(Connection):
    """A connection that reads and changes what fields a site has."""

    def fields(self, entity_type: str) -> Mapping[str, Any]:
        """Return the schema of a type's fields by name."""
        answer = self._call(self._handle.schema_field_read, entity_type)
        if not isinstance(answer, dict):
            raise self._not_data()
        return answer

    def add(self, field: SiteField, entity_type: str) -> str:
        """Add a field and return the name that the site gave it."""
        self._pace.note()
        properties: dict[str, Any] = {"description": field.purpose}
        if field.valid_types(entity_type):
            properties["valid_types"] = list(field.valid_types(entity_type))
        create = self._handle.schema_field_create
        answer = self._call(create, entity_type, field.data_type, field.label, properties)
        if not isinstance(answer, str):
            raise self._not_data()
        return answer


def _report_known(field: SiteField, schema: object, entity_type: str) -> FieldReport:
    data_type = _property(schema, "data_type")
    if data_type != field.data_type:
        found, wanted = str(data_type), field.data_type
    elif not set(field.valid_types(entity_type)) <= set(_linked_types(schema)):
        found, wanted = f"link to {', '.join(_linked_types(schema)) or 'nothing'}", f"link to {entity_type}"
    else:
        return FieldReport(field, "there", "")
    return FieldReport(
        field,
        "other_type",
        f"its type is {found}, not {wanted}: the reporter leaves it alone, and works without it; "
        "to have it, rename or delete that field on the site, and run this again",
    )


def _add(site: _Schema, field: SiteField, entity_type: str) -> FieldReport:
    try:
        name = site.add(field, entity_type)
    except DeliveryError as error:
        if not _is_refusal(error):
            raise
        return FieldReport(field, "refused", f"{error}; {_by_hand(field, entity_type)}")
    if name == field.name:
        return FieldReport(field, "added", "")
    # The client asks again by itself where the answer was lost, and a site numbers names that it has had.
    if field.name in site.fields(entity_type):
        return FieldReport(field, "added", f"and a second time as {name}: delete that one on the site")
    return FieldReport(
        field,
        "refused",
        f"the site made {name} of it, because it had a field {field.name} before, which was deleted: "
        f"delete {name} and restore {field.name} on the site",
    )


def _by_hand(field: SiteField, entity_type: str) -> str:
    kind = _TYPE_LABELS[field.data_type]
    if field.valid_types(entity_type):
        kind = f"{kind} restricted to {entity_type}"
    return (
        f"an administrator of the site can add it on a page that lists {entity_type} entities: "
        f"Fields > Manage {entity_type} Fields > Add a new field, name {field.label!r}, type {kind}"
    )


def _is_refusal(error: DeliveryError) -> bool:
    """Tell a site that does not allow this one change from a site that cannot be asked at all."""
    # By their names, because the handle may be of any copy of the client.
    names = {each.__name__ for each in type(error.__cause__).__mro__}
    return "Fault" in names and "AuthenticationFault" not in names


def _linked_types(schema: object) -> list[str]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    found = _property(properties, "valid_types")
    return [str(each) for each in found] if isinstance(found, list) else []


def _property(schema: object, name: str) -> object:
    entry = schema.get(name) if isinstance(schema, dict) else None
    return entry.get("value") if isinstance(entry, dict) else None
