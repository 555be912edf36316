"""The one logger of this package: WARNING and below, every message marked as ours.

In tk-desktop the records of a project process reach the log file under another logger's name, so only
the mark tells that a record is our own.
"""

import logging
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Callable

from tk_incident._core import redact

MARK = "[tk-incident] "

if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter  # not subscriptable before Python 3.11


class _MarkedLog(_Adapter):
    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> "tuple[str, MutableMapping[str, Any]]":
        return f"{MARK}{msg}", kwargs


_logger = logging.getLogger("tk_incident")
# Without a handler anywhere, logging would print warnings to the host's console.
_logger.addHandler(logging.NullHandler())

log = _MarkedLog(_logger, {})


def redacted(text: str, by: Callable[[str], str] = redact) -> str:
    """Return what foreign code says, without secrets; without lone surrogates, which the core refuses."""
    return by(text.encode("utf-8", "replace").decode("utf-8"))
