"""Incident reporter for Flow Production Tracking (ShotGrid) Toolkit.

An error in a log becomes one ticket with its evidence. ``scan`` finds incidents in files and sends
nothing; a ``Reporter`` follows a log folder and files tickets. ``docs/design.md`` says how and why.
"""

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
from tk_incident.reporter import Reporter
from tk_incident.scanning import ScanResult, scan
from tk_incident.settings import Settings

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
