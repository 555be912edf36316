"""Counts the instructions of the core's workloads, and compares them with the limits of the repository.

``python scripts/check_speed.py LIMITS.json``; needs cargo and valgrind. ``--update`` writes the limits.

A count is the same on each run and machine, as far as the compiler is the same: a change that makes the core
slower is seen without a clock. Exit code 1: a workload takes more than its limit, or much less.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

_COUNTED = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)
# What the hash tables' random keys and another patch release of the compiler make of it.
_SLACK = 0.03
# A limit that is much too high hides the next change for the worse.
_MUCH_LESS = 0.10
_NOTHING = "texts"


def main() -> int:
    """Count, print, and say whether all limits hold."""
    options = _options()
    program = _built()
    names = subprocess.run([program], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    counted = {name: _instructions(program, name) for name in names}
    own = {name: count - counted[_NOTHING] for name, count in counted.items() if name != _NOTHING}
    if options.update:
        options.limits.write_text(json.dumps(own, indent=2) + "\n", encoding="utf-8")
        return 0
    limits = json.loads(options.limits.read_text(encoding="utf-8"))
    held = [_holds(name, count, limits.get(name)) for name, count in own.items()]
    return 0 if all(held) else 1


def _holds(name: str, count: int, limit: int | None) -> bool:
    if limit is None:
        print(f"{name}: {count:,} instructions, and no limit; write one with --update")
        return False
    change = count / limit - 1
    holds = -_MUCH_LESS <= change <= _SLACK
    verdict = "" if holds else "; if that is meant, write it down with --update"
    print(f"{name}: {count:,} instructions, {change:+.1%} of {limit:,}{verdict}")
    return holds


def _built() -> str:
    command = ["cargo", "bench", "--locked", "--no-run", "--bench", "instructions"]
    command += ["--message-format", "json"]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    for message in map(json.loads, run.stdout.splitlines()):
        if message["reason"] == "compiler-artifact" and message["target"]["kind"] == ["bench"]:
            return str(message["executable"])
    raise RuntimeError("cargo has built no bench of that name")


def _instructions(program: str, name: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "callgrind.out")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program, name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found = _COUNTED.search(out.read_text(encoding="utf-8"))
    if found is None:
        raise RuntimeError(f"callgrind says nothing of {name}")
    return int(found[1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("limits", type=Path, help="a JSON object: instructions by the name of the workload")
    parser.add_argument("--update", action="store_true", help="write the limits anew")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
