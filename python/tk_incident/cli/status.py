"""``tk-incident status``: whether a reporter works, how far it is, and whether its books are right."""

import argparse
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Optional

from tk_incident._core import Spool
from tk_incident.cli.arguments import add_json, add_state
from tk_incident.cli.screen import Screen
from tk_incident.cli.table import Column

if TYPE_CHECKING:
    from tk_incident.cli.arguments import Commands


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
    screen.line(balance(status["books"]))
    counters = [f"{count:,} {name.replace('_', ' ')}" for name, count in status["counters"].items() if count]
    screen.line(f"Counters: {', '.join(counters) or 'nothing was read yet'}")
    if status["deliveries"]:
        screen.line()
        screen.table(
            (
                Column("not delivered yet", flexible=True),
                Column("attempts", right=True),
                Column("next try"),
                Column("because", flexible=True),
            ),
            [
                (
                    each["title"],
                    str(each["attempts"]),
                    _local(each["next_try"]),
                    each["last_error"] or "",
                )
                for each in status["deliveries"]
            ],
        )


def balance(books: Mapping[str, Any]) -> str:
    """Say where everything is that was ever captured, and whether that adds up."""
    discarded = books["discarded"]
    lost = sum(discarded.values())
    text = (
        f"Books: {books['captured']:,} captured = {books['delivered']:,} delivered"
        f" + {books['waiting']:,} waiting + {lost:,} discarded"
    )
    if discarded:
        text += f" ({', '.join(f'{count:,} {reason}' for reason, count in discarded.items())})"
    return text if is_balanced(books) else f"{text}: THIS DOES NOT ADD UP"


def is_balanced(books: Mapping[str, Any]) -> bool:
    """Tell whether captured = delivered + waiting + discarded."""
    accounted = books["delivered"] + books["waiting"] + sum(books["discarded"].values())
    return bool(books["captured"] == accounted)


def _lag(lag_bytes: Optional[int]) -> str:
    # The file's name is gone, or belongs to another one by now.
    return "renamed" if lag_bytes is None else f"{lag_bytes:,} bytes"


def _local(utc: Optional[str]) -> str:
    """Show a time of the spool like those of the records: local, to the second."""
    if utc is None:
        return ""
    to_the_second = utc.rstrip("Z").partition(".")[0]
    moment = datetime.fromisoformat(to_the_second).replace(tzinfo=timezone.utc)
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
