"""Incident reporter for Flow Production Tracking (ShotGrid) Toolkit.

An error in a log becomes one ticket with its evidence. ``scan`` finds incidents in files and sends
nothing; a ``Reporter`` follows a log folder and files tickets. ``docs/design.md`` says how and why.
"""

from typing import TYPE_CHECKING

from tk_incident._core import (
    Incident,
    Occurrence,
    Signature,
    __version__,
    redact,
    signature,
    signature_key,
)
from tk_incident.errors import ConfigError, DeliveryError, InternalError, SpoolError, TkIncidentError

if TYPE_CHECKING:
    from tk_incident.reporter import Reporter
    from tk_incident.scanning import ScanResult, scan
    from tk_incident.settings import Settings
else:
    # Imported once somebody asks for them: a signature in a host's console does not wait for the rest.
    _MODULES = {"Reporter": "reporter", "ScanResult": "scanning", "scan": "scanning", "Settings": "settings"}

    def __getattr__(name):
        from importlib import import_module  # noqa: PLC0415

        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        return value

    def __dir__():
        return sorted({*globals(), *_MODULES})


__all__ = [
    "ConfigError",
    "DeliveryError",
    "Incident",
    "InternalError",
    "Occurrence",
    "Reporter",
    "ScanResult",
    "Settings",
    "Signature",
    "SpoolError",
    "TkIncidentError",
    "__version__",
    "redact",
    "scan",
    "signature",
    "signature_key",
]
