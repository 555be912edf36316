"""What a new ticket is made of: checked against what the site knows, and shown to the studio's hook. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Callable, Optional

from tk_incident._core import Delivery
from tk_incident.description import with_note, with_seen_line
from tk_incident.errors import TkIncidentError
from tk_incident.excerpt import one_line
from tk_incident.sinks.connection import Row
from tk_incident.sinks.tickets import TAGS, is_allowed
from tk_incident.ticket import Ticket

BeforeTicket = Callable[[dict[str, Any], Delivery], Optional[Mapping[str, Any]]]
"""A studio's hook: takes the values of a new ticket and its delivery; returns them, or None for no ticket."""

# Without these there is no ticket.
_NEEDED = ("title", "description", "project")
_MAX_NOTE_BYTES = 1024


def new_ticket(
    ticket: Ticket,
    schema: Mapping[str, Any],
    description: str,
    tags: Sequence[str],
    before_ticket: Optional[BeforeTicket],
) -> Optional[Row]:
    """Return the values of a new ticket, its tags by name; None where the hook wants none.

    What the site does not know is left out, with a note in the description where somebody chose the value.
    Raises ``TkIncidentError`` if the hook fails: the incident is kept, and the hook asked again.
    """
    values: Row = {"title": ticket.title, "description": description}
    if ticket.project_id is not None:
        values["project"] = {"type": "Project", "id": ticket.project_id}
    values.update({name: value for name, value in ticket.fields.items() if name in schema})
    if tags and TAGS in schema:
        values[TAGS] = [{"type": "Tag", "name": name} for name in tags]
    chosen: Sequence[str] = ()
    if before_ticket is not None:
        edited = _asked(before_ticket, values, ticket.delivery)
        if edited is None:
            return None
        chosen = [name for name, value in edited.items() if values.get(name) != value]
        values = dict(edited)
        values.setdefault("title", ticket.title)
    refused = [name for name in values if name not in _NEEDED and not _takes(schema, name, values[name])]
    told = [name for name in refused if name in schema or name in chosen]
    note = _note("Left out, because the site does not know it", [f"{name} {values[name]!r}" for name in told])
    kept = {name: value for name, value in values.items() if name not in refused}
    edited_text = with_seen_line(str(kept.get("description", "")), description)
    kept["description"] = with_note(edited_text, note, ticket.key_line)
    return kept


def bare(values: Row, reason: str, key_line: str) -> Row:
    """Return the values without which there is no ticket, with a note on why the others are missing."""
    others = [name for name in values if name not in _NEEDED]
    note = _note("Left out, because the site refused the ticket", [*others, reason])
    kept = {name: value for name, value in values.items() if name in _NEEDED}
    return {**kept, "description": with_note(values["description"], note, key_line)}


def _asked(hook: BeforeTicket, values: Row, delivery: Delivery) -> Optional[Mapping[str, Any]]:
    try:
        edited = hook(dict(values), delivery)
    except Exception as error:
        raise TkIncidentError(f"the hook before_ticket failed: {type(error).__name__}: {error}") from error
    if edited is not None and not isinstance(edited, Mapping):
        raise TkIncidentError(
            f"the hook before_ticket returned {type(edited).__name__}: return the values, or None"
        )
    return edited


def _takes(schema: Mapping[str, Any], name: str, value: object) -> bool:
    return name in schema and is_allowed(schema[name], value)


def _note(what: str, names: Sequence[str]) -> str:
    return one_line(f"{what}: {', '.join(names)}", _MAX_NOTE_BYTES) if names else ""
