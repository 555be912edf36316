"""``tk-incident status``: whether a reporter works, how far it is, and whether its books are right."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional

from tk_incident._core import Spool
from tk_incident.cli.arguments import add_json, add_state
from tk_incident.cli.deliveries import is_led, show_deliveries
from tk_incident.cli.screen import Screen
from tk_incident.cli.table import Column

if TYPE_CHECKING:
    from tk_incident.cli.arguments import Commands

_MIB = 1 << 20


def register(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser("status", help="show leader, files followed, lag and counters")
    add_state(parser)
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, screen: Screen) -> int:
    status = Spool(arguments.state).status()
    if screen.as_json:
        screen.result(status)
    else:
        _show(screen, status)
    return 0


def _show(screen: Screen, status: Mapping[str, Any]) -> None:
    screen.line(f"Spool: {status['spool']}")
    for folder in status["log_folders"]:
        leads = "a reporter leads" if folder["has_leader"] else "no reporter runs"
        screen.line(f"Log folder: {folder['path']}: {leads}")
    if status["files"]:
        screen.line()
        screen.table(
            (
                Column("file followed", flexible=True),
                Column("read up to", right=True),
                Column("lag", right=True),
            ),
            [(file["path"], f"{file['offset']:,}", _lag(file["lag_bytes"])) for file in status["files"]],
        )
    screen.line()
    for line in (*balance(status["books"]), *_remarks(status["counters"]), _disk(status["size"])):
        screen.line(line)
    if status["deliveries"]:
        screen.line()
        show_deliveries(screen, status["deliveries"], is_led=is_led(status))


def balance(books: Mapping[str, Any]) -> list[str]:
    """Say where everything is that was ever read and captured, and whether that adds up."""
    discarded = books["discarded"]
    read = (
        f"Read:     {books['read']:,} records = {books['matched']:,} matched + {books['not_matched']:,} not"
    )
    captured = f"Captured: {books['captured']:,}"
    if books["known"]:
        captured += f" (and {books['known']:,} known before)"
    captured += (
        f" = {books['delivered']:,} delivered + {books['waiting']:,} waiting"
        f" + {sum(discarded.values()):,} discarded"
    )
    if discarded:
        captured += f" ({_listed(discarded)})"
    kept = f"Kept:     {books['kept']:,} occurrences + {books['folded']:,} folded into counts"
    lines = [read, captured, kept]
    return lines if is_balanced(books) else [*lines, "THIS DOES NOT ADD UP: please report it as a defect"]


def is_balanced(books: Mapping[str, Any]) -> bool:
    """Tell whether whatever was read is where the books say it is."""
    captured = books["captured"]
    return bool(
        books["read"] == books["matched"] + books["not_matched"]
        and books["matched"] == captured + books["known"]
        and captured == books["delivered"] + books["waiting"] + sum(books["discarded"].values())
        and captured == books["kept"] + books["folded"]
    )


def _remarks(counters: Mapping[str, int]) -> list[str]:
    """Say what the books do not: how much was read, and what is not there in full."""
    in_books = (
        "records_read",
        "matched",
        "not_matched",
        "records_known",
        "occurrences_folded",
        "record_bytes",
    )
    others = {name: count for name, count in counters.items() if count and name not in in_books}
    return [f"Counted:  {_listed(others) or 'nothing yet'}"]


def _disk(size: Mapping[str, Any]) -> str:
    on_disk, cap = size["file_bytes"] + size["wal_bytes"], size["cap_bytes"]
    text = f"Disk:     {on_disk / _MIB:,.1f} MiB"
    return text if cap is None else f"{text} of {cap / _MIB:,.0f} MiB (max_spool_mib)"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())


def _lag(lag_bytes: Optional[int]) -> str:
    # The file's name is gone, or belongs to another one by now.
    return "renamed" if lag_bytes is None else f"{lag_bytes:,} bytes"
