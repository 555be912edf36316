"""The sandbox's read conditions, against one row."""

from __future__ import annotations

from typing import Any

import pytest

from tk_incident.sandbox import filters
from tk_incident.sandbox.faults import Fault

ROW: dict[str, Any] = {
    "id": 7,
    "title": "mira - RuntimeError",
    "description": None,
    "count": 3,
    "seen": "2026-11-22T00:21:30Z",
    "done": True,
    "project": {"type": "Project", "id": 1, "name": "Sandbox"},
    "tags": [{"type": "Tag", "id": 1}, {"type": "Tag", "id": 2}],
    "attachments": [],
    "project.Project.name": "Sandbox",
}


def accepts(*conditions: Any, operator: str = "and") -> bool:
    return filters.parse({"logical_operator": operator, "conditions": list(conditions)}).accepts(ROW.get)


def condition(path: str, relation: str, *values: Any) -> dict[str, Any]:
    return {"path": path, "relation": relation, "values": list(values)}


@pytest.mark.parametrize(
    ("path", "relation", "values", "expected"),
    [
        ("id", "is", [7], True),
        ("id", "is", [8], False),
        ("done", "is", [1], False),
        ("done", "is", [True], True),
        ("title", "is", ["MIRA - runtimeerror"], True),
        ("title", "is_not", ["MIRA - runtimeerror"], False),
        ("title", "is_not", ["other"], True),
        ("description", "is", [None], True),
        ("description", "is_not", [None], False),
        ("description", "is", [""], False),
        ("project", "is", [{"type": "Project", "id": 1}], True),
        ("project", "is", [{"type": "Project", "id": 2}], False),
        ("project", "is", [{"type": "Tag", "id": 1}], False),
        ("project.Project.name", "is", ["sandbox"], True),
        ("tags", "is", [{"type": "Tag", "id": 2}], True),
        ("tags", "is_not", [{"type": "Tag", "id": 2}], False),
        ("tags", "is", [None], False),
        ("attachments", "is", [None], True),
        ("attachments", "is_not", [None], False),
        ("id", "in", [1, 7], True),
        ("id", "in", [], False),
        ("id", "not_in", [], True),
        ("id", "not_in", [1, 7], False),
        ("tags", "in", [{"type": "Tag", "id": 9}, {"type": "Tag", "id": 1}], True),
        ("tags", "not_in", [{"type": "Tag", "id": 9}], True),
        ("title", "contains", ["RUNTIME"], True),
        ("title", "contains", ["key"], False),
        ("title", "not_contains", ["key"], True),
        ("title", "not_contains", ["RUNTIME"], False),
        ("description", "contains", [""], False),
        ("description", "not_contains", ["x"], True),
        ("title", "starts_with", ["Mira"], True),
        ("title", "starts_with", ["Error"], False),
        ("title", "ends_with", ["error"], True),
        ("title", "ends_with", ["mira"], False),
        ("count", "less_than", [4], True),
        ("count", "less_than", [3], False),
        ("count", "greater_than", [2], True),
        ("count", "greater_than", [3], False),
        ("description", "less_than", ["x"], False),
        ("seen", "less_than", ["2026-11-22T00:21:31Z"], True),
        ("seen", "greater_than", ["2026-11-22T00:21:30Z"], False),
        ("count", "between", [3, 3], True),
        ("count", "between", [4, 9], False),
        ("description", "between", ["a", "z"], False),
    ],
)
def test_relations(path: str, relation: str, values: list[Any], expected: bool) -> None:
    assert accepts(condition(path, relation, *values)) is expected


def test_and_or_and_nesting() -> None:
    yes, no = condition("id", "is", 7), condition("id", "is", 8)
    assert accepts(yes, yes)
    assert not accepts(yes, no)
    assert accepts(yes, no, operator="or")
    assert not accepts(no, no, operator="or")
    assert accepts(yes, {"logical_operator": "or", "conditions": [no, yes]})
    assert not accepts(yes, {"logical_operator": "and", "conditions": [no, yes]})


@pytest.mark.parametrize("operator", ["and", "or"])
def test_no_conditions_accept_every_row(operator: str) -> None:
    assert accepts(operator=operator)


@pytest.mark.parametrize(
    "node",
    [
        None,
        [],
        {"logical_operator": "xor", "conditions": []},
        {"logical_operator": ["and"], "conditions": []},
        {"logical_operator": "and", "conditions": {}},
        {"logical_operator": "and"},
        {},
        condition("id", "in_last", 3, "DAY"),
        condition("id", "is"),
        condition("id", "is", 1, 2),
        condition("id", "between", 1),
        condition("title", "contains", None),
        condition("title", "starts_with", 5),
        {"path": "id", "relation": "is", "values": 7},
        {"path": None, "relation": "is", "values": [7]},
        {"path": "id", "relation": ["is"], "values": [7]},
    ],
)
def test_what_is_no_filter_is_a_fault_before_any_row_is_seen(node: Any) -> None:
    with pytest.raises(Fault, match=r"^API read\(\)"):
        filters.parse(node)


def test_unsupported_relation_is_named() -> None:
    with pytest.raises(Fault, match="does not support the relation 'type_is'"):
        filters.parse(condition("project", "type_is", "Project"))


def test_comparing_what_has_no_order_is_a_fault() -> None:
    with pytest.raises(Fault, match="cannot compare int with str"):
        accepts(condition("count", "less_than", "4"))


def test_nesting_is_bounded() -> None:
    node: Any = condition("id", "is", 7)
    for _ in range(filters.MAX_DEPTH + 1):
        node = {"logical_operator": "and", "conditions": [node]}
    with pytest.raises(Fault, match="nested"):
        filters.parse(node)


def test_paths_are_those_of_all_conditions() -> None:
    nested = {"logical_operator": "or", "conditions": [condition("a", "is", 1), condition("b.C.d", "is", 2)]}
    assert list(filters.parse(nested).paths()) == ["a", "b.C.d"]
