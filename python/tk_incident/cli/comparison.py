"""What the demo wrote, what was found, and what was filed, side by side."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tk_incident._core import Incident
from tk_incident.cli.ticket_reader import FiledTicket


@dataclass(frozen=True)
class Problem:
    """One problem in three columns."""

    title: str
    written: int
    found: int
    tickets: Sequence[FiledTicket]

    @property
    def filed(self) -> int:
        """How many occurrences the site was told of."""
        return sum(ticket.count or 0 for ticket in self.tickets)

    def differences(self) -> list[str]:
        """Say where the columns do not agree; empty if they do."""
        said = []
        if self.found != self.written:
            said.append(f"{self.title}: written {self.written}, found {self.found}")
        if len(self.tickets) != 1:
            said.append(f"{self.title}: {len(self.tickets)} tickets instead of one")
        for ticket in self.tickets:
            if ticket.count != self.written:
                said.append(
                    f"{self.title}: written {self.written}, ticket {ticket.id} was told of {ticket.count}"
                )
            if ticket.evidence_fault is not None:
                said.append(f"{self.title}: ticket {ticket.id}: {ticket.evidence_fault}")
        return said

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as the demo prints it."""
        return {
            "title": self.title,
            "written": self.written,
            "found": self.found,
            "filed": self.filed,
            "tickets": [ticket.id for ticket in self.tickets],
        }


def compare(
    written: Mapping[str, int], found: Iterable[Incident], filed: Iterable[FiledTicket], user_login: str
) -> list[Problem]:
    """Put the three together by ticket title; what nobody wrote shows up as well."""
    counts: Counter[str] = Counter()
    for incident in found:
        counts[f"{user_login} - {incident.title}"] += incident.count
    tickets: dict[str, list[FiledTicket]] = {}
    for ticket in filed:
        tickets.setdefault(ticket.title, []).append(ticket)
    titles = dict.fromkeys([*written, *counts, *tickets])
    return [
        Problem(title, written.get(title, 0), counts[title], tuple(tickets.get(title, ())))
        for title in titles
    ]
