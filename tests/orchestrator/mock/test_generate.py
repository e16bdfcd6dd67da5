"""Made-up data are valid, bounded, and the same each time."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.mock.generate import MAX_GENERATED_ITEMS, generated
from orchestrator.mock.scalars import MAX_TEXT_CHARS, text
from orchestrator.mock.schemas import compiled
from runtimes.values import Json, JsonObject, depth_of, dump_json
from tests.rounds import rounds

FORMATS = (
    "date",
    "date-time",
    "time",
    "duration",
    "uuid",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "iri",
    "uri-reference",
    "iri-reference",
    "uri-template",
    "json-pointer",
    "relative-json-pointer",
    "regex",
    "byte",
    "int32",
    "something else",
)


def is_valid(schema: Json, value: Json) -> bool:
    validator = compiled(schema)
    assert validator is not None
    return validator.is_valid(value)


@st.composite
def bounds(draw: st.DrawFn, low: str, high: str, most: int) -> JsonObject:
    first, span = draw(st.integers(0, most)), draw(st.integers(0, most))
    found: JsonObject = {}
    if draw(st.booleans()):
        found[low] = first
    if draw(st.booleans()):
        found[high] = first + span
    return found


@st.composite
def numbers(draw: st.DrawFn) -> JsonObject:
    low = draw(st.integers(-1000, 1000))
    found: JsonObject = {"type": draw(st.sampled_from(["integer", "number"]))}
    if draw(st.booleans()):
        found[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        found[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = low + draw(st.integers(20, 1000))
    if draw(st.booleans()):
        found["multipleOf"] = draw(st.sampled_from([1, 2, 5, 10]))
    return found


def sized(limits: JsonObject) -> Json:
    return {"type": "string", **limits}


def formatted(name: str) -> Json:
    return {"type": "string", "format": name}


def patterned(pattern: str) -> Json:
    return {"type": "string", "pattern": pattern}


def chosen(values: list[str]) -> Json:
    return {"enum": [*values]}


STRINGS: st.SearchStrategy[Json] = st.one_of(
    bounds("minLength", "maxLength", 60).map(sized),
    st.sampled_from(FORMATS).map(formatted),
    st.sampled_from(["^[a-z]{2,5}$", r"^\d{3}$"]).map(patterned),
    st.lists(st.text(max_size=5), min_size=1, max_size=4).map(chosen),
)
PLAIN: tuple[Json, ...] = ({"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {"const": 3}, {}, True)
SCALARS: st.SearchStrategy[Json] = st.one_of(
    STRINGS,
    numbers(),
    st.sampled_from(PLAIN),
)


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Json]) -> JsonObject:
    properties = draw(st.dictionaries(st.sampled_from("abcdef"), inner, max_size=4))
    required = draw(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=3))
    found: JsonObject = {"type": "object", "properties": properties, "required": [*required]}
    more = draw(st.sampled_from(["open", "closed", "typed"]))
    if more == "closed":
        found |= {"additionalProperties": False, "required": [name for name in required if name in properties]}
    if more == "typed":
        found["additionalProperties"] = draw(inner)
    if draw(st.booleans()) and more != "closed":
        found["minProperties"] = draw(st.integers(0, 5))
    return found


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[Json]) -> JsonObject:
    found: JsonObject = {"type": "array", "items": draw(inner), **draw(bounds("minItems", "maxItems", 5))}
    if draw(st.booleans()):
        found["prefixItems"] = draw(st.lists(inner, min_size=1, max_size=2))
    return found


def any_of(parts: list[Json]) -> Json:
    return {"anyOf": parts}


def all_of(part: Json) -> Json:
    return {"allOf": [part, {"properties": {"title": {"type": "string"}}}]}


def composed(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    consistent = objects(inner).filter(lambda part: not part.get("additionalProperties"))
    choices = st.lists(inner, min_size=1, max_size=3).map(any_of)
    return st.one_of(objects(inner), arrays(inner), choices, consistent.map(all_of))


SCHEMAS = st.recursive(SCALARS, composed, max_leaves=8)


@settings(max_examples=rounds(1), deadline=None)
@given(SCHEMAS, st.integers(0, 20))
def test_made_up_data_are_valid(schema: Json, seed: int) -> None:
    document: JsonObject = {"type": "object", "required": ["x"], "properties": {"x": schema}}
    value = generated(document, str(seed))
    assert is_valid(document, value), value


@settings(max_examples=40, deadline=None)
@given(SCHEMAS)
def test_the_same_seed_makes_the_same_data(schema: Json) -> None:
    document: JsonObject = {"allOf": [schema]}
    assert generated(document, "s") == generated(document, "s")


def test_another_seed_makes_other_data() -> None:
    schema: JsonObject = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "string", "format": "uuid"}},
    }
    assert len({dump_json(generated(schema, str(seed))) for seed in range(10)}) == 10


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_format_is_kept(format_name: str) -> None:
    schema: JsonObject = {"type": "string", "format": format_name}
    assert all(is_valid(schema, generated(schema, str(seed))) for seed in range(20))


def test_an_example_of_the_author_is_taken_where_it_is_valid() -> None:
    schema: JsonObject = {
        "type": "object",
        "required": ["a", "b"],
        "properties": {"a": {"type": "integer", "example": 7}, "b": {"type": "integer", "example": "seven"}},
    }
    value = generated(schema, "s")
    assert isinstance(value, dict)
    assert value["a"] == 7
    assert isinstance(value["b"], int)


def test_a_cycle_that_may_end_ends_in_valid_data() -> None:
    schema: JsonObject = {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "required": ["name", "children", "parent"],
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                    "parent": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                },
            }
        },
    }
    for seed in range(10):
        value = generated(schema, str(seed))
        assert is_valid(schema, value)
        assert depth_of(value) < 40
        assert len(dump_json(value)) < 500_000


CYCLES: tuple[JsonObject, ...] = (
    {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
    {"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}},
    {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}},
    {
        "$ref": "#/$defs/a",
        "$defs": {
            "a": {"required": ["x", "y"], "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}}}
        },
    },
    {"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "minItems": 9, "items": {"$ref": "#/$defs/a"}}}},
)


@pytest.mark.parametrize("schema", CYCLES)
def test_a_cycle_that_never_ends_is_cut(schema: JsonObject) -> None:
    assert len(dump_json(generated(schema, "s"))) < 1_000_000


def test_sizes_that_nobody_wants_are_bounded() -> None:
    schema: JsonObject = {
        "type": "object",
        "required": ["text", "items", "nested"],
        "minProperties": 10**9,
        "properties": {
            "text": {"type": "string", "minLength": 10**9},
            "items": {"type": "array", "minItems": 10**9, "items": {"type": "integer"}},
            "nested": {"type": "array", "minItems": 10**9, "items": {"type": "array", "minItems": 10**9}},
        },
    }
    value = generated(schema, "s")
    assert isinstance(value, dict)
    assert len(str(value["text"])) <= MAX_TEXT_CHARS
    assert isinstance(value["items"], list)
    assert len(value["items"]) <= MAX_GENERATED_ITEMS
    assert len(dump_json(value)) < 1_000_000


def test_members_have_the_values_of_what_was_given_where_they_may() -> None:
    schema: JsonObject = {
        "type": "object",
        "required": ["id", "city", "state"],
        "properties": {"id": {"type": "integer"}, "city": {"type": "string"}, "state": {"enum": ["open"]}},
    }
    value = generated(schema, "s", {"id": 42, "city": "Seattle", "state": "shut"})
    assert value == {"id": 42, "city": "Seattle", "state": "open"}


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"}, r"20\d\d-(0[1-9]|1[0-2])-\d\d"),
        ({"format": "date", "pattern": "^x{3}$"}, "xxx"),
        ({"format": "date", "pattern": "((("}, r"20\d\d-\d\d-\d\d"),
    ],
)
def test_a_format_is_followed_where_its_text_fits_the_pattern(schema: JsonObject, made: str) -> None:
    assert re.fullmatch(made, text(schema, random.Random(3)))
