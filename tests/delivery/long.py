"""Measures delivery: a site that fails, reporters that are killed, and prints the table of docs/delivery.md.

``python tests/delivery/long.py --matrix long``
``python tests/delivery/long.py --matrix short --row faults --only 17``

Exit code 1: something was lost, doubled, told wrongly, or in the wrong order; what it was is on stderr.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, Optional

from matrix import ROWS
from result import Result, head, line
from watching import kill_all

_PROGRESS_EVERY = 50


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the rows and print them as they are done."""
    # The storms say in one place what they were measured on.
    sys.path.append(str(Path(__file__).resolve().parents[1] / "storm"))
    from row import machine

    parser = _parser()
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, _end)
    if arguments.only and not arguments.row:
        parser.error("--only is of one --row")
    _say(machine() + "\n")
    for text in head():
        _say(text)
    wrong = 0
    for name in [arguments.row] if arguments.row else ROWS:
        results: list[Result] = []
        for result in ROWS[name].run(arguments.matrix == "short", arguments.only):
            results.append(result)
            _remark(result, len(results), is_alone=arguments.only is not None)
        _say(line(ROWS[name].title, results))
        wrong += sum(not each.is_right for each in results)
    return 1 if wrong else 0


def _end(number: int, _frame: object) -> NoReturn:
    # The threads of the rows would finish their runs first.
    kill_all()
    os._exit(128 + number)


def _remark(result: Result, number: int, *, is_alone: bool) -> None:
    words = result.words()
    if is_alone or number % _PROGRESS_EVERY == 0:
        words = [f"{time.strftime('%H:%M:%S')} no. {number}, {result.seconds:.0f} s: {result.what}", *words]
    sys.stderr.writelines(f"{text}\n" for text in words)
    sys.stderr.flush()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Delivery against sites that fail.")
    parser.add_argument("--matrix", choices=("short", "long"), required=True)
    parser.add_argument("--row", choices=ROWS, help="one row instead of all")
    parser.add_argument(
        "--only", metavar="SEED", help="one run of that row again; of the kills also a step's"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
