"""Reads tickets back from a site, through the real client, as somebody who opens them would."""

import io
import zipfile
from dataclasses import dataclass
from typing import Any, Optional

from tk_incident.errors import TkIncidentError

_TIMEOUT_S = 10.0
_RECORD = "record.txt"


@dataclass(frozen=True)
class FiledTicket:
    """A ticket as the site holds it."""

    id: int
    title: str
    count: Optional[int]
    """How many occurrences the site was told of."""
    evidence_fault: Optional[str]
    """What is wrong with its evidence, if anything."""


class TicketReader:
    """A script user that reads tickets."""

    def __init__(self, url: str, script_name: str, api_key: str) -> None:
        """Connect. Raises ``TkIncidentError`` where the client is not installed."""
        try:
            from shotgun_api3.shotgun import Shotgun  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise TkIncidentError(
                "the demo files its tickets through shotgun_api3: pip install 'tk-incident[shotgrid,sandbox]'"
            ) from error
        self._url = url
        self._site: Any = Shotgun(url, script_name=script_name, api_key=api_key, connect=False)
        self._site.config.timeout_secs = _TIMEOUT_S

    def tickets(self) -> list[FiledTicket]:
        """Return all tickets, with their evidence downloaded and looked into.

        Raises ``TkIncidentError`` where the site does not answer as it should.
        """
        try:
            return self._read()
        except Exception as error:
            raise TkIncidentError(f"cannot read the tickets back from {self._url}: {error}") from error

    def _read(self) -> list[FiledTicket]:
        rows = self._site.find("Ticket", [], ["title", "sg_incident_count", "attachments"])
        return [
            FiledTicket(
                id=row["id"],
                title=row["title"],
                count=row["sg_incident_count"],
                evidence_fault=self._evidence_fault(row["attachments"] or []),
            )
            for row in rows
        ]

    def _evidence_fault(self, attachments: list[dict[str, Any]]) -> Optional[str]:
        if len(attachments) != 1:
            return f"it has {len(attachments)} attachments instead of one"
        content = self._site.download_attachment({"type": "Attachment", "id": attachments[0]["id"]})
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                damaged = archive.testzip()
                if damaged is not None:
                    return f"{damaged} in its archive is damaged"
                if _RECORD not in archive.namelist():
                    return f"its archive holds no {_RECORD}"
        except zipfile.BadZipFile:
            return "its attachment is no zip archive"
        return None
