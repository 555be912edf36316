"""How often each reporter saw a problem: the lines of one field that several reporters write to.

A site cannot add to a number. So each reporter has a line of its own, leaves the others as they are, and
looks later whether its line is still there: of two that write at the same time one writes over the other.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Optional

_LINE = re.compile(
    r"(?P<who>[0-9a-z]+(?:-[0-9a-z]+)?) (?P<count>[0-9]{1,15}) (?P<users>[^\s@]*)@(?P<host>\S*)"
)
# What a line is made of cannot be in a name.
_SEPARATORS = re.compile(r"[\s,@]+")
_MOST_USERS = 20


@dataclass(frozen=True)
class Tally:
    """What one reporter has counted of one problem."""

    who: str
    """The reporter's id, and behind a hyphen the problem's: a ticket may stand for several."""
    count: int
    users: tuple[str, ...]
    """Who met it there, as far as a line has room for them."""
    host: str

    @classmethod
    def of(cls, who: str, count: int, users: Iterable[str], host: str) -> "Tally":
        """Make one whose names fit a line."""
        plain = dict.fromkeys(_SEPARATORS.sub("_", user) for user in users if user.strip())
        return cls(who, count, tuple(plain)[:_MOST_USERS], _SEPARATORS.sub("_", host))

    def __str__(self) -> str:
        return f"{self.who} {self.count} {','.join(self.users)}@{self.host}"


@dataclass(frozen=True)
class Counts:
    """The tallies of all reporters."""

    tallies: Mapping[str, Tally]
    rest: tuple[str, ...] = ()
    """Lines that somebody else has written: they stay."""

    @classmethod
    def parse(cls, text: object) -> "Counts":
        """Read the field; whatever it holds is no error."""
        tallies: dict[str, Tally] = {}
        rest: list[str] = []
        for line in text.splitlines() if isinstance(text, str) else ():
            found = _LINE.fullmatch(line.strip())
            if found is None:
                rest += [line] if line.strip() else []
                continue
            users = tuple(user for user in found["users"].split(",") if user)
            tally = Tally(found["who"], int(found["count"]), users, found["host"])
            tallies[tally.who] = _higher(tallies.get(tally.who), tally)
        return cls(tallies, tuple(rest))

    def told(self, tally: Tally, former: Iterable[str] = ()) -> "Counts":
        """Return these with a tally in place of an earlier one, whose count is never higher than before.

        ``former`` are names under which earlier rules may have told it: those go.
        """
        others = {who: each for who, each in self.tallies.items() if who not in set(former)}
        known = others.pop(tally.who, None)
        return Counts({**others, tally.who: _higher(known, tally)}, self.rest)

    def holds(self, tally: Tally) -> bool:
        """Tell whether a tally is among these."""
        known = self.tallies.get(tally.who)
        return known is not None and known.count >= tally.count

    @property
    def total(self) -> int:
        """Return how often all of them saw it."""
        return sum(tally.count for tally in self.tallies.values())

    @property
    def users(self) -> frozenset[str]:
        """Return all who met it."""
        return frozenset(user for tally in self.tallies.values() for user in tally.users)

    def __str__(self) -> str:
        return "\n".join([*self.rest, *(str(self.tallies[who]) for who in sorted(self.tallies))])


def _higher(known: Optional[Tally], tally: Tally) -> Tally:
    return known if known is not None and known.count > tally.count else tally
