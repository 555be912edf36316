"""The sandbox's web pages and what guards them, over plain HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import closing
from datetime import datetime, timezone
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest
from shotgun_api3.shotgun import Shotgun

from tk_incident.sandbox import Sandbox, evidence
from tk_incident.sandbox.pages import local_time
from tk_incident.sandbox.size import readable_size

if TYPE_CHECKING:
    from tests.conftest import SandboxSite

MARKUP = "<script>alert(1)</script>"


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    text: str


def request(
    site: SandboxSite | Sandbox,
    path: str,
    *,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    connection = HTTPConnection(urlsplit(site.url).netloc, timeout=20)
    try:
        if form is None:
            connection.request("GET", path, headers=headers or {})
        else:
            content_type = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", path, urlencode(form), {**content_type, **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode("utf-8", "replace"))
    finally:
        connection.close()


def archive(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, text in members.items():
            opened.writestr(name.replace("_", "."), text)
    return buffer.getvalue()


def make_ticket(site: SandboxSite, title: str = "mira - RuntimeError", **fields: object) -> int:
    return int(site.connect().create("Ticket", {"title": title, **fields})["id"])


def attach(site: SandboxSite, ticket_id: int, path: Path, content: bytes) -> int:
    path.write_bytes(content)
    return int(site.connect().upload("Ticket", ticket_id, str(path), field_name="attachments"))


def test_an_empty_sandbox_says_what_to_do(sandbox: SandboxSite) -> None:
    page = request(sandbox, "/")
    assert page.status == 200
    assert "No tickets yet" in page.text
    assert f"--site {sandbox.url}" in page.text


def test_the_list_is_ordered_by_last_seen(sandbox: SandboxSite) -> None:
    for day in (2, 3, 1):
        seen = datetime(2020, 1, day, tzinfo=timezone.utc)
        make_ticket(sandbox, f"day-{day}", sg_incident_last_seen=seen, sg_incident_count=day * 11)
    text = request(sandbox, "/").text
    assert text.index("day-3") < text.index("day-2") < text.index("day-1")
    assert "3 tickets" in text
    assert '<td class="number count">33<' in text


def test_the_list_is_filtered_without_javascript(sandbox: SandboxSite) -> None:
    person = sandbox.connect().create("HumanUser", {"name": "Joel Pipeline", "login": "joel"})
    make_ticket(sandbox, "mira - RuntimeError", description="No space left", sg_status_list="opn")
    make_ticket(sandbox, "ana - KeyError", addressings_to=[person])

    def titles(**query: str) -> set[str]:
        text = request(sandbox, f"/?{urlencode(query)}").text
        return {title for title in ("mira - RuntimeError", "ana - KeyError") if title in text}

    both = {"mira - RuntimeError", "ana - KeyError"}
    assert titles() == titles(q="error") == titles(status="nonsense") == both
    assert titles(q="runtimeERROR") == titles(q="space left") == {"mira - RuntimeError"}
    assert titles(q="joel") == titles(q="ana", status="wtg") == {"ana - KeyError"}
    assert titles(q="joel", status="opn") == titles(q="nobody") == set()
    assert 'value="space &#34;left"' in request(sandbox, "/?q=space+%22left").text
    assert '<option value="opn" selected>' in request(sandbox, "/?status=opn").text


def test_a_ticket_shows_its_evidence(sandbox: SandboxSite, tmp_path: Path) -> None:
    ticket_id = make_ticket(sandbox, description="What happened", sg_incident_count=14)
    record = "2026-11-22 00:21:30,207 [1 ERROR a] b\nTraceback (most recent call last):\n  File <string>\n"
    environment = json.dumps({"host": "ws042", "host_app": {"name": "Maya"}, "bundles": ["a", "b"]})
    attach(sandbox, ticket_id, tmp_path / "old.zip", archive(record_txt="an older record"))
    attach(sandbox, ticket_id, tmp_path / "new.zip", archive(record_txt=record, environment_json=environment))
    text = request(sandbox, f"/tickets/{ticket_id}").text
    assert "  File &lt;string&gt;" in text
    assert "an older record" not in text
    assert "<dt>host_app.<wbr>name</dt><dd>Maya</dd>" in text
    assert "14 times" in text
    assert "What happened" in text
    assert "old.zip" in text


def test_markup_is_shown_and_never_obeyed(sandbox: SandboxSite, tmp_path: Path) -> None:
    ticket_id = make_ticket(sandbox, MARKUP, description=MARKUP, sg_incident_key=MARKUP)
    attach(
        sandbox, ticket_id, tmp_path / "a&<b>.zip", archive(record_txt=MARKUP, environment_json=f'"{MARKUP}"')
    )
    request(sandbox, f"/tickets/{ticket_id}/replies", form={"content": MARKUP})
    for path in ("/", f"/tickets/{ticket_id}", f"/?q={MARKUP}", f"/nowhere/{MARKUP}"):
        assert MARKUP not in request(sandbox, path).text
    text = request(sandbox, f"/tickets/{ticket_id}").text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 6
    assert "a&amp;&lt;b&gt;.zip" in text


def test_a_broken_archive_says_so(sandbox: SandboxSite, tmp_path: Path) -> None:
    ticket_id = make_ticket(sandbox)
    attach(sandbox, ticket_id, tmp_path / "broken.zip", b"PK\x03\x04 this is no archive")
    page = request(sandbox, f"/tickets/{ticket_id}")
    assert page.status == 200
    assert "The archive cannot be read" in page.text


@pytest.mark.parametrize("content", [b"", b"PK", archive(record_txt="x" * 100)[:-30], archive(other_txt="x")])
def test_an_archive_without_evidence_gives_a_problem(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    found = evidence.read_evidence(tmp_path / "a.zip")
    assert found.problem is not None
    assert found.record is None


def test_a_flipped_byte_in_an_archive_gives_a_problem_or_text(tmp_path: Path) -> None:
    whole = archive(record_txt="record " * 50, environment_json='{"host": "ws042"}')
    for position in range(len(whole)):
        broken = bytearray(whole)
        broken[position] ^= 0xFF
        (tmp_path / "a.zip").write_bytes(broken)
        evidence.read_evidence(tmp_path / "a.zip")


def test_a_large_record_is_cut(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(archive(record_txt="x" * (evidence.MAX_RECORD_BYTES + 1)))
    found = evidence.read_evidence(tmp_path / "a.zip")
    assert found.record is not None
    assert len(found.record) == evidence.MAX_RECORD_BYTES
    assert found.is_record_cut


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": {"b": [1, "x"]}, "c": null}', [("a.b", "1\nx"), ("c", "null")]),
        ('{"free_bytes": 14541}', [("free_bytes", "14.2 KB")]),
        ('["a"]', [("", '["a"]')]),
        ("{broken", [("", "{broken")]),
        ('{"a": "\\ud800"}', [("a", "?")]),
        ("[" * 50_000, [("", "[" * 50_000)]),
    ],
)
def test_the_environment_is_flattened(tmp_path: Path, text: str, expected: list[tuple[str, str]]) -> None:
    (tmp_path / "a.zip").write_bytes(archive(environment_json=text))
    assert evidence.read_evidence(tmp_path / "a.zip").environment == expected


def test_a_reply_is_added_and_the_page_shown_again(sandbox: SandboxSite) -> None:
    ticket_id = make_ticket(sandbox)
    answer = request(sandbox, f"/tickets/{ticket_id}/replies", form={"content": "Freed\r\nsome space"})
    assert answer.status == 303
    assert answer.headers["Location"] == f"/tickets/{ticket_id}#reply-1"
    assert "Freed\nsome space" in request(sandbox, f"/tickets/{ticket_id}").text
    reply = sandbox.connect().find_one("Reply", [], ["content", "user", "entity"])
    assert reply["content"] == "Freed\nsome space"
    assert reply["user"]["type"] == "HumanUser"
    assert reply["entity"]["id"] == ticket_id


@pytest.mark.parametrize(
    ("content", "complaint"), [("  ", "Write something first."), ("x" * 20_001, "at most 20,000 characters")]
)
def test_a_reply_that_cannot_be_kept_is_complained_of(
    sandbox: SandboxSite, content: str, complaint: str
) -> None:
    ticket_id = make_ticket(sandbox)
    answer = request(sandbox, f"/tickets/{ticket_id}/replies", form={"content": content})
    assert answer.status == 422
    assert complaint in answer.text
    assert content.strip() in answer.text
    assert sandbox.connect().find("Reply", []) == []


def test_a_ticket_shows_what_the_reporter_and_people_say_of_it(sandbox: SandboxSite) -> None:
    kept = make_ticket(sandbox, "ana <KeyError>")
    ticket_id = make_ticket(
        sandbox,
        sg_incident_counts="ws042/mira 3\nws043/ana 4",
        sg_incident_version="v1.3.0",
        sg_incident_ignore_until="count 100",
        sg_duplicate_of={"type": "Ticket", "id": kept},
    )
    text = request(sandbox, f"/tickets/{ticket_id}").text
    assert "ws042/mira 3\nws043/ana 4</dd>" in text
    assert "<dt>Version</dt><dd>v1.3.0</dd>" in text
    assert "<dt>Ignored until</dt><dd>count 100</dd>" in text
    assert f'<a href="/tickets/{kept}">{kept}: ana &lt;KeyError&gt;</a>' in text
    other = request(sandbox, f"/tickets/{kept}").text
    for name in ("By reporter", "<dt>Version", "Ignored until", "<dt>Duplicate of"):
        assert name not in other


def test_a_person_closes_a_ticket_and_says_how_long_and_why(sandbox: SandboxSite) -> None:
    kept, ticket_id = make_ticket(sandbox, "kept"), make_ticket(sandbox)
    sg = sandbox.connect()
    fields = ["sg_status_list", "sg_incident_ignore_until", "sg_duplicate_of"]

    def change(**form: str) -> list[object]:
        answer = request(sandbox, f"/tickets/{ticket_id}", form=form)
        assert (answer.status, answer.headers["Location"]) == (303, f"/tickets/{ticket_id}")
        row = sg.find_one("Ticket", [["id", "is", ticket_id]], fields)
        return [row[name]["id"] if isinstance(row[name], dict) else row[name] for name in fields]

    assert change(sg_status_list="res") == ["res", None, None]
    assert change(sg_incident_ignore_until=" version v1.3.0 ") == ["res", "version v1.3.0", None]
    assert change(sg_duplicate_of=f" {kept} ") == ["res", "version v1.3.0", kept]
    assert change(sg_incident_ignore_until="", sg_duplicate_of="") == ["res", None, None]
    entry = sg.find_one("EventLogEntry", [["attribute_name", "is", "sg_status_list"]], ["user", "meta"])
    assert entry["user"]["type"] == "HumanUser"
    assert entry["meta"]["new_value"] == "res"


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ({"sg_status_list": "clsd"}, "There is no such status."),
        ({"sg_duplicate_of": "99"}, "There is no ticket of this number."),
        ({"sg_duplicate_of": "x"}, "There is no ticket of this number."),
        ({"sg_duplicate_of": "9" * 30}, "There is no ticket of this number."),
        ({"sg_duplicate_of": "1"}, "A ticket is no duplicate of itself."),
        ({"sg_incident_ignore_until": "x" * 201}, "at most 200 characters"),
        ({"title": "other"}, "nothing in this that can be changed"),
        ({}, "nothing in this that can be changed"),
    ],
)
def test_a_change_that_makes_no_sense_is_complained_of(
    sandbox: SandboxSite, form: dict[str, str], complaint: str
) -> None:
    ticket_id = make_ticket(sandbox)
    answer = request(sandbox, f"/tickets/{ticket_id}", form=form)
    assert answer.status == 422
    assert complaint in answer.text
    assert sandbox.connect().find("EventLogEntry", [["event_type", "is", "Shotgun_Ticket_Change"]]) == []
    assert request(sandbox, "/tickets/99", form=form).status == 404


def test_a_plain_site_offers_what_it_has(tmp_path: Path) -> None:
    with Sandbox(tmp_path, is_plain=True) as running:
        with closing(Shotgun(running.url, "test", "any")) as sg:
            ticket = sg.create("Ticket", {"title": "t"})
        text = request(running, f"/tickets/{ticket['id']}").text
        assert 'name="sg_status_list"' in text
        assert "sg_incident_ignore_until" not in text
        assert "sg_duplicate_of" not in text
        form = {"sg_duplicate_of": ""}
        assert request(running, f"/tickets/{ticket['id']}", form=form).status == 422
        assert request(running, "/").status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1]", ""])
@pytest.mark.parametrize("path", ["/", "/api3/json", "/file_serve/attachment/1", "/static/page.css"])
def test_a_foreign_host_is_refused(sandbox: SandboxSite, host: str, path: str) -> None:
    form: dict[str, str] | None = {} if path.startswith("/api3") else None
    assert request(sandbox, path, form=form, headers={"Host": host}).status == 400


@pytest.mark.parametrize("path", ["/tickets/1", "/tickets/1/replies", "/api3/json", "/upload/upload_file"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_change_from_another_origin_is_refused(
    sandbox: SandboxSite, path: str, headers: dict[str, str]
) -> None:
    make_ticket(sandbox)
    form = {"content": "x", "sg_status_list": "res"}
    assert request(sandbox, path, form=form, headers=headers).status == 403
    assert sandbox.connect().find("Reply", []) == []
    assert sandbox.connect().find("Ticket", [["sg_status_list", "is", "res"]]) == []


def test_a_change_from_our_own_page_is_taken(sandbox: SandboxSite) -> None:
    ticket_id = make_ticket(sandbox)
    headers = {"Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"}
    assert (
        request(sandbox, f"/tickets/{ticket_id}/replies", form={"content": "x"}, headers=headers).status
        == 303
    )


@pytest.mark.parametrize(
    "path", ["/", "/tickets/1", "/tickets/99", "/nowhere", "/static/page.js", "/api3/json"]
)
def test_every_answer_has_the_security_headers(sandbox: SandboxSite, path: str) -> None:
    make_ticket(sandbox)
    headers = request(sandbox, path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_pages_hold_no_inline_script_or_style(sandbox: SandboxSite) -> None:
    ticket_id = make_ticket(sandbox)
    for path in ("/", f"/tickets/{ticket_id}", "/nowhere"):
        text = request(sandbox, path).text
        assert text.count("<script") == text.count('<script src="/static/')
        assert "<style" not in text
        assert " style=" not in text
        assert " on" + "click=" not in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tickets/99", 404),
        ("/tickets/99999999999999999999999", 404),
        ("/tickets/-1", 404),
        ("/tickets/x", 404),
        ("/nowhere", 404),
        ("/static/../app.py", 404),
        ("/static/%2e%2e/app.py", 404),
        ("/file_serve/attachment/99", 400),
        ("/file_serve/attachment/99999999999999999999999", 400),
        ("/file_serve/attachment/x", 404),
        ("/api3/json", 405),
        ("/tickets/1/replies", 405),
    ],
)
def test_what_is_not_there(sandbox: SandboxSite, path: str, status: int) -> None:
    page = request(sandbox, path)
    assert page.status == status
    assert "Traceback" not in page.text


def test_a_reply_to_no_ticket_is_not_found(sandbox: SandboxSite) -> None:
    assert request(sandbox, "/tickets/99/replies", form={"content": "x"}).status == 404


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("incident.zip", 'attachment; filename="incident.zip"'),
        ("señal 火.log", "attachment; filename*=utf-8''se%C3%B1al%20%E7%81%AB.log"),
        ("a'b;c.html", "attachment; filename*=utf-8''a%27b%3Bc.html"),
    ],
)
def test_an_attachment_is_only_ever_downloaded(
    sandbox: SandboxSite, tmp_path: Path, name: str, disposition: str
) -> None:
    attachment_id = attach(sandbox, make_ticket(sandbox), tmp_path / name, b"<script>alert(1)</script>")
    answer = request(sandbox, f"/file_serve/attachment/{attachment_id}")
    assert answer.headers["Content-Disposition"] == disposition
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.text == MARKUP


def test_a_path_as_display_name_keeps_its_last_part(sandbox: SandboxSite, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("a")
    handle = sandbox.connect()
    handle.upload(
        "Ticket", make_ticket(sandbox), str(tmp_path / "a.log"), display_name="C:\\logs\\..\\b\n.log"
    )
    assert handle.find_one("Attachment", [], ["display_name"])["display_name"] == "b.log"


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KB"), (14_541, "14.2 KB"), (5 * 1024**4, "5120.0 GB")],
)
def test_file_sizes(size_bytes: int, expected: str) -> None:
    assert readable_size(size_bytes) == expected


def test_times_are_local_and_as_long_as_needed() -> None:
    now = datetime(2026, 11, 22, 12, 0, 0).astimezone()
    assert local_time(now.replace(hour=9, minute=5, second=7), now) == "Today, 09:05:07"
    assert local_time(now.replace(day=3), now) == "3 Nov, 12:00"
    assert local_time(now.replace(year=2025), now) == "22 Nov 2025, 12:00"
