"""Finds the incidents in files and folders; keeps nothing and sends nothing."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Optional, Union

from tk_incident import _core
from tk_incident.settings import Settings

_Path = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class ScanResult:
    """What a scan found."""

    incidents: Sequence[_core.Incident]
    """The problems, in order of first sight."""
    occurrences: Sequence[_core.Occurrence]
    """Every sighting, in the order of the files and of the records in them."""
    counters: dict[str, int]
    """How much was read, and what was left out for which reason."""
    notes: Sequence[_core.Note]
    """What could not be read, and what to do about it."""


@dataclass(frozen=True)
class ScanStep:
    """One piece of a running scan."""

    occurrences: Sequence[_core.Occurrence]
    """What this piece held, perhaps nothing."""
    bytes_done: int
    bytes_total: int
    scan: _core.Scan
    """Ask it for the incidents and counters so far, and take its notes."""


def scan(
    paths: Union[_Path, Sequence[_Path]], *, settings: Optional[Settings] = None, threads: int = 1
) -> ScanResult:
    """Read log files, or the ``tk-*.log*`` in folders, from start to end.

    So many ``threads`` read, each another file; one is the caller's own. Of the settings only those of
    records and rules count. Raises ``ConfigError`` for wrong settings, and ``ValueError`` for no threads; a
    path that is not there or cannot be read becomes a note, and the rest is read.
    """
    occurrences: list[_core.Occurrence] = []
    for step in scan_stream(paths, settings=settings, threads=threads):
        occurrences.extend(step.occurrences)
    # The loop runs at least once: a scan ends with an empty step.
    core = step.scan
    return ScanResult(core.incidents(), occurrences, core.counters(), core.take_notes())


def scan_stream(
    paths: Union[_Path, Sequence[_Path]], *, settings: Optional[Settings] = None, threads: int = 1
) -> Iterator[ScanStep]:
    """Scan piece by piece, for whoever shows progress or prints as it goes.

    The last step has no occurrences: then the incidents, counters and notes of ``step.scan`` are complete.
    Raises what ``scan`` raises.
    """
    several = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    core = _core.Scan(several, (settings or Settings()).to_json(), threads)
    while (batch := core.next_batch()) is not None:
        yield ScanStep(batch, core.bytes_done, core.bytes_total, core)
    yield ScanStep((), core.bytes_done, core.bytes_total, core)
