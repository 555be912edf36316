"""The record that a problem leaves in a log on one occasion."""

from __future__ import annotations

import re

from occasion import Occasion
from problem import Dialect, Problem, Shape
from traceback_text import frame_lines, traceback_lines

# As a word processor or a chat does it: a quote opens behind a space or a bracket.
_OPENING_DOUBLE = re.compile(r'(^|[\s(\[{=:])"')
_OPENING_SINGLE = re.compile(r"(^|[\s(\[{=:])'")


def record_text(problem: Problem, occasion: Occasion) -> str:
    """The record's whole text."""
    lines = _body(problem, occasion)
    if not occasion.has_indentation:
        lines = [line.lstrip() for line in lines]
    if occasion.has_smart_quotes:
        lines = [_with_smart_quotes(line) for line in lines]
    return occasion.newline.join(_in_dialect(problem, occasion, lines))


def _body(problem: Problem, occasion: Occasion) -> list[str]:
    message = occasion.fill(problem.message).split("\n")
    raised = problem.raised
    if problem.shape is Shape.BELOW_NOTHING:
        return ["", *message, *(traceback_lines(raised, occasion) if raised else [])]
    if raised is None:
        return message
    if problem.shape is Shape.FRAMES_ONLY:
        return [*message, *frame_lines(raised, occasion)]
    lines = traceback_lines(raised, occasion)
    if problem.shape is Shape.BEHIND:
        return [*message[:-1], message[-1] + lines[0], *lines[1:]]
    return [*message, *lines] if problem.message else lines


def _in_dialect(problem: Problem, occasion: Occasion, lines: list[str]) -> list[str]:
    dialect = problem.dialect
    if dialect is Dialect.BARE:
        return lines
    if dialect in (Dialect.MAYA, Dialect.MEL):
        mark = "#" if dialect is Dialect.MAYA else "//"
        marked = [f"{mark} Error: {lines[0]}", *(f"{mark} {line}" for line in lines[1:])]
        return [*marked[:-1], f"{marked[-1]} {mark}"]
    if dialect is Dialect.UNREAL:
        time = occasion.fill("[{unreal_time}]") if occasion.has_time else ""
        return [f"{time}LogPython: Error: {line}" for line in lines]
    return [_header(problem, occasion) + lines[0], *lines[1:]]


def _header(problem: Problem, occasion: Occasion) -> str:
    logger, level = occasion.fill(problem.logger), problem.level
    time = occasion.words["time"]
    headers = {
        Dialect.TOOLKIT: f"{time} [{occasion.words['pid']} {level} {logger}] ",
        Dialect.PROXY: f"{time} [{occasion.words['pid']} {level} {logger}] [PROXY] ",
        Dialect.LOGGING: f"{level}:{logger}:",
        Dialect.LOGGING_DASHES: f"{time} - {logger} - {level} - ",
        Dialect.LOGGING_COLUMNS: f"{time} {level:8} {logger}: ",
    }
    return headers[problem.dialect]


def _with_smart_quotes(line: str) -> str:
    line = _OPENING_DOUBLE.sub("\\1\N{LEFT DOUBLE QUOTATION MARK}", line)
    line = line.replace('"', "\N{RIGHT DOUBLE QUOTATION MARK}")
    line = _OPENING_SINGLE.sub("\\1\N{LEFT SINGLE QUOTATION MARK}", line)
    return line.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")
