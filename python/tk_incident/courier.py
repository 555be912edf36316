"""The one thread that speaks to the site: takes what is due, hands it to the sink, commits the outcome."""

import threading
import time
import traceback
from collections.abc import Sequence
from typing import Callable, Optional, Protocol

from tk_incident._core import Delivery, Note
from tk_incident.errors import DeliveryError, TkIncidentError
from tk_incident.log import log, redacted
from tk_incident.outages import Outages
from tk_incident.sinks import Journal, Outcome, Sink

THREAD_NAME = "tk-incident-courier"
# The core answers before if there is something to do or to say: each turn is a wake-up of the host.
_TURN_MS = 10_000
# The same while the site is to be left alone.
_PACE_TURN_S = 0.5
# After a failure that is not the site's, so that one that stays does not keep a core busy.
_PAUSE_S = 1.0
_INTERRUPT_EVERY_S = 0.05
# After a look at what was delivered that failed; it doubles with each further one.
_FIRST_SETTLE_PAUSE_S, _LONGEST_SETTLE_PAUSE_S = 2.0, 300.0
# The note of an agent whose thread has ended by itself.
_END_CODE = "stopped"


class Outbox(Journal, Protocol):
    """What the courier asks of ``_core.Agent``."""

    def redact(self, text: str) -> str:
        """Take secrets out of a text, by the settings' own rules, too."""

    def next_delivery(self, timeout_ms: int) -> Optional[Delivery]:
        """Wait until something is due; None where there is something else to do or to say."""

    def ack(self, delivery_id: int, *, count: int, recurrence_ms: int, is_settled: bool) -> None:
        """Commit what the site knows."""

    def discard(self, delivery_id: int, *, count: int, recurrence_ms: int) -> None:
        """Commit that the site is not to know of these."""

    def retry_later(
        self, delivery_id: int, *, reason: str, retry_after_ms: Optional[int] = None, is_outage: bool = False
    ) -> int:
        """Keep a delivery for later, and all others with it where the site is to blame."""

    def take_unsettled(self) -> Sequence[Delivery]:
        """Take the deliveries whose tickets may have a twin by now."""

    def settle_later(self, wait_ms: int) -> None:
        """Give out none of them for so long."""

    def take_notes(self) -> Sequence[Note]:
        """Take what the core wants said."""

    def failure(self) -> Optional[str]:
        """Say why the agent's thread ended by itself, if it did."""


class Courier:
    """Delivers until it is stopped. Nothing that a delivery raises ends it."""

    def __init__(self, outbox: Outbox, make_sink: Optional[Callable[[], Sink]]) -> None:
        """Take where deliveries come from, and what makes the sink that they go to.

        It is called on the courier's thread, for its imports take longer than a host's start may. Without it
        only notes are passed on.
        """
        self._outbox = outbox
        self._make_sink = make_sink
        self._sink: Optional[Sink] = None
        self._stopping = threading.Event()
        self._draining = threading.Event()
        # Set with either of them: whoever waits for something else goes on.
        self._ending = threading.Event()
        self._outages = Outages()
        self._caught_last = ""
        self._is_end_said = False
        self._settle_failures = 0
        # A daemon: a site that hangs must not keep the host from ending.
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)

    def start(self) -> None:
        """Start the thread, once."""
        self._thread.start()

    def drain(self) -> None:
        """Ask the thread to end once nothing is due, or at the first failure; returns at once."""
        self._draining.set()
        self._ending.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until the thread has ended; True if it has."""
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(max(0.0, timeout_s))
        return not self._thread.is_alive()

    def request_stop(self) -> None:
        """Ask the thread to end after the delivery that it is at; returns at once."""
        self._stopping.set()
        self._ending.set()

    def stop(self, timeout_s: float) -> bool:
        """Ask the thread to end, and wait; True if it ended in time.

        One that waits for the site is interrupted, and one that hangs all the same is abandoned: it commits
        nothing that has not happened, and whatever it leaves undone is looked up at the site by the next try.
        """
        self.request_stop()
        deadline = time.monotonic() + timeout_s
        # Again and again: the client tries again what was broken off.
        while not self.wait(min(_INTERRUPT_EVERY_S, deadline - time.monotonic())):
            if time.monotonic() >= deadline:
                return False
            if self._sink is not None:
                self._sink.interrupt()
        return True

    @property
    def is_alive(self) -> bool:
        """True while the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                goes_on = self._turn()
            except Exception as error:
                self._caught(error)
                goes_on = False
                self._ending.wait(_PAUSE_S)
            if self._draining.is_set() and not goes_on:
                break
        try:
            self._say_news()
            if self._sink is not None:
                self._sink.close()
        except Exception as error:
            self._caught(error)

    def _turn(self) -> bool:
        """Deliver what is due next; False if there was nothing, it failed, or the site is left alone."""
        self._say_news()
        if self._sink is None and self._make_sink is not None:
            self._sink = self._make_sink()
        sink = self._sink
        wait_s = 0.0 if sink is None else sink.wait_s()
        if wait_s > 0:
            self._ending.wait(min(wait_s, _PACE_TURN_S))
            return False
        began = time.monotonic()
        delivery = self._outbox.next_delivery(_TURN_MS)
        # What became due with the stop is for the next session.
        if self._stopping.is_set():
            return False
        if delivery is not None and sink is not None:
            return self._deliver(delivery, sink)
        has_done = self._say_news()
        if sink is not None:
            has_done |= self._settle(sink)
        if not has_done and time.monotonic() - began < _TURN_MS / 2000:
            # The agent has ended, and answers at once from now on.
            self._ending.wait(_PAUSE_S)
        return False

    def _settle(self, sink: Sink) -> bool:
        """Look once more at what was delivered, where that is due; True if something was."""
        unsettled: Sequence[Delivery] = ()
        try:
            unsettled = self._outbox.take_unsettled()
            if unsettled:
                sink.settle(unsettled, self._outbox)
        except DeliveryError as error:
            # They come again, and whatever keeps the site away is said by deliveries.
            log.debug("%s", self._redacted(str(error)))
            own_s = min(_FIRST_SETTLE_PAUSE_S * 2.0**self._settle_failures, _LONGEST_SETTLE_PAUSE_S)
            self._settle_failures = min(self._settle_failures + 1, 16)
            self._outbox.settle_later(round(1000 * max(own_s, error.retry_after_s or 0.0)))
        else:
            # While none may be looked at there is none, which says nothing of the next look.
            if unsettled:
                self._settle_failures = 0
        return bool(unsettled)

    def _deliver(self, delivery: Delivery, sink: Sink) -> bool:
        retry_after_ms, is_outage = None, False
        try:
            outcome = sink.deliver(delivery, self._outbox)
            self._keep(delivery.id, outcome)
        except TkIncidentError as error:
            # Its text may be that of a studio's code: a hook, or what makes the handle.
            reason = self._redacted(str(error))
            is_outage = isinstance(error, DeliveryError) and error.is_outage
            if isinstance(error, DeliveryError) and error.retry_after_s is not None:
                retry_after_ms = round(error.retry_after_s * 1000)
        except Exception as error:
            reason = self._told(error)
            log.debug("%s", self._redacted(traceback.format_exc()))
        else:
            if self._outages.ends(delivery.id):
                log.info("deliveries reach the site again")
            return True
        if self._outages.begins(delivery.id, reason) and not self._stopping.is_set():
            log.warning("an incident could not be delivered: %s; it is kept and tried again", reason)
        self._outbox.retry_later(
            delivery.id, reason=reason, retry_after_ms=retry_after_ms, is_outage=is_outage
        )
        return False

    def _keep(self, delivery_id: int, outcome: Outcome) -> None:
        count, recurrence_ms = outcome.count, outcome.recurrence_ms
        if outcome.ticket_id is None:
            self._outbox.discard(delivery_id, count=count, recurrence_ms=recurrence_ms)
            return
        self._outbox.ack(delivery_id, count=count, recurrence_ms=recurrence_ms, is_settled=outcome.is_settled)

    def _say_news(self) -> bool:
        """Say what the core wants said; True if there was something."""
        # In this order: an agent that ends has a note for it first, and the note says more.
        failure = self._outbox.failure()
        notes = self._outbox.take_notes()
        for note in notes:
            log.warning("%s", self._redacted(note.text))
            self._is_end_said |= note.code == _END_CODE
        if failure is not None and not self._is_end_said:
            self._is_end_said = True
            why = self._redacted(failure)
            log.warning("the logs are not followed any more: %s; restart the application to go on", why)
        return bool(notes)

    def _caught(self, error: Exception) -> None:
        # A thread that was abandoned finds a stopped agent: that is no news.
        text = self._told(error)
        if not self._stopping.is_set() and text != self._caught_last:
            self._caught_last = text
            log.warning("deliveries are held up: %s", text)
            log.debug("%s", self._redacted(traceback.format_exc()))

    def _told(self, error: Exception) -> str:
        return f"{type(error).__name__}: {self._redacted(str(error))}"

    def _redacted(self, text: str) -> str:
        # By the studio's own rules, too: all that this thread says goes through here.
        return redacted(text, self._outbox.redact)
