"""How a program of the storm is told to end: by SIGTERM, between two things that it does."""

import signal
import threading


def terminated() -> threading.Event:
    """Return what is set once this process has been told to end."""
    event = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: event.set())
    return event
