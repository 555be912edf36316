"""The sandbox's event log, as the real client reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from shotgun_api3.shotgun import Fault

from tk_incident.sandbox.store import Store

if TYPE_CHECKING:
    from tests.conftest import SandboxSite

NEWEST_FIRST = [
    {"field_name": "created_at", "direction": "desc"},
    {"field_name": "id", "direction": "desc"},
]


@pytest.fixture
def sg(sandbox: SandboxSite) -> Any:
    return sandbox.connect()


def changes(sg: Any, ticket: dict[str, Any], name: str) -> list[tuple[Any, Any]]:
    """Old and new values of a field, the newest first."""
    filters = [
        ["event_type", "is", "Shotgun_Ticket_Change"],
        ["entity", "is", {"type": "Ticket", "id": ticket["id"]}],
        ["attribute_name", "is", name],
    ]
    found = sg.find("EventLogEntry", filters, ["meta"], order=NEWEST_FIRST)
    return [(each["meta"]["old_value"], each["meta"]["new_value"]) for each in found]


def test_each_change_of_a_field_is_logged(sg: Any) -> None:
    other = sg.create("Ticket", {"title": "other"})
    ticket = sg.create("Ticket", {"title": "t", "project": {"type": "Project", "id": 1}})
    sg.update("Ticket", ticket["id"], {"sg_status_list": "res", "title": "t"})
    sg.update("Ticket", other["id"], {"sg_status_list": "ip"})
    sg.update("Ticket", ticket["id"], {"sg_status_list": "opn", "sg_incident_version": "v2"})
    assert changes(sg, ticket, "sg_status_list") == [("res", "opn"), ("wtg", "res")]
    assert changes(sg, ticket, "sg_incident_version") == [(None, "v2")]
    assert changes(sg, ticket, "title") == changes(sg, ticket, "updated_at") == []


def test_an_entry_is_as_on_a_site(sg: Any) -> None:
    ticket = sg.create("Ticket", {"title": "t", "project": {"type": "Project", "id": 1}})
    sg.update("Ticket", ticket["id"], {"sg_status_list": "res"})
    fields = ["event_type", "attribute_name", "entity", "meta", "created_at", "user", "project"]
    new, changed = sg.find("EventLogEntry", [["entity", "is", ticket]], fields, order=[{"field_name": "id"}])
    assert (new["event_type"], new["attribute_name"]) == ("Shotgun_Ticket_New", None)
    assert new["meta"] == {"type": "new_entity", "entity_type": "Ticket", "entity_id": ticket["id"]}
    now = sg.find_one("Ticket", [], ["updated_at"])["updated_at"]
    assert changed == {
        "type": "EventLogEntry",
        "id": new["id"] + 1,
        "event_type": "Shotgun_Ticket_Change",
        "attribute_name": "sg_status_list",
        "entity": {"type": "Ticket", "id": ticket["id"], "name": "t"},
        "meta": {
            "type": "attribute_change",
            "attribute_name": "sg_status_list",
            "entity_type": "Ticket",
            "entity_id": ticket["id"],
            "field_data_type": "status_list",
            "old_value": "wtg",
            "new_value": "res",
        },
        "created_at": now,
        "user": {"type": "ApiUser", "id": 1, "name": "sandbox"},
        "project": {"type": "Project", "id": 1, "name": "Sandbox"},
    }


def test_links_tell_what_was_added_and_removed(sg: Any) -> None:
    first, second = (sg.create("Tag", {"name": name}) for name in ("a", "b"))
    ticket = sg.create("Ticket", {"title": "t", "tags": [first]})
    sg.update("Ticket", ticket["id"], {"tags": [second]})
    meta = sg.find_one("EventLogEntry", [["attribute_name", "is", "tags"]], ["meta"])["meta"]
    assert [one["id"] for one in meta["added"]] == [second["id"]]
    assert [one["id"] for one in meta["removed"]] == [first["id"]]
    assert "new_value" not in meta


def test_deleting_and_reviving_are_logged(sg: Any) -> None:
    ticket = sg.create("Ticket", {"title": "t"})
    sg.delete("Ticket", ticket["id"])
    entries = sg.find("EventLogEntry", [], ["event_type", "entity"], order=NEWEST_FIRST)
    # As on a site: what an entry links to is gone with it.
    assert [(one["event_type"], one["entity"]) for one in entries] == [
        ("Shotgun_Ticket_Retirement", None),
        ("Shotgun_Ticket_New", None),
    ]
    sg.revive("Ticket", ticket["id"])
    found = sg.find_one("EventLogEntry", [["event_type", "is", "Shotgun_Ticket_Revival"]], ["entity"])
    assert found["entity"]["id"] == ticket["id"]


def test_a_refused_batch_leaves_no_entries(sg: Any) -> None:
    update = {"request_type": "update", "entity_type": "Ticket", "data": {"sg_status_list": "res"}}
    ticket = sg.create("Ticket", {"title": "t"})
    with pytest.raises(Fault, match="id=99"):
        sg.batch([{**update, "entity_id": ticket["id"]}, {**update, "entity_id": 99}])
    assert changes(sg, ticket, "sg_status_list") == []


def test_only_the_site_writes_entries(sg: Any) -> None:
    with pytest.raises(Fault, match=r"EventLogEntry.event_type is not editable"):
        sg.create("EventLogEntry", {"event_type": "Shotgun_Ticket_Change"})
    with pytest.raises(Fault, match=r"EventLogEntry.event_type is required"):
        sg.create("EventLogEntry", {})


def test_the_newest_entries_are_kept(sg: Any, sandbox: SandboxSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tk_incident.sandbox.events.MAX_EVENTS", 3)
    ticket = sg.create("Ticket", {"title": "0"})
    for number in range(1, 6):
        sg.update("Ticket", ticket["id"], {"title": str(number)})
    assert changes(sg, ticket, "title") == [("4", "5"), ("3", "4"), ("2", "3")]
    assert [one["id"] for one in sg.find("EventLogEntry", [])] == [4, 5, 6]


def test_what_is_kept_survives_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in range(5):
        store.insert("EventLogEntry", {"event_type": str(number)})
    store.keep_newest("EventLogEntry", 2)
    store.close()
    store = Store(tmp_path)
    assert [row.id for row in store.rows("EventLogEntry")] == [4, 5]
    assert store.insert("EventLogEntry", {"event_type": "5"}).id == 6
    store.close()
