"""What ours is compared with: each counts the errors of a log, or reads it."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

_LEVELS = r"\b(ERROR|CRITICAL)\b"
_BUFFER_BYTES = 256 << 10


def bare_read(path: Path) -> int:
    """Read all bytes, and do nothing with them: no scan can be faster by read(2)."""
    buffer, total = bytearray(_BUFFER_BYTES), 0
    descriptor = os.open(path, os.O_RDONLY)
    try:
        while count := os.readv(descriptor, [buffer]):
            total += count
    finally:
        os.close(descriptor)
    return total


def gnu_grep(path: Path) -> int:
    """Count lines with GNU grep, in its fastest locale."""
    return _count(["grep", "-cE", _LEVELS, str(path)])


def ripgrep(path: Path) -> int:
    """Count lines with ripgrep, on one thread."""
    return _count(["rg", "-c", "--no-config", "--threads", "1", _LEVELS, str(path)])


def python_loop(path: Path) -> int:
    """Count lines as a script of twenty lines does."""
    pattern, count = re.compile(_LEVELS), 0
    with path.open(encoding="utf-8", errors="replace") as log:
        while line := log.readline():
            if pattern.search(line):
                count += 1
    return count


def pygtail(path: Path) -> int:
    """Count lines with `pygtail`, which keeps where it was in a file beside the log."""
    from pygtail import Pygtail

    pattern, offset = re.compile(_LEVELS), path.with_name("pygtail.offset")
    offset.unlink(missing_ok=True)
    return sum(1 for line in Pygtail(str(path), offset_file=str(offset)) if pattern.search(line))


def drain3(messages: Sequence[str]) -> None:
    """Put messages into groups with Drain3 in its default configuration."""
    from drain3 import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    miner = TemplateMiner(config=TemplateMinerConfig())
    for message in messages:
        miner.add_log_message(message)


def _count(command: list[str]) -> int:
    run = subprocess.run(
        command, stdout=subprocess.PIPE, check=True, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    return int(run.stdout)


def follow(log: Path, ended: threading.Event) -> None:
    """Follow a log as a script of twenty lines does, until that is set."""
    pattern, found = re.compile(_LEVELS), []
    with log.open(encoding="utf-8", errors="replace") as lines:
        lines.seek(0, os.SEEK_END)
        while not ended.is_set():
            line = lines.readline()
            if not line:
                ended.wait(0.2)
            elif pattern.search(line):
                found.append(line)
