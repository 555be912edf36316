"""Scores on logs whose lines somebody has labelled, by the tool that the project is measured with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Labelled:
    """Grouping accuracy, its F1 of groups, and precision and recall over pairs, with the speed."""

    accuracy: float
    group_f1: float
    precision: float
    recall: float
    lines_per_s: float

    @property
    def are_met(self) -> bool:
        """Whether the bars for one configuration that knows nothing of the sets are met."""
        bars = (0.90, 0.93, 0.995, 0.97)
        return all(
            score >= bar
            for score, bar in zip((self.accuracy, self.group_f1, self.precision, self.recall), bars)
        )


def labelled(tool: Path, folder: Path, module: str, function: str) -> dict[str, Labelled]:
    """The scores of a function for each set of a folder, and their mean as ``mean``.

    Each set has a process of its own: a grouping that keeps state starts anew.
    """
    sets = {path.stem: _score(tool, path, module, function) for path in sorted(folder.glob("*.csv"))}
    if not sets:
        raise FileNotFoundError(f"no CSV file in {folder}: name a folder with labelled sets")
    return {**sets, "mean": _mean(list(sets.values()))}


def _score(tool: Path, path: Path, module: str, function: str) -> Labelled:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / path.name).symlink_to(path.resolve())
        command = [sys.executable, str(tool), "--json", "--data", folder]
        command += ["--module", module, "--function", function]
        environment = {**os.environ, "PYTHONPATH": str(_HERE)}
        printed = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    answer = json.loads(printed)
    accuracy, group_f1, precision, recall = answer["mean"]
    return Labelled(accuracy, group_f1, precision, recall, answer["lines_per_s"])


def _mean(each: Sequence[Labelled]) -> Labelled:
    def mean(values: Sequence[float]) -> float:
        return sum(values) / len(values)

    return Labelled(
        mean([one.accuracy for one in each]),
        mean([one.group_f1 for one in each]),
        mean([one.precision for one in each]),
        mean([one.recall for one in each]),
        # All sets have the same number of lines: the time of one line is what has a mean.
        1 / mean([1 / one.lines_per_s for one in each]),
    )
