"""How a program of the storm is told to end: by SIGTERM, between two things that it does."""

import _thread
import signal
import threading


def terminated() -> threading.Event:
    """Return what is set once this process has been told to end."""
    event = threading.Event()
    # On another thread: the handler interrupts this one wherever it is, also where it holds the event's lock.
    signal.signal(signal.SIGTERM, lambda *_: _thread.start_new_thread(event.set, ()))
    return event
