"""What the site answers when a call cannot be done."""

from __future__ import annotations

from typing import Any

AUTHENTICATION = 102
REFUSED = 103
MISSING = 104
INTERNAL = 105


class Fault(Exception):
    """A refusal that the client raises as its own ``Fault``, or ``AuthenticationFault`` for code 102."""

    def __init__(self, message: str, code: int = REFUSED) -> None:
        super().__init__(message)
        self.code = code

    def as_reply(self) -> dict[str, Any]:
        """The refusal as it goes over the wire."""
        return {"exception": True, "error_code": self.code, "message": str(self)}
