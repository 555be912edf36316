"""``tk-incident sandbox``: the local ticket server."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tk_incident._core import toolkit_data_folder
from tk_incident.cli.arguments import add_json, port_number
from tk_incident.cli.screen import Screen
from tk_incident.cli.signals import interrupted

if TYPE_CHECKING:
    from tk_incident.cli.arguments import Commands

DEFAULT_PORT = 8642


def register(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser("sandbox", help="run a ticket server on this machine, for trials and tests")
    parser.add_argument(
        "--port",
        type=port_number,
        default=DEFAULT_PORT,
        metavar="N",
        help="default %(default)s; 0: any free one",
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="where tickets and attachments are kept")
    parser.add_argument(
        "--plain",
        action="store_true",
        help="begin a site without the reporter's fields, as a real one is before setup-site",
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, screen: Screen) -> int:
    from tk_incident.sandbox import serve  # noqa: PLC0415 - needs an extra, and says so

    data: Path = arguments.data or toolkit_data_folder() / "tk-incident" / "sandbox"

    def say_where(url: str) -> None:
        if screen.as_json:
            screen.result({"url": url, "data": data})
        else:
            screen.line(f"The sandbox is at {url} and keeps its tickets in {data}. Ctrl-C ends it.")
        screen.flush()

    try:
        with interrupted():
            serve(data, arguments.port, is_plain=arguments.plain, on_ready=say_where)
    except KeyboardInterrupt:
        # Ending it is the only way to leave it: that is no failure.
        pass
    return 0
