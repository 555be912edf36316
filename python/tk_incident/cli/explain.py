"""``tk-incident explain``: what becomes of a record, and why; of two, why they fall together or apart."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from tk_incident import _core
from tk_incident.cli.arguments import UsageError, add_json, add_settings, settings_from
from tk_incident.cli.screen import Screen
from tk_incident.cli.table import Column

if TYPE_CHECKING:
    from tk_incident.cli.arguments import Commands

_MAX_BYTES = 16 << 20


def register(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser("explain", help="show what becomes of a record, and why; compare two")
    parser.add_argument(
        "files",
        type=Path,
        nargs="*",
        metavar="FILE",
        help="a record, a traceback or a message, '-' or none for standard input; two are compared",
    )
    add_settings(parser)
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, screen: Screen) -> int:
    files = arguments.files or [Path("-")]
    if len(files) > 2:  # noqa: PLR2004 - one, or one and another
        raise UsageError("explain takes one text, or two to compare")
    if files.count(Path("-")) > 1:
        raise UsageError("standard input can be one of the two texts, not both")
    texts = [_read(file) for file in files]
    other = texts[1] if len(texts) > 1 else None
    explanation = json.loads(_core.explain(texts[0], other, settings_from(arguments.settings).to_json()))
    if screen.as_json:
        screen.result(explanation)
        return 0
    for number, each in enumerate(explanation["texts"]):
        if number:
            screen.line()
        if other is not None:
            screen.line(f"== {files[number]}")
        _show(screen, each)
    if other is not None:
        screen.line()
        screen.line(explanation["comparison"])
    return 0


def _read(file: Path) -> str:
    if str(file) == "-":
        text = sys.stdin.buffer.read(_MAX_BYTES + 1)
    else:
        with file.open("rb") as stream:
            text = stream.read(_MAX_BYTES + 1)
    if len(text) > _MAX_BYTES:
        raise UsageError(f"{file}: larger than {_MAX_BYTES >> 20} MiB; take one record out of it")
    return text.decode("utf-8", "replace")


def _show(screen: Screen, text: Mapping[str, Any]) -> None:
    for name, value in _facts(text):
        if value is not None:
            screen.line(f"{name + ':':<13}{value}")
    if text["chain"]:
        screen.line()
        screen.table(
            (
                Column("chain"),
                Column("exception"),
                Column("message", flexible=True),
                Column("frames", right=True),
            ),
            [
                (link["relation"], link["exception"] or "(lost)", link["message"], str(link["frames"]))
                for link in text["chain"]
            ],
        )
    if text["frames"]:
        screen.line()
        screen.table(
            (Column("frame"), Column("function"), Column("why", flexible=True)),
            [
                (frame["module"], frame["function"] or "", frame["reason"] or "counts")
                for frame in text["frames"]
            ],
        )
    if text["masks"]:
        screen.line()
        screen.table(
            (Column("value"), Column("taken for", flexible=True)),
            [(repr(masked["text"]), masked["mask"].replace("_", " ")) for masked in text["masks"]],
        )
    screen.line()
    screen.line("Normal form:")
    for line in text["normal_form"].split("\n"):
        screen.line(f"    {line}")


def _facts(text: Mapping[str, Any]) -> Iterator[tuple[str, Optional[str]]]:
    yield "Dialect", text["dialect"]
    yield "Level", text["level"]
    yield "Logger", text["logger"] and f"{text['logger']} (family {text['family']})"
    yield "Reported", f"{'yes' if text['matches'] else 'no'}: {text['rule']}"
    yield "Title", text["title"]
    yield "Key", text["key"]
    yield "Why", text["why"]
    yield "Former keys", ", ".join(text["former_keys"])
