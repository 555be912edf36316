"""What the client raises is said so that somebody can mend it, and without secrets."""

from typing import Optional
from urllib.error import HTTPError, URLError
from xmlrpc.client import ProtocolError

import pytest

from tk_incident.errors import DeliveryError
from tk_incident.sinks.faults import delivery_error

KEY = "an-api-key-nobody-may-see"


class AuthenticationFault(Exception):
    """As in Toolkit's own copy of the client: the name is the same, the class is not."""


def said(error: Exception) -> str:
    return str(delivery_error(error, site="https://x"))


def test_classes_are_told_by_name() -> None:
    assert said(AuthenticationFault("no")).startswith("https://x refused the credentials")


def test_what_urllib_wraps_is_unwrapped() -> None:
    assert "refuses connections" in said(URLError(ConnectionRefusedError()))
    assert "did not answer in time" in said(URLError(TimeoutError()))


def test_an_upload_has_its_own_errors() -> None:
    error = HTTPError("https://x", 403, "Forbidden", hdrs=None, fp=None)  # type: ignore[arg-type]
    assert "HTTP 403" in said(error)
    error.close()


@pytest.mark.parametrize("error", [KeyError("a"), RuntimeError("b \udcff"), OSError("c"), ValueError("d")])
def test_whatever_it_is_names_the_site(error: Exception) -> None:
    found = delivery_error(error, site="https://x")
    assert isinstance(found, DeliveryError)
    assert str(found).startswith("https://x ")
    assert found.retry_after_s is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [("7", 7.0), ("86400", 3600.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("soon", None), ("²", None)],
)
def test_a_site_may_ask_to_wait(value: str, expected: Optional[float]) -> None:
    error = ProtocolError("site", 429, "slow down", {"retry-after": value})
    assert delivery_error(error, site="https://x").retry_after_s == expected


def test_secrets_stay_out_of_messages() -> None:
    said = (
        f"Got a 400 uploading to https://bucket/x?X-Amz-Signature=abcdef with {KEY} password=hunter2hunter2"
    )
    text = str(delivery_error(RuntimeError(said), site="https://x", secrets=[KEY]))
    assert "https://bucket/x" in text
    for secret in (KEY, "abcdef", "hunter2"):
        assert secret not in text


@pytest.mark.parametrize(
    ("error", "is_outage"),
    [
        (ProtocolError("site", 503, "down", {}), True),
        (AuthenticationFault("no"), True),
        (URLError(ConnectionRefusedError()), True),
        (ValueError("a page"), True),
        (type("Fault", (Exception,), {})("no such field"), False),
        (RuntimeError("what is this?"), False),
    ],
)
def test_the_site_or_what_it_was_told(error: Exception, is_outage: bool) -> None:
    assert delivery_error(error, site="https://x").is_outage is is_outage
