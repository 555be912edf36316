"""What all tests share: a ticket server of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

# The client leaves the file that it uploads to the garbage collector.
CLIENT_WARNING = "ignore:unclosed file:ResourceWarning"


@dataclass
class SandboxSite:
    """A sandbox that runs, and what it takes to talk to it."""

    url: str
    data: Path
    _handles: list[Any] = field(default_factory=list)

    def connect(self, *, api_key: str = "any") -> Any:
        """A new ``Shotgun`` of the real client, whose types know no fields; it is closed after the test."""
        from shotgun_api3 import shotgun

        handle = shotgun.Shotgun(self.url, script_name="test", api_key=api_key)
        self._handles.append(handle)
        return handle

    def close(self) -> None:
        """Close all connections."""
        for handle in self._handles:
            handle.close()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxSite]:
    """A ticket server with an empty data folder, on a free port of the loopback interface."""
    from tk_incident.sandbox import Sandbox

    with Sandbox(tmp_path / "sandbox") as running:
        site = SandboxSite(running.url, running.data)
        yield site
        site.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "sandbox" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings(CLIENT_WARNING))
