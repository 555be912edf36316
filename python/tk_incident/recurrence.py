"""A problem whose ticket was closed is back: what becomes of the ticket. Pure: it asks nobody."""

import enum
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from typing import Literal, Optional

OnClosed = Literal["reopen", "new", "ignore"]

_COUNT = re.compile(r"(?:count|times)\s*[:=]?\s*(\d{1,15})", re.IGNORECASE)
_USERS = re.compile(r"users\s*[:=]?\s*(\d{1,15})", re.IGNORECASE)
_DATE = re.compile(r"(?:date\s*[:=]?\s*)?(\d{4})-(\d{2})-(\d{2})", re.IGNORECASE)
_VERSION = re.compile(r"version\s*[:=]?\s*(\S.*)", re.IGNORECASE)


class Next(enum.Enum):
    """What is done with a ticket."""

    TELL = "tell"
    """It is open: it is told how often the problem was seen."""
    LEAVE = "leave"
    """It stays closed, and nobody is bothered."""
    REOPEN = "reopen"
    NEW = "new"
    """It stays closed, and there is another one."""


@dataclass(frozen=True)
class Seen:
    """What is known of a problem now, by all reporters."""

    count: int
    users: int
    last: Optional[datetime]
    """When it was seen last, with a time zone; None where no record says it."""
    version: str
    """What it was seen under last; empty where nothing says it."""


@dataclass(frozen=True)
class IgnoreUntil:
    """What a person wants to wait for before a problem is of interest again; one of them is set."""

    count: Optional[int] = None
    users: Optional[int] = None
    day: Optional[date] = None
    version: Optional[str] = None

    @classmethod
    def parse(cls, text: object) -> "Optional[IgnoreUntil]":
        """Read ``count 100``, ``users 5``, ``2026-12-24`` or ``version v1.3.0``; None if it is none."""
        said = text.strip() if isinstance(text, str) else ""
        if found := _COUNT.fullmatch(said):
            return cls(count=int(found[1]))
        if found := _USERS.fullmatch(said):
            return cls(users=int(found[1]))
        if found := _VERSION.fullmatch(said):
            return cls(version=found[1])
        if found := _DATE.fullmatch(said):
            try:
                return cls(day=date(int(found[1]), int(found[2]), int(found[3])))
            except ValueError:
                return None
        return None

    def holds(self, seen: Seen, now: datetime) -> bool:
        """Tell whether the problem is still to be ignored. A day begins at midnight, UTC."""
        if self.count is not None:
            return seen.count < self.count
        if self.users is not None:
            return seen.users < self.users
        if self.day is not None:
            return now < datetime.combine(self.day, time(), timezone.utc)
        return not is_as_new(seen.version, self.version or "")


def is_as_new(version: str, wanted: str) -> bool:
    """Tell whether a version is the wanted one or a later one, by the numbers in it, from left to right.

    One that is not known is not.
    """
    return bool(version) and _numbers(version) >= _numbers(wanted)


def next_for_closed(
    on_closed: OnClosed,
    closed_at: Optional[datetime],
    ignore: Optional[IgnoreUntil],
    seen: Seen,
    now: datetime,
) -> Next:
    """Decide about a closed ticket whose problem was seen.

    What was seen before the closing is no news; where nobody knows when that was, all of it is.
    """
    if on_closed == "ignore" or (ignore is not None and ignore.holds(seen, now)):
        return Next.LEAVE
    if closed_at is not None and seen.last is not None and seen.last <= closed_at:
        return Next.LEAVE
    return Next.REOPEN if on_closed == "reopen" else Next.NEW


def _numbers(version: str) -> tuple[int, ...]:
    # Before the last word comes the name of what has the version, and names have numbers too.
    word = version.rsplit(maxsplit=1)[-1] if version.split() else ""
    numbers = [int(each) for each in re.findall(r"\d{1,15}", word)]
    # 1.3 and 1.3.0 are one version.
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
