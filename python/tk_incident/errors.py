"""What this package raises. Failures of a file system stay ``OSError``."""

from typing import Optional


class TkIncidentError(Exception):
    """Base of all errors of this package; the message names the thing and the remedy."""


class ConfigError(TkIncidentError):
    """A setting, or something it points at, is wrong; the message names the field."""


class SpoolError(TkIncidentError):
    """The spool cannot be opened, read or written."""


class DeliveryError(TkIncidentError):
    """The site did not take a delivery, which is kept and tried again.

    ``retry_after_s`` holds the seconds that the site asked to wait, None where it did not say. ``is_outage``
    says that it would not have taken anything else either.
    """

    def __init__(
        self, message: str, retry_after_s: Optional[float] = None, *, is_outage: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.is_outage = is_outage


class InternalError(TkIncidentError):
    """A defect of this package, such as a panic in the core."""
