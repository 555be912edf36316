"""Fields that are added to the sandbox and removed from it, as the real client asks for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from shotgun_api3.shotgun import Fault, Shotgun

from tk_incident.errors import ConfigError
from tk_incident.sandbox import Sandbox
from tk_incident.sandbox.store import Store
from tk_incident.site_fields import SITE_FIELDS

NAMES = {field.name for field in SITE_FIELDS}


@contextmanager
def site(data: Path, *, is_plain: bool = False) -> Iterator[Any]:
    with Sandbox(data, is_plain=is_plain) as running:
        handle = Shotgun(running.url, script_name="test", api_key="any")
        yield handle
        handle.close()


def test_a_field_is_named_after_its_label_and_takes_values(tmp_path: Path) -> None:
    with site(tmp_path) as sg:
        old = sg.create("Ticket", {"title": "old"})
        assert sg.schema_field_create("Ticket", "number", "Shots Lost", {"description": "how many"}) == (
            "sg_shots_lost"
        )
        schema = sg.schema_field_read("Ticket", "sg_shots_lost")["sg_shots_lost"]
        assert schema["name"]["value"] == "Shots Lost"
        assert schema["description"]["value"] == "how many"
        assert schema["data_type"]["value"] == "number"
        new = sg.create("Ticket", {"title": "new", "sg_shots_lost": 3})
        found = sg.find("Ticket", [["sg_shots_lost", "greater_than", 2]], ["sg_shots_lost"])
        assert found == [{"type": "Ticket", "id": new["id"], "sg_shots_lost": 3}]
        assert sg.find_one("Ticket", [["id", "is", old["id"]]], ["sg_shots_lost"])["sg_shots_lost"] is None
        with pytest.raises(Fault, match="expected Integer"):
            sg.update("Ticket", old["id"], {"sg_shots_lost": "3"})


def test_links_and_lists_are_held_to_their_values(tmp_path: Path) -> None:
    with site(tmp_path) as sg:
        assert sg.schema_field_create("Ticket", "entity", "Follows", {"valid_types": ["Ticket"]}) == (
            "sg_follows"
        )
        sg.schema_field_create("Ticket", "list", "Floor", {"valid_values": ["1", "2"]})
        first = sg.create("Ticket", {"title": "first", "sg_floor": "2"})
        sg.create("Ticket", {"title": "second", "sg_follows": first})
        assert len(sg.find("Ticket", [["sg_follows.Ticket.sg_floor", "is", "2"]])) == 1
        with pytest.raises(Fault, match="links to Ticket, not to 'Project'"):
            sg.update("Ticket", first["id"], {"sg_follows": {"type": "Project", "id": 1}})
        with pytest.raises(Fault, match="'3' is not one of the valid values: 1, 2"):
            sg.update("Ticket", first["id"], {"sg_floor": "3"})


def test_a_name_that_is_taken_is_numbered(tmp_path: Path) -> None:
    with site(tmp_path) as sg:
        names = [sg.schema_field_create("Ticket", "text", "Incident Key") for _ in range(2)]
        assert names == ["sg_incident_key_1", "sg_incident_key_2"]


def test_a_field_survives_a_restart_and_is_gone_with_its_values_once_deleted(tmp_path: Path) -> None:
    with site(tmp_path) as sg:
        sg.schema_field_create("Ticket", "text", "Floor")
        sg.create("Ticket", {"title": "t", "sg_floor": "third"})
    with site(tmp_path) as sg:
        assert sg.find_one("Ticket", [], ["sg_floor"])["sg_floor"] == "third"
        assert sg.schema_field_delete("Ticket", "sg_floor") is True
        assert "sg_floor" not in sg.schema_field_read("Ticket")
        with pytest.raises(Fault, match=r"Ticket.sg_floor doesn't exist"):
            sg.update("Ticket", 1, {"sg_floor": "x"})
        sg.schema_field_create("Ticket", "text", "Floor")
        assert sg.find_one("Ticket", [], ["sg_floor"])["sg_floor"] is None
    with site(tmp_path) as sg:
        assert sg.find_one("Ticket", [], ["sg_floor"])["sg_floor"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Nothing", "text", "A"), "entity type 'Nothing' doesn't exist"),
        (("Ticket", "colour", "A"), "data_type 'colour' is none that the sandbox can add"),
        (("Ticket", "text", " "), "a name of 1 to 100 characters"),
        (("Ticket", "text", "A" * 101), "a name of 1 to 100 characters"),
        (("Ticket", "text", "A", {"valid_types": ["Ticket"]}), "valid_types are needed for a link"),
        (("Ticket", "entity", "A"), "valid_types are needed for a link"),
        (("Ticket", "entity", "A", {"valid_types": ["Nothing"]}), "entity type 'Nothing' doesn't exist"),
        (("Ticket", "entity", "A", {"valid_types": "Ticket"}), "valid_types has a value of the wrong type"),
        (("Ticket", "list", "A"), "valid_values are needed for a list"),
        (("Ticket", "text", "A", {"smell": "x"}), "does not support the property 'smell'"),
    ],
)
def test_a_field_that_cannot_be_is_a_fault(tmp_path: Path, arguments: Any, message: str) -> None:
    with site(tmp_path) as sg:
        before = sg.schema_read()
        with pytest.raises(Fault, match=message):
            sg.schema_field_create(*arguments)
        assert sg.schema_read() == before


@pytest.mark.parametrize("name", ["title", "sg_nothing"])
def test_what_was_not_added_is_not_deleted(tmp_path: Path, name: str) -> None:
    with site(tmp_path) as sg:
        with pytest.raises(Fault, match=f"Ticket.{name} is no field that was added"):
            sg.schema_field_delete("Ticket", name)
        assert "title" in sg.schema_field_read("Ticket")


def test_a_plain_site_has_none_of_the_reporters_fields_and_keeps_what_it_is_given(tmp_path: Path) -> None:
    with site(tmp_path, is_plain=True) as sg:
        assert not NAMES & sg.schema_field_read("Ticket").keys()
        with pytest.raises(Fault, match=r"Ticket.sg_incident_key doesn't exist"):
            sg.create("Ticket", {"title": "t", "sg_incident_key": "k"})
        sg.schema_field_create("Ticket", "text", "Incident Key")
    for is_plain in (True, False):
        with site(tmp_path, is_plain=is_plain) as sg:
            assert NAMES & sg.schema_field_read("Ticket").keys() == {"sg_incident_key"}


def test_a_site_with_the_fields_is_not_made_plain(tmp_path: Path) -> None:
    with site(tmp_path) as sg:
        sg.create("Ticket", {"title": "t", "sg_incident_key": "k"})
    with pytest.raises(ConfigError, match="give a new folder with --data"), site(tmp_path, is_plain=True):
        pass
    with site(tmp_path) as sg:
        assert sg.find_one("Ticket", [], ["sg_incident_key"])["sg_incident_key"] == "k"


def test_a_folder_of_the_first_version_has_all_fields(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as first, first:
        first.execute(
            "CREATE TABLE rows (type TEXT NOT NULL, id INTEGER NOT NULL, retired INTEGER NOT NULL DEFAULT 0,"
            " fields TEXT NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID"
        )
        first.execute("""INSERT INTO rows VALUES ('Project', 1, 0, '{"name": "Sandbox"}')""")
        first.execute(
            """INSERT INTO rows VALUES ('Ticket', 7, 0, '{"title": "t", "sg_incident_key": "k"}')"""
        )
        first.execute("PRAGMA user_version = 1")
    with site(tmp_path) as sg:
        found = sg.find_one("Ticket", [["sg_incident_key", "is", "k"]], ["title", "sg_duplicate_of"])
        assert found == {"type": "Ticket", "id": 7, "title": "t", "sg_duplicate_of": None}
        assert sg.schema_field_read("Ticket").keys() > NAMES
        assert sg.create("Ticket", {"title": "next"})["id"] == 8


def test_one_sandbox_has_the_folder_to_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tk_incident.sandbox.store.LOCK_TIMEOUT_S", 0.0)
    with closing(Store(tmp_path)), pytest.raises(OSError, match="another sandbox uses it"):
        Store(tmp_path)
    Store(tmp_path).close()


def test_a_transaction_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        kept = store.insert("Ticket", {"title": "kept"})
        with pytest.raises(ZeroDivisionError), store.transaction():
            store.insert("Ticket", {"title": "gone"})
            store.replace(type(kept)("Ticket", kept.id, {"title": "changed"}))
            store.remove_field("Ticket", "sg_incident_key")
            raise ZeroDivisionError
        assert store.rows("Ticket") == [kept]
        assert "sg_incident_key" in store.types["Ticket"].fields
        assert store.insert("Ticket", {"title": "next"}).id == kept.id + 1
    with closing(Store(tmp_path)) as store:
        assert [row.fields["title"] for row in store.rows("Ticket")] == ["kept", "next"]
        assert "sg_incident_key" in store.types["Ticket"].fields
