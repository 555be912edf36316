"""A delivery as a ticket: title, description and fields. Pure: it asks nobody."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, Optional
from urllib.parse import parse_qs

from tk_incident import _core, site_fields
from tk_incident._core import Delivery
from tk_incident.counts import Tally
from tk_incident.description import (
    KEY,
    MAX_LINE_BYTES,
    Surroundings,
    describe,
    facts_of,
    has_key_line,
    sendable,
    shown_record,
)
from tk_incident.digest import describe_digest
from tk_incident.excerpt import one_line
from tk_incident.settings import Settings

PRIORITY = "sg_priority"
# So many people with one problem make it more urgent.
_MANY_USERS = 5
_BETWEEN_NAMES = ", "
# Characters of a field of names.
_MOST_NAMES = 1_000
# Characters of a signature that tell one problem from another within one ticket.
_PROBLEM = 8


@dataclass(frozen=True)
class Ticket:
    """What the site is to hold about an incident."""

    title: str
    """``<user_login> - <title>``, or the title alone where one ticket stands for all users."""
    delivery: Delivery
    key_line: str
    """The line that tells this ticket from every other one: the last of its description."""
    former_key_lines: Sequence[str]
    """The lines that it may have under the rules of earlier versions."""
    record: str
    """The record of the first occurrence, as the description has it where there is room for all of it."""
    project_id: Optional[int]
    version: str
    """What the problem was seen under: the configuration, else the engine; empty where nothing says it."""
    engines: Sequence[str]
    """In which it was met, as far as this reporter knows."""
    tally: Tally
    """How often this reporter saw the problem."""
    former_tallies: Sequence[str]
    """The names under which earlier rules may have told it."""
    fields: Mapping[str, Any]
    """Further fields and their values, for the sites that have them."""

    @classmethod
    def of(cls, delivery: Delivery, settings: Settings) -> "Ticket":
        """Make the ticket of a delivery, in the words of its first occurrence."""
        incident = delivery.incident
        facts = facts_of(delivery.environment)
        login = sendable(delivery.user_login)
        title = one_line(sendable(incident.title), MAX_LINE_BYTES)
        whose = ""
        if settings.ticket_scope == "user":
            login = " ".join(login.split())
            title = f"{login} - {title}"
            whose = f"/{login}"
        key = f"{incident.signature}{whose}"
        version = version_of(delivery.environment)
        tally = Tally.of(
            _who(delivery, incident.signature),
            incident.count,
            incident.users or [login],
            facts.get("host", ""),
        )
        engines = [sendable(engine) for engine in incident.engines]
        fields: dict[str, Any] = {
            "sg_ticket_type": "Bug",
            PRIORITY: priority(incident.level, len(incident.users)),
            site_fields.KEY: key,
            site_fields.COUNT: incident.count,
            site_fields.COUNTS: str(tally),
            site_fields.FIRST_SEEN: utc(incident.first_seen),
            site_fields.LAST_SEEN: utc(incident.last_seen),
            site_fields.VERSION: version or None,
            site_fields.USERS: names(tally.users),
            site_fields.ENGINES: names(engines),
        }
        return cls(
            title=title,
            delivery=delivery,
            key_line=f"{KEY}{key}",
            former_key_lines=[f"{KEY}{former}{whose}" for former in delivery.former_signatures],
            record=sendable(delivery.occurrence.record),
            project_id=settings.project_id if delivery.project_id is None else delivery.project_id,
            version=version,
            engines=engines,
            tally=tally,
            former_tallies=[_who(delivery, former) for former in delivery.former_signatures],
            fields={name: value for name, value in fields.items() if value is not None},
        )

    def description(self, lines_before: Sequence[str] = (), previous: str = "") -> str:
        """Return what the ticket says to people; the last line is ``key_line``."""
        if self.delivery.members:
            return describe_digest(self.delivery, self.key_line, self.version)
        return describe(
            self.delivery, self.key_line, Surroundings(self.tally.who, self.version, lines_before, previous)
        )

    def as_told(self) -> "Ticket":
        """Return the ticket with the count that the site was told last, which is perhaps not that of now."""
        count = min(self.delivery.told_count, self.tally.count)
        return replace(self, tally=replace(self.tally, count=count))

    def is_own(self, row: Mapping[str, Any], settings: Settings) -> bool:
        """Tell whether a ticket was filed for this problem, by the rules of today or of earlier versions."""
        description = row.get("description")
        return has_key_line(description, self.key_line) or self.is_about(description, settings)

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


def names(all_names: Iterable[str], known: object = None) -> Optional[str]:
    """Return names as one field has them: those that it knew stay in front. None if there are none.

    What has no room is left out.
    """
    before = known.split(_BETWEEN_NAMES) if isinstance(known, str) else []
    each = dict.fromkeys(name.strip() for name in (*before, *all_names) if name.strip())
    text = ""
    for name in each:
        longer = f"{text}{_BETWEEN_NAMES}{name}" if text else name
        if len(longer) > _MOST_NAMES:
            break
        text = longer
    return text or None


def priority(level: str, users: int) -> str:
    """Return the priority, from ``1``, the highest, to ``5``: by the level, and by how many have met it."""
    by_level = 2 if level == "CRITICAL" else 3
    return str(by_level - 1 if users >= _MANY_USERS else by_level)


def raised_priority(level: str, was: object, *, users: int, before: int) -> Optional[str]:
    """Return the priority of a ticket that more have met by now than had ``before``; None where it stays.

    It is raised once, in the moment in which there are enough, and only where nobody has chosen another.
    """
    raised = priority(level, users)
    return raised if was == priority(level, before) != raised else None


def version_of(environment: str) -> str:
    """Return what a problem was seen under, by the environment's JSON: the first of these that it knows.

    A ``version`` that a hook has given, Toolkit's configuration, the engine.
    """
    try:
        snapshot = json.loads(environment)
    except ValueError:
        return ""
    facts = snapshot if isinstance(snapshot, dict) else {}
    given = facts.get("version")
    if isinstance(given, str) and given:
        return one_line(sendable(given), MAX_LINE_BYTES)
    toolkit, engine = (
        each if isinstance(each, dict) else {} for each in (facts.get("toolkit"), facts.get("engine"))
    )
    described = parse_qs(str(toolkit.get("configuration", "")).partition("?")[2])
    name, version = (described.get(part, [""])[0] for part in ("name", "version"))
    if not version:
        name, version = (str(engine.get(part, "")) for part in ("name", "version"))
    return one_line(sendable(f"{name} {version}"), MAX_LINE_BYTES) if version else ""


def utc(local: str) -> Optional[datetime]:
    """Turn a record's time (ISO 8601, local time of its writer) into UTC; None if it is no time.

    The writer is taken to share our time zone: it wrote to a log of this machine. An hour that occurs
    twice, when summer time ends, is taken for its first occurrence.
    """
    try:
        return datetime.fromisoformat(local).astimezone(timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def _who(delivery: Delivery, signature: str) -> str:
    problem = re.sub(r"[^0-9a-z]", "", signature.partition("-")[2] or signature)[:_PROBLEM]
    return f"{delivery.reporter_id or '0'}-{problem or '0'}"
