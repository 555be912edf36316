"""What the commands' arguments have in common."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from tk_incident.settings import Settings

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


class UsageError(Exception):
    """The command was called in a way that cannot work; the message says how it can."""


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    parser.add_argument(
        "--json",
        action="store_true",
        dest="as_json",
        help="one JSON object a line on standard output, everything else on standard error",
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add ``--settings``."""
    parser.add_argument("--settings", type=Path, metavar="FILE", help="settings as a tk-incident.toml")


def add_state(parser: argparse.ArgumentParser) -> None:
    """Add ``--state``."""
    parser.add_argument(
        "--state", type=Path, metavar="DIR", required=True, help="the reporter's state folder (its spool)"
    )


def settings_from(path: Optional[Path]) -> Settings:
    """Read ``--settings``, or take the defaults. Raises ``ConfigError`` or ``OSError``."""
    return Settings() if path is None else Settings.from_file(path)


def positive_seconds(text: str) -> float:
    """Read a duration in seconds."""
    seconds = float(text)
    if not 0 < seconds <= 24 * 60 * 60:
        raise argparse.ArgumentTypeError(f"{text} is no duration between 0 seconds and a day")
    return seconds


def port_number(text: str) -> int:
    """Read a TCP port; 0 lets the system choose."""
    port = int(text)
    if not 0 <= port <= 65535:  # noqa: PLR2004 - the largest port there is
        raise argparse.ArgumentTypeError(f"{text} is no port between 0 and 65535")
    return port
