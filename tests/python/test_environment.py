"""Facts about the host are looked up, never asked for."""

import json
import sys
import time
from types import SimpleNamespace

import pytest

from tk_incident import environment


class Untouchable:
    """A host's module: to call anything of it is what a thread of ours may not do."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*_: object) -> None:
            raise AssertionError(f"{name} was called")

        return call


@pytest.mark.parametrize(
    ("name", "module", "variables", "expected"),
    [
        ("nuke", SimpleNamespace(NUKE_VERSION_STRING="15.1v2"), {}, ("Nuke", "15.1v2")),
        (
            "bpy",
            SimpleNamespace(app=SimpleNamespace(version_string="4.2.1 LTS")),
            {},
            ("Blender", "4.2.1 LTS"),
        ),
        ("bpy", SimpleNamespace(), {}, ("Blender", "")),
        ("maya", Untouchable(), {"MAYA_LOCATION": "/usr/autodesk/maya2025/"}, ("Maya", "2025")),
        ("maya", Untouchable(), {"MAYA_LOCATION": r"C:\Program Files\Autodesk\Maya2024"}, ("Maya", "2024")),
        (
            "maya",
            Untouchable(),
            {"MAYA_LOCATION": "/Applications/Autodesk/maya2025/Maya.app/Contents"},
            ("Maya", "2025"),
        ),
        ("maya", Untouchable(), {}, ("Maya", "")),
        ("hou", Untouchable(), {"HFS": "/opt/hfs20.5.278"}, ("Houdini", "20.5.278")),
        ("hou", Untouchable(), {"HFS": "/mnt/p1/houdini/current"}, ("Houdini", "")),
        ("unreal", Untouchable(), {}, ("Unreal Engine", "")),
    ],
)
def test_the_host_is_told_without_a_call(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    module: object,
    variables: dict[str, str],
    expected: tuple[str, str],
) -> None:
    for variable in ("MAYA_LOCATION", "HFS"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setitem(sys.modules, name, module)
    found = environment.facts()
    assert (found["host_application"], found["host_version"]) == expected


def test_a_plain_python_has_no_version_of_a_host() -> None:
    found = environment.facts()
    assert found["host_version"] == ""
    assert found["python"]["build"] == sys.version
    json.dumps(found)


def test_it_costs_the_host_next_to_nothing() -> None:
    environment.facts()
    shortest = min(_seconds() for _ in range(20))
    # The rest of the millisecond that a call may take is for what is around it.
    assert shortest < 0.0005


def _seconds() -> float:
    began = time.perf_counter()
    environment.facts()
    return time.perf_counter() - began
