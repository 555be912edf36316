"""What the demo's writers log: one of each shape that an error takes in a Toolkit log."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Callable, NoReturn, Optional

ROUNDS = 6
_TITLE_CHARACTERS = 80
_PROXY = "[PROXY] "


@dataclass(frozen=True)
class Entry:
    """A record to write, once in every ``every``-th round."""

    logger: str
    level: int
    message: str
    failure: Optional[Callable[[], NoReturn]] = None
    """Raises the exception whose traceback belongs to the record."""
    every: int = 1


class PublishError(Exception):
    """A studio's own exception: a log shows it with its module in front."""


def expected_title(user_login: str, message: str, error: Optional[BaseException]) -> str:
    """Return the title of the ticket that a record has to lead to.

    Written down here a second time, apart from the core, because a comparison with itself proves nothing.
    """
    if error is None:
        title = message.replace(_PROXY, "", 1)
    else:
        cause = _root_cause(error)
        says = str(cause).partition("\n")[0]
        title = f"{type(cause).__name__}: {says}" if says else type(cause).__name__
    return f"{user_login} - {' '.join(title.split())[:_TITLE_CHARACTERS].rstrip()}"


def _root_cause(error: BaseException) -> BaseException:
    earlier = error.__cause__
    if earlier is None and not error.__suppress_context__:
        earlier = error.__context__
    return error if earlier is None else _root_cause(earlier)


def _missing_node() -> NoReturn:
    scene: dict[str, str] = {"camera": "shotcam"}
    raise LookupError(scene.get("rig", "no node of this name: rig_main"))


def _chained() -> NoReturn:
    try:
        int("v0x12")
    except ValueError as error:
        raise RuntimeError("cannot read the version of the work file") from error
    raise AssertionError("v0x12 is no number")


def _while_handling() -> NoReturn:
    try:
        _publish()
    except PublishError:
        raise OSError("the draft could not be removed either")  # noqa: B904 - the implicit chain is the point


def _publish() -> NoReturn:
    raise PublishError("the cache has no frames\nfirst: 1001\nlast: 1100")


def _unplugged() -> NoReturn:
    raise ConnectionResetError(104, "Connection reset by peer")


_MAYA = "sgtk.env.project.tk-maya"
_NUKE = "sgtk.env.project.tk-nuke"
_DESKTOP = "sgtk.env.project.tk-desktop"
# Toolkit names the logger of a bundle without an environment after its path.
_PATH = "sgtk.ext./opt/studio tools/bundle_cache/tk-desktop/v2.8.4/engine.py"

ENGINES: Mapping[str, Sequence[Entry]] = {
    "tk-maya": (
        Entry(_MAYA, logging.INFO, "Opened scene sh010_anim_v012.ma"),
        Entry(_MAYA, logging.INFO, "The word ERROR in an INFO record makes no incident"),
        Entry(_MAYA, logging.ERROR, "The reference could not be loaded", _missing_node),
        Entry(f"{_MAYA}.tk-multi-publish2", logging.ERROR, "Publish failed:\n  shot: sh010\n  step: layout"),
        Entry(_MAYA, logging.WARNING, "The frame range differs from the shot's", every=2),
        Entry(_MAYA, logging.CRITICAL, "The licence server does not answer", every=3),
    ),
    "tk-nuke": (
        Entry(_NUKE, logging.INFO, "Rendering 1001-1100 of sh010_comp_v003.nk"),
        Entry(f"{_NUKE}.tk-multi-loader2", logging.ERROR, "Version not understood", _chained),
        Entry(_NUKE, logging.ERROR, "Datei »Größe_日本.exr« kann nicht gelesen werden", every=2),
        Entry(_NUKE, logging.WARNING, "An ERROR was handled; the proxy is used instead"),
        Entry(f"{_NUKE}.tk-multi-publish2", logging.CRITICAL, "Publish failed", _while_handling, every=3),
        Entry(_NUKE, logging.INFO, "The script was saved"),
    ),
    "tk-desktop": (
        Entry(_DESKTOP, logging.INFO, "Launching Maya 2026"),
        Entry(_PATH, logging.ERROR, "The bundle [tk-desktop] could not be updated at 12:00:00,000"),
        Entry(_DESKTOP, logging.ERROR, f"{_PROXY}The project process has lost its site", every=2),
        Entry(_DESKTOP, logging.ERROR, "Traceback follows", _unplugged),
        Entry(
            _DESKTOP,
            logging.ERROR,
            "The configuration of this project names a folder that no storage root of the site knows anymore",
            every=3,
        ),
        Entry(_DESKTOP, logging.WARNING, "The system tray icon is missing"),
    ),
}

ROLLING_ENGINE = "tk-nuke"
