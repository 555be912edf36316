"""How a command is asked to end: Ctrl-C, a closed terminal, or a service manager."""

import _thread
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Callable, Optional

_Handler = Callable[[int, Optional[FrameType]], Any]


@contextmanager
def stop_requested() -> Iterator[threading.Event]:
    """Give an event that any request to end sets, so that a loop can finish what it is writing."""
    event = threading.Event()
    with _handling(lambda _number, _frame: set_from_handler(event)):
        yield event


def set_from_handler(event: threading.Event) -> None:
    """Set an event from within a signal handler.

    The handler interrupts the main thread wherever it is: also where it holds the event's own lock, at the
    beginning and the end of a ``wait``. There it would wait for itself for ever.
    """
    _thread.start_new_thread(event.set, ())


@contextmanager
def interrupted() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` at any request to end, so that every ``finally`` runs."""
    with _handling(signal.default_int_handler):
        yield


@contextmanager
def _handling(handler: _Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        # Python delivers signals to the main thread only; whoever runs us on another one ends us.
        yield
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):
        numbers.append(signal.SIGHUP)
    before = [(number, signal.signal(number, handler)) for number in numbers]
    try:
        yield
    finally:
        for number, old in before:
            signal.signal(number, old)
