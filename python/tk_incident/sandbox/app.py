"""The application: rows, calls, files and pages put together behind the guards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from .access import Access
from .faults import INTERNAL, Fault
from .guard import HOSTS, BodyLimit, SameOrigin
from .pages import Pages
from .rpc import Rpc
from .store import Store
from .uploads import Uploads
from .writer import Writer

# Rows that every sandbox starts with; the first of each type has id 1.
PROJECT = {"type": "Project", "id": 1}
SCRIPT = {"type": "ApiUser", "id": 1}
OPERATOR = {"type": "HumanUser", "id": 1}


def make_app(data: Path, api_key: str | None = None, *, is_plain: bool = False) -> Starlette:
    """The server as an ASGI application that keeps its rows and files in ``data``.

    With an ``api_key``, a script that gives another one is refused. A new site that is plain has none of the
    reporter's fields. Raises ``OSError`` or ``ConfigError`` where the folder cannot be used.
    """
    store = Store(data, is_plain=is_plain)
    _seed(store)
    access = Access(api_key)
    rpc = Rpc(store, access, SCRIPT)
    uploads = Uploads(store, access, SCRIPT)
    pages = Pages(store, OPERATOR)

    async def refused(request: Request, error: Exception) -> Response:
        path = request.url.path
        status_code, detail = 500, "The sandbox failed at this; its console says more."
        if isinstance(error, HTTPException):
            status_code, detail = error.status_code, error.detail
        elif path.startswith("/api3/"):
            return JSONResponse(Fault(detail, INTERNAL).as_reply())
        if path.startswith(("/api3/", "/upload/", "/file_serve/", "/static/")):
            return PlainTextResponse(f"{detail}\n", status_code=status_code)
        return pages.problem(status_code, detail)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    handlers: Any = {HTTPException: refused, Exception: refused}
    return Starlette(
        routes=[
            Route("/", pages.index),
            Route("/tickets/{ticket_id:int}", pages.ticket),
            Route("/tickets/{ticket_id:int}/replies", pages.reply, methods=["POST"]),
            Route("/tickets/{ticket_id:int}", pages.change, methods=["POST"]),
            Route("/api3/json", rpc.endpoint, methods=["POST"]),
            Route("/upload/upload_file", uploads.receive, methods=["POST"]),
            Route("/file_serve/attachment/{attachment_id:int}", uploads.serve),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
            Middleware(SameOrigin),
            Middleware(BodyLimit),
        ],
        exception_handlers=handlers,
        lifespan=lifespan,
    )


def _seed(store: Store) -> None:
    with store.transaction():
        if store.get("Project", 1) is not None:
            return
        writer = Writer(store, SCRIPT)
        writer.create("ApiUser", {"firstname": "sandbox"})
        writer.create("HumanUser", {"name": "Sandbox operator", "login": "sandbox"})
        writer.create("Project", {"name": "Sandbox", "tank_name": "sandbox", "archived": False})
