"""The entity types of the sandbox and their fields: what one real site has, as far as the reporter goes.

Fields can be added, as on a site: the store keeps those, and the reporter's own are among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..site_fields import SITE_FIELDS

STATUSES: Mapping[str, str] = {
    "wtg": "Waiting to Start",
    "opn": "Open",
    "ip": "In Progress",
    "rev": "Pending Review",
    "res": "Resolved",
}
PRIORITIES = ("1", "2", "3", "4", "5")

_PEOPLE = ("HumanUser", "ApiUser")


@dataclass(frozen=True)
class Field:
    """One field of an entity type. ``data_type`` is the site's word for it."""

    label: str
    data_type: str
    valid_types: tuple[str, ...] = ()
    valid_values: tuple[str, ...] = ()
    display_values: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    mandatory: bool = False
    editable: bool = True
    description: str = ""

    def describe(self, entity_type: str) -> dict[str, Any]:
        """The field as ``schema_field_read`` answers it."""
        properties: dict[str, Any] = {
            "default_value": _constant(self.default),
            "summary_default": _changeable("none"),
        }
        if self.valid_types:
            properties["valid_types"] = _changeable(list(self.valid_types))
        if self.valid_values:
            properties["valid_values"] = _changeable(list(self.valid_values))
            properties["display_values"] = _changeable(dict(self.display_values))
        return {
            "name": _changeable(self.label),
            "description": _changeable(self.description),
            "entity_type": _constant(entity_type),
            "data_type": _constant(self.data_type),
            "editable": _constant(self.editable),
            "mandatory": _constant(self.mandatory),
            "unique": _constant(False),
            "visible": _constant(True),
            "properties": properties,
        }


@dataclass(frozen=True)
class EntityType:
    """A kind of row. ``name_field`` is what a link to one is called by."""

    label: str
    name_field: str
    fields: Mapping[str, Field]

    def describe(self, entity_type: str) -> dict[str, Any]:
        """All fields as ``schema_read`` answers them."""
        return {name: one.describe(entity_type) for name, one in self.fields.items()}


AddedFields = Mapping[tuple[str, str], Field]
"""Fields by entity type and name."""


def with_added(types: Mapping[str, EntityType], added: AddedFields) -> dict[str, EntityType]:
    """The types with fields that they do not have by themselves."""
    return {
        name: replace(
            one, fields={**one.fields, **{at[1]: each for at, each in added.items() if at[0] == name}}
        )
        for name, one in types.items()
    }


def field_from(definition: Mapping[str, Any]) -> Field:
    """The field that ``dataclasses.asdict`` took apart, and JSON kept."""
    lists = {name: tuple(definition[name]) for name in ("valid_types", "valid_values")}
    return Field(**{**definition, **lists})


def reporter_fields() -> AddedFields:
    """What a studio adds for the reporter."""
    return {
        ("Ticket", one.name): Field(
            one.label, one.data_type, valid_types=one.valid_types("Ticket"), description=one.purpose
        )
        for one in SITE_FIELDS
    }


def _constant(value: Any) -> dict[str, Any]:
    return {"value": value, "editable": False}


def _changeable(value: Any) -> dict[str, Any]:
    return {"value": value, "editable": True}


def _text(label: str, *, mandatory: bool = False) -> Field:
    return Field(label, "text", mandatory=mandatory)


def _link(label: str, *valid_types: str) -> Field:
    return Field(label, "entity", valid_types=valid_types)


def _links(label: str, *valid_types: str) -> Field:
    return Field(label, "multi_entity", valid_types=valid_types)


def _entity_type(label: str, name_field: str, /, **fields: Field) -> EntityType:
    common = {
        "id": Field("Id", "number", editable=False),
        "created_at": Field("Date Created", "date_time"),
        "created_by": _link("Created by", *_PEOPLE),
        "updated_at": Field("Date Updated", "date_time", editable=False),
    }
    return EntityType(label, name_field, {**common, **fields})


ENTITY_TYPES: Mapping[str, EntityType] = {
    "Ticket": _entity_type(
        "Ticket",
        "title",
        title=_text("Title", mandatory=True),
        description=_text("Description"),
        project=_link("Project", "Project"),
        sg_status_list=Field(
            "Status",
            "status_list",
            valid_values=tuple(STATUSES),
            display_values=STATUSES,
            default="wtg",
        ),
        sg_priority=Field(
            "Priority",
            "list",
            valid_values=PRIORITIES,
            display_values={priority: priority for priority in PRIORITIES},
        ),
        sg_ticket_type=Field(
            "Type",
            "list",
            valid_values=("Feature", "Bug"),
            display_values={"Feature": "Feature", "Bug": "Bug"},
        ),
        attachments=_links("Attachments", "Attachment"),
        tags=_links("Tags", "Tag"),
        addressings_to=_links("To", "Group", "HumanUser"),
        addressings_cc=_links("CC", "Group", "HumanUser"),
    ),
    "Reply": _entity_type(
        "Reply",
        "content",
        content=_text("Content", mandatory=True),
        entity=_link("Entity", "Ticket"),
        user=_link("Author", *_PEOPLE),
    ),
    "Attachment": _entity_type(
        "File",
        "display_name",
        this_file=Field("File", "url", editable=False),
        display_name=_text("Name"),
        filename=_text("File Name"),
        file_size=Field("File Size", "number", editable=False),
        description=_text("Description"),
        attachment_links=_links("Links", "Ticket", "Reply", "Project"),
        tags=_links("Tags", "Tag"),
    ),
    # What happened to tickets: the site writes it, and nobody else.
    "EventLogEntry": _entity_type(
        "Event Log Entry",
        "event_type",
        event_type=Field("Event Type", "text", mandatory=True, editable=False),
        attribute_name=Field("Attribute Name", "text", editable=False),
        entity=Field("Link", "entity", valid_types=("Ticket",), editable=False),
        meta=Field("Metadata", "serializable", editable=False),
        project=Field("Project", "entity", valid_types=("Project",), editable=False),
        user=Field("User", "entity", valid_types=_PEOPLE, editable=False),
    ),
    "Project": _entity_type(
        "Project",
        "name",
        name=_text("Project Name", mandatory=True),
        tank_name=_text("Tank Name"),
        archived=Field("Archived", "checkbox"),
    ),
    "HumanUser": _entity_type(
        "Person",
        "name",
        name=_text("Name"),
        login=_text("Login"),
        email=_text("Email"),
        firstname=_text("First Name"),
        lastname=_text("Last Name"),
    ),
    "ApiUser": _entity_type(
        "Script", "firstname", firstname=_text("Script Name"), description=_text("Description")
    ),
    "Group": _entity_type("Group", "code", code=_text("Group Name"), users=_links("People", "HumanUser")),
    "Tag": _entity_type("Tag", "name", name=_text("Tag Name", mandatory=True)),
}
