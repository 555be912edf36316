"""Finds the incidents in files and folders; keeps nothing and sends nothing."""

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Optional, Protocol, TypeVar, Union, overload

from tk_incident import _core
from tk_incident.settings import Settings

_Path = Union[str, "os.PathLike[str]"]


_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class _Batch(Protocol[_T_co]):
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> _T_co: ...


class _Found(Sequence[_T]):
    """What was found, in one piece or several: what nobody looks at costs no Python object."""

    def __init__(self, batches: Sequence[_Batch[_T]]) -> None:
        self._batches = [batch for batch in batches if len(batch)]
        self._ends = list(accumulate(map(len, self._batches)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[_T]:
        for batch in self._batches:
            for at in range(len(batch)):
                yield batch[at]

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_T]: ...
    def __getitem__(self, index: Union[int, slice]) -> Union[_T, Sequence[_T]]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(f"number {index} of {len(self)}")
        number = bisect_right(self._ends, at)
        return self._batches[number][at - (self._ends[number - 1] if number else 0)]


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
    """Ask it for the counters so far, and take its notes."""

    def incidents(self) -> Sequence[_core.Incident]:
        """Return the problems so far, in order of first sight."""
        return _Found([self.scan.incidents()])


def scan(
    paths: Union[_Path, Sequence[_Path]], *, settings: Optional[Settings] = None, threads: int = 1
) -> ScanResult:
    """Read log files, or the ``tk-*.log*`` in folders, from start to end.

    So many ``threads`` read, each another file; one is the caller's own. Of the settings only those of
    records and rules count. Raises ``ConfigError`` for wrong settings, and ``ValueError`` for no threads; a
    path that is not there or cannot be read becomes a note, and the rest is read.
    """
    core = _begun(paths, settings, threads)
    occurrences = _Found(list(_batches(core)))
    return ScanResult(_Found([core.incidents()]), occurrences, core.counters(), core.take_notes())


def scan_stream(
    paths: Union[_Path, Sequence[_Path]], *, settings: Optional[Settings] = None, threads: int = 1
) -> Iterator[ScanStep]:
    """Scan piece by piece, for whoever shows progress or prints as it goes.

    The last step has no occurrences: then its incidents, and the counters and notes of ``step.scan``, are
    complete. Raises what ``scan`` raises.
    """
    core = _begun(paths, settings, threads)
    for batch in _batches(core):
        yield ScanStep(_Found([batch]), core.bytes_done, core.bytes_total, core)
    yield ScanStep((), core.bytes_done, core.bytes_total, core)


def _begun(paths: Union[_Path, Sequence[_Path]], settings: Optional[Settings], threads: int) -> _core.Scan:
    several = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    return _core.Scan(several, (settings or Settings()).to_json(), threads)


def _batches(core: _core.Scan) -> Iterator[_core.OccurrenceBatch]:
    while (batch := core.next_batch()) is not None:
        yield batch
