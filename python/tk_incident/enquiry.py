"""A studio's hook is asked for facts, and nobody waits for it."""

import threading
from collections.abc import Mapping
from typing import Any, Callable, Optional

from tk_incident.log import log, redacted

THREAD_NAME = "tk-incident-environment"


class Enquiry:
    """Asks on a thread of its own. The answer to an earlier question is dropped once there is a later one."""

    def __init__(self, hook: Optional[Callable[[], Mapping[str, Any]]]) -> None:
        """Take the hook; without one nobody is ever asked."""
        self._hook = hook
        self._lock = threading.Lock()
        self._asked = 0
        self._said = ""

    def ask(self, take: Callable[[Mapping[str, Any]], None]) -> None:
        """Have ``take`` called with the answer, if there is one; returns at once."""
        if self._hook is None:
            return
        with self._lock:
            self._asked += 1
            asked = self._asked
        # A daemon: a hook that hangs must not keep the host from ending.
        name = THREAD_NAME
        threading.Thread(target=self._run, args=(self._hook, take, asked), name=name, daemon=True).start()

    def _run(
        self,
        hook: Callable[[], Mapping[str, Any]],
        take: Callable[[Mapping[str, Any]], None],
        asked: int,
    ) -> None:
        try:
            # Whatever is no mapping fails here, and is said.
            facts = dict(hook())
            with self._lock:
                if facts and asked == self._asked:
                    take(facts)
        except Exception as error:
            text = f"{type(error).__name__}: {redacted(str(error))}"
            if text != self._said:
                self._said = text
                log.warning("the hook environment failed: %s; incidents go without its facts", text)
