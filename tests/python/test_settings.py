"""Settings have one schema: names, defaults and checks are the core's."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tk_incident import ConfigError, Settings, _core


def test_names_and_defaults_are_the_cores() -> None:
    assert json.loads(Settings().to_json()) == json.loads(_core.default_settings())


def test_settings_are_frozen() -> None:
    settings = Settings.from_mapping({"keywords": ["Traceback"]})
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.deliver = False  # type: ignore[misc]
    assert settings.keywords == ("Traceback",)
    assert hash(settings) == hash(Settings(keywords=("Traceback",)))


def test_a_mapping_gives_the_types_of_the_fields() -> None:
    settings = Settings.from_mapping(
        {
            "log_folder": "logs",
            "state_folder": Path("state"),
            "state_drive": "network",
            "levels": ["WARNING"],
            "ticket_scope": "site",
            "idle_flush_ms": 500,
            "deliver": False,
            "project_id": 7,
        }
    )
    assert settings == Settings(
        log_folder=Path("logs"),
        state_folder=Path("state"),
        state_drive="network",
        levels=("WARNING",),
        ticket_scope="site",
        idle_flush_ms=500,
        deliver=False,
        project_id=7,
    )


def test_every_setting_survives_the_way_through_json() -> None:
    settings = Settings(
        log_folder=Path("logs"), exclude_patterns=(r"\d+",), project_id=3, site_url="https://x"
    )
    assert Settings.from_mapping(json.loads(settings.to_json())) == settings


def test_unset_as_toolkit_spells_it() -> None:
    empty = {"log_folder": "", "state_folder": "", "project_id": 0, "user_login": "", "site_url": None}
    assert Settings.from_mapping(empty) == Settings()


def test_an_empty_value_is_not_unset_where_it_means_something() -> None:
    assert Settings.from_mapping({"levels": [], "deliver": False}) == Settings(levels=(), deliver=False)


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ({"idle_flsh_ms": 1}, "unknown setting 'idle_flsh_ms': did you mean idle_flush_ms?"),
        ({"projectid": 1}, "did you mean project_id?"),
        ({"zzz": 1}, "unknown setting 'zzz': known are: log_folder, "),
        ({"idle_flush_ms": "soon"}, "idle_flush_ms"),
        ({"idle_flush_ms": 0}, "idle_flush_ms"),
        ({"deliver": "yes"}, "deliver"),
        ({"levels": "ERROR"}, "levels"),
        ({"levels": ["LOUD"]}, "levels"),
        ({"exclude_patterns": ["fine", "(broken"]}, "exclude_patterns"),
        ({"redact_patterns": ["(broken"]}, "redact_patterns"),
        ({"ticket_scope": "everybody"}, "ticket_scope"),
        ({"state_drive": "floppy"}, "state_drive"),
        ({"log_folder": ["a"]}, "log_folder"),
        ({"keywords": {1}}, "set"),
    ],
)
def test_what_is_wrong_is_named(mapping: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_mapping(mapping)
    assert expected in str(caught.value)


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tk-incident.toml"
    file.write_text('log_folder = "logs"\nlevels = ["CRITICAL"]\nticket_scope = "site"\n', encoding="utf-8")
    expected = Settings(log_folder=Path("logs"), levels=("CRITICAL",), ticket_scope="site")
    assert Settings.from_file(file) == expected
    assert Settings.from_file(str(file)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("log_foldr = 'x'", "log_folder"), ("idle_flush_ms = 'x'", "idle_flush_ms"), ("= broken", "")],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "tk-incident.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Settings.from_file(file)
    assert str(file) in str(caught.value)
    assert expected in str(caught.value)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        Settings.from_file(tmp_path / "nowhere.toml")
