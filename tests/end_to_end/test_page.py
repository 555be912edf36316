"""The sandbox's pages in a real browser: what a person sees and does."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

if TYPE_CHECKING:
    from tests.conftest import SandboxSite

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MARKUP = "<script>alert(1)</script>"
RECORD = (
    "2026-11-22 00:21:30,207 [1 ERROR sgtk] it broke\nTraceback (most recent call last):\n  File <stdin>\n"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = os.environ.get("TK_INCIDENT_CHROMIUM") or shutil.which("chromium")
    assert executable is not None, "these tests need Debian's Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test where a script fails, or something breaks the content policy."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def make_ticket(site: SandboxSite, title: str, **fields: Any) -> dict[str, Any]:
    ticket = site.connect().create(
        "Ticket", {"title": title, "project": {"type": "Project", "id": 1}, **fields}
    )
    assert isinstance(ticket, dict)
    return ticket


def attach(site: SandboxSite, ticket: dict[str, Any], path: Path, record: str = RECORD) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("record.txt", record)
        archive.writestr("environment.json", '{"host": "ws042"}')
    site.connect().upload("Ticket", ticket["id"], str(path), field_name="attachments")


def test_it_shows_tickets_and_opens_one(sandbox: SandboxSite, page: Page, tmp_path: Path) -> None:
    seen = datetime(2020, 5, 17, 12, 0, tzinfo=timezone.utc)
    make_ticket(sandbox, "joel - KeyError", sg_incident_last_seen=seen)
    ticket = make_ticket(
        sandbox, "mira - RuntimeError", sg_incident_count=14, description="It broke.\nTwice."
    )
    attach(sandbox, ticket, tmp_path / "incident.zip")
    page.goto(sandbox.url)
    rows = page.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("mira - RuntimeError")
    expect(rows.first).to_contain_text("14")
    expect(rows.last).to_contain_text("17 May 2020")
    page.get_by_role("link", name="mira - RuntimeError").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("mira - RuntimeError")
    expect(page.locator(".record")).to_have_text(RECORD)
    expect(page.locator(".description")).to_have_text("It broke.\nTwice.")
    expect(page.locator("#environment")).to_contain_text("ws042")
    page.get_by_role("link", name="All tickets").click()
    expect(rows).to_have_count(2)


def test_an_empty_list_fills_by_itself(sandbox: SandboxSite, page: Page) -> None:
    page.goto(sandbox.url)
    expect(page.get_by_role("heading", name="No tickets yet")).to_be_visible()
    make_ticket(sandbox, "mira - RuntimeError")
    expect(page.get_by_role("link", name="mira - RuntimeError")).to_be_visible()
    expect(page.get_by_text("1 ticket", exact=True)).to_be_visible()


def test_it_filters_while_one_types_and_keeps_the_focus(sandbox: SandboxSite, page: Page) -> None:
    make_ticket(sandbox, "mira - RuntimeError", sg_status_list="opn")
    make_ticket(sandbox, "joel - KeyError")
    page.goto(sandbox.url)
    box = page.get_by_label("Title, description or user")
    box.press_sequentially("runtime")
    expect(page.get_by_role("link", name="joel - KeyError")).to_have_count(0)
    expect(page.get_by_role("link", name="mira - RuntimeError")).to_be_visible()
    expect(page.locator("#found")).to_have_text("1 of 2 match")
    expect(page).to_have_url(f"{sandbox.url}/?q=runtime")
    # The next ticket comes with the list's own refresh, which must not disturb who types.
    make_ticket(sandbox, "ana - RuntimeError")
    expect(page.get_by_role("link", name="ana - RuntimeError")).to_be_visible()
    expect(box).to_be_focused()
    expect(box).to_have_value("runtime")
    page.get_by_label("Status").select_option(label="Open")
    expect(page.get_by_role("link", name="ana - RuntimeError")).to_have_count(0)
    box.fill("nobody")
    expect(page.get_by_role("heading", name="No ticket matches")).to_be_visible()


def test_an_update_keeps_what_has_not_changed(sandbox: SandboxSite, page: Page) -> None:
    ticket = make_ticket(sandbox, "mira - RuntimeError", sg_incident_count=1)
    page.goto(f"{sandbox.url}/tickets/{ticket['id']}")
    page.get_by_label("Add a reply").fill("half a rep")
    page.evaluate("document.querySelector('#record > *').dataset.mark = 'kept'")
    sandbox.connect().update("Ticket", ticket["id"], {"sg_incident_count": 15})
    expect(page.get_by_text("15 times")).to_be_visible()
    expect(page.get_by_label("Add a reply")).to_have_value("half a rep")
    expect(page.locator("[data-mark=kept]")).to_have_count(1)


def test_an_archive_is_downloaded_whole(sandbox: SandboxSite, page: Page, tmp_path: Path) -> None:
    ticket = make_ticket(sandbox, "mira - RuntimeError")
    attach(sandbox, ticket, tmp_path / "señal-incident.zip")
    page.goto(f"{sandbox.url}/tickets/{ticket['id']}")
    with page.expect_download() as download:
        page.get_by_role("link", name="señal-incident.zip").click()
    assert download.value.suggested_filename == "señal-incident.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        assert archive.read("record.txt").decode() == RECORD


def test_a_reply_is_shown(sandbox: SandboxSite, page: Page) -> None:
    ticket = make_ticket(sandbox, "mira - RuntimeError")
    page.goto(f"{sandbox.url}/tickets/{ticket['id']}")
    page.get_by_label("Add a reply").fill("Freed some space.")
    page.get_by_role("button", name="Reply").click()
    expect(page.locator("#reply-1")).to_contain_text("Freed some space.")
    expect(page.get_by_label("Add a reply")).to_have_value("")
    sandbox.connect().create("Reply", {"content": "Thank you.", "entity": ticket})
    expect(page.locator("#reply-2")).to_contain_text("Thank you.")


def test_a_ticket_is_closed_and_what_is_being_filled_in_stays(sandbox: SandboxSite, page: Page) -> None:
    kept, ticket = (make_ticket(sandbox, title) for title in ("kept", "mira - RuntimeError"))
    page.goto(f"{sandbox.url}/tickets/{ticket['id']}")
    page.get_by_label("Status").select_option("Resolved")
    page.get_by_role("button", name="Set status").click()
    expect(page.locator("#headline .status")).to_have_text("Resolved")
    page.get_by_label("Duplicate of ticket").fill(str(kept["id"]))
    # While one types, the ticket is opened again, and the page says so without taking the field away.
    sandbox.connect().update("Ticket", ticket["id"], {"sg_status_list": "opn"})
    expect(page.locator("#headline .status")).to_have_text("Open")
    expect(page.get_by_label("Duplicate of ticket")).to_have_value(str(kept["id"]))
    page.get_by_role("button", name="Set what it is a duplicate of").click()
    expect(page.get_by_label("Status")).to_have_value("opn")
    page.get_by_role("link", name=f"{kept['id']}: kept").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("kept")


def test_a_page_that_complains_stays_live(sandbox: SandboxSite, browser: Browser) -> None:
    ticket = make_ticket(sandbox, "mira - RuntimeError", sg_incident_count=1)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{sandbox.url}/tickets/{ticket['id']}")
    page.get_by_label("Duplicate of ticket").fill("99")
    page.get_by_role("button", name="Set what it is a duplicate of").click()
    expect(page.get_by_role("alert")).to_have_text("There is no ticket of this number.")
    sandbox.connect().update("Ticket", ticket["id"], {"sg_incident_count": 15})
    expect(page.get_by_text("15 times")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_visible()
    context.close()


def test_it_says_when_the_server_is_gone(browser: Browser, tmp_path: Path) -> None:
    from tk_incident.sandbox import Sandbox

    context = browser.new_context()
    page = context.new_page()
    running = Sandbox(tmp_path)
    running.start()
    page.goto(running.url)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    running.stop()
    expect(page.get_by_text("The server does not answer")).to_be_visible()
    running.start()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    context.close()
    running.stop()


def test_it_works_without_javascript(sandbox: SandboxSite, browser: Browser) -> None:
    make_ticket(sandbox, "mira - RuntimeError")
    make_ticket(sandbox, "joel - KeyError")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(sandbox.url)
    page.get_by_label("Title, description or user").fill("runtime")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("link", name="joel - KeyError")).to_have_count(0)
    page.get_by_role("link", name="mira - RuntimeError").click()
    page.get_by_label("Add a reply").fill("Freed some space.")
    page.get_by_role("button", name="Reply").click()
    expect(page.locator("#reply-1")).to_contain_text("Freed some space.")
    context.close()


def test_markup_in_a_ticket_does_nothing(sandbox: SandboxSite, page: Page, tmp_path: Path) -> None:
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    page.goto(sandbox.url)
    # It comes with a refresh, so that the script's own way of putting it on the page is tried as well.
    ticket = make_ticket(sandbox, MARKUP, description=f"{MARKUP}<img src=x onerror=alert(1)>")
    attach(sandbox, ticket, tmp_path / "incident.zip", MARKUP)
    expect(page.get_by_role("link", name=MARKUP)).to_be_visible()
    page.reload()
    page.get_by_role("link", name=MARKUP).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(MARKUP)
    expect(page.locator(".record")).to_have_text(MARKUP)
    assert page.locator("main script, main img").count() == 0
    assert dialogs == []


@pytest.mark.parametrize("path", ["/", "/tickets/1"])
def test_a_phone_need_not_scroll_sideways(
    sandbox: SandboxSite, page: Page, tmp_path: Path, path: str
) -> None:
    title = "mira - " + "NoBreaksInThisName" * 8
    ticket = make_ticket(sandbox, title, description="x" * 400, sg_incident_count=3)
    attach(sandbox, ticket, tmp_path / f"{'long' * 20}.zip", RECORD + "y" * 400)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(sandbox.url + path)
    expect(page.get_by_text(title)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if path != "/":
        expect(page.get_by_role("link", name=f"{'long' * 20}.zip", exact=True)).to_be_visible()
