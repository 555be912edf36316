"""info.yml says the same as the core's schema and the Python settings."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import yaml

from tk_incident import Settings, _core

ROOT = Path(__file__).resolve().parents[2]
# What Toolkit itself knows, and what a reporter without Toolkit needs.
NOT_IN_THE_MANIFEST = {"user_login", "site_url", "script_name", "api_key_env"}
HOOKS = {"before_ticket", "environment"}
TYPES = {str: "str", int: "int", bool: "bool", list: "list"}


def manifest() -> dict[str, Any]:
    content = yaml.safe_load((ROOT / "info.yml").read_bytes())
    assert isinstance(content, dict)
    return content


def settings() -> dict[str, Any]:
    return {name: schema for name, schema in manifest()["configuration"].items() if name not in HOOKS}


def test_each_hook_has_its_file_and_its_method() -> None:
    hooks = {name: schema for name, schema in manifest()["configuration"].items() if schema["type"] == "hook"}
    assert set(hooks) == HOOKS
    for name, schema in hooks.items():
        assert schema["default_value"] == f"{{self}}/{name}.py"
        assert f"    def {name}(self" in (ROOT / "tk-incidentreporter" / "hooks" / f"{name}.py").read_text()


def test_it_is_ascii() -> None:
    """Older cores read it with the locale's encoding."""
    (ROOT / "info.yml").read_bytes().decode("ascii")


def test_the_app_folder_links_to_the_one_manifest() -> None:
    assert (ROOT / "tk-incidentreporter" / "info.yml").readlink() == Path("..", "info.yml")


def test_names_and_defaults_are_those_of_the_core() -> None:
    defaults = json.loads(_core.default_settings())
    told = {name: schema["default_value"] for name, schema in settings().items()}
    assert set(told) == set(defaults) - NOT_IN_THE_MANIFEST
    # No type of a manifest knows null: "" and 0 stand for it.
    unset = {name for name, default in defaults.items() if default is None}
    assert {name: None if name in unset and value in ("", 0) else value for name, value in told.items()} == {
        name: default for name, default in defaults.items() if name in told
    }


def test_names_and_defaults_are_those_of_the_python_settings() -> None:
    assert json.loads(Settings().to_json()) == json.loads(_core.default_settings())
    told = {name: schema["default_value"] for name, schema in settings().items()}
    assert Settings.from_mapping(told) == Settings()
    assert {field.name for field in dataclasses.fields(Settings)} == set(told) | NOT_IN_THE_MANIFEST


def test_toolkit_takes_every_type() -> None:
    """Toolkit matches types exactly, and refuses an empty list unless ``allows_empty`` lets it pass."""
    for name, schema in settings().items():
        assert schema["type"] == TYPES[type(schema["default_value"])], name
        assert schema["description"], name
        if schema["type"] == "list":
            of = "dict" if name == "signature_overrides" else "str"
            assert (schema["values"], schema["allows_empty"]) == ({"type": of}, True), name


def test_every_platform_and_every_engine_is_supported() -> None:
    content = manifest()
    assert content["supported_platforms"] == ["linux", "mac", "windows"]
    assert content["supported_engines"] is None, "an empty list is no engine"
    assert content["minimum_python_version"] == "3.9"
