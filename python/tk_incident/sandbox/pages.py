"""The web pages: the list of tickets, and one ticket with its evidence and replies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from .changes import MAX_IGNORE_UNTIL, offered, read_changes
from .faults import Fault
from .schema import STATUSES
from .size import readable_size
from .store import Store
from .tickets import Ticket, Tickets
from .writer import Writer

MAX_QUERY = 200
MAX_REPLY = 20_000


class Pages:
    """Renders the pages. ``operator`` is who writes the replies that are made on them."""

    def __init__(self, store: Store, operator: Mapping[str, Any]) -> None:
        self._store = store
        self._tickets = Tickets(store)
        self._writer = Writer(store, operator)
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(local=local_time, utc=_utc, size=readable_size)
        self._templates.globals["statuses"] = dict(STATUSES)

    async def index(self, request: Request) -> Response:
        """``/?q=words&status=code``: the tickets that were found, last seen first."""
        words = request.query_params.get("q", "")[:MAX_QUERY]
        status = request.query_params.get("status", "")
        listing = await run_in_threadpool(self._tickets.search, words, status)
        site = str(request.base_url).rstrip("/")
        return self._page("index.html", listing=listing, words=words, status=status, site=site)

    async def ticket(self, request: Request) -> Response:
        """``/tickets/<id>``: one ticket."""
        ticket = await run_in_threadpool(self._tickets.get, request.path_params["ticket_id"])
        return self._not_found(request) if ticket is None else self._ticket(ticket)

    async def reply(self, request: Request) -> Response:
        """``POST /tickets/<id>/replies``: add a reply, then go back to the ticket."""
        ticket = await run_in_threadpool(self._tickets.get, request.path_params["ticket_id"])
        if ticket is None:
            return self._not_found(request)
        async with request.form(max_files=0, max_fields=10) as form:
            # A browser sends line ends as CR LF, whatever the machine.
            content = str(form.get("content", "")).replace("\r\n", "\n").strip()
        if len(content) > MAX_REPLY:
            return self._ticket(
                ticket, draft=content, complaint=f"A reply has at most {MAX_REPLY:,} characters."
            )
        entity = {"type": "Ticket", "id": ticket.line.id}
        try:
            reply = await run_in_threadpool(
                self._writer.create, "Reply", {"content": content, "entity": entity}
            )
        except Fault:
            return self._ticket(ticket, draft=content, complaint="Write something first.")
        return RedirectResponse(f"/tickets/{ticket.line.id}#reply-{reply.id}", status_code=303)

    async def change(self, request: Request) -> Response:
        """``POST /tickets/<id>``: set what the form has, then go back to the ticket."""
        ticket = await run_in_threadpool(self._tickets.get, request.path_params["ticket_id"])
        if ticket is None:
            return self._not_found(request)
        async with request.form(max_files=0, max_fields=10) as form:
            texts = {name: value for name, value in form.items() if isinstance(value, str)}
        try:
            values = await run_in_threadpool(read_changes, self._store, ticket.line.id, texts)
            await run_in_threadpool(self._writer.update, "Ticket", ticket.line.id, values)
        except Fault as fault:
            return self._ticket(ticket, change_complaint=str(fault))
        return RedirectResponse(f"/tickets/{ticket.line.id}", status_code=303)

    def problem(self, status_code: int, detail: str) -> Response:
        """A page that says what went wrong."""
        return self._page("problem.html", status_code=status_code, detail=detail)

    def _not_found(self, request: Request) -> Response:
        return self.problem(404, f"There is no ticket {request.path_params['ticket_id']}.")

    def _ticket(
        self, ticket: Ticket, *, draft: str = "", complaint: str = "", change_complaint: str = ""
    ) -> Response:
        return self._page(
            "ticket.html",
            status_code=422 if complaint or change_complaint else 200,
            ticket=ticket,
            offered=offered(self._store),
            draft=draft,
            complaint=complaint,
            change_complaint=change_complaint,
            max_reply=MAX_REPLY,
            max_ignore_until=MAX_IGNORE_UNTIL,
        )

    def _page(self, template: str, *, status_code: int = 200, **values: Any) -> Response:
        html = self._templates.get_template(template).render(status_code=status_code, **values)
        return HTMLResponse(html, status_code=status_code, headers={"Cache-Control": "no-store"})


def local_time(moment: datetime, now: datetime | None = None) -> str:
    """A time as people here write it. Server and reader are one machine, so its time zone is the reader's."""
    here = moment.astimezone()
    today = (now or datetime.now(timezone.utc)).astimezone()
    if here.date() == today.date():
        return f"Today, {here:%H:%M:%S}"
    if here.year == today.year:
        return f"{here.day} {here:%b}, {here:%H:%M}"
    return f"{here.day} {here:%b %Y}, {here:%H:%M}"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
