"""What the client's tests share: a site with faults, and deliveries made by hand."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, Optional, cast

import pytest

from tk_incident._core import Delivery

HARNESS = Path(__file__).resolve().parents[3] / "shared" / "toolkit-harness"
SIGNATURE = "v0-0123456789abcdef01234567"
RECORD = """2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya] harness: it broke
Traceback (most recent call last):
  File "/studio/tool.py", line 7, in publish
    publish(scene)
tank.errors.TankError: no such scene"""


@dataclass(frozen=True)
class IncidentStandIn:
    signature: str = SIGNATURE
    title: str = "TankError"
    level: str = "ERROR"
    count: int = 1
    first_seen: str = "2026-11-22T10:21:30.207"
    last_seen: str = "2026-11-22T10:21:30.207"
    message: str = "harness: it broke"
    users: Sequence[str] = ("artist",)
    engines: Sequence[str] = ("tk-maya",)


@dataclass(frozen=True)
class OccurrenceStandIn:
    title: str = "TankError"
    level: str = "ERROR"
    engine: str = "tk-maya"
    logger: str = "sgtk.env.project.tk-maya"
    pid: Optional[int] = 4711
    path: Path = Path("logs/tk-maya.log")
    offset: int = 1234
    message: str = "harness: it broke"
    exception: Optional[str] = "tank.errors.TankError"
    record: str = RECORD


@dataclass(frozen=True)
class DeliveryStandIn:
    """A delivery as the core gives it out: its own class cannot be made from Python."""

    id: int = 1
    incident: IncidentStandIn = field(default_factory=IncidentStandIn)
    occurrence: OccurrenceStandIn = field(default_factory=OccurrenceStandIn)
    user_login: str = "artist"
    reporter_id: str = "3f2a91c0d1"
    members: Sequence[IncidentStandIn] = ()
    project_id: Optional[int] = 1
    told_count: int = 0
    attempts: int = 0
    ticket_id: Optional[int] = None
    attached: bool = False
    is_settled: bool = True
    former_signatures: Sequence[str] = ()
    evidence_name: str = f"incident-{SIGNATURE}.zip"
    environment: str = '{"host": "ws042", "os": "Linux", "memory": {"total_bytes": 8}}'


MakeDelivery = Callable[..., Delivery]


@pytest.fixture(scope="session")
def make_delivery() -> MakeDelivery:
    """Make a delivery; names of its incident's and occurrence's values go to these."""

    def make(**changes: Any) -> Delivery:
        def part(whole: Any) -> Any:
            return replace(whole, **{name: value for name, value in changes.items() if hasattr(whole, name)})

        delivery = DeliveryStandIn(incident=part(IncidentStandIn()), occurrence=part(OccurrenceStandIn()))
        known = vars(delivery).keys() | vars(delivery.incident).keys() | vars(delivery.occurrence).keys()
        assert changes.keys() <= known
        return cast(Delivery, part(delivery))

    return make


@pytest.fixture(scope="session")
def _fake_site_server() -> Iterator[Any]:
    if not HARNESS.is_dir():
        pytest.skip("the toolkit harness is not beside this checkout")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HARNESS))
        patch.setattr(sys, "dont_write_bytecode", True)
        with import_module("fake_fptr").FakeSite() as site:
            yield site


@pytest.fixture
def fake_site(_fake_site_server: Any) -> Any:
    """The toolkit harness's site, empty, which can be told to misbehave."""
    site = _fake_site_server
    site.faults.clear()
    site.s3 = True
    site.store = type(site.store)()
    site.store.base_url = site.url
    site.store.add("Project", id=1, name="Harness Project")
    return site


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Set the time zone of the process."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system has no tzset")

    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()
