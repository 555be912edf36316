"""Who may call. Without a key the sandbox takes every name and key, but never none at all."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from .faults import AUTHENTICATION, Fault


class Access:
    """Checks the authentication parameters that come with each call and each upload."""

    def __init__(self, api_key: str | None = None) -> None:
        self._api_key = api_key
        self._sessions: set[str] = set()

    def check(self, credentials: Mapping[str, Any]) -> None:
        """Raise :class:`Fault` 102 unless a script's key or a session's token fits."""
        name, key = credentials.get("script_name"), credentials.get("script_key")
        token = credentials.get("session_token")
        if isinstance(name, str) and name and isinstance(key, str):
            if self._api_key is not None and not _equal(key, self._api_key):
                raise Fault(f"Can't authenticate script {name[:80]!r}", AUTHENTICATION)
        elif isinstance(token, str) and token:
            if self._api_key is not None and token not in self._sessions:
                raise Fault("The session has expired or never was: log in again", AUTHENTICATION)
        else:
            raise Fault(
                "Can't authenticate: a script_name with its key, or a session_token, is needed",
                AUTHENTICATION,
            )

    def new_session(self) -> str:
        """A token that :meth:`check` takes until the server ends."""
        token = secrets.token_hex(16)
        self._sessions.add(token)
        return token


def _equal(left: str, right: str) -> bool:
    return secrets.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))
