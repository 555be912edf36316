"""Measures the reporter beside its readers.

``python tests/speed/speed.py`` prints a table; with ``--page`` also into that page. Exit code 1: a goal is
missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import growing
import host
import idle
import live
import page
import scanning
import spooling
from figure import Figure

SECTIONS: dict[str, Callable[..., Iterator[Figure]]] = {
    "scan": scanning.rows,
    "growth": growing.rows,
    "spool": spooling.rows,
    "live": live.rows,
    "idle": idle.rows,
    "host": host.rows,
}


# What syncs, or is about the state folder, is measured where users have it.
_ON_DISK = {"spool", "live", "idle", "host"}


def main() -> int:
    """Measure, print, and say whether all goals are met."""
    options = _options()
    figures: list[Figure] = []
    for section in options.sections or SECTIONS:
        parent = options.disk if section in _ON_DISK else options.folder
        with tempfile.TemporaryDirectory(prefix="speed-", dir=parent) as name:
            for figure in SECTIONS[section](Path(name), rounds=options.rounds, scale=options.scale):
                print(page.line(figure), flush=True)
                figures.append(figure)
    if options.page is not None:
        text = options.page.read_text(encoding="utf-8")
        options.page.write_text(page.written(text, figures, options.rounds), encoding="utf-8")
    return 0 if all(figure.is_met for figure in figures) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], metavar="SECTION")
    parser.add_argument("--rounds", type=int, default=7, metavar="N")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X", help="logs of another size")
    parser.add_argument("--folder", type=Path, help="where logs are written to that are scanned: in memory")
    parser.add_argument("--disk", type=Path, help="where all else is written to: on a disk")
    parser.add_argument("--page", type=Path, metavar="FILE.md", help="write the table into this page")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
