"""A table as aligned plain text: what a pipe, a file or a terminal without rich gets."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Optional

_GAP = "  "
_NARROWEST = 12


@dataclass(frozen=True)
class Column:
    """One column: its title, whether it holds numbers, and whether it gives way on a narrow terminal."""

    title: str
    right: bool = False
    flexible: bool = False


def printable(text: str) -> str:
    """Return ``text`` as one line in which nothing can steer a terminal.

    Log records are written by others: an escape sequence in one could move the cursor, retitle the
    window or hide a line, and a bidirectional mark could show a path backwards.
    """
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def plain_table(
    columns: Sequence[Column], rows: Iterable[Sequence[str]], width: Optional[int] = None
) -> list[str]:
    """Return the lines of a table; flexible columns are cut where ``width`` is given and too small."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [
        max([_columns(column.title), *(_columns(row[index]) for row in cells)])
        for index, column in enumerate(columns)
    ]
    if width is not None:
        _narrow(widths, columns, width)
    lines = [[column.title for column in columns], ["-" * size for size in widths], *cells]
    return [_line(line, columns, widths) for line in lines]


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode("ascii")


def _columns(text: str) -> int:
    """How many terminal cells ``text`` takes: CJK characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _narrow(widths: list[int], columns: Sequence[Column], width: int) -> None:
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    for index in sorted(range(len(widths)), key=lambda each: -widths[each]):
        if excess <= 0:
            return
        if columns[index].flexible:
            narrower = max(_NARROWEST, widths[index] - excess)
            excess -= max(0, widths[index] - narrower)
            widths[index] = min(widths[index], narrower)


def _line(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    padded = []
    for cell, column, width in zip(cells, columns, widths):
        shown = cell if _columns(cell) <= width else _cut(cell, width)
        space = " " * (width - _columns(shown))
        padded.append(space + shown if column.right else shown + space)
    return _GAP.join(padded).rstrip()


def _cut(text: str, width: int) -> str:
    kept = ""
    room = width - len("...")
    for character in text:
        room -= _cells(character)
        if room < 0:
            break
        kept += character
    return kept + "..."
