"""A line of 100 MB: it is cut, it costs little memory, and it hides nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MEBIBYTE = 1 << 20
LINE_BYTES = 100 * MEBIBYTE
HEADER = b"2026-11-22 00:21:30,207 [7 ERROR sgtk.env.project.tk-maya] "

# Scans in this process, so that its own high-water mark is the scan's. ru_maxrss would not do: a child
# starts with its parent's.
SCAN = """
import re, sys
from pathlib import Path
from tk_incident.cli import main
code = main(["scan", sys.argv[1], "--json", "--occurrences"])
status = Path("/proc/self/status")
peak = re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text()) if status.exists() else None
print(peak.group(1) if peak else 0, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.timeout(90)
@pytest.mark.parametrize("beginning", [b"", HEADER], ids=["without a header", "a record"])
def test_a_line_of_100_mb(beginning: bytes, tmp_path: Path) -> None:
    log = tmp_path / "tk-maya.log"
    with log.open("wb") as file:
        file.write(HEADER + b"before\n" + beginning)
        for _ in range(LINE_BYTES // MEBIBYTE):
            file.write(b"x" * MEBIBYTE)
        file.write(b"\n" + HEADER + b"after\n")
    done = subprocess.run(
        [sys.executable, "-c", SCAN, str(log)], capture_output=True, check=False, encoding="utf-8", timeout=80
    )
    assert done.returncode == 0
    messages = [json.loads(line)["message"] for line in done.stdout.splitlines()]
    assert messages[0].startswith("before")
    assert messages[-1] == "after"
    assert len(messages) == (3 if beginning else 2)
    # A record is cut at 1 MiB by default.
    assert max(map(len, messages)) < 1.1 * MEBIBYTE
    peak_kib = int(done.stderr)
    assert peak_kib < 64 * 1024, "the line must not be held as a whole"
