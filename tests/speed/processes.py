"""What a process costs, as Linux tells it."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

_WAITED = re.compile(r"^voluntary_ctxt_switches:\s+(\d+)$", re.MULTILINE)
_PRIVATE: tuple[str, ...] = ("Private_Clean:", "Private_Dirty:")
# Whatever is loaded of it, though the bench has it loaded, too: a host has it for itself.
_OURS = "/tk_incident/_core"
_OF_OURS: tuple[str, ...] = ("Rss:",)


@dataclass(frozen=True)
class Cost:
    """What the threads of a process have taken so far."""

    cpu_s: float
    wake_ups: int

    def since(self, before: Cost) -> Cost:
        """Return what came to it since then."""
        return Cost(self.cpu_s - before.cpu_s, self.wake_ups - before.wake_ups)


def cost(pid: int, *, but_main: bool = False) -> Cost:
    """Return what a process has cost, or all of its threads but the main one."""
    cpu_ns = wake_ups = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        # A thread may end meanwhile.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if but_main and task.name == str(pid):
                continue
            cpu_ns += int((task / "schedstat").read_text().split()[0])
            found = _WAITED.search((task / "status").read_text())
            wake_ups += int(found[1]) if found else 0
    return Cost(cpu_ns / 1e9, wake_ups)


def own_mib(pid: int) -> float:
    """Return the memory that nobody else has, and all that is loaded of our library."""
    return own_kib(Path(f"/proc/{pid}/smaps").read_text()) / 1024


def own_kib(smaps: str) -> int:
    """Return the same of what Linux says about each part of a process's memory."""
    kib, counted = 0, _PRIVATE
    for line in smaps.splitlines():
        word, *rest = line.split()
        if not word.endswith(":"):
            counted = _OF_OURS if _OURS in line else _PRIVATE
        elif word in counted:
            kib += int(rest[0])
    return kib


def open_files(pid: int) -> int:
    """Return the number of its descriptors."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
