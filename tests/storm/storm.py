"""Blows a storm of writers over a log folder and asks what its readers have made of it.

``python tests/storm/storm.py --writers 4 --rate 1000 --seconds 5 --kills 3``
``python tests/storm/storm.py --matrix short --reference --markdown``

Exit code 1: something observable is missing, or something is doubled or torn.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Optional

from journal import Event, Saw, now_us, read_journal
from lives import Lives, lives
from oracle import Fault, Kind, Watch, judge
from plan import KIB, MATRICES, Plan
from record import Mark, recognise
from reporter import Reporter, SpoolReader
from row import Row, head, lags_us, line, machine

_HERE = Path(__file__).parent
_LOG = "tk-storm.log"
_POLL_S = 0.1
# No look at the folder, no idle flush and no checkpoint takes longer than this.
_QUIET_S = 2.5
_DEADLINE_S = 60.0
_KILL_WITHIN_S = 0.6
_FAULTS_SHOWN = 20


class Storm:
    """One storm in a folder of its own."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._logs = folder / "logs"
        self._state = folder / "state"
        self._journals = folder / "journals"
        self._reference = folder / "reference.jsonl"
        for each in (self._logs, self._journals):
            each.mkdir()
        self._watches: list[Watch] = []
        self._first_shown: dict[Mark, int] = {}

    def run(self, *, with_reference: bool = False) -> list[Row]:
        """Let it blow; the row of the reporter, and that of the reference behind it."""
        with ExitStack() as stack:
            if with_reference:
                stack.enter_context(self._reference_tailer())
            reporter = stack.enter_context(self._start_reporter())
            writers = stack.enter_context(self._writers())
            reporter = self._kill(reporter, stack)
            self._end_writers(writers)
            spool = self._wait_until_caught_up()
            self._watches.append(reporter.stop())
        spool.read()
        journals = self._read_journals()
        files = lives(journals, self._last_look())
        verdict = judge(files, spool.found, self._watches)
        lags = lags_us(files, self._first_shown)
        rows = [Row("ours", self._plan, self._plan.kills, files.rolls, verdict, lags)]
        if with_reference:
            rows.append(self._judge_reference(files))
        return rows

    def _start_reporter(self) -> Reporter:
        return Reporter(self._logs, self._state, self._first_shown)

    @contextmanager
    def _writers(self) -> Iterator[list["subprocess.Popen[bytes]"]]:
        plan = self._plan
        # With kills the storm's end is that of the last kill, and then the writers are told.
        seconds = plan.seconds if not plan.kills else 3600
        options = {
            "log": self._logs / _LOG,
            "rate": plan.rate,
            "seconds": seconds,
            "max-bytes": plan.max_bytes,
        }
        with ExitStack() as stack:
            writers = []
            for number in range(plan.writers):
                own = {**options, "id": number, "journal": self._journals / str(number)}
                writers.append(stack.enter_context(_script("writer.py", own)))
            yield writers

    def _end_writers(self, writers: Sequence["subprocess.Popen[bytes]"]) -> None:
        for writer in writers:
            if self._plan.kills:
                writer.terminate()
        for writer in writers:
            if writer.wait(self._plan.seconds + _DEADLINE_S):
                raise RuntimeError(f"a writer failed with exit code {writer.returncode}")

    def _kill(self, reporter: Reporter, stack: ExitStack) -> Reporter:
        """Kill the reporter at random moments, the first ones perhaps before it has read anything."""
        chance = random.Random(self._plan.seed)
        began = time.monotonic()
        for _ in range(self._plan.kills):
            time.sleep(chance.uniform(0, _KILL_WITHIN_S))
            self._watches.append(reporter.kill())
            reporter = stack.enter_context(self._start_reporter())
        if self._plan.kills:
            time.sleep(max(0.0, began + self._plan.seconds - time.monotonic()))
        return reporter

    def _wait_until_caught_up(self) -> SpoolReader:
        """Poll the spool until the reporter has got no further for a while."""
        spool = SpoolReader(self._state)
        progress = spool.progress()
        quiet_since = time.monotonic()
        deadline = quiet_since + _DEADLINE_S
        while time.monotonic() - quiet_since < _QUIET_S:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the reporter has not caught up within {_DEADLINE_S:g} s")
            time.sleep(_POLL_S)
            before, progress = progress, spool.progress()
            if progress != before:
                quiet_since = time.monotonic()
        return spool

    def _last_look(self) -> list[Saw]:
        before = now_us()
        names = {path.name[len(_LOG) :]: path.stat().st_ino for path in self._logs.glob(f"{_LOG}*")}
        # That a name is gone is worth knowing, too.
        names = {"": 0, ".1": 0, **names}
        return [Saw(before, now_us(), inode, suffix) for suffix, inode in names.items()]

    def _read_journals(self) -> dict[int, list[Event]]:
        journals = {}
        for path in self._journals.iterdir():
            with path.open(encoding="utf-8") as lines:
                journals[int(path.name)] = list(read_journal(lines))
        return journals

    @contextmanager
    def _reference_tailer(self) -> Iterator[None]:
        options = {"logs": self._logs, "output": self._reference}
        with _script("reference_tailer.py", options) as process:
            while not self._reference.exists():
                if process.poll() is not None:
                    raise RuntimeError("the reference tailer does not start")
                time.sleep(_POLL_S)
            yield

    def _judge_reference(self, files: Lives) -> Row:
        with self._reference.open(encoding="utf-8") as lines:
            found = [recognise(json.loads(text)) for text in lines]
        return Row("reference", self._plan, 0, files.rolls, judge(files, found))


@contextmanager
def _script(name: str, options: Mapping[str, object]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program of this folder; at the end of the block it is told to end, and waited for."""
    arguments = [word for option, value in options.items() for word in (f"--{option}", str(value))]
    with subprocess.Popen([sys.executable, str(_HERE / name), *arguments]) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def describe(faults: Sequence[Fault]) -> Iterator[str]:
    """Name faults, the first of each kind."""
    for kind in Kind:
        of_kind = [fault for fault in faults if fault.kind is kind]
        for fault in of_kind[:_FAULTS_SHOWN]:
            who = "a text without a mark" if fault.mark is None else f"w{fault.mark[0]} s{fault.mark[1]:06d}"
            chance = f", {fault.chance.value}" if kind is Kind.MISSING else ""
            where = f", written at {fault.written.after} into {fault.written.life}" if fault.written else ""
            yield f"{kind.value}: {who}{chance}{where}"
        if len(of_kind) > _FAULTS_SHOWN:
            yield f"{kind.value}: {len(of_kind) - _FAULTS_SHOWN} more"


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one storm or a matrix of them and print a table."""
    arguments = _parser().parse_args(argv)
    if arguments.matrix:
        plans: Sequence[Plan] = MATRICES[arguments.matrix]
    else:
        names = ("writers", "rate", "max_bytes", "seconds", "kills", "seed")
        plans = [Plan(**{name: getattr(arguments, name) for name in names})]
    if arguments.markdown:
        _say(machine() + "\n")
    _say("\n".join(head(markdown=arguments.markdown)))
    is_kept = True
    for plan in plans:
        with tempfile.TemporaryDirectory(prefix="storm-", dir=arguments.folder) as folder:
            rows = Storm(plan, Path(folder)).run(with_reference=arguments.reference)
        for row in rows:
            _say(line(row.cells(), markdown=arguments.markdown))
        sys.stderr.writelines(f"{text}\n" for text in describe(rows[0].verdict.faults))
        is_kept = is_kept and rows[0].verdict.keeps_the_promise
    return 0 if is_kept else 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A storm of writers over one log folder.")
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=100, help="records a second of each writer")
    parser.add_argument("--max-bytes", type=int, default=256 * KIB, help="where a writer rolls the log over")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--kills", type=int, default=0, help="how often the reporter is killed")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which it is killed")
    parser.add_argument("--matrix", choices=sorted(MATRICES), help="several storms, instead of one")
    parser.add_argument("--reference", action="store_true", help="let the reference tailer read along")
    parser.add_argument("--markdown", action="store_true", help="print the table for docs/reliability.md")
    parser.add_argument("--folder", type=Path, help="where the logs are written; default: a temporary folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
