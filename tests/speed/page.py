"""The part of docs/performance.md that `make bench` writes."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from figure import Figure

_BEGIN, _END = "<!-- make bench writes from here -->", "<!-- to here -->"
_HEAD = "| what | figure | goal | met | beside it |\n|---|-:|-:|---|---|"
_PROGRAMS = ("rustc", "grep", "rg")
_PACKAGES = ("tk-incident", "drain3", "pygtail", "watchdog", "watchfiles")


def written(text: str, figures: Sequence[Figure], rounds: int) -> str:
    """Return the page with these figures in place of the last. Raises ``ValueError`` without the marks."""
    before, begun, rest = text.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not begun or not ended:
        raise ValueError(f"{_BEGIN} or {_END} is missing in the page")
    table = "\n".join(line(figure) for figure in figures)
    return f"{before}{_BEGIN}\n{_setting(rounds)}\n\n{_HEAD}\n{table}\n{_END}{after}"


def line(figure: Figure) -> str:
    """Return a line of the table."""
    return "| " + " | ".join(figure.cells()) + " |"


def _setting(rounds: int) -> str:
    today = datetime.now(timezone.utc).date()
    versions = [f"CPython {platform.python_version()}", *map(_said, _PROGRAMS)]
    versions += [f"{name} {version(name)}" for name in _PACKAGES]
    machine = f"{platform.system()} {platform.release()}, {os.cpu_count()} x {_processor()}"
    return f"{today}; {machine}; medians of {rounds} rounds.\n\n{', '.join(versions)}."


def _processor() -> str:
    for entry in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = entry.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _said(program: str) -> str:
    run = subprocess.run([program, "--version"], stdout=subprocess.PIPE, check=True, text=True)
    return run.stdout.splitlines()[0]
