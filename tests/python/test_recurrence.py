"""What becomes of a ticket that was closed."""

from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import pytest

from tk_incident.recurrence import IgnoreUntil, Next, Seen, is_as_new, next_for_closed

CLOSED = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
NOW = CLOSED + timedelta(days=1)


def seen(count: int = 3, users: int = 1, last: Optional[datetime] = NOW, version: str = "v1.2.0") -> Seen:
    return Seen(count, users, last, version)


@pytest.mark.parametrize(
    ("on_closed", "then"), [("reopen", Next.REOPEN), ("new", Next.NEW), ("ignore", Next.LEAVE)]
)
def test_the_setting_decides(on_closed: Any, then: Next) -> None:
    assert next_for_closed(on_closed, CLOSED, None, seen(), NOW) is then


def test_what_was_seen_before_the_closing_is_no_news() -> None:
    for last in (CLOSED, CLOSED - timedelta(seconds=1)):
        assert next_for_closed("reopen", CLOSED, None, seen(last=last), NOW) is Next.LEAVE
    assert (
        next_for_closed("reopen", CLOSED, None, seen(last=CLOSED + timedelta(seconds=1)), NOW) is Next.REOPEN
    )


def test_where_nobody_knows_when_it_is_news() -> None:
    assert next_for_closed("reopen", None, None, seen(), NOW) is Next.REOPEN
    assert next_for_closed("reopen", CLOSED, None, seen(last=None), NOW) is Next.REOPEN


@pytest.mark.parametrize(
    ("text", "still", "no_more"),
    [
        ("count 10", seen(count=9), seen(count=10)),
        ("Count: 10", seen(count=9), seen(count=10)),
        ("users 5", seen(users=4), seen(users=5)),
        ("version v1.3.0", seen(version="tk-config v1.2.9"), seen(version="tk-config v1.3.0")),
        ("version 1.3", seen(version="1.2.9"), seen(version="1.3.0")),
        ("version v2", seen(version=""), seen(version="v10")),
    ],
)
def test_ignore_until(text: str, still: Seen, no_more: Seen) -> None:
    ignore = IgnoreUntil.parse(text)
    assert ignore is not None
    assert next_for_closed("reopen", CLOSED, ignore, still, NOW) is Next.LEAVE
    assert next_for_closed("reopen", CLOSED, ignore, no_more, NOW) is Next.REOPEN


@pytest.mark.parametrize("text", ["2026-12-24", "date 2026-12-24", " 2026-12-24 "])
def test_ignore_until_a_day(text: str) -> None:
    ignore = IgnoreUntil.parse(text)
    assert ignore is not None
    midnight = datetime(2026, 12, 24, tzinfo=timezone.utc)
    assert ignore.holds(seen(), midnight - timedelta(seconds=1))
    assert not ignore.holds(seen(), midnight)


@pytest.mark.parametrize(
    "text", ["", None, 5, "until the cows come home", "count", "count -3", "2026-13-01", "users many"]
)
def test_what_is_no_condition_ignores_nothing(text: object) -> None:
    assert IgnoreUntil.parse(text) is None


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("v1.3.0", "v1.3.0", True),
        ("v1.3", "v1.3.0", True),
        ("tk-config-default2 v1.10.0", "v1.9.0", True),
        ("tk-config-default2 v1.8.0", "v1.9.0", False),
        ("", "v1", False),
        ("unnumbered", "v1", False),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, wanted: str, expected: bool) -> None:
    assert is_as_new(version, wanted) is expected
