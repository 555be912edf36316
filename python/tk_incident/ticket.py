"""A delivery as a ticket: title, description and fields. Pure: it asks nobody."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Optional

from tk_incident import _core
from tk_incident._core import Delivery, Occurrence
from tk_incident.excerpt import excerpt, one_line
from tk_incident.settings import Settings

MAX_DESCRIPTION_BYTES = 32 * 1024
_MAX_LINE_BYTES = 1024
_MAX_ENVIRONMENT_BYTES = 3 * 1024
_INDENT = "    "
_KEY = "incident-key: "
_SEEN = re.compile(r"^Seen: +(\d+) times?$", re.MULTILINE)
# A database may refuse NUL, and a terminal obeys ESC.
_CONTROLS = {code: "?" for code in range(32) if chr(code) not in "\t\n"} | {0x7F: "?"}


@dataclass(frozen=True)
class Ticket:
    """What the site is to hold about an incident."""

    title: str
    """``<user_login> - <title>``, or the title alone where one ticket stands for all users."""
    description: str
    """At most ``MAX_DESCRIPTION_BYTES`` bytes of UTF-8; the last line is ``key_line``."""
    key_line: str
    """The line that tells this ticket from every other one."""
    former_key_lines: Sequence[str]
    """The lines that it may have under the rules of earlier versions."""
    record: str
    """The record of the first occurrence, as the description has it where there is room for all of it."""
    project_id: Optional[int]
    fields: Mapping[str, Any]
    """Further fields and their values, for the sites that have them."""

    def is_about(self, description: object, settings: Settings) -> bool:
        """Tell whether a ticket with this description, filed under an old key, is about this problem.

        Earlier rules gave one key to different problems: where the description shows a record, that has to be
        one of this problem by today's rules. Where it does not, the key decides: better no second ticket.
        """
        if not any(has_key_line(description, line) for line in self.former_key_lines):
            return False
        shown = shown_record(str(description))
        if shown is None:
            return True
        texts = json.loads(_core.explain(shown, self.record, settings.to_json()))["texts"]
        return bool(texts[0]["key"] == texts[1]["key"])

    @classmethod
    def of(cls, delivery: Delivery, settings: Settings) -> "Ticket":
        """Make the ticket of a delivery, in the words of its first occurrence."""
        incident = delivery.incident
        login = _sendable(delivery.user_login)
        title = one_line(_sendable(incident.title), _MAX_LINE_BYTES)
        whose = ""
        if settings.ticket_scope == "user":
            login = " ".join(login.split())
            title = f"{login} - {title}"
            whose = f"/{login}"
        key = f"{incident.signature}{whose}"
        key_line = f"{_KEY}{key}"
        project_id = settings.project_id if delivery.project_id is None else delivery.project_id
        fields: dict[str, Any] = {
            "sg_ticket_type": "Bug",
            "sg_priority": "2" if incident.level == "CRITICAL" else "3",
            "sg_incident_key": key,
            "sg_incident_count": incident.count,
            "sg_incident_first_seen": utc(incident.first_seen),
            "sg_incident_last_seen": utc(incident.last_seen),
        }
        return cls(
            title=title,
            description=_description(delivery, key_line),
            key_line=key_line,
            former_key_lines=[f"{_KEY}{former}{whose}" for former in delivery.former_signatures],
            record=_sendable(delivery.occurrence.record),
            project_id=project_id,
            fields={name: value for name, value in fields.items() if value is not None},
        )


def utc(local: str) -> Optional[datetime]:
    """Turn a record's time (ISO 8601, local time of its writer) into UTC; None if it is no time.

    The writer is taken to share our time zone: it wrote to a log of this machine. An hour that occurs
    twice, when summer time ends, is taken for its first occurrence.
    """
    try:
        return datetime.fromisoformat(local).astimezone(timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def told_count(description: str) -> int:
    """Return the number of occurrences that a ticket's description tells of; 0 if it tells of none."""
    found = _SEEN.search(description)
    return int(found.group(1)) if found else 0


def has_key_line(description: object, key_line: str) -> bool:
    """Tell whether a ticket's description holds the key line as a line of its own.

    A record that quotes another ticket does not count: records are indented.
    """
    if not isinstance(description, str):
        return False
    # Not splitlines: a record may hold line separators that it does not know for the ends of lines.
    return any(line.rstrip() == key_line for line in description.split("\n"))


def shown_record(description: str) -> Optional[str]:
    """Return the record that a ticket's description shows; None where it does not show all of it."""
    _, _, below = description.replace("\r\n", "\n").partition("\nRecord:\n")
    lines: list[str] = []
    for line in below.split("\n"):
        # A cut leaves a line that is not indented, and so does whoever writes into it.
        if line and not line.startswith(_INDENT):
            is_whole = line == "Environment:" or line.startswith(_KEY)
            return "\n".join(lines).strip("\n") or None if is_whole else None
        lines.append(line[len(_INDENT) :])
    return None


def _description(delivery: Delivery, key_line: str) -> str:
    incident, occurrence = delivery.incident, delivery.occurrence
    environment = _environment(delivery.environment)
    host = environment.get("host", "")
    where = f"{occurrence.engine}, logger {occurrence.logger}" if occurrence.logger else occurrence.engine
    pid = "" if occurrence.pid is None else f", process {occurrence.pid}"
    lines = {
        "Where": where,
        "File": f"{_core.redact(str(occurrence.path))}, byte {occurrence.offset}",
        "Who": f"{delivery.user_login}{f' on {host}' if host else ''}{pid}",
        "When": _when(incident.first_seen, incident.last_seen),
        "Seen": f"{incident.count} time{'' if incident.count == 1 else 's'}",
    }
    # The level keeps a message that quotes a key line from passing for one.
    what = one_line(_sendable(f"{occurrence.level}: {_error_line(occurrence)}"), _MAX_LINE_BYTES)
    above = [what, ""]
    above += [f"{name + ':':<7}{one_line(_sendable(text), _MAX_LINE_BYTES)}" for name, text in lines.items()]
    above += ["", "Record:", ""]
    short = "\n".join(f"{name}: {one_line(_sendable(value), 200)}" for name, value in environment.items())
    below = ["", "Environment:", "", _indented(excerpt(short, _MAX_ENVIRONMENT_BYTES))] if short else []
    below += ["", key_line]
    # Whatever is not the record is short, so the record has what is left; one byte for the line break.
    rest = len("\n".join([*above, *below]).encode("utf-8")) + 1
    record = excerpt(_indented(_sendable(occurrence.record)), MAX_DESCRIPTION_BYTES - rest)
    return "\n".join([*above, record, *below])


def _error_line(occurrence: Occurrence) -> str:
    """Return the line that says what broke, so that no cut in the record can take it away."""
    if occurrence.exception:
        name = re.escape(occurrence.exception.rpartition(".")[2])
        # A class made in a function is named like "module.function.<locals>.Broken".
        line = re.compile(rf"^[^\S\n]*(?:[\w.<>]+\.)?{name}(?::.*)?$", re.MULTILINE)
        found = line.search(occurrence.record)
        return found.group() if found else occurrence.exception
    first = occurrence.message.strip().partition("\n")[0]
    return first or occurrence.title


def _when(first: str, last: str) -> str:
    return first if first == last else f"first {first}, last {last}"


def _environment(text: str) -> dict[str, str]:
    """Return the snapshot's plain facts, and those one level down under dotted names."""
    try:
        snapshot = json.loads(text)
    except ValueError:
        return {}
    plain: dict[str, str] = {}
    for name, value in snapshot.items() if isinstance(snapshot, dict) else ():
        if isinstance(value, dict):
            plain.update({f"{name}.{key}": str(each) for key, each in value.items() if _is_plain(each)})
        elif _is_plain(value):
            plain[name] = str(value)
    return plain


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int, float)) and value != ""


def _indented(text: str) -> str:
    return "\n".join(f"{_INDENT}{line}" for line in text.split("\n"))


def _sendable(text: str) -> str:
    """Return ``text`` with what a site cannot hold replaced: lone surrogates and control characters."""
    plain = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    return plain.translate(_CONTROLS)
