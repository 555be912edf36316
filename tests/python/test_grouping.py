"""The signature on problems written for it: one key for each, and never one for two."""

import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Callable

import pytest

import keys
import tk_incident
from diagnosis import diagnosis
from occasion import Occasion, Python
from problem import Dialect, Frame, Raised, Shape
from problems import ALL
from rewrites import REWRITES, blame, rewrite
from scores import PRECISION_BAR, RECALL_BAR, Sighting, merged, scores, sightings, split
from traceback_text import traceback_lines

# `make bench-grouping` has 50.
REWRITES_EACH = 12


@pytest.fixture(scope="module")
def seen() -> list[Sighting]:
    return sightings(ALL, REWRITES_EACH, tk_incident.signature_key)


def test_one_problem_has_one_key(seen: list[Sighting]) -> None:
    if scores(seen).recall < RECALL_BAR:
        pytest.fail(diagnosis(seen, split(seen)), pytrace=False)


def test_two_problems_never_share_a_key(seen: list[Sighting]) -> None:
    if scores(seen).precision < PRECISION_BAR:
        pytest.fail(diagnosis(seen, merged(seen)), pytrace=False)


def test_problems_differ_and_cover_every_shape() -> None:
    assert len({problem.name for problem in ALL}) == len(ALL) >= 60
    owners: dict[str, str] = {}
    for problem in ALL:
        for number in range(REWRITES_EACH):
            assert owners.setdefault(rewrite(problem, number), problem.name) == problem.name
    assert {problem.dialect for problem in ALL} == set(Dialect)
    assert {problem.shape for problem in ALL} == set(Shape)


def test_every_rewrite_changes_a_text_and_says_why() -> None:
    for one in REWRITES:
        name = one.__name__
        assert one.__doc__, name
        assert any(
            rewrite(problem, 1) != rewrite(problem, 1, {name: number})
            for problem in ALL
            for number in (2, 3, 4)
        ), name


def test_scores_find_what_a_grouping_does_wrong() -> None:
    problems = ALL[:3]
    perfect = {rewrite(problem, number): problem.name for problem in problems for number in range(4)}
    assert scores(sightings(problems, 4, perfect.__getitem__)).are_met

    together = sightings(problems, 4, lambda text: perfect[text].replace(ALL[1].name, ALL[0].name))
    assert scores(together).recall == 1
    assert scores(together).precision == pytest.approx((28 + 6) ** -1 * 18)
    assert [(one.problem.name, other.problem.name) for one, other in merged(together)] == [
        (ALL[0].name, ALL[1].name)
    ]

    apart = sightings(problems, 4, lambda text: perfect[text] + "\r\n" * ("\r" in text))
    assert scores(apart).precision == 1 > scores(apart).recall
    first, second = next(split(apart))
    assert blame(first.problem, first.number, second.number, lambda text: str("\r" in text)) == ["newlines"]


@pytest.mark.parametrize(
    "source",
    [
        "work(item)",
        "return work(item)",
        "return tools.work(item)",
        "value = work(item)",
        'value = table["key"]',
        "value = tools.missing",
        'raise ValueError("no")',
    ],
)
def test_tracebacks_look_as_python_prints_them(source: str, tmp_path: Path) -> None:
    python = Python.V39
    if sys.version_info >= (3, 11):
        python = Python.V311 if sys.version_info < (3, 13) else Python.V313
    script = tmp_path / "script.py"
    script.write_text(
        f"def run(table, tools, item):\n    {source}\ndef work(item):\n    raise ValueError('no')\n"
    )
    names: dict[str, Callable[..., object]] = {}
    exec(compile(script.read_text(), script, "exec"), names)
    with pytest.raises(Exception) as caught:
        names["run"]({}, type("Tools", (), {"work": names["work"]}), 1)
    error = caught.value
    assert error.__traceback__
    printed = traceback.format_exception(type(error), error, error.__traceback__.tb_next)

    code = [Frame(str(script), 2, "run", source)]
    if "work(" in source:
        code.append(Frame(str(script), 4, "work", "raise ValueError('no')"))
    shown = traceback_lines(Raised(type(error).__name__, str(error), tuple(code)), Occasion(python=python))
    assert _without_lines(shown) == _without_lines("".join(printed).splitlines())


def _without_lines(lines: list[str]) -> list[str]:
    # Line numbers drift in ours.
    return [line if not line.startswith("  File") else line.rpartition(", line")[0] for line in lines]


@pytest.mark.timeout(120)
def test_keys_do_not_depend_on_the_process() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, keys.__file__],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "4711")
    ]
    digests = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(digests[0]) == 64
    assert digests[0] == digests[1]
