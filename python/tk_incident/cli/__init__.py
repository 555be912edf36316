"""The command line: ``tk-incident``.

Exit codes: 0 done, 1 failed, 2 wrong usage; 130 interrupted, 141 nobody reads the output any more.
"""

import argparse
from collections.abc import Sequence
from typing import Optional

from tk_incident import __version__
from tk_incident.cli import deliveries, demo, explain, listing, sandbox, scan, setup_site, status, watch
from tk_incident.cli.arguments import UsageError
from tk_incident.cli.complaint import complaint
from tk_incident.cli.screen import OutputFailed, ReaderGone, Screen
from tk_incident.errors import ConfigError, TkIncidentError

__all__ = ["main"]

DONE = 0
FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 128 + 2
OUTPUT_GONE = 128 + 13


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit code.

    ``argv`` is the command line without the program's name; None takes the process's own.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else DONE
    return _run(arguments, Screen(as_json=arguments.as_json))


def _run(arguments: argparse.Namespace, screen: Screen) -> int:
    try:
        with screen.logged_notes():
            code: int = arguments.run(arguments, screen)
        screen.flush()
    except (UsageError, ConfigError) as error:
        screen.note(complaint(error))
        return WRONG_USAGE
    except ReaderGone:
        screen.abandon_output()
        return OUTPUT_GONE
    except OutputFailed as error:
        screen.abandon_output()
        screen.note(complaint(error))
        return FAILED
    except (TkIncidentError, OSError) as error:
        screen.note(complaint(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tk-incident",
        description="Finds the incidents in Toolkit's logs and makes one ticket per problem.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (demo, scan, watch, listing, status, deliveries, explain, setup_site, sandbox):
        command.register(commands)
    return parser
