"""The site that the settings name, where no Toolkit gives a handle."""

import os
from importlib.util import find_spec
from typing import Any, Callable
from urllib.parse import urlsplit

from tk_incident._core import redact
from tk_incident.errors import ConfigError
from tk_incident.settings import Settings


def connector(settings: Settings) -> Callable[[], Any]:
    """Return what makes a handle for the site of the settings; it asks nothing of the site yet.

    Raises ``ConfigError`` that names the field, the variable or the extra that is missing.
    """
    url = _checked_url(settings.site_url)
    if not settings.script_name:
        raise ConfigError("script_name is not set: name the script user that files the tickets")
    if not settings.api_key_env:
        raise ConfigError("api_key_env is not set: name the environment variable that holds the script's key")
    api_key = os.environ.get(settings.api_key_env)
    if not api_key:
        raise ConfigError(f"api_key_env: the environment variable {settings.api_key_env} is not set or empty")
    if find_spec("shotgun_api3") is None:
        raise ConfigError('delivery needs the extra: pip install "tk-incident[shotgrid]"')
    script_name = settings.script_name

    def connect() -> Any:
        from shotgun_api3.shotgun import Shotgun  # noqa: PLC0415  slow to import, and this is the courier's thread

        # Without asking the site at once: at this point the client would wait for ever.
        return Shotgun(url, script_name=script_name, api_key=api_key, connect=False)

    return connect


def _checked_url(url: object) -> str:
    if not url:
        raise ConfigError("site_url is not set: name the site, or set deliver to false")
    text = str(url)
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or any(each.isspace() for each in text):
        raise ConfigError(
            f"site_url {redact(text)!r} is no address: it must be like https://studio.shotgrid.autodesk.com"
        )
    if parts.username or parts.password:
        raise ConfigError("site_url holds credentials: remove them, and use script_name and api_key_env")
    return text
