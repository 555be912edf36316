"""The conditions of a read: which rows a client asked for.

A filter is parsed as a whole before it meets a row, so that a condition the sandbox does not know is a
:class:`Fault` even where no row would have been tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from .faults import Fault

Lookup = Callable[[str], Any]
"""Gives a row's value at a field path such as ``title`` or ``project.Project.name``."""

# Deeper than any script writes, and far from the interpreter's recursion limit.
MAX_DEPTH = 20


class Filter(Protocol):
    """Something that accepts a row or does not."""

    def accepts(self, lookup: Lookup) -> bool:
        """Whether the row behind ``lookup`` passes."""

    def paths(self) -> Iterator[str]:
        """Every field path that is looked at."""


@dataclass(frozen=True)
class Condition:
    """One field compared with values."""

    path: str
    relation: str
    values: Sequence[Any]

    def accepts(self, lookup: Lookup) -> bool:
        """Whether the row's value at the path stands in the relation to the values."""
        have = lookup(self.path)
        positive = _NEGATIONS.get(self.relation)
        test = _TESTS[positive or self.relation]
        if isinstance(have, list):
            # A link to many passes where one of its entities does; an empty one counts as one None.
            passes = any(test(one, self.values) for one in have or [None])
        else:
            passes = test(have, self.values)
        return passes if positive is None else not passes

    def paths(self) -> Iterator[str]:
        """The one path."""
        yield self.path


@dataclass(frozen=True)
class Group:
    """Conditions of which all or any must hold. An empty one accepts every row, as on a site."""

    operator: str
    members: Sequence[Filter]

    def accepts(self, lookup: Lookup) -> bool:
        """Whether all (``and``) or any (``or``) of the members accept the row."""
        if not self.members:
            return True
        # The first that accepts decides an "or", the first that does not an "and".
        decisive = self.operator != "and"
        for member in self.members:
            if member.accepts(lookup) == decisive:
                return decisive
        return not decisive

    def paths(self) -> Iterator[str]:
        """The paths of all members."""
        for member in self.members:
            yield from member.paths()


def parse(filters: object) -> Filter:
    """Read ``{"logical_operator": …, "conditions": […]}`` as the client sends it. Raises :class:`Fault`."""
    return _parse(filters, depth=0)


def _parse(node: object, depth: int) -> Filter:
    if depth > MAX_DEPTH:
        raise Fault(f"API read() filters are nested more than {MAX_DEPTH} deep")
    if not isinstance(node, dict):
        raise Fault("API read() expected a filter to be a hash with conditions")
    if "logical_operator" not in node:
        return _parse_condition(node)
    operator, conditions = node["logical_operator"], node.get("conditions")
    if operator not in ("and", "or"):
        raise Fault(f"API read() logical_operator must be 'and' or 'or', not {operator!r}")
    if not isinstance(conditions, list):
        raise Fault("API read() expected the conditions of a filter to be an array")
    return Group(operator, [_parse(one, depth + 1) for one in conditions])


def _parse_condition(node: dict[str, Any]) -> Condition:
    path, relation, values = node.get("path"), node.get("relation"), node.get("values")
    if not isinstance(path, str) or not isinstance(relation, str) or not isinstance(values, list):
        raise Fault("API read() a condition needs a path, a relation and an array of values")
    positive = _NEGATIONS.get(relation, relation)
    if positive not in _TESTS:
        raise Fault(f"API read() the sandbox does not support the relation '{relation}' (on {path})")
    wanted = _COUNTS.get(positive, 1)
    if wanted is not None and len(values) != wanted:
        raise Fault(f"API read() '{relation}' on {path} takes {wanted} value(s) but got {len(values)}")
    if positive in _TEXT_RELATIONS and not isinstance(values[0], str):
        raise Fault(f"API read() '{relation}' on {path} takes a string")
    return Condition(path, relation, values)


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    """The text without case. Searches look at the same descriptions over and over."""
    return text.casefold()


def _same(have: Any, want: Any) -> bool:
    if isinstance(have, dict) and isinstance(want, dict):
        return bool((have.get("type"), have.get("id")) == (want.get("type"), want.get("id")))
    if isinstance(have, str) and isinstance(want, str):
        return _folded(have) == _folded(want)  # a site compares without case
    if isinstance(have, bool) != isinstance(want, bool):
        return False  # to Python, True is 1
    return bool(have == want)


def _before(low: Any, high: Any) -> bool:
    """Whether ``low`` sorts before ``high``. Dates travel as ISO 8601 in UTC, whose order is that of text."""
    if low is None or high is None:
        return False
    if isinstance(low, str) and isinstance(high, str):
        return _folded(low) < _folded(high)
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        return low < high
    raise Fault(f"API read() cannot compare {type(low).__name__} with {type(high).__name__}")


def _is(have: Any, values: Sequence[Any]) -> bool:
    return _same(have, values[0])


def _in(have: Any, values: Sequence[Any]) -> bool:
    return any(_same(have, value) for value in values)


def _contains(have: Any, values: Sequence[Any]) -> bool:
    return isinstance(have, str) and _folded(values[0]) in _folded(have)


def _starts_with(have: Any, values: Sequence[Any]) -> bool:
    return isinstance(have, str) and _folded(have).startswith(_folded(values[0]))


def _ends_with(have: Any, values: Sequence[Any]) -> bool:
    return isinstance(have, str) and _folded(have).endswith(_folded(values[0]))


def _less_than(have: Any, values: Sequence[Any]) -> bool:
    return _before(have, values[0])


def _greater_than(have: Any, values: Sequence[Any]) -> bool:
    return _before(values[0], have)


def _between(have: Any, values: Sequence[Any]) -> bool:
    low, high = values
    if have is None or low is None or high is None:
        return False
    return not _before(have, low) and not _before(high, have)


_TESTS: dict[str, Callable[[Any, Sequence[Any]], bool]] = {
    "is": _is,
    "in": _in,
    "contains": _contains,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "less_than": _less_than,
    "greater_than": _greater_than,
    "between": _between,
}
_NEGATIONS = {"is_not": "is", "not_in": "in", "not_contains": "contains"}
_TEXT_RELATIONS = ("contains", "starts_with", "ends_with")
# How many values a relation takes, where it is not one; None is any number.
_COUNTS: dict[str, int | None] = {"in": None, "between": 2}
