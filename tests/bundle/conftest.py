"""What the tests of the Toolkit app share: the built wheel, and whether a tk-core can be had."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Toolkit's licence keeps both out of this repository, and no registry has them.
NEEDS = "a checkout of tk-core at SGTK_CORE_PATH and the harness at SGTK_HARNESS_PATH"
DESELECTED = pytest.StashKey[int]()


def harness_path() -> Path:
    """Return the folder of run_harness.py."""
    return Path(os.environ.get("SGTK_HARNESS_PATH", ROOT.parent / "shared" / "toolkit-harness"))


def has_toolkit() -> bool:
    """Return whether the tests marked ``toolkit`` can run here."""
    core = os.environ.get("SGTK_CORE_PATH")
    return (
        core is not None
        and Path(core, "python", "sgtk").is_dir()
        and (harness_path() / "run_harness.py").is_file()
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"toolkit: runs a real Toolkit; needs {NEEDS}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    toolkit = [item for item in items if item.get_closest_marker("toolkit")]
    config.stash[DESELECTED] = 0
    if toolkit and not has_toolkit():
        items[:] = [item for item in items if item not in toolkit]
        config.hook.pytest_deselected(items=toolkit)
        config.stash[DESELECTED] = len(toolkit)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    deselected = config.stash.get(DESELECTED, 0)
    if deselected:
        terminalreporter.write_line(f"{deselected} tests in a real Toolkit left out: they need {NEEDS}")


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel that ``make wheel`` built."""
    wheels = sorted((ROOT / "dist").glob("tk_incident-*.whl"))
    assert len(wheels) == 1, f"run `make wheel` first: {ROOT / 'dist'} holds {len(wheels)} wheels, not one"
    return wheels[0]


class Application:
    """As much of Toolkit's base class as app.py looks at."""


@pytest.fixture
def app_module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """app.py, loaded from its file as Toolkit does, over a stand-in for sgtk."""
    sgtk = ModuleType("sgtk")
    sgtk.platform = SimpleNamespace(Application=Application)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sgtk", sgtk)
    return load(ROOT / "tk-incidentreporter" / "app.py")


@pytest.fixture(scope="session")
def bundle_script() -> ModuleType:
    """scripts/bundle.py, which is no part of a package."""
    return load(ROOT / "scripts" / "bundle.py")


@pytest.fixture(scope="session")
def try_wheel_script() -> ModuleType:
    """scripts/try_wheel.py, which knows where interpreters are."""
    return load(ROOT / "scripts" / "try_wheel.py")


@pytest.fixture(scope="session")
def harness_folder() -> Path:
    """The folder of run_harness.py."""
    return harness_path()


def load(path: Path) -> ModuleType:
    """Load a file as a module that nobody else can import."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
