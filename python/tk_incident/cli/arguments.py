"""What the commands' arguments have in common."""

import argparse
import dataclasses
import os
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


def add_site(parser: argparse.ArgumentParser, *, help_site: str) -> None:
    """Add ``--site`` and what it takes to be let in."""
    parser.add_argument("--site", metavar="URL", help=help_site)
    parser.add_argument("--script-name", metavar="N", help="the script user on the site")
    parser.add_argument("--api-key-env", metavar="VAR", help="the environment variable that holds its key")


def with_site(settings: Settings, arguments: argparse.Namespace) -> Settings:
    """Let what :func:`add_site` added go before the settings."""
    given = {
        "site_url": arguments.site,
        "script_name": arguments.script_name,
        "api_key_env": arguments.api_key_env,
    }
    return dataclasses.replace(
        settings, **{name: value for name, value in given.items() if value is not None}
    )


def require_credentials(settings: Settings, *, otherwise: str = "") -> None:
    """Check that a script user and its key are there. Raises ``UsageError``; ``otherwise`` is its end."""
    if settings.script_name is None or settings.api_key_env is None:
        raise UsageError(f"--site needs --script-name and --api-key-env{otherwise}")
    if not os.environ.get(settings.api_key_env):
        raise UsageError(
            f"the environment variable {settings.api_key_env} is empty: put the key of script user "
            f"{settings.script_name} into it{otherwise}"
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
