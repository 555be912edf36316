"""Files: ``POST /upload/upload_file`` brings one, ``GET /file_serve/attachment/<id>`` gives it back."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from .access import Access
from .faults import Fault
from .reader import name_of
from .store import Store
from .writer import Writer

# Entity, credentials, field, name, tags, time: the client sends about ten.
MAX_FORM_FIELDS = 30
MAX_NAME = 200
UNKNOWN_TYPE = "application/octet-stream"

_MEDIA_TYPE = re.compile(r"[a-z0-9][\w.+-]*/[\w.+-]+", re.ASCII | re.IGNORECASE)


class Uploads:
    """Takes the form uploads of the client and serves what was taken."""

    def __init__(self, store: Store, access: Access, author: Mapping[str, Any]) -> None:
        self._store = store
        self._access = access
        self._writer = Writer(store, author)

    async def receive(self, request: Request) -> Response:
        """Answer an upload as the client expects it: ``1:<attachment id>``, or ``0:<why not>``.

        A refusal has status 200 as well: the client repeats the whole upload on any HTTP error, and then
        says no more than "Max attempts limit reached".
        """
        async with request.form(max_files=1, max_fields=MAX_FORM_FIELDS) as form:
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            try:
                self._access.check(fields)
                attachment_id = await run_in_threadpool(self._keep, fields, form.get("file"))
            except Fault as fault:
                return PlainTextResponse(f"0:{fault}\n")
        return PlainTextResponse(f"1:{attachment_id}\n")

    def _keep(self, fields: Mapping[str, str], file: UploadFile | str | None) -> int:
        if not isinstance(file, UploadFile):
            raise Fault("API upload() the form has no file")
        name = _file_name(fields.get("display_name") or file.filename or "")
        content_type = file.content_type or ""
        arrived = self._arrived(file.file)
        try:
            attachment = self._writer.attach(
                fields.get("entity_type", ""),
                _number(fields.get("entity_id", "")),
                fields.get("field_name"),
                arrived,
                name=name,
                content_type=content_type if _MEDIA_TYPE.fullmatch(content_type) else UNKNOWN_TYPE,
            )
        finally:
            arrived.unlink(missing_ok=True)
        return attachment.id

    def _arrived(self, source: BinaryIO) -> Path:
        """A copy on the file system of the store, which a rename then makes an attachment."""
        with tempfile.NamedTemporaryFile(dir=self._store.files, prefix="arriving-", delete=False) as target:
            shutil.copyfileobj(source, target)
            return Path(target.name)

    async def serve(self, request: Request) -> Response:
        """Give an attachment back, always to be saved and never to be shown in the browser."""
        attachment_id = request.path_params["attachment_id"]
        row = await run_in_threadpool(self._store.get, "Attachment", attachment_id)
        path = self._store.file(attachment_id)
        if row is None or row.retired or not await run_in_threadpool(path.is_file):
            # 400, not 404, is what a site says and the client explains.
            return PlainTextResponse(f"There is no attachment {attachment_id}.\n", status_code=400)
        return FileResponse(
            path,
            filename=name_of(row) or f"attachment-{attachment_id}",
            media_type=row.fields.get("content_type") or UNKNOWN_TYPE,
            content_disposition_type="attachment",
        )


def _file_name(given: str) -> str:
    """The last part of a path, without control characters; a client on Windows sends all of it."""
    last = re.split(r"[/\\]", given)[-1]
    printable = "".join(character for character in last if character.isprintable()).strip()
    return printable[-MAX_NAME:] or "file"


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise Fault(f"API upload() entity_id {text[:40]!r} is not an id")
    return int(text)
