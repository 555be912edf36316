"""What `make bench` reckons with."""

from __future__ import annotations

from pathlib import Path

import pytest

import page
import readers
import tk_incident
import toolkit_logs
from figure import Figure
from growth import exponent
from processes import own_kib


def test_a_figure_knows_which_side_of_its_goal_is_good() -> None:
    assert Figure("scan", 3.0, 2.5, "GB/s").cells() == ("scan", "3 GB/s", "≥ 2.5 GB/s", "yes", "")
    assert Figure("idle", 3.0, 2.5, "%", is_less_better=True).cells()[3] == "**no**"


@pytest.mark.parametrize(("power", "is_met"), [(0.5, True), (1, True), (1.5, False)])
def test_growth_is_the_power_of_the_size(power: float, is_met: bool) -> None:
    sizes = (100, 1_000, 10_000)
    figure = exponent("it", sizes, [3 * size**power for size in sizes])
    assert figure.value == pytest.approx(power)
    assert figure.is_met is is_met


def test_the_table_takes_the_place_of_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # The peers are installed for the bench alone.
    monkeypatch.setattr(page, "_setting", lambda rounds: f"{rounds} rounds")
    text = f"before\n{page._BEGIN}\nold\n{page._END}\nafter\n"
    once = page.written(text, [Figure("scan", 3.0, 2.5, "GB/s")], 5)
    assert "old" not in once
    assert "| scan | 3 GB/s |" in once
    assert page.written(once, [Figure("scan", 3.0, 2.5, "GB/s")], 5) == once
    with pytest.raises(ValueError, match="is missing in the page"):
        page.written("no marks", [], 5)


def test_ours_finds_what_the_logs_hold(tmp_path: Path) -> None:
    quiet, loud, problems = (tmp_path / f"tk-{name}.log" for name in ("quiet", "loud", "problems"))
    toolkit_logs.write_quiet(quiet, 200_000, seed=1, errors_per_thousand=20)
    toolkit_logs.write_errors(loud, 20_000, seed=1)
    toolkit_logs.write_problems(problems, 50)
    for log in (quiet, loud, problems):
        found = tk_incident.scan(log).counters
        assert found["matched"] == readers.python_loop(log) > 0
        assert found["bytes_read"] == readers.bare_read(log) == log.stat().st_size
    assert len(tk_incident.scan(problems).incidents) == 50
    again = tmp_path / "again.log"
    toolkit_logs.write_errors(again, 20_000, seed=1)
    assert again.read_bytes() == loud.read_bytes()


def test_a_hosts_memory_is_what_nobody_else_has_and_all_of_our_library() -> None:
    def part(name: str) -> str:
        return f"""7f0000000000-7f0000400000 r-xp 00000000 fe:00 1 {name}
Size:               4096 kB
Rss:                 111 kB
Shared_Clean:        100 kB
Private_Clean:         1 kB
Private_Dirty:        10 kB
VmFlags: rd ex mr mw me
"""

    assert own_kib(part("/usr/lib/libc.so.6")) == 11
    # The bench has it loaded, too.
    assert own_kib(part("/site-packages/tk_incident/_core.abi3.so")) == 111
    assert own_kib(part("/tk_incident/_core.abi3.so") + part("") + part("[heap]")) == 111 + 11 + 11
