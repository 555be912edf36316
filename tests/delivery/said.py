"""What is logged in this process while something runs."""

import logging
from types import TracebackType
from typing import Optional


class Said(logging.Handler):
    """Keeps all texts, also those of our own package below WARNING, while the ``with`` block lasts."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._texts: list[str] = []
        self._own = logging.getLogger("tk_incident")
        self._level_before = logging.NOTSET

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record with its traceback."""
        self._texts.append(self.format(record))

    def texts(self) -> list[str]:
        """Return what was said so far."""
        return list(self._texts)

    def __enter__(self) -> "Said":
        self._level_before = self._own.level
        self._own.setLevel(logging.DEBUG)
        logging.getLogger().addHandler(self)
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        logging.getLogger().removeHandler(self)
        self._own.setLevel(self._level_before)
