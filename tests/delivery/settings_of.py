"""The settings of a reporter under test."""

from pathlib import Path
from typing import Any

from tk_incident import Settings

USER = "artist"
# No run waits for the pace unless it is about it.
_NO_LIMIT = 6000


def settings_of(folder: Path, **values: Any) -> Settings:
    """Return settings of a reporter whose logs and state lie in a folder, and who is quick."""
    given = {
        "log_folder": folder / "logs",
        "state_folder": folder / "state",
        "user_login": USER,
        "project_id": 1,
        "recurrence_interval_s": 1,
        "max_writes_per_min": _NO_LIMIT,
        "site_lag_s": 1,
        **values,
    }
    return Settings.from_mapping(given)
