"""What a ticket says to people: what broke, where, who met it, when, how often, and more. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from tk_incident import _core
from tk_incident._core import Delivery, Occurrence
from tk_incident.excerpt import excerpt, one_line

MAX_DESCRIPTION_BYTES = 32 * 1024
MAX_LINE_BYTES = 1024
KEY = "incident-key: "
_MAX_ENVIRONMENT_BYTES = 3 * 1024
_MAX_CONTEXT_BYTES = 3 * 1024
_INDENT = "    "
_RECORD, _BEFORE, _ENVIRONMENT = "Record:", "Before it, in the same process:", "Environment:"
_SEEN = re.compile(r"^Seen: +(\d+) times?(?:, told by (\S+))?\r?$", re.MULTILINE)
_VERSION = re.compile(r"^Under: +(.+)$", re.MULTILINE)
# Search paths and their like: the archive has them, and here they would take the place of the rest.
_LONG = ("variables",)
# A database may refuse NUL, and a terminal obeys ESC.
_CONTROLS = {code: "?" for code in range(32) if chr(code) not in "\t\n"} | {0x7F: "?"}


@dataclass(frozen=True)
class Surroundings:
    """What a description tells beside the delivery itself."""

    told_by: str
    """Which reporter tells it."""
    version: str = ""
    """What the problem was seen under; empty where nothing says it."""
    lines_before: Sequence[str] = ()
    """The last lines before the record, of the same process."""
    previous: str = ""
    """A sentence about the ticket that this one follows."""


def describe(delivery: Delivery, key_line: str, around: Surroundings) -> str:
    """Return the description: ``MAX_DESCRIPTION_BYTES`` of UTF-8 at most, the last line is ``key_line``."""
    incident, occurrence = delivery.incident, delivery.occurrence
    environment = facts_of(delivery.environment)
    host = environment.get("host", "")
    where = f"{occurrence.engine}, logger {occurrence.logger}" if occurrence.logger else occurrence.engine
    pid = "" if occurrence.pid is None else f", process {occurrence.pid}"
    lines = {
        "Where": where,
        "File": f"{_core.redact(str(occurrence.path))}, byte {occurrence.offset}",
        "Who": f"{delivery.user_login}{f' on {host}' if host else ''}{pid}",
        "When": when(incident.first_seen, incident.last_seen),
        "Seen": f"{incident.count} time{'' if incident.count == 1 else 's'}, told by {around.told_by}",
        "Under": around.version,
    }
    # The level keeps a message that quotes a key line from passing for one.
    above = [one_line(sendable(f"{occurrence.level}: {_error_line(occurrence)}"), MAX_LINE_BYTES), ""]
    above += [
        f"{name + ':':<7}{one_line(sendable(text), MAX_LINE_BYTES)}" for name, text in lines.items() if text
    ]
    above += ["", around.previous] if around.previous else []
    above += ["", _RECORD, ""]
    below: list[str] = []
    if around.lines_before:
        before = sendable("\n".join(around.lines_before))
        below += ["", _BEFORE, "", _indented(excerpt(before, _MAX_CONTEXT_BYTES))]
    short = "\n".join(f"{name}: {one_line(sendable(value), 200)}" for name, value in environment.items())
    if short:
        below += ["", _ENVIRONMENT, "", _indented(excerpt(short, _MAX_ENVIRONMENT_BYTES))]
    name = delivery.evidence_name
    below += [
        "",
        f"More: {name}, attached, has the log around it and all that is known of the machine.",
        "",
        key_line,
    ]
    # Whatever is not the record is short, so the record has what is left; one byte for the line break.
    rest = len("\n".join([*above, *below]).encode("utf-8")) + 1
    record = excerpt(_indented(sendable(occurrence.record)), MAX_DESCRIPTION_BYTES - rest)
    return "\n".join([*above, record, *below])


def with_note(description: str, note: str, key_line: str) -> str:
    """Return a description with a line above its key line, and with the key line, whoever has edited it."""
    body = "\n".join(line for line in description.split("\n") if line.rstrip() != key_line).rstrip("\n")
    room = MAX_DESCRIPTION_BYTES - len(f"\n\n{note}\n\n{key_line}".encode())
    parts = [excerpt(body, room), *([note] if note else []), key_line]
    return "\n\n".join(parts)


def with_seen_line(description: str, told: str) -> str:
    """Return a description with the line that says who tells how often: where it has none, that of ``told``.

    By it the reporters know whose ticket it is, and what is counted in it.
    """
    line = _SEEN.search(told)
    if line is None or _SEEN.search(description):
        return description
    # Above, where no cut takes it.
    return f"{line[0]}\n\n{description}"


def told_by(description: object) -> str:
    """Return which reporter tells of a ticket; empty if its description does not say."""
    found = _SEEN.search(description) if isinstance(description, str) else None
    return (found[2] or "") if found else ""


def told_count(description: str, who: str) -> int:
    """Return the number of occurrences of which this reporter tells in a ticket's description; 0 if of none.

    Where it does not say who tells it, it was an earlier version, and is taken to be this one.
    """
    found = _SEEN.search(description)
    return int(found[1]) if found and found[2] in (None, who) else 0


def told_version(description: object) -> str:
    """Return what a description says the problem was seen under; empty if it does not say."""
    found = _VERSION.search(description) if isinstance(description, str) else None
    return found.group(1).strip() if found else ""


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
    _, _, below = description.replace("\r\n", "\n").partition(f"\n{_RECORD}\n")
    lines: list[str] = []
    for line in below.split("\n"):
        # A cut leaves a line that is not indented, and so does whoever writes into it.
        if line and not line.startswith(_INDENT):
            is_whole = line.rstrip() in (_ENVIRONMENT, _BEFORE) or line.startswith((KEY, "More: "))
            return "\n".join(lines).strip("\n") or None if is_whole else None
        lines.append(line[len(_INDENT) :])
    return None


def facts_of(environment: str) -> Mapping[str, str]:
    """Return the snapshot's plain facts, and those one level down under dotted names."""
    try:
        snapshot = json.loads(environment)
    except ValueError:
        return {}
    plain: dict[str, str] = {}
    for name, value in snapshot.items() if isinstance(snapshot, dict) else ():
        if name in _LONG:
            continue
        if isinstance(value, dict):
            plain.update({f"{name}.{key}": str(each) for key, each in value.items() if _is_plain(each)})
        elif _is_plain(value):
            plain[name] = str(value)
    return plain


def sendable(text: str) -> str:
    """Return ``text`` with what a site cannot hold replaced: lone surrogates and control characters."""
    plain = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    return plain.translate(_CONTROLS)


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


def when(first: str, last: str) -> str:
    """Say when something was seen first and last."""
    return first if first == last else f"first {first}, last {last}"


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int, float)) and value != ""


def _indented(text: str) -> str:
    return "\n".join(f"{_INDENT}{line}" for line in text.split("\n"))
