import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import pytest

from tk_incident.cli import main
from tk_incident.site_fields import SITE_FIELDS

sandbox = pytest.importorskip("tk_incident.sandbox")
shotgun = pytest.importorskip("shotgun_api3.shotgun")

KEY = "TK_INCIDENT_TEST_KEY"
NAMES = [field.name for field in SITE_FIELDS]


class PlainSite:
    """A site as it is before setup-site, and a client of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sg = shotgun.Shotgun(url, script_name="test", api_key="any")

    def fields(self) -> set[str]:
        return {name for name in NAMES if name in self.sg.schema_field_read("Ticket")}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "any")


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[PlainSite]:
    with sandbox.Sandbox(tmp_path / "data", is_plain=True) as running:
        site = PlainSite(running.url)
        yield site
        site.sg.close()


def setup_site(url: str, *arguments: str) -> int:
    return main(["setup-site", "--site", url, "--script-name", "test", "--api-key-env", KEY, *arguments])


def reports(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """What was printed as JSON, by field; nothing else was."""
    out, err = capsys.readouterr()
    assert err == ""
    found = [json.loads(line) for line in out.splitlines()]
    assert [each["name"] for each in found] == NAMES
    return {each["name"]: each for each in found}


def states(capsys: pytest.CaptureFixture[str]) -> set[str]:
    return {each["state"] for each in reports(capsys).values()}


def test_it_adds_what_is_missing_once(plain: PlainSite, capsys: pytest.CaptureFixture[str]) -> None:
    assert plain.fields() == set()
    assert setup_site(plain.url, "--json") == 0
    assert states(capsys) == {"added"}
    schema = plain.sg.schema_field_read("Ticket")
    for field in SITE_FIELDS:
        assert schema[field.name]["data_type"]["value"] == field.data_type
        assert schema[field.name]["name"]["value"] == field.label
        assert schema[field.name]["description"]["value"] == field.purpose
    assert schema["sg_duplicate_of"]["properties"]["valid_types"]["value"] == ["Ticket"]
    assert setup_site(plain.url, "--json") == 0
    assert states(capsys) == {"there"}
    assert plain.sg.schema_field_read("Ticket") == schema


def test_it_says_what_came_of_each_field(plain: PlainSite, capsys: pytest.CaptureFixture[str]) -> None:
    plain.sg.schema_field_create("Ticket", "text", "Incident Key")
    assert setup_site(plain.url) == 0
    out, err = capsys.readouterr()
    lines = [line.split() for line in out.splitlines()]
    assert lines[:-1] == [[NAMES[0], "there"], *([name, "added"] for name in NAMES[1:])]
    assert out.splitlines()[-1] == f"Ticket has all {len(NAMES)} fields."
    assert err == ""


def test_a_dry_run_changes_nothing(plain: PlainSite, capsys: pytest.CaptureFixture[str]) -> None:
    plain.sg.schema_field_create("Ticket", "text", "Incident Key")
    assert setup_site(plain.url, "--dry-run", "--json") == 1
    found = reports(capsys)
    assert found.pop("sg_incident_key")["state"] == "there"
    assert {each["state"] for each in found.values()} == {"missing"}
    assert plain.fields() == {"sg_incident_key"}


def test_fields_of_another_type_are_left_alone(plain: PlainSite, capsys: pytest.CaptureFixture[str]) -> None:
    plain.sg.schema_field_create("Ticket", "text", "Incident Count")
    plain.sg.schema_field_create("Ticket", "entity", "Duplicate Of", {"valid_types": ["Project"]})
    before = plain.sg.schema_field_read("Ticket")
    assert setup_site(plain.url, "--json") == 1
    found = reports(capsys)
    text = "its type is text, not number: the reporter leaves it alone"
    assert found["sg_incident_count"]["state"] == "other_type"
    assert found["sg_incident_count"]["text"].startswith(text)
    assert found["sg_duplicate_of"]["state"] == "other_type"
    assert "link to Project, not link to Ticket" in found["sg_duplicate_of"]["text"]
    assert found["sg_incident_key"]["state"] == "added"
    after = plain.sg.schema_field_read("Ticket")
    for name in ("sg_incident_count", "sg_duplicate_of"):
        assert after[name] == before[name]


def test_a_refusal_is_said_for_each_field_and_the_others_are_added(
    plain: PlainSite, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tk_incident.sandbox.faults import Fault
    from tk_incident.sandbox.fields import create_field

    def refuse_some(store: Any, type_name: str, data_type: object, properties: Any) -> str:
        if data_type != "text":
            raise Fault("API schema_field_create() permission denied for ApiUser 1")
        return create_field(store, type_name, data_type, properties)

    monkeypatch.setattr("tk_incident.sandbox.rpc.create_field", refuse_some)
    assert setup_site(plain.url) == 1
    out, _ = capsys.readouterr()
    said = dict(zip(NAMES, out.splitlines()))
    for field in SITE_FIELDS:
        if field.data_type == "text":
            assert said[field.name].split() == [field.name, "added"]
            continue
        assert f"{plain.url} refused the request" in said[field.name]
        assert "permission denied" in said[field.name]
        assert "Fields > Manage Ticket Fields > Add a new field" in said[field.name]
        assert repr(field.label) in said[field.name]
    assert said["sg_duplicate_of"].endswith("type Entity restricted to Ticket")
    assert said["sg_incident_last_seen"].endswith("type Date and Time")
    assert out.splitlines()[-1].startswith("Ticket has 6 of 10 fields")


@pytest.mark.parametrize("is_there", [True, False])
def test_another_name_than_asked_for_is_said(
    plain: PlainSite,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    is_there: bool,
) -> None:
    from tk_incident.sandbox.fields import create_field

    def number(store: Any, type_name: str, data_type: object, properties: Any) -> str:
        if properties["name"] == "Incident Key":
            # The client asks again where an answer is lost; a site numbers what it had and deleted, too.
            if is_there:
                create_field(store, type_name, data_type, properties)
            else:
                properties = {**properties, "name": "Incident Key 1"}
        return create_field(store, type_name, data_type, properties)

    monkeypatch.setattr("tk_incident.sandbox.rpc.create_field", number)
    assert setup_site(plain.url, "--json") == (0 if is_there else 1)
    found = reports(capsys)
    report = found.pop("sg_incident_key")
    assert report["state"] == ("added" if is_there else "refused")
    assert "delete" in report["text"] and "sg_incident_key_1" in report["text"]
    assert {each["state"] for each in found.values()} == {"added"}


def test_an_entity_type_that_is_not_there(plain: PlainSite, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup_site(plain.url, "--entity-type", "CustomEntity07") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "CustomEntity07" in err and err.count("\n") == 1


def test_tickets_of_another_entity_type(plain: PlainSite, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup_site(plain.url, "--entity-type", "Project", "--json") == 0
    assert states(capsys) == {"added"}
    duplicate_of = plain.sg.schema_field_read("Project", "sg_duplicate_of")["sg_duplicate_of"]
    assert duplicate_of["properties"]["valid_types"]["value"] == ["Project"]
    assert plain.fields() == set()


def test_a_site_that_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert setup_site(f"http://127.0.0.1:{port}") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "refuses connections: check site_url" in err


@pytest.mark.parametrize("method", ["schema_field_read", "schema_field_create"])
@pytest.mark.parametrize(
    ("fault", "complaint"),
    [("html200", "is not data"), ("auth", "refused the credentials"), ("http403", "HTTP 403")],
)
def test_a_site_that_cannot_be_asked_ends_it(
    fake_site: Any, capsys: pytest.CaptureFixture[str], fault: str, complaint: str, method: str
) -> None:
    fake_site.faults.append({"mode": fault, "count": 99, "match": method})
    assert setup_site(fake_site.url) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert complaint in err and err.count("\n") == 1
    calls = [call for call in fake_site.store.calls if "schema_field_create" in str(call)]
    assert len(calls) <= 1


def test_the_settings_may_name_the_site(
    plain: PlainSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tk-incident.toml"
    file.write_text(f'site_url = "{plain.url}"\nscript_name = "test"\napi_key_env = "{KEY}"\n')
    assert main(["setup-site", "--settings", str(file), "--json"]) == 0
    assert states(capsys) == {"added"}


@pytest.mark.parametrize(
    ("arguments", "key_value", "complaint"),
    [
        ([], "any", "--site"),
        (["--site", "http://127.0.0.1:1"], "any", "--script-name"),
        (["--site", "http://127.0.0.1:1", "--script-name", "n", "--api-key-env", KEY], None, KEY),
        (["--site", "no address", "--script-name", "n", "--api-key-env", KEY], "any", "is no address"),
        (["--no-such-option"], "any", "usage"),
    ],
)
def test_wrong_usage(
    arguments: Sequence[str],
    key_value: Optional[str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if key_value is None:
        monkeypatch.delenv(KEY)
    assert main(["setup-site", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert complaint in err
