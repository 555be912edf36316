"""Try the one wheel on every CPython found here: import it, scan a small log, sign the same records.

Each interpreter gets a throw-away environment that holds the wheel's files and nothing else. All must give
the same keys.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
LOG = """\
2026-11-22 00:21:30,207 [14106 INFO sgtk.env.project.tk-maya] no ERROR here
2026-11-22 00:21:31,208 [14106 ERROR sgtk.env.project.tk-maya] export failed
Traceback (most recent call last):
  File "export.py", line 7, in export
    save()
RuntimeError: no space left
"""
IS_CPYTHON = "import sys, venv; sys.exit(sys.implementation.name != 'cpython')"
PROBE = """\
import sys, tk_incident
incidents = tk_incident.scan([sys.argv[1]]).incidents
assert [incident.title for incident in incidents] == ["RuntimeError: no space left"], incidents
"""


KEYS = Path(__file__).resolve().parent.parent / "tests" / "grouping" / "keys.py"


@dataclass(frozen=True)
class Trial:
    """What is wrong with the wheel on one interpreter, or nothing, and what its keys come to."""

    problem: str
    digest: str = ""


def run(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a command and return it with what it printed, whether it failed or not."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def find_interpreter(version: str) -> Optional[Path]:
    """Return a CPython of this version that runs, from PATH or from pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    for folder in [*folders, *sorted(pyenv.glob(f"versions/{version}.*/bin"))]:
        candidate = folder / f"python{version}"
        # pyenv's commands on PATH fail where their version is not active.
        if candidate.is_file() and run(candidate, "-c", IS_CPYTHON).returncode == 0:
            return candidate
    return None


def try_on(interpreter: Path, wheel: Path, folder: Path) -> Trial:
    """Try the wheel on this interpreter, in a folder that is empty."""
    python = folder / "venv" / "bin" / "python"
    made = run(interpreter, "-m", "venv", "--without-pip", folder / "venv")
    if made.returncode:
        return Trial(made.stderr)
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))").stdout.strip()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    log = folder / "tk-maya.log"
    log.write_text(LOG, encoding="utf-8")
    probed = run(python, "-I", "-W", "error", "-c", PROBE, log)
    if probed.stderr:
        return Trial(probed.stderr)
    # Not with -I, under which it would not find the modules beside it.
    signed = run(python, "-B", "-E", "-s", "-W", "error", KEYS)
    digest = signed.stdout.strip()
    return Trial(signed.stderr or ("" if digest else f"{KEYS.name} printed no digest"), digest)


def main() -> int:
    """Try all versions, print one line for each that is here."""
    wheel = Path(sys.argv[1])
    print(wheel.name)
    found, failed = 0, 0
    digests = set()
    for version in VERSIONS:
        interpreter = find_interpreter(version)
        if interpreter is None:
            print(f"  CPython {version:5} not found here")
            continue
        found += 1
        with tempfile.TemporaryDirectory() as folder:
            trial = try_on(interpreter, wheel, Path(folder))
        failed += bool(trial.problem)
        digests.add(trial.digest)
        result = trial.problem or f"imports it, finds the incident, keys {trial.digest[:12]}"
        print(f"  CPython {version:5} {result}")
    if not found:
        print(f"none of CPython {', '.join(VERSIONS)} was found, on PATH or with pyenv", file=sys.stderr)
    if len(digests) > 1 and not failed:
        failed = 1
        print("the keys differ: cut them down with tests/grouping/keys.py COUNT", file=sys.stderr)
    return 0 if found and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
