"""The settings: names and defaults are those of the core's ``Config``, which also checks them."""

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Optional, Union

from tk_incident import _core
from tk_incident.errors import ConfigError

_LISTS = (
    "environment_variables",
    "levels",
    "include_patterns",
    "exclude_patterns",
    "keywords",
    "signature_masks",
    "signature_keeps",
    "signature_overrides",
    "redact_patterns",
    "closed_statuses",
    "tags",
)
_FOLDERS = ("log_folder", "state_folder")


@dataclass(frozen=True)
class SignatureOverride:
    """All records that fit have one signature, named by ``key``.

    At least one of the three regular expressions is given, and all that are have to find something.
    """

    key: str
    logger: Optional[str] = None
    module: Optional[str] = None
    """Looks at the file of each frame."""
    text: Optional[str] = None
    """Looks at the message, and at the class and the message of the exception."""


@dataclass(frozen=True)
class Settings:
    """All settings; ``docs/design.md`` has the table. None stands for *unset*.

    The constructor checks nothing: ``from_mapping`` and ``from_file`` do, and so does the ``Reporter``.
    """

    log_folder: Optional[Path] = None
    state_folder: Optional[Path] = None
    state_drive: Literal["auto", "local", "network"] = "auto"
    idle_flush_ms: int = 150
    max_record_bytes: int = 1_048_576
    max_spool_mib: int = 200
    max_evidence_kib: int = 1024
    environment_variables: Sequence[str] = (
        "SHOTGUN_HOME",
        "TK_DEBUG",
        "TK_BOOTSTRAP_CONFIG_OVERRIDE",
        "TANK_CURRENT_PC",
        "MAYA_LOCATION",
        "MAYA_APP_DIR",
        "MAYA_MODULE_PATH",
        "MAYA_PLUG_IN_PATH",
        "NUKE_PATH",
        "HFS",
        "HOUDINI_PATH",
        "OCIO",
        "QT_PLUGIN_PATH",
        "REZ_USED_RESOLVE",
        "LD_LIBRARY_PATH",
        "PYTHONPATH",
        "PATH",
    )
    levels: Sequence[str] = ("ERROR", "CRITICAL")
    include_patterns: Sequence[str] = ()
    exclude_patterns: Sequence[str] = ()
    keywords: Sequence[str] = ()
    ignore_known_noise: bool = True
    signature_masks: Sequence[str] = ()
    signature_keeps: Sequence[str] = ()
    signature_overrides: Sequence[SignatureOverride] = ()
    redact_patterns: Sequence[str] = ()
    ticket_scope: Literal["user", "site"] = "user"
    recurrence_interval_s: int = 60
    max_writes_per_min: int = 60
    site_lag_s: int = 10
    digest_from: int = 50
    on_closed: Literal["reopen", "new", "ignore"] = "reopen"
    closed_statuses: Sequence[str] = ("res", "clsd")
    reopened_status: str = "opn"
    entity_type: str = "Ticket"
    tags: Sequence[str] = ()
    deliver: bool = True
    project_id: Optional[int] = None
    user_login: Optional[str] = None
    site_url: Optional[str] = None
    script_name: Optional[str] = None
    api_key_env: Optional[str] = None

    @classmethod
    def from_file(cls, path: Union[str, "os.PathLike[str]"]) -> "Settings":
        """Read a ``tk-incident.toml``. Raises ``ConfigError`` that names the file and the field."""
        mapping = json.loads(_core.read_settings(path))
        try:
            return cls.from_mapping(mapping)
        except ConfigError as error:
            raise ConfigError(f"{os.fspath(path)}: {error}") from error

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "Settings":
        """Take settings by name; what is missing or None keeps its default.

        Where the default is *unset*, ``""`` and ``0`` mean the same, because Toolkit's ``info.yml`` has no
        null. Raises ``ConfigError`` that names the field.
        """
        defaults = {field.name: field.default for field in dataclasses.fields(cls)}
        given: dict[str, Any] = {}
        for name, value in mapping.items():
            if name not in defaults:
                raise ConfigError(_unknown(name, list(defaults)))
            is_unset = value is None or (defaults[name] is None and value in ("", 0))
            if not is_unset:
                given[name] = value
        _core.check_settings(_as_json(given))
        for name in _LISTS:
            if name in given:
                given[name] = tuple(given[name])
        for name in _FOLDERS:
            if name in given:
                given[name] = Path(given[name])
        rules = given.get("signature_overrides", ())
        given["signature_overrides"] = tuple(
            rule if isinstance(rule, SignatureOverride) else SignatureOverride(**rule) for rule in rules
        )
        return cls(**given)

    def to_json(self) -> str:
        """Return the settings as the core takes them; what is unset is null."""
        return _as_json({field.name: getattr(self, field.name) for field in dataclasses.fields(self)})


def _as_json(values: Mapping[str, Any]) -> str:
    def plain(value: object) -> Union[str, dict[str, Any]]:
        if isinstance(value, Path):
            return str(value)
        if isinstance(value, SignatureOverride):
            return dataclasses.asdict(value)
        raise ConfigError(f"a setting cannot be of type {type(value).__name__}: {value!r}")

    return json.dumps(values, default=plain)


def _unknown(name: object, known: list[str]) -> str:
    import difflib  # noqa: PLC0415  a host with good settings has no need of it

    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.4)
    remedy = f"did you mean {near[0]}?" if near else "known are: " + ", ".join(known)
    return f"unknown setting {name!r}: {remedy}"
