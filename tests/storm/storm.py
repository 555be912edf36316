"""Blows a storm of writers over a log folder and asks what its readers have made of it.

``python tests/storm/storm.py --writers 4 --rate 1000 --seconds 5 --kills 3``
``python tests/storm/storm.py --plan killed --watch-options="--state-drive network"``
``python tests/storm/storm.py --matrix short --reference --markdown``

Exit code 1: something observable is missing; something is doubled, torn or out of order; a takeover is slow.
"""

import argparse
import dataclasses
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Optional

from actors import Actors, script
from deafness import deafness
from journal import Event, Saw, Wrote, now_us, read_journal
from lives import Lives, lives
from oracle import ALWAYS, Chance, Fault, Kind, judge, without
from plan import KIB, MATRICES, NAMED, Plan
from record import Mark, Sighting, marks_in, recognise
from reporter import COMMAND, Heard, Reporter, SpoolReader
from row import Row, head, lags_us, line, machine
from standstill import processors, read_standstills
from tk_incident.errors import TkIncidentError
from watch_keeper import WatchKeeper

_LOG = "tk-storm.log"
_POLL_S = 0.1
# No look at the folder, no idle flush and no checkpoint takes longer than this.
_QUIET_S = 2.5
# Where all is there that was written only a double can come; a long storm has the time to wait for it.
_QUIET_AND_ALL_THERE_S = 0.5
_LONG_STORM_S = 30
_DEADLINE_S = 60.0
_FAULTS_SHOWN = 20
_QUIET_RECORD = "2026-11-22 00:21:30,207 [14106 INFO sgtk.env.project] a record of long ago\n"
# Room for each record of the longest storm: a spool that is full folds repetitions into counts, and a count
# does not say which records it stands for.
_SETTINGS = "max_spool_mib = 4096\n"


class Storm:
    """One storm in a folder of its own."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._logs = folder / "logs"
        self._state = folder / "state"
        self._journals = folder / "journals"
        self._copies = folder / "copies"
        self._standstills = folder / "standstills"
        self._reference = folder / "reference.jsonl"
        self._settings = folder / "tk-incident.toml"
        self._settings.write_text(_SETTINGS, encoding="utf-8")
        for each in (self._logs, self._journals, self._copies, self._standstills):
            each.mkdir()
        for number in range(plan.neighbours):
            (self._logs / f"tk-quiet{number}.log").write_text(_QUIET_RECORD, encoding="utf-8")
        self._heard = Heard()
        # What a command begins with, to be run where nobody hears of an event.
        self._within: tuple[str, ...] = ()

    def run(self, *, with_reference: bool = False) -> list[Row]:
        """Let it blow; the row of the reporter, and that of the reference behind it."""
        plan = self._plan
        with ExitStack() as stack:
            if with_reference:
                stack.enter_context(self._reference_tailer())
            if plan.is_deaf:
                self._within = stack.enter_context(deafness())
            for processor in processors():
                options = {"processor": processor, "journal": self._standstills / str(processor)}
                stack.enter_context(script("standstill.py", options))
            keeper = WatchKeeper(plan, self._start_reporter, stack)
            actors = Actors(plan, self._logs / _LOG, self._journals, self._copies, stack, within=self._within)
            keeper.go_on()
            actors.end()
            spool = self._wait_until_caught_up()
            keeper.stop()
        spool.read()
        files = lives(self._read_journals(), self._last_look(), self._read_copies())
        found = self._found_by_command() if plan.by_command else spool.found
        lost = self._heard.lost if plan.losses_are_reported else ()
        standstills = self._read_standstills()
        watches = without(keeper.watches, standstills)
        verdict = judge(files, found, watches, observable_us=plan.observable_us, lost=lost)
        row = Row(
            "ours",
            plan,
            files.rolls,
            verdict,
            lags_us=lags_us(files, self._heard.first_shown),
            takeovers_us=keeper.takeovers_us,
            listened=keeper.listened,
            lost=self._heard.lost,
            lost_bytes=spool.lost_bytes(),
            stood_still_us=sum(until - since for since, until in standstills),
        )
        return [row, self._judge_reference(files, standstills)] if with_reference else [row]

    def _start_reporter(self, stands_by: bool) -> Reporter:
        plan = self._plan
        return Reporter(
            self._logs,
            self._state,
            self._heard,
            options=("--settings", str(self._settings), *plan.watch_options),
            within=self._within,
            stands_by=stands_by,
        )

    def _wait_until_caught_up(self) -> SpoolReader:
        """Poll the spool until the reporter has got no further for a while."""
        spool = SpoolReader(self._state)
        written = sum(isinstance(event, Wrote) for each in self._read_journals().values() for event in each)
        progress = spool.progress()
        quiet_since = time.monotonic()
        deadline = quiet_since + _DEADLINE_S
        while time.monotonic() - quiet_since < self._patience(progress[0] - written):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the reporter has not caught up within {_DEADLINE_S:g} s")
            time.sleep(_POLL_S)
            before, progress = progress, spool.progress()
            if progress != before:
                quiet_since = time.monotonic()
        return spool

    def _patience(self, surplus: int) -> float:
        is_short = self._plan.seconds < _LONG_STORM_S
        return _QUIET_AND_ALL_THERE_S if is_short and surplus >= 0 else _QUIET_S

    def _found_by_command(self) -> list[Sighting]:
        """Ask as a user does."""
        arguments = ["occurrences", "--state", str(self._state), "--json"]
        answer = subprocess.run([*COMMAND, *arguments], check=True, stdout=subprocess.PIPE)
        return [recognise(json.loads(text)["record"]) for text in answer.stdout.splitlines()]

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

    def _read_copies(self) -> list[set[Mark]]:
        """What the log held before each truncation, and what it holds now."""
        log = self._logs / _LOG
        paths = [*sorted(self._copies.iterdir()), *([log] if log.exists() else [])]
        return [marks_in(path.read_bytes()) for path in paths]

    @contextmanager
    def _reference_tailer(self) -> Iterator[None]:
        options = {"logs": self._logs, "output": self._reference}
        with script("reference_tailer.py", options) as process:
            while not self._reference.exists():
                if process.poll() is not None:
                    raise RuntimeError("the reference tailer does not start")
                time.sleep(_POLL_S)
            yield

    def _read_standstills(self) -> list[tuple[int, int]]:
        return [each for path in self._standstills.iterdir() for each in read_standstills(path)]

    def _judge_reference(self, files: Lives, standstills: Sequence[tuple[int, int]]) -> Row:
        with self._reference.open(encoding="utf-8") as lines:
            found = [recognise(json.loads(text)) for text in lines]
        watches = without(ALWAYS, standstills)
        verdict = judge(files, found, watches, observable_us=self._plan.observable_us)
        return Row("reference", self._plan, files.rolls, verdict)


def describe(faults: Sequence[Fault]) -> Iterator[str]:
    """Name faults, the first of each kind; what nobody could have read is no fault of the reporter."""
    for kind in Kind:
        of_kind = [fault for fault in faults if fault.kind is kind and fault.chance is not Chance.NONE]
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
    plans = _plans(arguments)
    if arguments.markdown:
        _say(machine() + "\n")
    _say("\n".join(head(markdown=arguments.markdown)))
    kept = 0
    for number, plan in enumerate(plans, 1):
        if len(plans) > 1:
            _remark(f"{time.strftime('%H:%M:%S')} storm {number} of {len(plans)}: {plan.name}")
        kept += _blow(plan, arguments)
    # The last line, and the one that matters.
    _remark(f"{kept} of {len(plans)} storms kept the promise")
    return 0 if kept == len(plans) else 1


def _blow(plan: Plan, arguments: argparse.Namespace) -> bool:
    """Run a storm, say what came of it, and return whether the promise was kept."""
    folder = Path(tempfile.mkdtemp(prefix="storm-", dir=arguments.folder))
    is_kept = False
    try:
        rows = Storm(plan, folder).run(with_reference=arguments.reference)
    except (RuntimeError, subprocess.SubprocessError, TkIncidentError) as error:
        # The others shall blow all the same.
        _remark(f"{plan.name}: {error}")
    else:
        for row in rows:
            _say(line(row.cells(), markdown=arguments.markdown))
        for text in (*describe(rows[0].verdict.faults), *rows[0].complaints()):
            _remark(text)
        is_kept = rows[0].keeps_the_promise
    finally:
        if arguments.keep and not is_kept:
            _remark(f"kept: {folder}")
        else:
            shutil.rmtree(folder)
    return is_kept


def _plans(arguments: argparse.Namespace) -> Sequence[Plan]:
    if arguments.matrix:
        plans = MATRICES[arguments.matrix]
    elif arguments.plan:
        plans = (NAMED[arguments.plan],)
    else:
        names = ("writers", "rate", "max_bytes", "seconds", "kills", "seed")
        plans = (Plan("rolled", **{name: getattr(arguments, name) for name in names}),)
    options = tuple(shlex.split(arguments.watch_options))
    return [dataclasses.replace(plan, watch_options=(*plan.watch_options, *options)) for plan in plans]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _remark(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A storm of writers over one log folder.")
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=100, help="records a second of each writer")
    parser.add_argument("--max-bytes", type=int, default=256 * KIB, help="where a writer rolls the log over")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--kills", type=int, default=0, help="how often the reporter is killed")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which it is killed")
    parser.add_argument("--plan", choices=NAMED, metavar="NAME", help="one storm of the matrices")
    parser.add_argument("--matrix", choices=sorted(MATRICES), help="several storms, instead of one")
    parser.add_argument("--watch-options", default="", metavar="WORDS", help="further words for watch")
    parser.add_argument("--reference", action="store_true", help="let the reference tailer read along")
    parser.add_argument("--markdown", action="store_true", help="print the table for docs/reliability.md")
    parser.add_argument("--folder", type=Path, help="where the logs are written; default: a temporary folder")
    parser.add_argument(
        "--keep", action="store_true", help="keep the folder of a storm that broke the promise"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
