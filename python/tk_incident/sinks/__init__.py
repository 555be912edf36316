"""Where deliveries go: what a sink is given, what it may commit on its way, and what it gives back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional, Protocol

from tk_incident._core import Delivery


@dataclass(frozen=True)
class Outcome:
    """What the site knows after a delivery."""

    ticket_id: Optional[int]
    """None where there is to be no ticket: a hook of the studio has said so."""
    count: int
    """Occurrences the site was told of."""
    recurrence_ms: int
    """Further occurrences wait at least so long before the site is told again."""
    is_settled: bool = True
    """False where others may write over what the site was told, so that it has to be looked at later."""


class Journal(Protocol):
    """What a sink commits on its way, so that a later attempt goes on from there.

    ``_core.Agent`` is one. All of them raise ``SpoolError``.
    """

    def evidence(self, delivery_id: int) -> bytes:
        """Return the evidence archive, a finished zip."""

    def ticket_asked(self, delivery_id: int) -> None:
        """Commit that the site is asked for a ticket from now on: whatever comes of it, one may be there."""

    def ticket_created(self, delivery_id: int, *, ticket_id: int, is_new: bool) -> None:
        """Commit that the ticket exists; ``is_new`` where it was made, and not found."""

    def evidence_attached(self, delivery_id: int) -> None:
        """Commit that the evidence is on the site."""

    def settled(self, delivery_id: int) -> None:
        """Commit that the ticket has no twin any more."""


class Sink(Protocol):
    """Brings deliveries to a site; used by one thread only."""

    def deliver(self, delivery: Delivery, journal: Journal) -> Outcome:
        """Bring one delivery as far as it goes. Raises ``DeliveryError`` where the site does not take it."""

    def settle(self, deliveries: Sequence[Delivery], journal: Journal) -> None:
        """Leave one ticket of each in use, the oldest. Raises ``DeliveryError``; what is left comes again."""

    def wait_s(self) -> float:
        """Return how many seconds the site is to be left alone, so that it is not told too much at once."""

    def interrupt(self) -> None:
        """Break off what is under way, so that it fails at once; this is called on another thread."""

    def close(self) -> None:
        """Give the connection back; a later ``deliver`` makes a new one."""
