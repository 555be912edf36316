"""How soon others notice a write: `watchdog`, `watchfiles` and a look five times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Callable

_LOOK_S = 0.2
_DEADLINE_S = 10.0

Noticed = Callable[[], None]


@contextmanager
def with_watchdog(log: Path, noticed: Noticed) -> Iterator[None]:
    """Listen as its documentation shows it."""
    from watchdog.events import FileModifiedEvent, FileSystemEventHandler
    from watchdog.observers import Observer

    class Handler(FileSystemEventHandler):  # type: ignore[misc]  # it is not installed where types are checked
        def on_modified(self, event: Any) -> None:
            if isinstance(event, FileModifiedEvent):
                noticed()

    observer = Observer()
    observer.schedule(Handler(), str(log.parent))
    observer.start()
    try:
        yield
    finally:
        observer.stop()
        observer.join()


@contextmanager
def with_watchfiles(log: Path, noticed: Noticed) -> Iterator[None]:
    """Listen with its defaults: it waits for a pause of 50 ms between changes."""
    from watchfiles import watch

    def listen(ended: threading.Event) -> None:
        for _ in watch(log.parent, stop_event=ended):
            noticed()

    with _in_thread(listen):
        yield


@contextmanager
def with_looks(log: Path, noticed: Noticed) -> Iterator[None]:
    """Look at the size five times a second."""

    def look(ended: threading.Event) -> None:
        size = log.stat().st_size
        while not ended.wait(_LOOK_S):
            was, size = size, log.stat().st_size
            if size != was:
                noticed()

    with _in_thread(look):
        yield


@contextmanager
def _in_thread(work: Callable[[threading.Event], None]) -> Iterator[None]:
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


PEERS = {"watchdog": with_watchdog, "watchfiles": with_watchfiles, "a look each 200 ms": with_looks}


def waits(folder: Path, listening: Any, count: int, pause_s: float) -> Iterator[float]:
    """Return the milliseconds from each of so many writes until somebody is told."""
    folder.mkdir()
    log = folder / "tk-live.log"
    log.touch()
    told: SimpleQueue[float] = SimpleQueue()
    with listening(log, lambda: told.put(time.perf_counter())), log.open("ab", buffering=0) as out:
        # Until it listens.
        time.sleep(1)
        for number in range(count):
            time.sleep(pause_s * (1 + number % 7) / 7)
            # What was told of the write before is no answer to this one.
            while not told.empty():
                told.get()
            began = time.perf_counter()
            out.write(b"a line\n")
            yield (told.get(timeout=_DEADLINE_S) - began) * 1000
