"""Toolkit logs of any size, the same from the same seed: what a studio's debug logs look like."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

_BLOCK_BYTES = 1 << 20
_PIDS = (4711, 4999, 14106, 20311)
_BEGAN = datetime(2026, 11, 22, 8, 0, 0)

_ROOT = "/opt/studio/cache"

# Messages of tk-core and of engines, with what differs from one to the next.
_QUIET = (
    (
        "DEBUG",
        "sgtk.core.bundle_cache",
        f"Bundle cache: resolved {{hex}} in {_ROOT}/app_store/tk-{{word}}/v{{n}}",
    ),
    (
        "DEBUG",
        "sgtk.env.project.tk-maya",
        "Running hook {word}_{word} with parameters {'entity': {n}, 'step': {n}}",
    ),
    (
        "DEBUG",
        "sgtk.core.util.shotgun",
        "find: Shot, filters [['id', 'is', {n}]], fields ['code', 'sg_status_list']",
    ),
    ("INFO", "sgtk.env.asset.tk-nuke", "Registered command {word} of {word}"),
    (
        "DEBUG",
        "sgtk.core.platform.engine",
        "Emitted event: <SourceEvent {hex} /shows/{word}/shots/sh{n}/{word}.ma>",
    ),
    (
        "DEBUG",
        "sgtk.ext.tk-framework-shotgunutils",
        "Caching thumbnail {n} of {n} in /home/artist/{word}/{hex}",
    ),
    ("INFO", "sgtk.env.project.tk-desktop", "Loaded {n} items in {n} ms"),
    ("WARNING", "sgtk.core.deploy", "{word}: a newer version is there, v{n}"),
)
_ERRORS = (
    "Publish failed for sh{n}: {word} is locked",
    "Cannot copy /shows/{word}/sh{n}/{word}.exr: no space left on device",
    "Hook {word} raised an exception",
    "{word}: HTTP 502 from the site, {n} of {n} tried",
)
_FRAMES = (
    (f"{_ROOT}/tk-multi-publish2/v2.6.1/hooks/{{word}}.py", "publish", "self._copy(item, settings)"),
    ("/opt/studio/core/python/tank/platform/bundle.py", "execute_hook", "return hook.execute(**kwargs)"),
    ("/opt/studio/tools/{word}/{word}.py", "run", "result = self.{word}(scene)"),
    ("/usr/lib64/python3.9/shutil.py", "copyfile", "with open(src, 'rb') as fsrc:"),
)
_EXCEPTIONS = (
    "KeyError: 'sg_{word}'",
    "OSError: [Errno 28] No space left on device: '{word}_{n}.exr'",
    "TankError: {word} {n}",
)
_WORDS = (
    "alembic",
    "anim",
    "bake",
    "camera",
    "cloth",
    "comp",
    "crowd",
    "delivery",
    "fx",
    "groom",
    "layout",
    "light",
    "lookdev",
    "maps",
    "model",
    "plates",
    "playblast",
    "previs",
    "proxy",
    "publish",
    "render",
)
_FILLINGS: dict[str, Callable[[random.Random], str]] = {
    "word": lambda chance: chance.choice(_WORDS),
    "n": lambda chance: str(chance.randrange(10_000)),
    "hex": lambda chance: f"{chance.getrandbits(64):016x}",
}
_LETTERS = str.maketrans("0123456789", "GHKLMPRSTW")
_CALL = '  File "/opt/studio/tools/anim/bake.py", line 12, in run\n    self.bake(scene)\n'
_HOLE = re.compile(r"\{(word|n|hex)\}")


def write_quiet(path: Path, size: int, *, seed: int, errors_per_thousand: float = 1.0) -> None:
    """Write a log of about ``size`` bytes, in which so many of a thousand records are errors."""
    _write(path, size, _quiet(random.Random(seed), errors_per_thousand / 1000))


def write_errors(path: Path, size: int, *, seed: int) -> None:
    """Write a log of about ``size`` bytes, in which each record is an error with a traceback."""
    _write(path, size, _errors(random.Random(seed)))


def write_problems(path: Path, count: int) -> None:
    """Write a log of so many errors, each another problem."""
    with path.open("w", encoding="ascii") as log:
        for number in range(count):
            # A number is a value; letters make a name.
            name = f"{number:06}".translate(_LETTERS)
            log.write(f"{_BEGAN},000 [4711 ERROR sgtk.env.project.tk-maya] broken\n")
            log.write(f"Traceback (most recent call last):\n{_CALL}studio.{name}Error: no\n")


def write_many(folder: Path, count: int, size: int, *, seed: int) -> None:
    """Write so many logs, of about ``size`` bytes together."""
    folder.mkdir(parents=True)
    for number in range(count):
        write_quiet(folder / f"tk-engine{number:05}.log", size // count, seed=seed + number)


def _write(path: Path, size: int, records: Iterator[str]) -> None:
    written, block, held = 0, [], 0
    with path.open("wb") as log:
        while written + held < size:
            record = next(records)
            block.append(record)
            held += len(record)
            if held >= _BLOCK_BYTES or written + held >= size:
                written += log.write("".join(block).encode("ascii"))
                block, held = [], 0


def _quiet(chance: random.Random, share: float) -> Iterator[str]:
    clock = _BEGAN
    while True:
        clock += timedelta(milliseconds=chance.randrange(40))
        if chance.random() < share:
            yield _error(chance, clock, frames=chance.choice((0, 3, 6)))
        else:
            level, logger, message = chance.choice(_QUIET)
            yield _record(chance, clock, level, logger, _filled(chance, message))


def _errors(chance: random.Random) -> Iterator[str]:
    clock = _BEGAN
    while True:
        clock += timedelta(milliseconds=chance.randrange(1_500))
        yield _error(chance, clock, frames=chance.choice((2, 3, 4)))


def _error(chance: random.Random, clock: datetime, *, frames: int) -> str:
    text = _filled(chance, chance.choice(_ERRORS))
    if frames:
        calls = "".join(_frame(chance) for _ in range(frames))
        exception = _filled(chance, chance.choice(_EXCEPTIONS))
        text += f"\nTraceback (most recent call last):\n{calls}{exception}"
    return _record(chance, clock, "ERROR", "sgtk.env.project.tk-maya", text)


def _frame(chance: random.Random) -> str:
    path, function, source = chance.choice(_FRAMES)
    line = chance.randrange(1, 900)
    return f'  File "{_filled(chance, path)}", line {line}, in {function}\n    {_filled(chance, source)}\n'


def _record(chance: random.Random, clock: datetime, level: str, logger: str, text: str) -> str:
    time = f"{clock:%Y-%m-%d %H:%M:%S},{clock.microsecond // 1000:03}"
    return f"{time} [{chance.choice(_PIDS)} {level} {logger}] {text}\n"


def _filled(chance: random.Random, text: str) -> str:
    return _HOLE.sub(lambda hole: _FILLINGS[hole[1]](chance), text)
