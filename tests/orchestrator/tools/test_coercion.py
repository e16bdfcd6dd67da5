"""Which arguments are corrected, which are refused, and what a model is told (issue 4, docs/requests.md)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.tools.arguments import ArgumentChecker, InvalidArguments
from orchestrator.tools.coercion import corrected
from runtimes.values import Json, JsonObject

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "integer": {"type": "integer"},
        "number": {"type": "number"},
        "boolean": {"type": "boolean"},
        "string": {"type": "string"},
        "array": {"type": "array", "items": {"type": "integer"}},
        "object": {
            "type": "object",
            "properties": {"n": {"type": "integer"}, "o": {"type": "string"}, "r": {"type": "string"}},
            "required": ["r"],
        },
        "maybe": {"type": ["integer", "null"]},
        "either": {"type": ["integer", "string"]},
        "any": {},
        "tree": {"$ref": "#/$defs/tree"},
    },
    "$defs": {
        "tree": {
            "type": "object",
            "properties": {"size": {"type": "integer"}, "below": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
        }
    },
}

CORRECTED: list[tuple[str, Json, Json]] = [
    ("integer", "3", 3),
    ("integer", "-12", -12),
    ("integer", "0", 0),
    ("integer", 3.0, 3),
    ("number", "2.5", 2.5),
    ("number", "-1e3", -1000.0),
    ("number", "7", 7),
    ("boolean", "true", True),
    ("boolean", "false", False),
    ("string", 98101, "98101"),
    ("string", -1, "-1"),
    ("array", "[1, 2]", [1, 2]),
    ("array", ["1", 2.0], [1, 2]),
    ("array", '["1"]', [1]),
    ("object", '{"r": "a", "n": "3"}', {"r": "a", "n": 3}),
    ("object", {"r": "a", "o": None}, {"r": "a"}),
    ("maybe", "3", 3),
    ("tree", {"size": "1", "below": [{"size": "2", "below": None}]}, {"size": 1, "below": [{"size": 2}]}),
]

KEPT: list[tuple[str, Json]] = [
    ("integer", " 3"),
    ("integer", "3.0"),
    ("integer", "03"),
    ("integer", "+3"),
    ("integer", "1e2"),
    ("integer", "9" * 40),
    ("integer", 2.5),
    ("integer", True),
    ("integer", "\u0663"),
    ("number", "1e999"),
    ("number", "NaN"),
    ("number", ".5"),
    ("boolean", "True"),
    ("boolean", "yes"),
    ("boolean", 1),
    ("string", 2.5),
    ("string", True),
    ("string", ["a"]),
    ("array", 5),
    ("array", "5"),
    ("array", "1, 2"),
    ("array", "[1"),
    ("object", "[]"),
    ("object", '{"r": 1'),
]


@pytest.mark.parametrize(("name", "given", "expected"), CORRECTED)
def test_what_can_mean_one_thing_only_is_corrected(name: str, given: Json, expected: Json) -> None:
    checked = ArgumentChecker(SCHEMA).check({name: given})
    assert checked == {name: expected}
    assert type(checked[name]) is type(expected)


@pytest.mark.parametrize(("name", "value"), KEPT)
def test_nothing_is_guessed(name: str, value: Json) -> None:
    assert corrected({name: value}, SCHEMA) == {name: value}
    with pytest.raises(InvalidArguments, match=rf"^{name}: "):
        ArgumentChecker(SCHEMA).check({name: value})


def test_what_may_be_several_things_stays_as_it_is() -> None:
    arguments: JsonObject = {"either": "3", "any": "3", "maybe": None}
    assert ArgumentChecker(SCHEMA).check(arguments) == arguments


def test_a_required_null_is_told_and_an_optional_one_left_out() -> None:
    assert ArgumentChecker(SCHEMA).check({"integer": None}) == {}
    with pytest.raises(InvalidArguments, match=r'object/r: null is not of type "string"'):
        ArgumentChecker(SCHEMA).check({"object": {"r": None}})


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_numbers_that_json_cannot_write_are_refused(value: float) -> None:
    with pytest.raises(InvalidArguments, match="cannot be written as JSON"):
        ArgumentChecker(SCHEMA).check({"any": [{"a": value}]})


TOLD: Mapping[str, tuple[JsonObject, JsonObject, str]] = {
    "place": (
        {"properties": {"a": {"items": {"type": "integer"}}}},
        {"a": [1, "x"]},
        'a/1: "x" is not of type "integer"',
    ),
    "missing": ({"required": ["city"]}, {}, '"city" is a required property'),
    "choices": ({"properties": {"a": {"enum": ["x", "y"]}}}, {"a": "z"}, 'a: "z" is not one of "x" or "y"'),
    "unknown": ({"properties": {"city": {}}}, {"ctiy": 1}, "there is no parameter 'ctiy'; did you mean 'city'?"),
    "alternatives": (
        {"properties": {"a": {"anyOf": [{"type": "integer"}, {"required": ["x"], "type": "object"}]}}},
        {"a": {"y": 1}},
        """in the 'anyOf' keyword ({"y":1} is not of type "integer"; or "x" is a required property)""",
    ),
    "inside-alternatives": (
        {"properties": {"a": {"oneOf": [{"properties": {"k": {"const": 1}}}]}}},
        {"a": {"k": 2}},
        "(k: 1 was expected)",
    ),
}


@pytest.mark.parametrize(("schema", "arguments", "told"), TOLD.values(), ids=TOLD)
def test_a_model_is_told_what_to_correct(schema: JsonObject, arguments: JsonObject, told: str) -> None:
    with pytest.raises(InvalidArguments, match=re.escape(told)):
        ArgumentChecker({"type": "object", **schema}).check(arguments)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["n", "r", "size", "below"]), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*SCHEMA["properties"]] if isinstance(SCHEMA["properties"], dict) else []), VALUES)
)
def test_a_corrected_value_needs_no_more_correction(arguments: JsonObject) -> None:
    once = corrected(arguments, SCHEMA)
    assert corrected(once, SCHEMA) == once
