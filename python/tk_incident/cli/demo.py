"""``tk-incident demo``: the whole product on one machine, without a short cut."""

import argparse
import shlex
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tk_incident.cli.arguments import UsageError, add_json, positive_seconds
from tk_incident.cli.comparison import Problem
from tk_incident.cli.performance import Performance, Written
from tk_incident.cli.screen import Screen
from tk_incident.cli.signals import interrupted
from tk_incident.cli.status import balance, is_balanced
from tk_incident.cli.table import Column

if TYPE_CHECKING:
    from tk_incident.cli.arguments import Commands

_COLUMNS = (
    Column("ticket", flexible=True),
    Column("written", right=True),
    Column("found", right=True),
    Column("filed", right=True),
    Column(""),
)


def register(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "demo", help="try it all on this machine: three engines write, tickets appear on a local site"
    )
    parser.add_argument(
        "--seconds",
        type=positive_seconds,
        default=5.0,
        metavar="N",
        help="how long the engines write; default 5",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep logs, spool and tickets in this new folder"
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, screen: Screen) -> int:
    started = time.monotonic()
    with interrupted(), ExitStack() as folders:
        folder = _kept_folder(arguments.keep) if arguments.keep else _temporary_folder(folders)
        with Performance(folder) as performance:
            try:
                written, problems = _perform(performance, arguments.seconds, screen)
            except KeyboardInterrupt:
                # What now ends in disorder does so because it was asked to.
                screen.hush()
                raise
            differences = _differences(written, problems, performance.books())
            seconds = time.monotonic() - started
            again = (
                f"tk-incident sandbox --data {shlex.quote(str(performance.data))}" if arguments.keep else ""
            )
            if screen.as_json:
                screen.result(_as_dict(performance.url, written, problems, differences, seconds))
                if again:
                    screen.note(f"to look at the tickets: {again}")
            else:
                _show(screen, written, problems)
                screen.line(_conclusion(problems, differences, seconds))
                screen.line(_where_to_look(performance.url, again, is_up=screen.is_interactive()))
            screen.flush()
            for difference in differences:
                screen.note(difference)
            if screen.is_interactive():
                _wait_for_enter(screen)
    return 1 if differences else 0


def _perform(performance: Performance, seconds: float, screen: Screen) -> tuple[Written, list[Problem]]:
    with screen.progress() as progress:
        progress.update("starting the sandbox and the reporter")
        performance.start()
        written = performance.write(seconds, progress)
        performance.await_filing(written, progress)
        progress.update("reading the tickets back")
        problems = performance.compare(written)
        performance.stop_reporting()
    return written, problems


def _differences(written: Written, problems: Sequence[Problem], books: dict[str, Any]) -> list[str]:
    differences = [said for problem in problems for said in problem.differences()]
    if written.rollovers == 0:
        differences.append("no log rolled over: somebody kept it from being renamed")
    if books["waiting"] or not is_balanced(books):
        differences.extend(balance(books))
    return differences


def _as_dict(
    url: str,
    written: Written,
    problems: Sequence[Problem],
    differences: Sequence[str],
    seconds: float,
) -> dict[str, Any]:
    return {
        "url": url,
        "problems": [problem.as_dict() for problem in problems],
        "levels": dict(written.levels),
        "rollovers": written.rollovers,
        "agree": not differences,
        "differences": list(differences),
        "seconds": round(seconds, 3),
    }


def _show(screen: Screen, written: Written, problems: Sequence[Problem]) -> None:
    screen.line(
        f"Three engines wrote {sum(written.levels.values())} records"
        f" ({', '.join(f'{count} {level}' for level, count in written.levels.items())})"
        f" and rolled {written.rollovers} log over."
    )
    screen.line()
    screen.table(
        _COLUMNS,
        [
            (problem.title, str(problem.written), str(problem.found), str(problem.filed), _verdict(problem))
            for problem in problems
        ],
    )
    screen.line()


def _conclusion(problems: Sequence[Problem], differences: Sequence[str], seconds: float) -> str:
    if differences:
        return f"{len(problems)} problems in {seconds:.1f} s, with {len(differences)} differences."
    return f"{len(problems)} problems, one ticket each, in {seconds:.1f} s."


def _where_to_look(url: str, again: str, *, is_up: bool) -> str:
    if is_up:
        return f"The tickets: {url}"
    return (
        f"The tickets were at {url}; to look at them: {again or 'run this on a terminal, or with --keep DIR'}"
    )


def _verdict(problem: Problem) -> str:
    return "differs" if problem.differences() else "ok"


def _wait_for_enter(screen: Screen) -> None:
    screen.note("The sandbox runs until you press Enter.")
    # Ctrl-C and Ctrl-D say the same.
    with suppress(EOFError, KeyboardInterrupt):
        input()


def _kept_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError(
            f"{folder} is not empty: --keep needs a new folder, so that only this run is counted"
        )
    return folder.resolve()


def _temporary_folder(folders: ExitStack) -> Path:
    return Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="tk-incident-demo-")))
