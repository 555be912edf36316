"""``tk-incident scan``: finds the incidents in files and folders, sends nothing."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tk_incident._core import Occurrence
from tk_incident.cli.arguments import add_json, add_settings, settings_from
from tk_incident.cli.listing import show_incidents, show_occurrences
from tk_incident.cli.report import Report
from tk_incident.cli.screen import Screen
from tk_incident.scanning import scan_stream

if TYPE_CHECKING:
    from tk_incident.cli.arguments import Commands


_MOST_THREADS = 64


def register(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser("scan", help="find the incidents in log files, send nothing")
    parser.add_argument(
        "paths", type=Path, nargs="+", metavar="PATH", help="log files, or folders of tk-*.log*"
    )
    parser.add_argument("--occurrences", action="store_true", help="list every sighting, not the problems")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="also write the findings as a page")
    parser.add_argument(
        "--threads",
        type=int,
        choices=range(1, _MOST_THREADS + 1),
        default=min(os.cpu_count() or 1, _MOST_THREADS),
        metavar="N",
        help="so many files are read at once; by default one for each processor",
    )
    add_settings(parser)
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, screen: Screen) -> int:
    settings = settings_from(arguments.settings)
    streams = arguments.occurrences and screen.as_json
    found: list[Occurrence] = []
    samples: dict[str, Occurrence] = {}
    with screen.progress(streams_results=streams) as progress:
        for step in scan_stream(arguments.paths, settings=settings, threads=arguments.threads):
            if streams:
                show_occurrences(screen, step.occurrences)
            elif arguments.occurrences:
                found.extend(step.occurrences)
            if arguments.report is not None:
                for occurrence in step.occurrences:
                    samples.setdefault(occurrence.signature, occurrence)
            progress.update("reading", min(1.0, step.bytes_done / max(1, step.bytes_total)))
    incidents, counters = step.incidents(), step.scan.counters()
    notes = step.scan.take_notes()
    unreadable = sum(note.code == "unreadable" for note in notes)
    if not arguments.occurrences:
        show_incidents(screen, incidents, with_tickets=False)
    elif not streams:
        show_occurrences(screen, found)
    if not screen.as_json:
        screen.line(_closing_line(counters, unreadable))
    screen.flush()
    for note in notes:
        screen.note(note.text)
    if arguments.report is not None:
        Report(arguments.paths, incidents, counters, samples, [note.text for note in notes]).write(
            arguments.report
        )
        screen.note(f"the report is in {arguments.report}")
    return 1 if unreadable else 0


def _closing_line(counters: Mapping[str, int], unreadable: int) -> str:
    """Say what was read and what became of it, so that nobody takes silence for health."""
    asides = {
        "of the same level left out by a rule": counters["not_matched"],
        "too long and cut": counters["records_cut"],
        "lines outside any record": counters["orphan_lines"],
        "paths not readable": unreadable,
    }
    return (
        f"{counters['matched']:,} records matched in {counters['bytes_read']:,} bytes"
        + "".join(f"; {count:,} {what}" for what, count in asides.items() if count)
        + "."
    )
