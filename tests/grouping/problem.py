"""What a problem is, before somebody's machine has it: data from which a text is written.

Texts are templates. ``{shot}`` stands for a word and ``project://a/b.ma`` for a path below a root, both of
which every occasion chooses anew (``occasion.py``); ``project!r://a/b.ma`` is the path as Python's ``repr``
shows it. What a template spells out belongs to the problem, and no rewrite touches it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Optional


class Dialect(enum.Enum):
    """How the writer's log looks."""

    TOOLKIT = "toolkit"
    # The tk-desktop's site process, for a record of the project process.
    PROXY = "proxy"
    # logging.basicConfig() as it comes, and two formats that studios set.
    LOGGING = "logging"
    LOGGING_DASHES = "logging, dashes"
    LOGGING_COLUMNS = "logging, columns"
    # Maya's Script Editor: of Python, and of MEL.
    MAYA = "maya"
    MEL = "mel"
    UNREAL = "unreal"
    # No header at all: standard error, or what somebody pasted.
    BARE = "bare"


class Shape(enum.Enum):
    """Where the traceback stands in its record."""

    BELOW = "below the message"
    BEHIND = "behind the message, on its line"
    # The message has no text: all of it is on continuation lines.
    BELOW_NOTHING = "below an empty message"
    # Neither the title nor the line with the exception has come through.
    FRAMES_ONLY = "frames only"


class Link(enum.Enum):
    """How an exception came from another one."""

    CAUSE = "The above exception was the direct cause of the following exception:"
    CONTEXT = "During handling of the above exception, another exception occurred:"


@dataclass(frozen=True)
class Frame:
    """One line of code in a stack. ``path`` is a template."""

    path: str
    line: int
    function: str
    source: str


@dataclass(frozen=True)
class Raised:
    """An exception: its type with its module, its message, its frames, and what came before."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    after: Optional[Raised] = None
    link: Link = Link.CAUSE
    # Frames that call one another until the stack is full; they follow ``frames``.
    recursion: tuple[Frame, ...] = ()
    # The exceptions of a group.
    members: tuple[Raised, ...] = ()
    # What Python 3.12 and later add to the message.
    suggestion: str = ""
    # Not in Python 2: the type, the message or what raises it.
    is_python3: bool = False

    @property
    def chain(self) -> tuple[Raised, ...]:
        """This exception and all before it, the first one first."""
        return (*(self.after.chain if self.after else ()), self)


@dataclass(frozen=True)
class Problem:
    """What one ticket is for. Two problems differ in what somebody has to do about them."""

    name: str
    message: str = ""
    raised: Optional[Raised] = None
    logger: str = "sgtk.env.project.tk-maya"
    dialect: Dialect = Dialect.TOOLKIT
    shape: Shape = Shape.BELOW
    level: str = "ERROR"
