"""``tk-incident deliveries``: what the site does not know yet, what keeps it away, and what happens next."""

import argparse
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Optional

from tk_incident._core import Spool
from tk_incident.cli.arguments import add_json, add_state
from tk_incident.cli.screen import Screen
from tk_incident.cli.table import Column

if TYPE_CHECKING:
    from tk_incident.cli.arguments import Commands

_COLUMNS = (
    Column("not delivered yet", flexible=True),
    Column("next", flexible=True),
    Column("when"),
    Column("failed", right=True),
    Column("because", flexible=True),
)
_NEXT = {
    "evidence": "its evidence is taken",
    "pending": "a ticket is looked for, and made if there is none",
    "creating": "a ticket may have been made: it is looked for",
    "created": "ticket {ticket} gets its archive, unless the reporter that made it attaches it first",
    "attached": "ticket {ticket} is told of {untold:,} more",
    "settling": "ticket {ticket} is looked at once more: whether it has a twin, and our count",
}


def register(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser("deliveries", help="list what the site does not know yet, and why")
    add_state(parser)
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, screen: Screen) -> int:
    spool = Spool(arguments.state)
    waiting = spool.deliveries()
    if screen.as_json:
        for delivery in waiting:
            screen.result(delivery)
    else:
        show_deliveries(screen, waiting, is_led=is_led(spool.status()))
        screen.line("1 delivery waits." if len(waiting) == 1 else f"{len(waiting)} deliveries wait.")
    return 0


def is_led(status: Mapping[str, Any]) -> bool:
    """Tell whether a reporter is there to deliver anything."""
    return any(folder["has_leader"] for folder in status["log_folders"])


def show_deliveries(screen: Screen, deliveries: Sequence[Mapping[str, Any]], *, is_led: bool) -> None:
    """Print what waits: what happens next with it, when, and what has failed so far."""
    now = datetime.now(timezone.utc)
    rows = [
        (
            each["title"],
            _NEXT[each["step"]].format_map(each),
            _when(each["next_try"], now) if is_led else "once a reporter runs",
            f"{each['attempts']} times" if each["attempts"] else "",
            _because(each),
        )
        for each in deliveries
    ]
    if rows:
        screen.table(_COLUMNS, rows)


def _because(delivery: Mapping[str, Any]) -> str:
    if delivery.get("outage"):
        return f"no delivery goes out now: {delivery['outage']}"
    return delivery["last_error"] or ""


def _when(utc: Optional[str], now: datetime) -> str:
    """Show a time of the spool like those of the records: local, to the second."""
    if utc is None:
        return ""
    to_the_second = utc.rstrip("Z").partition(".")[0]
    moment = datetime.fromisoformat(to_the_second).replace(tzinfo=timezone.utc)
    return "now" if moment <= now else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
