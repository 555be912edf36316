"""What a ticket's archive says: the record and the environment.

An archive may come from anybody, so every read is bounded.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from .size import readable_size

RECORD = "record.txt"
ENVIRONMENT = "environment.json"

# A page is for reading; whoever needs more downloads the archive.
MAX_RECORD_BYTES = 256 * 1024
MAX_ENVIRONMENT_BYTES = 64 * 1024
MAX_ARCHIVE_BYTES = 64 * 1024 * 1024
MAX_MEMBERS = 1000

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Evidence:
    """The readable part of an archive; ``problem`` says what could not be read."""

    record: str | None = None
    environment: list[tuple[str, str]] = field(default_factory=list)
    problem: str | None = None
    is_record_cut: bool = False


def read_evidence(archive: Path) -> Evidence:
    """Look into an archive. A broken one raises nothing: it gives an ``Evidence`` that says so."""
    try:
        if archive.stat().st_size > MAX_ARCHIVE_BYTES:
            return Evidence(problem="The archive is too large to be shown here; download it instead.")
        with zipfile.ZipFile(archive) as opened:
            if len(opened.namelist()) > MAX_MEMBERS:
                return Evidence(
                    problem="The archive has too many members to be shown here; download it instead."
                )
            record = _read(opened, RECORD, MAX_RECORD_BYTES)
            environment = _read(opened, ENVIRONMENT, MAX_ENVIRONMENT_BYTES)
    except _BROKEN as error:
        return Evidence(problem=f"The archive cannot be read: {error or type(error).__name__}.")
    if record is None and environment is None:
        return Evidence(problem=f"The archive has neither {RECORD} nor {ENVIRONMENT}.")
    return Evidence(
        record=None if record is None else _text(record[:MAX_RECORD_BYTES]),
        environment=[] if environment is None else _environment(environment),
        is_record_cut=record is not None and len(record) > MAX_RECORD_BYTES,
    )


def _read(archive: zipfile.ZipFile, name: str, limit: int) -> bytes | None:
    """At most ``limit`` bytes and one more; what a member claims of its size is not trusted."""
    if name not in archive.namelist():
        return None
    with archive.open(name) as member:
        return member.read(limit + 1)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _environment(raw: bytes) -> list[tuple[str, str]]:
    """Names and values in the archive's own order; what is no JSON object is shown as it is."""
    text = _text(raw[:MAX_ENVIRONMENT_BYTES])
    try:
        facts = json.loads(text)
        if not isinstance(facts, dict):
            return [("", text)]
        # JSON can escape half of a surrogate pair, which no page can be encoded with.
        return [(name, _encodable(value)) for name, value in _flattened("", facts)]
    except (ValueError, RecursionError):
        return [("", text)]


def _flattened(prefix: str, facts: dict[str, object]) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for key, value in facts.items():
        name = _encodable(key)
        if isinstance(value, dict) and value:
            lines += _flattened(f"{prefix}{name}.", value)
        elif isinstance(value, list) and all(isinstance(one, (str, int, float)) for one in value):
            lines.append((prefix + name, "\n".join(str(one) for one in value)))
        elif isinstance(value, int) and name.endswith("_bytes"):
            lines.append((prefix + name, readable_size(value)))
        elif isinstance(value, str):
            lines.append((prefix + name, value))
        else:
            lines.append((prefix + name, json.dumps(value, ensure_ascii=False)))
    return lines
