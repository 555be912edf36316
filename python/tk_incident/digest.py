"""What the ticket of a digest says: many new problems at once, the most severe first. Pure."""

from tk_incident._core import Delivery, Incident
from tk_incident.description import MAX_DESCRIPTION_BYTES, facts_of, sendable, when
from tk_incident.excerpt import one_line

_MAX_LINE_BYTES = 300


def describe_digest(delivery: Delivery, key_line: str, version: str) -> str:
    """Return the description: ``MAX_DESCRIPTION_BYTES`` of UTF-8 at most, the last line is ``key_line``.

    Where there is no room for all problems it says how many are left out; the attached list has them all.
    """
    incident, members = delivery.incident, delivery.members
    host = facts_of(delivery.environment).get("host", "")
    above = [
        f"{len(members)} problems that were not known before were found within a minute.",
        "",
        f"Who:   {one_line(sendable(delivery.user_login), _MAX_LINE_BYTES)}{f' on {host}' if host else ''}",
        f"When:  {when(incident.first_seen, incident.last_seen)}",
        f"Where: {one_line(', '.join(incident.engines), _MAX_LINE_BYTES)}",
        *([f"Under: {version}"] if version else []),
        "",
        "Each gets its own ticket once it is seen again. What came first is often the cause of the rest.",
        "",
    ]
    below = [
        "",
        f"More: {delivery.evidence_name}, attached, has the whole list and what was kept of each.",
        "",
        key_line,
    ]
    room = MAX_DESCRIPTION_BYTES - len("\n".join([*above, *below]).encode("utf-8"))
    lines: list[str] = []
    for at, member in enumerate(members):
        line = _line(member)
        left_out = f"    and {len(members) - at} more"
        room -= len(line.encode("utf-8")) + 1
        if room < len(left_out.encode("utf-8")) + 1:
            lines.append(left_out)
            break
        lines.append(line)
    return "\n".join([*above, *lines, *below])


def _line(member: Incident) -> str:
    times = "" if member.count == 1 else f" ({member.count} times)"
    what = member.title if member.title in member.message else f"{member.title}: {member.message}"
    said = one_line(sendable(f"{member.level}: {what}"), _MAX_LINE_BYTES)
    return f"    {member.signature}  {said}{times}"
