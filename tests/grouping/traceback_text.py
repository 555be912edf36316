"""How the Pythons print an exception, line by line; checked against them in ``test_grouping.py``."""

from __future__ import annotations

from collections.abc import Iterator

from occasion import Occasion, Python, Sources
from problem import Frame, Raised

TITLE = "Traceback (most recent call last):"
# What Python shows of a frame that calls itself, before it counts.
_SHOWN_REPEATS = 3


def traceback_lines(raised: Raised, occasion: Occasion) -> list[str]:
    """The lines of an exception with all that came before it."""
    lines: list[str] = []
    for one in raised.chain:
        if one.after:
            lines += ["", one.link.value, ""]
        lines += _group_lines(one, occasion) if one.members else _plain_lines(one, occasion)
    return lines


def frame_lines(raised: Raised, occasion: Occasion) -> list[str]:
    """The lines of the frames alone."""
    lines = [line for frame in raised.frames for line in _frame(frame, occasion)]
    if len(raised.recursion) == 1:
        again = _frame(raised.recursion[0], occasion)
        lines += again * _SHOWN_REPEATS
        lines.append(f"  [Previous line repeated {occasion.recursion_depth * 20} more times]")
    elif raised.recursion:
        lap = [line for frame in raised.recursion for line in _frame(frame, occasion)]
        lines += lap * occasion.recursion_depth
    return lines


def exception_lines(raised: Raised, occasion: Occasion) -> list[str]:
    """The exception's type and message."""
    name = occasion.fill(raised.type)
    message = occasion.fill(raised.message)
    if occasion.python is Python.V2:
        # Python 2 does not name the module.
        name = name.rpartition(".")[2]
        if occasion.has_unicode_prefix and name == "KeyError" and message.startswith("'"):
            message = f"u{message}"
    if occasion.python is Python.V313:
        message += raised.suggestion
    if raised.members:
        message += f" ({len(raised.members)} sub-exceptions)"
    return (f"{name}: {message}" if message else name).split("\n")


def _plain_lines(raised: Raised, occasion: Occasion) -> list[str]:
    title = [TITLE] if raised.frames else []
    return [*title, *frame_lines(raised, occasion), *exception_lines(raised, occasion)]


def _group_lines(raised: Raised, occasion: Occasion) -> list[str]:
    lines = [f"  + Exception Group {TITLE}"]
    lines += [f"  | {line}" for line in frame_lines(raised, occasion) + exception_lines(raised, occasion)]
    for number, member in enumerate(raised.members, 1):
        lines.append(f"  {'+-' if number == 1 else '  '}+---------------- {number} ----------------")
        lines += [f"    | {line}" for line in traceback_lines(member, occasion)]
    lines.append("    +------------------------------------")
    return lines


def _frame(frame: Frame, occasion: Occasion) -> list[str]:
    path = occasion.fill(frame.path)
    head = f'  File "{path}", line {occasion.line(frame.line)}, in {frame.function}'
    is_hidden = occasion.sources is Sources.OWN_ONLY and "bundle://" in frame.path
    if occasion.sources is Sources.NONE or is_hidden or not frame.source:
        return [head]
    return [head, *_source(frame.source, occasion)]


def _source(source: str, occasion: Occasion) -> Iterator[str]:
    call, bracket, arguments = source.partition("(")
    is_long = arguments.endswith(")") and ", " in arguments and not source.startswith("raise")
    if not (occasion.is_reformatted and is_long):
        marks = _marks(source, occasion.python)
        yield from (f"    {line}" for line in (source, marks) if line)
        return
    yield f"    {call}{bracket}"
    start = _expression_start(source)
    if occasion.python is Python.V311 and start:
        yield f"    {' ' * start}{'^' * (len(call) + 1 - start)}"
    if occasion.python is Python.V313:
        # It shows all lines of the statement.
        has_marks = bool(_marks(source, occasion.python))
        if has_marks:
            yield f"    {' ' * start}{'~' * (len(call) - start)}^"
        for argument in arguments[:-1].split(", "):
            yield f"        {argument},"
            if has_marks:
                yield f"        {'^' * (len(argument) + 1)}"
        yield "    )"
        if has_marks:
            yield "    ^"


def _marks(source: str, python: Python) -> str:
    """The line of ``~`` and ``^`` below a line of code, or nothing: often all of it would be marked."""
    if python not in (Python.V311, Python.V313) or source.startswith(("raise", "import", "from")):
        return ""
    start = _expression_start(source)
    opening = source.rfind("[") if source.endswith("]") else source.find("(", start)
    if source.endswith(")") and opening > start:
        if python is Python.V311:
            return " " * start + "^" * (len(source) - start) if start else ""
        # 3.13 finds marks of no use below `x = f()` and `return f()`, but not below `return self.f()`.
        if start and not (source.startswith("return ") and "." in source[start:opening]):
            return ""
    elif not source.endswith("]"):
        return " " * start + "^" * (len(source) - start) if start else ""
    return " " * start + "~" * (opening - start) + "^" * (len(source) - opening)


def _expression_start(source: str) -> int:
    if source.startswith("return "):
        return len("return ")
    name, equals, _ = source.partition(" = ")
    return len(name) + len(equals) if equals and "(" not in name else 0
