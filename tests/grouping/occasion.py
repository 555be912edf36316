"""The circumstances in which a problem shows itself: who, where, when, and with which Python.

An occasion is what the rewrites (``rewrites.py``) fill in. It knows nothing of the problem.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field

from dice import Dice

ROOTS = ("project", "bundle", "core", "config", "python", "packages", "studio", "home", "temp")
_PATH = re.compile(rf"\b({'|'.join(ROOTS)})(!r)?://([^\s'\"<>|,;:()\[\]]*)")


class Python(enum.Enum):
    """A Python whose tracebacks look different from the others'."""

    V2 = "2.7"
    V39 = "3.9"
    V311 = "3.11"
    V313 = "3.13"


class Sources(enum.Enum):
    """Which frames show their line of code: none is shown where only the compiled file is there."""

    SHOWN = "shown"
    OWN_ONLY = "not of bundles"
    NONE = "none"


@dataclass
class Occasion:
    """One sighting's circumstances."""

    words: dict[str, str] = field(default_factory=dict)
    # Templates of their own: a root may hold ``{user}``.
    roots: dict[str, str] = field(default_factory=dict)
    separator: str = "/"
    # The path of a bundle below the cache, from its name.
    bundle_pattern: str = "app_store/{name}/v1.0.0"
    python: Python = Python.V39
    # Python 2 shows text from JSON as u'text'.
    has_unicode_prefix: bool = False
    # Long calls stand on several lines of the file.
    is_reformatted: bool = False
    sources: Sources = Sources.SHOWN
    drift: Dice = field(default_factory=lambda: Dice("no drift"))
    recursion_depth: int = 10
    newline: str = "\n"
    has_smart_quotes: bool = False
    has_indentation: bool = True
    # Unreal's log file has the time before each line, its output window has not.
    has_time: bool = True

    def fill(self, template: str) -> str:
        """The text of a template on this occasion."""
        text = template.format_map(self.words) if "{" in template or "}" in template else template
        return _PATH.sub(self._path, text) if "://" in text else text

    def line(self, line: int) -> int:
        """Where a line of code lies by now."""
        return max(1, line - line // 3 + self.drift.below(200 + line // 3))

    def _path(self, match: re.Match[str]) -> str:
        root, is_repr, tail = match.groups()
        if root == "bundle":
            name, _, rest = tail.partition("/")
            tail = f"{self.bundle_pattern.format(name=name)}/{rest}"
        tail = tail.rstrip("/").replace("/", self.separator)
        path = self.roots[root].format_map(self.words) + self.separator + tail
        return path.replace("\\", "\\\\") if is_repr else path
