"""The sandbox as the real ``shotgun_api3`` client sees it."""

from __future__ import annotations

import datetime
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from shotgun_api3.shotgun import AuthenticationFault, Fault, Shotgun, ShotgunError, ShotgunFileDownloadError

from tk_incident.sandbox import Sandbox
from tk_incident.site_fields import SITE_FIELDS

if TYPE_CHECKING:
    from tests.conftest import SandboxSite

PROJECT = {"type": "Project", "id": 1}
# What the client leaves to the garbage collector; see conftest.py.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@pytest.fixture
def sg(sandbox: SandboxSite) -> Any:
    return sandbox.connect()


def post(url: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def call(url: str, method: str, arguments: Any) -> dict[str, Any]:
    credentials = {"script_name": "test", "script_key": "any"}
    body = json.dumps({"method_name": method, "params": [credentials, arguments]}).encode()
    status, answer = post(url, "/api3/json", body)
    assert status == 200
    reply = json.loads(answer)
    assert isinstance(reply, dict)
    return reply


def test_a_new_sandbox_has_a_project_and_a_script(sg: Any) -> None:
    assert sg.find("Project", [], ["name"]) == [{"type": "Project", "id": 1, "name": "Sandbox"}]
    assert sg.find_one("ApiUser", [], ["firstname"]) == {"type": "ApiUser", "id": 1, "firstname": "sandbox"}
    assert sg.find("Ticket", []) == []


def test_info_needs_no_credentials(sg: Any) -> None:
    info = sg.info()
    assert info["version"] >= [8, 0, 0]
    assert info["s3_uploads_enabled"] is False


def test_create_answers_what_was_set_and_asked_for(sg: Any) -> None:
    created = sg.create(
        "Ticket", {"title": "mira - RuntimeError", "project": PROJECT}, return_fields=["sg_status_list", "id"]
    )
    assert created == {
        "type": "Ticket",
        "id": 1,
        "title": "mira - RuntimeError",
        "project": {"type": "Project", "id": 1, "name": "Sandbox"},
        "sg_status_list": "wtg",
    }


def test_times_survive_the_round_trip(sg: Any) -> None:
    seen = datetime.datetime(2026, 11, 22, 0, 21, 30, tzinfo=datetime.timezone.utc)
    ticket = sg.create("Ticket", {"title": "t", "sg_incident_last_seen": seen})
    found = sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["sg_incident_last_seen", "created_at"])
    assert found["sg_incident_last_seen"] == seen
    assert abs(found["created_at"] - datetime.datetime.now(datetime.timezone.utc)).total_seconds() < 60
    later = seen + datetime.timedelta(seconds=1)
    assert sg.find_one("Ticket", [["sg_incident_last_seen", "less_than", later]])
    assert not sg.find_one("Ticket", [["sg_incident_last_seen", "less_than", seen]])


@pytest.mark.parametrize(
    "text", ["2026-11-22T00:21:30.207Z", "2026-11-22T01:21:30+01:00", "2026-11-22T00:21:30"]
)
def test_a_time_is_kept_in_one_form(sandbox: SandboxSite, text: str) -> None:
    fields = [{"field_name": "title", "value": "t"}, {"field_name": "sg_incident_last_seen", "value": text}]
    reply = call(sandbox.url, "create", {"type": "Ticket", "fields": fields})
    assert reply["results"]["sg_incident_last_seen"] == "2026-11-22T00:21:30Z"


def test_find_filters_orders_limits_and_pages(sg: Any) -> None:
    for number in range(7):
        sg.create("Ticket", {"title": f"t{number}", "sg_incident_count": number % 3, "project": PROJECT})
    ordered = sg.find(
        "Ticket",
        [["project.Project.name", "is", "sandbox"]],
        order=[{"field_name": "sg_incident_count", "direction": "desc"}, {"field_name": "id"}],
    )
    assert [row["id"] for row in ordered] == [3, 6, 2, 5, 1, 4, 7]
    assert [row["id"] for row in sg.find("Ticket", [], limit=2)] == [1, 2]
    assert [row["id"] for row in sg.find("Ticket", [], limit=3, page=3)] == [7]
    either = [{"filter_operator": "any", "filters": [["title", "is", "T1"], ["id", "in", [4, 5]]]}]
    assert [row["id"] for row in sg.find("Ticket", either)] == [2, 4, 5]
    sg.config._records_per_page = 2
    assert len(sg.find("Ticket", [])) == 7


def test_fields_through_links(sg: Any) -> None:
    ticket = sg.create("Ticket", {"title": "t", "project": PROJECT})
    reply = sg.create("Reply", {"content": "looked at it", "entity": ticket})
    found = sg.find_one(
        "Reply", [["entity.Ticket.project.Project.id", "is", 1]], ["entity", "user", "entity.Ticket.title"]
    )
    assert found == {
        "type": "Reply",
        "id": reply["id"],
        "entity": {"type": "Ticket", "id": ticket["id"], "name": "t"},
        "user": {"type": "ApiUser", "id": 1, "name": "sandbox"},
        "entity.Ticket.title": "t",
    }


def test_update_sets_adds_and_removes(sg: Any) -> None:
    tags = [sg.create("Tag", {"name": name}) for name in ("a", "b", "c")]
    ticket = sg.create("Ticket", {"title": "t", "tags": tags[:1]})

    def names(result: Any) -> list[str]:
        return [tag["name"] for tag in result["tags"]]

    assert names(sg.update("Ticket", ticket["id"], {"tags": tags[1:2]}, {"tags": "add"})) == ["a", "b"]
    assert names(sg.update("Ticket", ticket["id"], {"tags": tags[:1]}, {"tags": "add"})) == ["a", "b"]
    assert names(sg.update("Ticket", ticket["id"], {"tags": tags[:1]}, {"tags": "remove"})) == ["b"]
    assert names(sg.update("Ticket", ticket["id"], {"tags": tags[2:]})) == ["c"]
    assert sg.update("Ticket", ticket["id"], {"sg_status_list": "res"}) == {
        "type": "Ticket",
        "id": ticket["id"],
        "sg_status_list": "res",
    }


def test_delete_retires_and_revive_brings_back(sg: Any) -> None:
    ticket = sg.create("Ticket", {"title": "t"})
    assert sg.delete("Ticket", ticket["id"]) is True
    assert sg.delete("Ticket", ticket["id"]) is False
    assert sg.find("Ticket", []) == []
    assert len(sg.find("Ticket", [], retired_only=True)) == 1
    with pytest.raises(Fault, match="doesn't exist"):
        sg.update("Ticket", ticket["id"], {"title": "u"})
    assert sg.revive("Ticket", ticket["id"]) is True
    assert sg.revive("Ticket", ticket["id"]) is False
    assert len(sg.find("Ticket", [])) == 1


def test_a_batch_is_all_or_nothing(sg: Any) -> None:
    ticket = sg.create("Ticket", {"title": "t"})
    create = {"request_type": "create", "entity_type": "Ticket", "data": {"title": "u"}}
    update = {
        "request_type": "update",
        "entity_type": "Ticket",
        "entity_id": ticket["id"],
        "data": {"title": "v"},
    }
    delete = {"request_type": "delete", "entity_type": "Ticket", "entity_id": ticket["id"]}
    with pytest.raises(Fault, match="id=99"):
        sg.batch([create, update, {**delete, "entity_id": 99}])
    assert [row["title"] for row in sg.find("Ticket", [], ["title"])] == ["t"]
    results = sg.batch([create, update, delete])
    assert [results[0]["title"], results[1]["title"], results[2]] == ["u", "v", True]


def test_schema(sg: Any) -> None:
    fields = sg.schema_field_read("Ticket")
    assert fields["sg_status_list"]["properties"]["default_value"]["value"] == "wtg"
    assert fields["sg_status_list"]["properties"]["valid_values"]["value"] == [
        "wtg",
        "opn",
        "ip",
        "rev",
        "res",
    ]
    assert fields["sg_incident_count"]["data_type"]["value"] == "number"
    assert fields["sg_incident_last_seen"]["data_type"]["value"] == "date_time"
    assert list(sg.schema_field_read("Ticket", "title")) == ["title"]
    assert sg.schema_field_read("Reply")["content"]["mandatory"]["value"] is True
    assert sg.schema_read()["Ticket"] == fields
    assert sg.schema_entity_read(PROJECT)["Ticket"]["visible"]["value"] is True


def test_upload_and_download(sandbox: SandboxSite, sg: Any, tmp_path: Path) -> None:
    archive = tmp_path / "Störung ünïcode.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("record.txt", "Traceback")
    ticket = sg.create("Ticket", {"title": "t"})
    attachment_id = sg.upload("Ticket", ticket["id"], str(archive), field_name="attachments")
    found = sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["attachments"])["attachments"]
    assert found == [
        {
            "type": "Attachment",
            "id": attachment_id,
            "name": archive.name,
            "content_type": "application/zip",
            "link_type": "upload",
            "url": f"{sandbox.url}/file_serve/attachment/{attachment_id}",
        }
    ]
    assert sg.download_attachment(found[0]) == archive.read_bytes()
    assert sg.download_attachment({"type": "Attachment", "id": attachment_id}) == archive.read_bytes()
    row = sg.find_one(
        "Attachment", [["attachment_links", "is", ticket]], ["this_file", "file_size", "attachment_links"]
    )
    assert row["this_file"]["url"] == found[0]["url"]
    assert row["file_size"] == archive.stat().st_size
    assert row["attachment_links"] == [{"type": "Ticket", "id": ticket["id"], "name": "t"}]
    assert not list(sandbox.data.glob("files/arriving-*"))


def test_a_second_upload_is_added_and_a_deleted_one_is_gone(sg: Any, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("a")
    ticket = sg.create("Ticket", {"title": "t"})
    first = sg.upload("Ticket", ticket["id"], str(tmp_path / "a.log"), field_name="attachments")
    second = sg.upload("Ticket", ticket["id"], str(tmp_path / "a.log"), display_name="b.log")

    def attached() -> list[tuple[int, str]]:
        row = sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["attachments"])
        return [(one["id"], one["name"]) for one in row["attachments"]]

    assert attached() == [(first, "a.log"), (second, "b.log")]
    sg.delete("Attachment", first)
    assert attached() == [(second, "b.log")]
    with pytest.raises(ShotgunFileDownloadError, match="may not exist"):
        sg.download_attachment({"type": "Attachment", "id": first})


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (("Ticket", 99, "attachments"), "Ticket with id=99 doesn't exist"),
        (("Ticket", -1, "attachments"), "entity_id '-1' is not an id"),
        (("Nothing", 1, "attachments"), "entity type 'Nothing' doesn't exist"),
        (("Project", 1, "sg_nothing"), "Project.sg_nothing doesn't exist"),
        (("Project", 1, "name"), "Project.name does not hold files"),
    ],
)
def test_a_refused_upload_says_why_at_once(
    sandbox: SandboxSite, sg: Any, tmp_path: Path, target: tuple[str, int, str], message: str
) -> None:
    (tmp_path / "a.log").write_text("a")
    entity_type, entity_id, field_name = target
    with pytest.raises(ShotgunError, match=message):
        sg.upload(entity_type, entity_id, str(tmp_path / "a.log"), field_name=field_name)
    assert not list(sandbox.data.glob("files/*"))
    assert sg.find("Attachment", []) == []


@pytest.mark.parametrize(
    ("entity_type", "values", "message"),
    [
        ("Ticket", {"title": "t", "xyz": 1}, r"API create\(\) Ticket.xyz doesn't exist"),
        ("Nothing", {"title": "t"}, "entity type 'Nothing' doesn't exist"),
        ("Ticket", {"title": 5}, "Ticket.title expected String"),
        ("Ticket", {}, "Ticket.title is required"),
        ("Reply", {"content": "  "}, "Reply.content is required"),
        ("Ticket", {"title": "t", "id": 5}, "Ticket.id is not editable"),
        ("Ticket", {"title": "t", "sg_status_list": "xx"}, "'xx' is not one of the valid values: wtg, opn"),
        ("Ticket", {"title": "t", "sg_incident_count": "3"}, "expected Integer"),
        ("Ticket", {"title": "t", "sg_incident_last_seen": "soon"}, "expected date_time"),
        ("Ticket", {"title": "t", "sg_incident_last_seen": "2026-02-31T00:00:00Z"}, "expected date_time"),
        ("Ticket", {"title": "t", "project": 1}, "expected entity"),
        (
            "Ticket",
            {"title": "t", "project": {"type": "Project", "id": 9}},
            "Project with id=9 doesn't exist",
        ),
        ("Ticket", {"title": "t", "project": {"type": "Tag", "id": 1}}, "links to Project, not to 'Tag'"),
        ("Ticket", {"title": "t", "tags": "a"}, "expected Array"),
        ("Attachment", {"this_file": {"url": "http://x"}}, "Attachment.this_file is not editable"),
    ],
)
def test_what_a_site_refuses_is_a_fault(sg: Any, entity_type: str, values: Any, message: str) -> None:
    with pytest.raises(Fault, match=message):
        sg.create(entity_type, values)
    assert sg.find("Ticket", []) == []


def test_update_and_read_refuse_what_is_not_there(sg: Any) -> None:
    ticket = sg.create("Ticket", {"title": "t"})
    with pytest.raises(Fault, match=r"API update\(\) Ticket.xyz doesn't exist"):
        sg.update("Ticket", ticket["id"], {"xyz": 1})
    with pytest.raises(Fault, match="Ticket with id=99 doesn't exist"):
        sg.update("Ticket", 99, {"title": "u"})
    with pytest.raises(Fault, match=r"API read\(\) Ticket.xyz doesn't exist"):
        sg.find("Ticket", [["xyz", "is", 1]])
    with pytest.raises(Fault, match=r"Ticket.project.Tag.name doesn't exist"):
        sg.find("Ticket", [["project.Tag.name", "is", "x"]])
    with pytest.raises(Fault, match="does not support the relation 'in_last'"):
        sg.find("Ticket", [["created_at", "in_last", 1, "DAY"]])
    with pytest.raises(Fault, match="is not a method"):
        sg.follow({"type": "HumanUser", "id": 1}, ticket)
    assert sg.find_one("Ticket", [], ["xyz", "title"]) == {"type": "Ticket", "id": 1, "title": "t"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"method_name": 5}',
        b'{"method_name": "read", "params": {}}',
        b"[" * 100_000,
        b'{"method_name": "read", "params": [' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"]}",
    ],
)
def test_a_body_that_is_no_call_is_a_fault(sandbox: SandboxSite, body: bytes) -> None:
    status, answer = post(sandbox.url, "/api3/json", body)
    assert status == 200
    assert json.loads(answer)["exception"] is True
    assert b"File" not in answer


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("read", None),
        ("read", []),
        ("read", {}),
        ("read", {"type": ["Ticket"]}),
        ("read", {"type": "Ticket", "return_fields": 5}),
        ("read", {"type": "Ticket", "paging": {"current_page": 0}}),
        ("read", {"type": "Ticket", "paging": {"entities_per_page": 10_000}}),
        ("read", {"type": "Ticket", "paging": 5}),
        ("read", {"type": "Ticket", "sorts": [{}]}),
        ("create", {"type": "Ticket", "fields": 5}),
        ("create", {"type": "Ticket", "fields": [{"field_name": "title"}]}),
        ("update", {"type": "Ticket", "id": "1", "fields": []}),
        ("update", {"type": "Ticket", "id": True, "fields": []}),
        ("update", {"type": "Ticket", "id": 10**30, "fields": []}),
        ("delete", {"type": "Ticket", "id": -1}),
        ("delete", {"type": "Ticket", "id": 2**63}),
        ("batch", {}),
        ("batch", [5]),
        ("batch", [{"request_type": "explode"}]),
        ("schema_field_read", {"type": "Ticket", "field_name": "xyz"}),
        ("schema_field_read", {"type": "Ticket", "field_name": []}),
    ],
)
def test_arguments_that_make_no_sense_are_a_fault(sandbox: SandboxSite, method: str, arguments: Any) -> None:
    reply = call(sandbox.url, method, arguments)
    assert reply["exception"] is True
    assert reply["error_code"] in (103, 104)


def test_a_failure_of_the_server_itself_is_a_fault(
    sandbox: SandboxSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any, **_options: Any) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("tk_incident.sandbox.store.Store.rows", fail)
    assert call(sandbox.url, "read", {"type": "Ticket"}) == {
        "exception": True,
        "error_code": 105,
        "message": "The sandbox failed at this; its console says more.",
    }


def test_half_of_a_surrogate_pair_is_replaced(sandbox: SandboxSite) -> None:
    fields = [{"field_name": "title", "value": "a\ud800b"}]
    assert call(sandbox.url, "create", {"type": "Ticket", "fields": fields})["results"]["title"] == "a?b"


@pytest.mark.parametrize("path", ["/api3/json", "/upload/upload_file"])
def test_an_oversized_body_is_refused(
    sandbox: SandboxSite, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("tk_incident.sandbox.guard.MAX_BODY_BYTES", 1000)
    monkeypatch.setattr("tk_incident.sandbox.guard.MAX_UPLOAD_BYTES", 1000)
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    assert post(sandbox.url, path, b"x" * 1001, form)[0] == 413
    connection = HTTPConnection(urlsplit(sandbox.url).netloc, timeout=20)
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"x" * 2000
    connection.request("POST", path, iter([part]), form, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize("body", [b"", b"--b\r\n", b"nonsense"])
def test_a_form_that_is_none_is_refused(sandbox: SandboxSite, body: bytes) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    status, answer = post(sandbox.url, "/upload/upload_file", body, form)
    assert status == 400 or answer.startswith(b"0:")
    assert b"Traceback" not in answer


def test_credentials(tmp_path: Path) -> None:
    with Sandbox(tmp_path, api_key="right") as running:
        handle = Shotgun(running.url, script_name="test", api_key="right")
        ticket = handle.create("Ticket", {"title": "t"})
        token = handle.get_session_token()
        handle.close()
        handle = Shotgun(running.url, session_token=token)
        assert handle.find_one("Ticket", []) == {"type": "Ticket", "id": ticket["id"]}
        handle.close()
        for wrong in (
            Shotgun(running.url, script_name="test", api_key="wrong"),
            Shotgun(running.url, session_token="wrong"),
        ):
            with pytest.raises(AuthenticationFault):
                wrong.find_one("Ticket", [])
            wrong.close()
        handle = Shotgun(running.url, script_name="test", api_key="wrong")
        (tmp_path / "a.log").write_text("a")
        with pytest.raises(ShotgunError, match="Can't authenticate"):
            handle.upload("Ticket", ticket["id"], str(tmp_path / "a.log"))
        handle.close()


@pytest.mark.parametrize(
    "credentials", [{}, {"script_name": ""}, {"user_login": "a", "user_password": "b"}, 5]
)
def test_no_credentials_are_an_authentication_fault(sandbox: SandboxSite, credentials: Any) -> None:
    body = json.dumps({"method_name": "read", "params": [credentials, {"type": "Ticket"}]}).encode()
    reply = json.loads(post(sandbox.url, "/api3/json", body)[1])
    assert reply["exception"] is True
    assert reply["error_code"] == (102 if isinstance(credentials, dict) else 103)


def test_concurrent_creates_lose_nothing(sandbox: SandboxSite) -> None:
    handles = [sandbox.connect() for _ in range(4)]

    def create(handle: Any) -> list[int]:
        return [handle.create("Ticket", {"title": "t"})["id"] for _ in range(10)]

    with ThreadPoolExecutor(4) as pool:
        ids = [one for made in pool.map(create, handles) for one in made]
    assert sorted(ids) == list(range(1, 41))


def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("a")
    for attempt in (1, 2):
        with Sandbox(tmp_path / "data") as running:
            handle: Any = Shotgun(running.url, script_name="test", api_key="any")
            assert handle.create("Ticket", {"title": "t"})["id"] == attempt
            handle.upload("Ticket", 1, str(tmp_path / "a.log"))
            attachments = handle.find_one("Ticket", [["id", "is", 1]], ["attachments"])["attachments"]
            assert [handle.download_attachment(one) for one in attachments] == [b"a"] * attempt
            assert len(handle.find("Project", [])) == 1
            handle.close()


def test_the_reporters_fields_are_there_and_take_values(sg: Any) -> None:
    schema = sg.schema_field_read("Ticket")
    types = {field.name: schema[field.name]["data_type"]["value"] for field in SITE_FIELDS}
    assert types == {field.name: field.data_type for field in SITE_FIELDS}
    assert schema["sg_duplicate_of"]["properties"]["valid_types"]["value"] == ["Ticket"]
    kept = sg.create("Ticket", {"title": "kept"})
    values = {
        "sg_incident_counts": "a 3\nb 4",
        "sg_incident_version": "v1.3.0",
        "sg_incident_ignore_until": "count 100",
        "sg_duplicate_of": kept,
    }
    ticket = sg.create("Ticket", {"title": "t", **values})
    found = sg.find_one("Ticket", [["sg_duplicate_of", "is", kept]], list(values))
    assert found["id"] == ticket["id"]
    assert found["sg_duplicate_of"] == {"type": "Ticket", "id": kept["id"], "name": "kept"}
    assert {name: found[name] for name in list(values)[:3]} == {
        name: values[name] for name in list(values)[:3]
    }


def test_replies_of_one_ticket_are_found(sg: Any) -> None:
    first, second = (sg.create("Ticket", {"title": title}) for title in ("a", "b"))
    for ticket, content in ((first, "Seen 3 times"), (second, "Seen 4 times"), (first, "Seen 5 times")):
        sg.create("Reply", {"content": content, "entity": ticket})
    link = {"type": "Ticket", "id": first["id"]}
    found = sg.find("Reply", [["entity", "is", link]], ["content"])
    assert [reply["content"] for reply in found] == ["Seen 3 times", "Seen 5 times"]
    found = sg.find("Reply", [["entity", "is", link], ["content", "contains", "seen 5"]], ["content"])
    assert [reply["content"] for reply in found] == ["Seen 5 times"]


def test_a_batch_mixes_types_and_modes(sg: Any) -> None:
    ticket = sg.create("Ticket", {"title": "t"})
    tag = sg.create("Tag", {"name": "a"})
    results = sg.batch(
        [
            {
                "request_type": "update",
                "entity_type": "Ticket",
                "entity_id": ticket["id"],
                "data": {"sg_status_list": "res", "tags": [tag]},
                "multi_entity_update_modes": {"tags": "add"},
            },
            {
                "request_type": "create",
                "entity_type": "Reply",
                "data": {"content": "closed", "entity": ticket},
                "return_fields": ["content", "user"],
            },
            {"request_type": "create", "entity_type": "Ticket", "data": {"title": "u"}},
            {"request_type": "delete", "entity_type": "Tag", "entity_id": tag["id"]},
        ]
    )
    assert results[0]["sg_status_list"] == "res"
    assert [each["name"] for each in results[0]["tags"]] == ["a"]
    assert results[1]["user"]["name"] == "sandbox"
    assert results[2]["title"] == "u"
    assert results[3] is True


def test_an_update_is_dated(sg: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = sg.create("Ticket", {"title": "t"}, return_fields=["updated_at"])
    later = ticket["updated_at"].replace(microsecond=0) + datetime.timedelta(days=1)
    monkeypatch.setattr("tk_incident.sandbox.writer.as_wire_time", lambda _now: f"{later:%Y-%m-%dT%H:%M:%SZ}")
    sg.update("Ticket", ticket["id"], {"title": "u"})
    found = sg.find_one("Ticket", [["updated_at", "greater_than", ticket["updated_at"]]], ["updated_at"])
    assert found["updated_at"] == later
