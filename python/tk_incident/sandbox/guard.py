"""What stands before every request: it comes from this machine's own programs or pages, and is not too large.

The server listens on the loopback interface, but a browser on the same machine runs pages of strangers.
A foreign ``Host`` (a name that a stranger's DNS points at 127.0.0.1) is refused by Starlette's own
middleware. Here is the rest: requests that a stranger's page sends, and headers that keep our pages from
running what they show.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")

MAX_UPLOAD_BYTES = 512 * 1024 * 1024
# A ticket's description and a batch of them fit many times over.
MAX_BODY_BYTES = 16 * 1024 * 1024

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SameOrigin:
    """Refuses changes that a page of another origin asks for, and sets every answer's security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["method"] not in _SAFE_METHODS and _is_foreign(Headers(scope=scope)):
            refusal = PlainTextResponse(
                "A page of another site may not change tickets here.\n", status_code=403
            )
            await refusal(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def _is_foreign(headers: Headers) -> bool:
    """Whether a browser says that another origin asks. Programs such as the client send neither header."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None and origin != f"http://{headers.get('host')}":
        return True
    return site is not None and site not in ("same-origin", "none")


class BodyLimit:
    """Answers 413 to a body that is too large, whether it announces its size or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as long as its body stays in bounds."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = MAX_UPLOAD_BYTES if scope["path"].startswith("/upload/") else MAX_BODY_BYTES
        too_large = f"The request is larger than {limit} bytes.\n"
        if int(Headers(scope=scope).get("content-length", "0")) > limit:
            await PlainTextResponse(too_large, status_code=413)(scope, receive, send)
            return
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, too_large)
            return message

        await self._app(scope, receive_bounded, send)
