"""A command is asked to end at any moment."""

import signal
import threading

import pytest

from tk_incident.cli.signals import stop_requested

DEADLINE_S = 10


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_heard(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_requested() as stop:
        assert not stop.is_set()
        signal.raise_signal(number)
        assert stop.wait(DEADLINE_S)
    assert signal.getsignal(number) is before


def test_it_is_heard_in_the_middle_of_a_wait() -> None:
    """The handler runs on the main thread, which may hold the lock of the event."""
    with stop_requested() as stop:
        lock: threading.Condition = stop._cond  # type: ignore[attr-defined]  # where a wait begins and ends
        with lock:
            signal.raise_signal(signal.SIGTERM)
        assert stop.wait(DEADLINE_S)
