"""The sink on the real client: against a site that works, and against one that does not."""

import gc
import io
import re
import socket
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import pytest
from shotgun_api3.shotgun import Shotgun

from tk_incident._core import Delivery
from tk_incident.errors import ConfigError, DeliveryError, SpoolError
from tk_incident.settings import Settings
from tk_incident.sinks import Outcome
from tk_incident.sinks.shotgrid import ShotGridSink

MakeDelivery = Callable[..., Delivery]
KEY = "an-api-key-nobody-may-see"
KEY_LINE = "incident-key: v0-0123456789abcdef01234567/artist"
ARCHIVE = "incident-v0-0123456789abcdef01234567.zip"
NEW_KEY = "v1-0123456789abcdef01234567"
FORMER_KEY = "v0-0123456789abcdef01234567"
# As it is after an upgrade: one key of today, and one that the site may know.
UPGRADED = {
    "signature": NEW_KEY,
    "former_signatures": [FORMER_KEY],
    "evidence_name": f"incident-{NEW_KEY}.zip",
}


class Journal:
    """What the sink commits, in order."""

    def __init__(self) -> None:
        self.steps: list[tuple[Any, ...]] = []
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("record.txt", "it broke")
        self.archive = packed.getvalue()

    def evidence(self, delivery_id: int) -> bytes:
        return self.archive

    def ticket_asked(self, delivery_id: int) -> None:
        self.steps.append(("asked", delivery_id))

    def ticket_created(self, delivery_id: int, *, ticket_id: int, is_new: bool) -> None:
        self.steps.append(("made" if is_new else "found", delivery_id, ticket_id))

    def evidence_attached(self, delivery_id: int) -> None:
        self.steps.append(("attached", delivery_id))

    def settled(self, delivery_id: int) -> None:
        self.steps.append(("settled", delivery_id))


class Desk:
    """A sink at a site, and what one wants to know of the site."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.journal = Journal()
        self.connections = 0
        self.timeout_s: Optional[float] = None
        self.sink = ShotGridSink(self.connect, Settings(recurrence_interval_s=60))

    def connect(self) -> Shotgun:
        self.connections += 1
        handle = Shotgun(self.site.url, script_name="script", api_key=KEY, connect=False)
        handle.config.timeout_secs = self.timeout_s
        return handle

    def deliver(self, delivery: Delivery) -> Outcome:
        return self.sink.deliver(delivery, self.journal)

    def refusal(self, delivery: Delivery) -> DeliveryError:
        with pytest.raises(DeliveryError) as caught:
            self.deliver(delivery)
        assert KEY not in str(caught.value)
        assert self.site.url in str(caught.value)
        return caught.value

    def fault(self, mode: str, match: str = "", *, count: int = 1, **more: Any) -> None:
        self.site.faults.append({"mode": mode, "match": match, "count": count, **more})

    def rows(self, kind: str) -> list[dict[str, Any]]:
        return list(self.site.store.rows.get(kind, {}).values())


@pytest.fixture
def desk(fake_site: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    # The client waits for seconds between its tries of an upload.
    monkeypatch.setattr(Shotgun, "BACKOFF", 0.01)
    desk = Desk(fake_site)
    yield desk
    desk.sink.close()


def test_one_ticket_with_its_archive(desk: Desk, make_delivery: MakeDelivery) -> None:
    outcome = desk.deliver(make_delivery(id=5, count=3))
    (ticket,) = desk.rows("Ticket")
    assert outcome == Outcome(ticket_id=ticket["id"], count=3, recurrence_ms=60_000)
    assert ticket["title"] == "artist - TankError"
    assert ticket["description"].endswith(f"\n{KEY_LINE}")
    assert ticket["project"] == {"type": "Project", "id": 1}
    assert ticket["sg_ticket_type"] == "Bug"
    # A field that the site does not have is not sent.
    assert "sg_incident_count" not in ticket
    assert desk.journal.steps == [("asked", 5), ("made", 5, ticket["id"]), ("attached", 5)]
    (attachment,) = ticket["attachments"]
    assert attachment["name"] == ARCHIVE
    assert desk.site.store.blobs[attachment["id"]] == desk.journal.archive


# Here the client leaves the file that it opened to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_an_archive_goes_up_without_cloud_storage_too(desk: Desk, make_delivery: MakeDelivery) -> None:
    desk.site.s3 = False
    desk.deliver(make_delivery())
    (attachment,) = desk.rows("Ticket")[0]["attachments"]
    assert attachment["name"] == ARCHIVE
    assert desk.site.store.blobs[attachment["id"]] == desk.journal.archive


def test_nothing_stays_in_the_temporary_folder(
    desk: Desk, make_delivery: MakeDelivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    desk.fault("fault", "link_info")
    desk.refusal(make_delivery())
    desk.deliver(make_delivery(attempts=1))
    assert list(tmp_path.iterdir()) == []


def test_the_project_may_be_unknown(desk: Desk, make_delivery: MakeDelivery) -> None:
    desk.deliver(make_delivery(project_id=None))
    assert "project" not in desk.rows("Ticket")[0]


def test_values_that_a_list_field_lacks_are_not_sent(
    desk: Desk, make_delivery: MakeDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = {
        "sg_ticket_type": {"properties": {"valid_values": {"value": ["Feature", "Task"]}}},
        "sg_priority": {"properties": {"valid_values": {"value": ["1", "2", "3"]}}},
    }
    monkeypatch.setattr(desk.site, "_schema", lambda method, p: schema)
    desk.deliver(make_delivery(level="CRITICAL"))
    (ticket,) = desk.rows("Ticket")
    assert "sg_ticket_type" not in ticket
    assert ticket["sg_priority"] == "2"


def test_a_field_of_ours_that_is_another_is_left_alone(
    desk: Desk, make_delivery: MakeDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = {"data_type": {"value": "text"}}
    schema = dict.fromkeys(("sg_incident_key", "sg_incident_count", "sg_incident_counts"), text)
    monkeypatch.setattr(desk.site, "_schema", lambda method, p: schema)
    desk.deliver(make_delivery(count=3))
    (ticket,) = desk.rows("Ticket")
    assert ticket["sg_incident_key"].endswith("/artist")
    assert ticket["sg_incident_counts"] == "3f2a91c0d1-01234567 3 artist@ws042"
    assert "sg_incident_count" not in ticket, "it is a text there, and no number"


def test_the_schema_is_read_once(desk: Desk, make_delivery: MakeDelivery) -> None:
    desk.deliver(make_delivery(id=1))
    desk.deliver(make_delivery(id=2, signature="v0-ffffffffffffffffffffffff"))
    assert desk.site.store.calls.count("schema_field_read") == 1
    assert desk.connections == 1


def test_a_ticket_that_is_there_is_used(desk: Desk, make_delivery: MakeDelivery) -> None:
    first = desk.deliver(make_delivery())
    again = desk.deliver(make_delivery(attempts=1))
    assert again.ticket_id == first.ticket_id
    (ticket,) = desk.rows("Ticket")
    assert len(ticket["attachments"]) == 1
    assert desk.rows("Reply") == []


def test_a_ticket_is_found_under_another_title(desk: Desk, make_delivery: MakeDelivery) -> None:
    first = desk.deliver(make_delivery())
    desk.rows("Ticket")[0]["title"] = "renamed by a person"
    assert desk.deliver(make_delivery()).ticket_id == first.ticket_id


def test_a_ticket_of_the_key_is_found_whatever_is_titled_alike(
    desk: Desk, make_delivery: MakeDelivery
) -> None:
    for number in range(150):
        desk.site.store.add("Ticket", title="artist - TankError", description=f"{KEY_LINE}-{number}")
    first = desk.deliver(make_delivery())
    # The next machine met it with other words.
    assert desk.deliver(make_delivery(title="TankError: no such shot")).ticket_id == first.ticket_id
    assert len(desk.rows("Ticket")) == 151


def test_a_ticket_of_the_site_is_found_behind_those_of_its_users(
    desk: Desk, make_delivery: MakeDelivery
) -> None:
    for number in range(250):
        desk.site.store.add("Ticket", title="TankError", description=f"incident-key: {FORMER_KEY}/{number}")
    sink = ShotGridSink(desk.connect, Settings(ticket_scope="site"))
    first = sink.deliver(make_delivery(), desk.journal)
    assert sink.deliver(make_delivery(title="other words"), desk.journal).ticket_id == first.ticket_id
    sink.close()
    assert len(desk.rows("Ticket")) == 251


@pytest.mark.parametrize("settings", [Settings(), Settings(ticket_scope="site")])
def test_a_ticket_of_an_old_key_is_found_and_told(
    desk: Desk, make_delivery: MakeDelivery, settings: Settings
) -> None:
    # As another machine has filed it, in the words of then.
    sink = ShotGridSink(desk.connect, settings)
    first = sink.deliver(make_delivery(), desk.journal)
    before = desk.rows("Ticket")[0]["description"]
    upgraded = make_delivery(id=2, title="TankError: no such scene", count=4, **UPGRADED)
    again = sink.deliver(upgraded, desk.journal)
    sink.close()
    assert again.ticket_id == first.ticket_id
    (ticket,) = desk.rows("Ticket")
    assert ticket["description"] == before
    (reply,) = desk.rows("Reply")
    assert reply["content"].startswith("Seen 4 times")
    # Nor is the archive there twice.
    assert [each["name"] for each in ticket["attachments"]] == [ARCHIVE]


def test_another_problem_of_an_old_key_gets_its_own_ticket(desk: Desk, make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()
    first = desk.deliver(delivery)
    other = delivery.occurrence.record.replace("publish", "export")
    again = desk.deliver(make_delivery(id=2, record=other, **UPGRADED))
    assert again.ticket_id != first.ticket_id


def test_an_old_key_counts_where_the_record_is_not_to_be_seen(
    desk: Desk, make_delivery: MakeDelivery
) -> None:
    made = desk.site.store.add("Ticket", title="by hand", description=f"see the archive\n\n{KEY_LINE}")
    assert desk.deliver(make_delivery(**UPGRADED)).ticket_id == made["id"]


def test_todays_key_goes_before_an_old_one(desk: Desk, make_delivery: MakeDelivery) -> None:
    desk.site.store.add("Ticket", id=5, title="old", description=f"old\n{KEY_LINE}")
    desk.site.store.add("Ticket", id=7, title="new", description=f"new\nincident-key: {NEW_KEY}/artist")
    assert desk.deliver(make_delivery(**UPGRADED)).ticket_id == 7


def test_a_twin_with_another_title_is_found(desk: Desk, make_delivery: MakeDelivery) -> None:
    desk.site.store.add("Ticket", id=5_000, title="not yet shown", description="")
    made = desk.deliver(make_delivery()).ticket_id
    twin = desk.site.store.rows["Ticket"][5_000]
    twin.update(title="artist - TankError: in other words", description=f"made elsewhere\n{KEY_LINE}")
    desk.sink.settle([make_delivery(ticket_id=made)], desk.journal)
    assert desk.journal.steps[-3:] == [("found", 1, 5_000), ("attached", 1), ("settled", 1)]
    (reply,) = desk.rows("Reply")
    assert reply["entity"] == {"type": "Ticket", "id": made}
    assert desk.site.store.rows["Ticket"][made]["sg_status_list"] == "res"
    assert twin.get("sg_status_list") != "res"


def test_whatever_is_one_too_many_is_resolved_once(desk: Desk, make_delivery: MakeDelivery) -> None:
    # The client has posted twice and heard of neither, and another reporter came later.
    for id in (4, 7, 9):
        desk.site.store.add("Ticket", id=id, title="x", description=f"made\n{KEY_LINE}", sg_status_list="wtg")
    delivery = make_delivery(ticket_id=4)
    desk.sink.settle([delivery], desk.journal)
    desk.sink.settle([delivery], desk.journal)
    assert [row["sg_status_list"] for row in desk.rows("Ticket")] == ["wtg", "res", "res"]
    assert [reply["entity"]["id"] for reply in desk.rows("Reply")] == [7, 9]
    assert desk.journal.steps == [("settled", 1), ("settled", 1)]


def test_a_site_that_does_not_answer_leaves_them_unsettled(desk: Desk, make_delivery: MakeDelivery) -> None:
    desk.fault("http503", "read", count=9)
    with pytest.raises(DeliveryError):
        desk.sink.settle([make_delivery(ticket_id=4)], desk.journal)
    assert desk.journal.steps == []


def test_the_same_title_is_not_the_same_problem(desk: Desk, make_delivery: MakeDelivery) -> None:
    one = desk.deliver(make_delivery(id=1))
    other = desk.deliver(make_delivery(id=2, signature="v0-ffffffffffffffffffffffff"))
    longer = desk.deliver(make_delivery(id=3, user_login="artist2"))
    assert len({one.ticket_id, other.ticket_id, longer.ticket_id}) == 3


def test_the_key_must_be_a_line_of_its_own(desk: Desk, make_delivery: MakeDelivery) -> None:
    desk.site.store.add("Ticket", title="artist - TankError", description=f"  {KEY_LINE}\nsee {KEY_LINE}")
    desk.deliver(make_delivery())
    assert len(desk.rows("Ticket")) == 2


def test_the_oldest_of_several_is_used(desk: Desk, make_delivery: MakeDelivery) -> None:
    for id in (9, 4, 7):
        desk.site.store.add("Ticket", id=id, title="artist - TankError", description=f"by hand\n{KEY_LINE}")
    assert desk.deliver(make_delivery()).ticket_id == 4


def test_a_create_that_the_client_posted_twice_leaves_one_ticket_in_use(
    desk: Desk, make_delivery: MakeDelivery
) -> None:
    desk.fault("lost", "create")
    made = desk.deliver(make_delivery()).ticket_id
    desk.sink.settle([make_delivery(ticket_id=made)], desk.journal)
    older, newer = desk.rows("Ticket")
    assert older["id"] < newer["id"] == made
    assert desk.journal.steps[-3:] == [("found", 1, older["id"]), ("attached", 1), ("settled", 1)]
    assert len(older["attachments"]) == 1
    (reply,) = desk.rows("Reply")
    assert reply["entity"] == {"type": "Ticket", "id": newer["id"]}
    assert f"ticket {older['id']}" in reply["content"]


def test_no_twin_is_found_where_there_is_none(desk: Desk, make_delivery: MakeDelivery) -> None:
    made = []
    for id in range(3):
        problem = {"id": id + 1, "title": f"Error {id}", "signature": f"v0-{id:024}"}
        made.append(make_delivery(**problem, ticket_id=desk.deliver(make_delivery(**problem)).ticket_id))
    searches = desk.site.store.calls.count("read")
    desk.journal.steps.clear()
    desk.sink.settle(made, desk.journal)
    assert desk.site.store.calls.count("read") == searches + 1
    assert desk.rows("Reply") == []
    assert desk.journal.steps == [("settled", 1), ("settled", 2), ("settled", 3)]


def test_a_ticket_whose_answer_was_lost_is_found(desk: Desk, make_delivery: MakeDelivery) -> None:
    desk.fault("lost", "create", count=5)
    desk.refusal(make_delivery())
    desk.site.faults.clear()
    made = [ticket["id"] for ticket in desk.rows("Ticket")]
    assert desk.deliver(make_delivery(attempts=1)).ticket_id == min(made)
    assert [ticket["id"] for ticket in desk.rows("Ticket")] == made


def test_an_upload_whose_answer_was_lost_is_not_repeated(desk: Desk, make_delivery: MakeDelivery) -> None:
    ticket_id = desk.deliver(make_delivery()).ticket_id
    desk.journal.steps.clear()
    desk.deliver(make_delivery(ticket_id=ticket_id, attempts=1))
    assert len(desk.rows("Attachment")) == 1
    assert desk.journal.steps == [("attached", 1)]


def test_a_ticket_without_its_archive_gets_it(desk: Desk, make_delivery: MakeDelivery) -> None:
    desk.fault("drop", "/upload/", count=9)
    desk.refusal(make_delivery())
    desk.site.faults.clear()
    (ticket,) = desk.rows("Ticket")
    desk.deliver(make_delivery(ticket_id=ticket["id"], attempts=1))
    assert [each["name"] for each in desk.rows("Ticket")[0]["attachments"]] == [ARCHIVE]
    assert len(desk.rows("Ticket")) == 1


def test_an_upload_leaves_no_file(desk: Desk, make_delivery: MakeDelivery, tmp_path: Path) -> None:
    """Nor one of a host that was ended in the middle of its upload."""
    left = tmp_path / "upload-of-before"
    left.mkdir()
    (left / ARCHIVE).write_bytes(b"PK")
    own = tmp_path / "spool.sqlite"
    own.touch()
    sink = ShotGridSink(desk.connect, Settings(), folder=tmp_path)
    sink.deliver(make_delivery(), desk.journal)
    sink.close()
    assert len(desk.rows("Attachment")) == 1
    assert list(tmp_path.iterdir()) == [own]


def test_a_recurrence_is_one_reply_an_hour(desk: Desk, make_delivery: MakeDelivery) -> None:
    ticket_id = desk.deliver(make_delivery(count=2)).ticket_id
    known = {"ticket_id": ticket_id, "attached": True}
    outcome = desk.deliver(make_delivery(**known, count=5, last_seen="2026-11-22T12:00:00.000"))
    assert outcome == Outcome(ticket_id=ticket_id, count=5, recurrence_ms=3_600_000)
    (reply,) = desk.rows("Reply")
    told = "Seen 5 times by now by artist on ws042, last at 2026-11-22T12:00:00.000."
    assert reply["content"] == f"{told} Told by 3f2a91c0d1-01234567."
    # Nor is that said twice, nor more often than once an hour: what comes until then waits.
    assert desk.deliver(make_delivery(**known, count=5)).count == 5
    later = desk.deliver(make_delivery(**known, count=6))
    # Of the reply we may not know, if we were ended before it was kept.
    assert later.count == 5
    assert 3_500_000 < later.recurrence_ms <= 3_600_000
    assert len(desk.rows("Reply")) == 1
    assert reply["entity"] == {"type": "Ticket", "id": ticket_id}
    # What the description says is not said again.
    assert desk.deliver(make_delivery(**known, count=2)).recurrence_ms == 60_000
    assert len(desk.rows("Reply")) == 1
    assert len(desk.rows("Attachment")) == 1


def test_an_archive_goes_with_its_problem_to_another_ticket(desk: Desk, make_delivery: MakeDelivery) -> None:
    closed = desk.deliver(make_delivery()).ticket_id
    desk.site.store.rows["Ticket"][closed]["sg_status_list"] = "res"
    twin = desk.site.store.add("Ticket", title="twin", description=f"made elsewhere\n{KEY_LINE}")
    desk.journal.steps.clear()
    outcome = desk.deliver(make_delivery(ticket_id=closed, attached=True, count=2))
    assert outcome.ticket_id == twin["id"]
    names = [each["name"] for each in desk.site.store.rows["Ticket"][twin["id"]]["attachments"]]
    assert names == [ARCHIVE]
    # In this order: what is attached is so at one ticket, and after a kill in between it is looked for there.
    assert desk.journal.steps == [("found", 1, twin["id"]), ("attached", 1)]


def test_a_ticket_that_was_deleted_is_made_again(desk: Desk, make_delivery: MakeDelivery) -> None:
    gone = desk.deliver(make_delivery()).ticket_id
    desk.site.store.retire("Ticket", gone)
    outcome = desk.deliver(make_delivery(ticket_id=gone, attached=True, count=2))
    assert outcome.ticket_id != gone
    assert desk.journal.steps[-2:] == [("made", 1, outcome.ticket_id), ("attached", 1)]
    assert len(desk.site.store.rows["Ticket"][outcome.ticket_id]["attachments"]) == 1


def test_a_ticket_that_the_site_does_not_show_yet_is_waited_for(
    desk: Desk, make_delivery: MakeDelivery
) -> None:
    desk.site.store.visible_after = 60
    made = desk.deliver(make_delivery()).ticket_id
    refusal = desk.refusal(make_delivery(ticket_id=made, is_settled=False, attempts=1))
    assert f"does not show ticket {made} yet" in str(refusal)
    desk.site.store.visible_after = 0
    assert desk.deliver(make_delivery(ticket_id=made, is_settled=False, attempts=2)).ticket_id == made
    assert len(desk.rows("Ticket")) == 1
    assert len(desk.rows("Attachment")) == 1


MODES = {
    "html200": "not data: is a proxy or captive portal in between?",
    "auth": "refused the credentials",
    "fault": "refused the request: injected",
    "http403": "HTTP 403",
    "http404": "check site_url",
    "http429": "fewer requests (HTTP 429)",
    "http503": "down or overloaded (HTTP 503)",
    "drop": "broke off the connection",
}
STEPS = [(mode, "create") for mode in MODES]
STEPS += [(mode, step) for mode in ("html200", "drop") for step in ("info", "schema_field_read", "read")]


@pytest.mark.parametrize(("mode", "step"), STEPS)
def test_what_went_wrong_is_said_and_the_next_try_connects_again(
    desk: Desk, make_delivery: MakeDelivery, mode: str, step: str
) -> None:
    desk.fault(mode, step, count=9)
    assert MODES[mode] in str(desk.refusal(make_delivery()))
    assert desk.journal.steps == ([("asked", 1)] if step == "create" else [])
    desk.site.faults.clear()
    desk.deliver(make_delivery(attempts=1))
    assert desk.connections == 2
    assert len(desk.rows("Ticket")) == 1


@pytest.mark.parametrize("mode", ["html200", "http500", "drop"])
def test_an_upload_that_fails_is_a_delivery_that_fails(
    desk: Desk, make_delivery: MakeDelivery, mode: str
) -> None:
    desk.fault(mode, "/upload/api_get_upload_link_info", count=9)
    desk.refusal(make_delivery(id=3))
    assert [step[:2] for step in desk.journal.steps] == [("asked", 3), ("made", 3)]


def test_an_answer_of_something_else_than_the_storage_is_no_upload(
    desk: Desk, make_delivery: MakeDelivery
) -> None:
    desk.fault("html200", "/storage")
    assert "not data" in str(desk.refusal(make_delivery()))
    (ticket,) = desk.rows("Ticket")
    assert not ticket.get("attachments"), "nothing was stored"
    desk.site.faults.clear()
    desk.deliver(make_delivery(ticket_id=ticket["id"], attempts=1))
    (attachment,) = desk.rows("Ticket")[0]["attachments"]
    assert desk.site.store.blobs[attachment["id"]] == desk.journal.archive


def test_a_site_that_stalls_is_not_waited_for(desk: Desk, make_delivery: MakeDelivery) -> None:
    desk.timeout_s = 0.2
    desk.fault("stall", "read", count=9, seconds=20)
    assert "did not answer in time" in str(desk.refusal(make_delivery()))


@pytest.mark.parametrize("is_s3", [True, False])
# Here the client leaves the file that it opened to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_an_upload_that_stalls_is_not_waited_for(
    desk: Desk, make_delivery: MakeDelivery, *, is_s3: bool
) -> None:
    desk.site.s3 = is_s3
    desk.timeout_s = 0.2
    desk.fault("stall", "/upload/" if is_s3 else "/upload/upload_file", count=9, seconds=20)
    desk.refusal(make_delivery())
    gc.collect()
    assert [step[0] for step in desk.journal.steps] == ["asked", "made"]


@pytest.mark.parametrize(
    ("step", "is_s3"), [("read", True), ("create", True), ("/storage", True), ("/upload/upload_file", False)]
)
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_what_waits_for_the_site_can_be_interrupted(
    desk: Desk, make_delivery: MakeDelivery, step: str, *, is_s3: bool
) -> None:
    desk.site.s3 = is_s3
    desk.fault("stall", step, count=9, seconds=60)
    failed: list[Exception] = []

    def deliver() -> None:
        try:
            desk.deliver(make_delivery())
        except DeliveryError as error:
            failed.append(error)

    thread = threading.Thread(target=deliver)
    thread.start()
    while desk.site.faults[0]["count"] == 9:
        thread.join(0.01)
    deadline = time.monotonic() + 10
    while thread.is_alive() and time.monotonic() < deadline:
        desk.sink.interrupt()
        thread.join(0.05)
    assert not thread.is_alive()
    assert len(failed) == 1
    # Its frames hold the file.
    failed.clear()
    gc.collect()


def test_no_wait_is_without_an_end(desk: Desk, make_delivery: MakeDelivery) -> None:
    handle = desk.connect()
    handle.info()  # as a handle of Toolkit's: its connection is open, and has no timeout
    assert handle.config.timeout_secs is None
    sink = ShotGridSink(lambda: handle, Settings())
    sink.deliver(make_delivery(), desk.journal)
    assert handle.config.timeout_secs == 30
    assert handle._get_connection().timeout == 30
    sink.close()


def refused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:{port}", "refuses connections: check site_url"),
        ("http://no-such-site.invalid", "not known by that name: check site_url"),
        ("https://127.0.0.1:{https}", "cannot be trusted (TLS)"),
    ],
)
def test_an_address_that_does_not_work_is_said(
    fake_site: Any, make_delivery: MakeDelivery, url: str, expected: str
) -> None:
    url = url.format(port=refused_port(), https=fake_site.url.rpartition(":")[2])
    sink = ShotGridSink(lambda: Shotgun(url, script_name="s", api_key=KEY, connect=False), Settings())
    with pytest.raises(DeliveryError, match=re.escape(expected)) as caught:
        sink.deliver(make_delivery(), Journal())
    assert url in str(caught.value)


def test_what_makes_the_handle_may_fail(make_delivery: MakeDelivery) -> None:
    def wrong_setting() -> None:
        raise ConfigError("site_url: no")

    def unreachable() -> None:
        raise ConnectionRefusedError

    with pytest.raises(ConfigError):
        ShotGridSink(wrong_setting, Settings()).deliver(make_delivery(), Journal())
    with pytest.raises(DeliveryError, match="the site refuses connections"):
        ShotGridSink(unreachable, Settings()).deliver(make_delivery(), Journal())


def test_a_spool_that_fails_is_not_the_sites_fault(
    desk: Desk, make_delivery: MakeDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(delivery_id: int) -> bytes:
        raise SpoolError("spool.sqlite: disk full")

    monkeypatch.setattr(desk.journal, "evidence", broken)
    with pytest.raises(SpoolError):
        desk.deliver(make_delivery())
