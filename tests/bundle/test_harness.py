"""The app in a real Toolkit: a real engine and the real client, over loopback to a stand-in for the site."""

import hashlib
import json
import os
import re
import subprocess
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Optional

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements" / "harness.txt"
VERSIONS = ["3.9", "3.13"]
pytestmark = [pytest.mark.toolkit, pytest.mark.timeout(180)]
newest = pytest.mark.parametrize("host", VERSIONS[-1:], indirect=True)


@dataclass(frozen=True)
class Host:
    """A Python with what Toolkit itself brings into a host, and nothing of ours."""

    version: str
    python: Path


@dataclass(frozen=True)
class Run:
    """What is left of one run of the harness."""

    output: str
    log: str
    rows: dict[str, list[dict[str, Any]]]

    @property
    def tickets(self) -> list[dict[str, Any]]:
        return self.rows.get("Ticket", [])


@pytest.fixture(scope="session", params=VERSIONS)
def host(request: pytest.FixtureRequest, try_wheel_script: ModuleType) -> Host:
    interpreter = try_wheel_script.find_interpreter(request.param)
    assert interpreter is not None, f"these tests need CPython {request.param}, on PATH or with pyenv"
    folder = ROOT / f".venv-harness-{request.param}"
    stamp = folder / hashlib.blake2b(REQUIREMENTS.read_bytes(), digest_size=8).hexdigest()
    python = folder / "bin" / "python"
    if not stamp.exists():
        subprocess.run([str(interpreter), "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "--requirement", str(REQUIREMENTS)], check=True)
        stamp.touch()
    return Host(request.param, python)


@pytest.fixture(scope="session")
def package(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH with the package as pip would install it."""
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def unpacked(bundle_script: ModuleType, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app's folder out of the release archive."""
    folder = tmp_path_factory.mktemp("bundle")
    with zipfile.ZipFile(bundle_script.build(wheel, folder)) as archive:
        archive.extractall(folder)
    return folder / "tk-incidentreporter"


class Harness:
    """Runs run_harness.py and checks what holds for every run."""

    def __init__(self, folder: Path, script: Path) -> None:
        self._folder = folder
        self._script = script

    def run(self, host: Host, app: Path, *options: str, package: Optional[Path] = None) -> Run:
        dump, home = self._folder / "site.json", self._folder / "home"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        if package is not None:
            environment["PYTHONPATH"] = str(package)
        paths = [host.python, self._script, app, "--dump", dump, "--home", home]
        result = subprocess.run(
            [*map(str, paths), *options],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout
        assert "left behind: python threads none, native threads +0" in result.stdout, result.stdout
        for seconds in re.findall(r"engine destroyed in ([\d.]+)s", result.stdout):
            assert float(seconds) < 2, result.stdout
        logs = sorted((home / "logs").glob("tk-desktop.log*"))
        log = "".join(path.read_text(encoding="utf-8") for path in logs)
        assert not re.findall(r"(?m)^.*\[\d+ (?:ERROR|CRITICAL) .*\[tk-incident\].*$", log)
        return Run(result.stdout, log, json.loads(dump.read_text(encoding="utf-8")))


@pytest.fixture
def harness(tmp_path: Path, harness_folder: Path) -> Harness:
    return Harness(tmp_path, harness_folder / "run_harness.py")


# How long the harness waits, three times in a run: nothing tells it that all is delivered, and on a busy
# machine it and the real client together take half a second for a ticket.
SECONDS = "6"
# How the titles begin of what the harness writes, behind the login. In a chain the root names the problem.
PROBLEMS = [
    "harness: a one line error",
    "harness: an error",
    "harness: a critical record",
    "KeyError",
    "ValueError",
    "NameError",
    "OSError",
    "harness: logger named after a path",
    "TankError",
]


def check_tickets(run: Run, login: str) -> None:
    """One ticket for each problem, and one archive at each ticket."""
    titles = Counter(ticket["title"] for ticket in run.tickets)
    assert set(titles.values()) == {1}, titles
    for problem in PROBLEMS:
        assert any(title.startswith(f"{login} - {problem}") for title in titles), (problem, titles)
    for ticket in run.tickets:
        assert len(ticket["attachments"]) == 1, ticket
    assert len(run.rows["Attachment"]) == len(run.tickets)


def login_of_the_process(host: Host) -> str:
    command = [str(host.python), "-c", "import getpass; print(getpass.getuser())"]
    printed: str = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return printed.strip()


def test_the_app_folder(harness: Harness, host: Host, package: Path) -> None:
    run = harness.run(
        host, ROOT / "tk-incidentreporter", "--seconds", SECONDS, "--twin", "5", package=package
    )
    check_tickets(run, login_of_the_process(host))
    assert any("harness: twin error" in ticket["title"] for ticket in run.tickets)
    assert any("harness: error after the rollover" in ticket["title"] for ticket in run.tickets)


def test_the_release_archive_where_nothing_is_installed(harness: Harness, host: Host, unpacked: Path) -> None:
    missing = subprocess.run([host.python, "-c", "import tk_incident"], check=False, capture_output=True)
    assert b"ModuleNotFoundError" in missing.stderr
    run = harness.run(host, unpacked, "--seconds", SECONDS, "--twin", "5")
    check_tickets(run, login_of_the_process(host))


@newest
@pytest.mark.parametrize("option", ["--change-context", "--reload", "--site-context", "--no-s3"])
def test_a_variant(harness: Harness, host: Host, package: Path, option: str) -> None:
    app = ROOT / "tk-incidentreporter"
    run = harness.run(host, app, option, "--seconds", SECONDS, "--no-rollover", package=package)
    check_tickets(run, login_of_the_process(host))
    if option == "--change-context":
        assert "same app object: True" in run.output


# What the site does while the tickets are made, and how long one has to wait for them: an upload that stalls
# is given up after fifteen seconds.
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "drop": ({"mode": "drop", "match": "create", "count": 2}, "16"),
    "too many requests": ({"mode": "http429", "match": "create", "count": 2}, "16"),
    "a page": ({"mode": "html200", "match": "create", "count": 2}, "16"),
    "stall": ({"mode": "stall", "match": "/storage", "count": 1, "seconds": 3600}, "45"),
    "stall without cloud storage": ({"mode": "stall", "match": "/upload/upload_file", "count": 1}, "45"),
}


@newest
@pytest.mark.parametrize("name", FAULTS)
def test_a_site_that_fails_has_the_same_tickets(
    harness: Harness, host: Host, package: Path, name: str
) -> None:
    fault, seconds = FAULTS[name]
    options = ["--seconds", seconds, "--no-rollover", "--fault", json.dumps(fault)]
    options += ["--settings", json.dumps({"site_lag_s": 1})]
    options += ["--no-s3"] if "upload_file" in fault["match"] else []
    run = harness.run(host, ROOT / "tk-incidentreporter", *options, package=package)
    check_tickets(run, login_of_the_process(host))
    assert len(re.findall(r" WARNING tk_incident\] \[tk-incident\] ", run.log)) <= 1, "it is said once"
    assert "password" not in run.output.lower()


@newest
def test_a_logged_in_artist(harness: Harness, host: Host, package: Path) -> None:
    app = ROOT / "tk-incidentreporter"
    run = harness.run(host, app, "--auth", "session", "--seconds", SECONDS, "--no-rollover", package=package)
    check_tickets(run, "artist")


@newest
def test_an_expired_session_asks_nobody_for_a_password(harness: Harness, host: Host, package: Path) -> None:
    """Toolkit's own handle opens a login dialog from any thread, or prompts on the console."""
    options = ["--auth", "session", "--seconds", SECONDS, "--no-rollover"]
    fault = json.dumps({"mode": "auth", "count": 1000})
    run = harness.run(host, ROOT / "tk-incidentreporter", *options, "--fault", fault, package=package)
    assert not run.tickets
    assert "password" not in run.output.lower()
    assert len(re.findall(r" WARNING tk_incident\] \[tk-incident\] .* sign in again", run.log)) == 1, run.log


@newest
def test_a_host_that_nothing_fits_goes_on(harness: Harness, host: Host) -> None:
    run = harness.run(host, ROOT / "tk-incidentreporter", "--seconds", "0", "--no-rollover", "--reload")
    assert not run.tickets
    warnings = re.findall(r"(?m)^.* WARNING .*\[tk-incident\] not started: .*$", run.log)
    assert len(warnings) == 2, "one for each of the two starts"
