"""An error as the one line a user can act on."""

import errno
import os
from typing import Optional

_REMEDIES = {
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "a file stands where a folder should be: check the path",
    errno.EISDIR: "it is a folder: name a file",
    errno.EACCES: "check who may read and write it",
    errno.EPERM: "check who may read and write it",
    errno.EROFS: "choose a place that can be written to",
    errno.ENOSPC: "free some space; what was found before is kept",
    errno.EADDRINUSE: "choose another port",
    errno.EMFILE: "raise the limit of open files",
}


def complaint(error: BaseException) -> str:
    """Return what went wrong, with what, and what to do about it."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error) or type(error).__name__
    text = error.strerror
    if error.filename is not None:
        text = f"{_shown(error.filename)}: {text}"
    remedy = _remedy(error.errno)
    # The core's own messages name the remedy already.
    return text if remedy is None or remedy in text or error.filename is None else f"{text}; {remedy}"


def _remedy(code: Optional[int]) -> Optional[str]:
    return None if code is None else _REMEDIES.get(code)


def _shown(name: object) -> str:
    if isinstance(name, (str, bytes, os.PathLike)):
        return os.fsdecode(name)
    return str(name)
