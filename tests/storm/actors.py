"""The programs that make a storm: which ones a plan asks for, and how they are started and ended."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from plan import Plan

_HERE = Path(__file__).parent
_DEADLINE_S = 60.0
_UNTIL_TOLD_S = 3600
# Above all numbers of writers: each process has a journal under its own.
_MOVER = 100
_TRUNCATER = 101


class Actors:
    """Everybody who touches the log, but its readers."""

    def __init__(
        self,
        plan: Plan,
        log: Path,
        journals: Path,
        copies: Path,
        stack: ExitStack,
        *,
        within: Sequence[str] = (),
    ) -> None:
        """Start them, with these words before each command; ``stack`` ends whatever was started."""
        self._within = within
        self._plan = plan
        self._log = log
        self._journals = journals
        self._stack = stack
        self._writers = [self._start_writer(number) for number in range(plan.writers)]
        if plan.cycle:
            options = {"how": plan.cycle, "cycles": plan.cycles}
            self._writers.append(self._start("cycler.py", 0, options))
        self._others = []
        if plan.move:
            options = {"how": plan.move, "rate": plan.moves_per_s}
            self._others.append(self._start("mover.py", _MOVER, options))
        if plan.truncations_per_s:
            beside = {"copies-beside": True} if plan.copies_beside else {}
            options = {"rate": plan.truncations_per_s, "copies": copies, **beside}
            self._others.append(self._start("truncater.py", _TRUNCATER, options))

    def end(self) -> None:
        """Wait for the writers, or tell them to end if they do not know when; then end the others."""
        if not self._plan.ends_by_itself:
            for writer in self._writers:
                writer.terminate()
        self._wait_for(self._writers)
        for other in self._others:
            other.terminate()
        self._wait_for(self._others)

    def _start_writer(self, number: int) -> "subprocess.Popen[bytes]":
        plan = self._plan
        options = {
            "rate": plan.rate,
            "seconds": plan.seconds if plan.ends_by_itself else _UNTIL_TOLD_S,
            "max-bytes": plan.max_bytes,
            "linger": plan.linger,
        }
        follows = {"reopens": True} if number < plan.reopening else {}
        return self._start("writer.py", number, {**options, "id": number, **follows})

    def _start(self, name: str, number: int, options: Mapping[str, object]) -> "subprocess.Popen[bytes]":
        own = {"log": self._log, "journal": self._journals / str(number)}
        return self._stack.enter_context(script(name, {**own, **options}, self._within))

    def _wait_for(self, processes: "list[subprocess.Popen[bytes]]") -> None:
        for process in processes:
            if process.wait(self._plan.seconds + _DEADLINE_S):
                raise RuntimeError(f"a program of the storm failed: {process.args!r}")


@contextmanager
def script(
    name: str, options: Mapping[str, object], within: Sequence[str] = ()
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program of this folder; at the end of the block it is told to end, and waited for."""
    words = []
    for option, value in options.items():
        words += [f"--{option}"] if value is True else [f"--{option}", str(value)]
    with subprocess.Popen([*within, sys.executable, str(_HERE / name), *words]) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
