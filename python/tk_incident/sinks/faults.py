"""What went wrong between us and a site, said so that somebody can mend it.

The handle may be Toolkit's own copy of the client, whose classes are not those of ``shotgun_api3``: they
are told by their names.
"""

import http.client
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Optional

from tk_incident.errors import DeliveryError
from tk_incident.excerpt import one_line
from tk_incident.log import redacted

NOT_DATA = "answered with something that is not data: is a proxy or captive portal in between?"

_MAX_TEXT_BYTES = 400
# A site that asks for a day, or a clock that is a day off, must not silence us for so long.
_LONGEST_WAIT_S = 3600.0
# A signed address is a key to what it points at.
_QUERY = re.compile(r"(https?://[^\s?'\"]*)\?[^\s'\"]*")
_CREDENTIALS = (
    "refused the credentials: check script_name and the key in the variable that api_key_env names; "
    "under Toolkit, sign in again"
)
_STATUS = {
    401: _CREDENTIALS,
    403: "refuses this machine or account (HTTP 403): ask the site's administrator to allow API access",
    404: "has no API at this address (HTTP 404): check site_url",
    407: "is behind a proxy that wants credentials (HTTP 407): set the proxy up for this machine",
    429: "asks for fewer requests (HTTP 429)",
}
# The first one that fits counts, so the special come before the general.
_BY_CLASS: Sequence[tuple[tuple[type[BaseException], ...], str]] = (
    ((socket.gaierror,), "is not known by that name: check site_url, the name service and the network"),
    (
        (ssl.SSLError, ssl.CertificateError),
        "cannot be trusted (TLS): check the machine's clock, its certificates, and any proxy in between",
    ),
    ((socket.timeout, TimeoutError), "did not answer in time: check the network, and whether the site is up"),
    ((ConnectionRefusedError,), "refuses connections: check site_url, and whether the site is up"),
    (
        (ConnectionError, http.client.HTTPException),
        "broke off the connection: check the network and any proxy in between",
    ),
    ((OSError,), "cannot be reached: check site_url and the network"),
)
# What the client runs into when it takes apart an answer that is no answer of a site.
_PUZZLED = (AttributeError, KeyError, IndexError, TypeError, ValueError)


def delivery_error(error: Exception, *, site: str, secrets: Sequence[str] = ()) -> DeliveryError:
    """Turn what the client raised into a ``DeliveryError``: what happened, at which site, what to do.

    ``secrets`` are texts that must not be in the message, whatever the site said.
    """
    reason = getattr(error, "reason", None)
    if isinstance(reason, Exception):  # urllib wraps what the socket raised
        return delivery_error(reason, site=site, secrets=secrets)
    names = {each.__name__ for each in type(error).__mro__}
    status = _status(error)
    retry_after_s = None
    is_outage = True
    if names & {"AuthenticationFault", "ShotgunAuthenticationError"}:
        text = f"{_CREDENTIALS} ({_said(error, secrets)})"
    elif status is not None:
        text = _STATUS.get(status) or _other_status(status)
        retry_after_s = _retry_after_s(error)
    elif "Fault" in names:
        text = f"refused the request: {_said(error, secrets)}"
        is_outage = False
    elif "ServerNotFoundError" in names:  # httplib2's word for a name that does not resolve
        text = _BY_CLASS[0][1]
    else:
        known = _by_class(error)
        text = known or f"failed: {type(error).__name__}: {_said(error, secrets)}"
        is_outage = known is not None
    return DeliveryError(f"{site} {text}", retry_after_s, is_outage=is_outage)


def _by_class(error: Exception) -> Optional[str]:
    for classes, text in _BY_CLASS:
        if isinstance(error, classes):
            return text
    if isinstance(error, _PUZZLED):
        return f"{NOT_DATA} (the client: {type(error).__name__})"
    return None


def _status(error: Exception) -> Optional[int]:
    # xmlrpc.client.ProtocolError, which the client borrows, and urllib's HTTPError.
    for name in ("errcode", "code"):
        value = getattr(error, name, None)
        if isinstance(value, int):
            return value
    return None


def _other_status(status: int) -> str:
    if status >= 500:  # noqa: PLR2004  the server's own errors begin here
        return f"is down or overloaded (HTTP {status})"
    return f"answered with HTTP {status}: check site_url and any proxy in between"


def _retry_after_s(error: Exception) -> Optional[float]:
    """Read Retry-After: seconds, or a date (RFC 9110, 10.2.3)."""
    # A plain dict from the client, a message from urllib.
    headers = getattr(error, "headers", None)
    items = headers.items() if isinstance(headers, (Mapping, Message)) else ()
    value = next((str(text) for name, text in items if str(name).lower() == "retry-after"), "")
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
        return min(float(value), _LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=timezone.utc)
    return min(max(0.0, (until - datetime.now(timezone.utc)).total_seconds()), _LONGEST_WAIT_S)


def _said(error: Exception, secrets: Sequence[str]) -> str:
    text = str(error)
    for secret in secrets:
        text = text.replace(secret, "***")
    return one_line(redacted(_QUERY.sub(r"\1", text)), _MAX_TEXT_BYTES)
