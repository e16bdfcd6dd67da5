"""Judging by JSON Schemas of strangers: what the engine says, and nothing that takes all time or memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtimes import json_schema
from runtimes.json_schema import JsonSchema, Mistake
from runtimes.schema_visits import ENDLESS, Visits
from runtimes.values import Json, JsonObject, dump_json
from tests.rounds import rounds

ADDRESS_SPACE = 1024 * 1024 * 1024
"""Bytes that a process which judges a hostile schema may reserve."""

GUARD_SECONDS = 20
"""For all of it, on a busy machine; each takes well under one."""

LEVELS = 40
LEAF: JsonObject = {"type": "object", "properties": {"a": {"type": "string"}}}


def doubled(keyword: str) -> JsonObject:
    """A schema that refers to a smaller one twice, many times over."""
    definitions: JsonObject = {"s0": LEAF}
    for level in range(1, LEVELS):
        smaller: JsonObject = {"$ref": f"#/$defs/s{level - 1}"}
        definitions[f"s{level}"] = {keyword: [smaller, smaller]}
    return {"$ref": f"#/$defs/s{LEVELS - 1}", "$defs": definitions}


def nested(value: Json, depth: int) -> Json:
    for _ in range(depth):
        value = {"a": value}
    return value


def chained(length: int) -> JsonObject:
    """A long way of references from one member to the next."""
    definitions: JsonObject = {f"s{step}": {"allOf": [{"$ref": f"#/$defs/s{step + 1}"}]} for step in range(length)}
    definitions[f"s{length}"] = {"type": "object", "properties": {"a": {"$ref": "#/$defs/s0"}}}
    return {"$ref": "#/$defs/s0", "$defs": definitions}


TWO_WAYS: JsonObject = {"type": "object", "properties": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}}
NAMES: list[Json] = [f"n{number}" for number in range(2000)]
NULLS: list[Json] = [{"type": "null", "maxLength": number} for number in range(2000)]
BIG: JsonObject = {f"k{number}": number for number in range(20_000)}

ONES: list[Json] = [1] * 100_000
TEXTS: list[Json] = ["a" * 100] * 2000

HOSTILE: dict[str, tuple[JsonObject, Json]] = {
    **{keyword: (doubled(keyword), {"a": 1}) for keyword in ("allOf", "anyOf", "oneOf")},
    "not": ({"not": {"$ref": "#/$defs/s39"}, **doubled("anyOf")}, {"a": 1}),
    "inside": (TWO_WAYS, nested(1, 100)),
    "chain": (chained(1500), nested(1, 100)),
    "circle": ({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}}, 1),
    "quotes": ({"anyOf": NULLS}, "s" * 250_000),
    "copies": ({"required": NAMES}, BIG),
    "items": ({"items": {"type": "string"}}, ONES),
    "choices": ({"anyOf": [{"items": {"type": "string"}}, {"items": {"type": "null"}}]}, ONES),
    "pattern": ({"items": {"pattern": r"^(a|aa)+\1b$"}}, TEXTS),
    "unevaluated": (
        {"$ref": "#/$defs/s39", "unevaluatedProperties": False, "$defs": doubled("anyOf")["$defs"]},
        {"a": 1},
    ),
}

PROGRAM = """
import itertools, sys
from runtimes.json_schema import JsonSchema
from runtimes.values import parse_json
schema, value = parse_json(sys.stdin.buffer.read())
judge = JsonSchema(schema)
judge.is_valid(value)
print(len([*itertools.islice(judge.mistakes(value), 20)]))
"""


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_takes_neither_all_time_nor_all_memory(name: str) -> None:
    """Issue 4, 5: what checks arguments runs in the process of the host."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=dump_json([*HOSTILE[name]]),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=GUARD_SECONDS,
        preexec_fn=limit_memory,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert 0 <= int(done.stdout) <= 20


def test_what_is_too_tangled_to_explain_is_refused_all_the_same() -> None:
    tangled = doubled("anyOf")["$defs"]
    schema: JsonObject = {"properties": {"x": {"$ref": "#/$defs/s14"}}, "required": ["y"], "$defs": tangled}
    told = list(JsonSchema(schema).mistakes({"x": {"a": 1}}))
    assert told == [
        Mistake(path=(), message='"y" is a required property'),
        Mistake(path=("x",), message=json_schema.TOO_TANGLED),
    ]


def test_what_is_too_tangled_to_judge_keeps_nothing_else_from_being_judged() -> None:
    definitions = doubled("anyOf")["$defs"]
    schema: JsonObject = {
        "properties": {"x": {"$ref": "#/$defs/s39"}, "y": {"type": "string"}, "z": {"items": {"type": "null"}}},
        "$defs": definitions,
    }
    told = list(JsonSchema(schema).mistakes({"x": {"a": 1}, "y": 1, "z": [None, 2]}))
    assert [(one.path, one.message) for one in told] == [
        (("y",), '1 is not of type "string"'),
        (("z", 1), '2 is not of type "null"'),
    ]


def test_one_mistake_in_a_long_list_is_found() -> None:
    schema: JsonObject = {"type": "object", "additionalProperties": {"items": {"$ref": "#/$defs/t"}}}
    value: Json = {"x": [*["a"] * 20_000, 1, "b"]}
    (told,) = JsonSchema({**schema, "$defs": {"t": {"type": "string"}}}).mistakes(value)
    assert told == Mistake(path=("x", 20_000), message='1 is not of type "string"')


def test_alternatives_are_explained_as_deep_as_they_go() -> None:
    schema: JsonObject = {"anyOf": [{"properties": {"a": {"anyOf": [{"type": "null"}, LEAF]}}}, {"type": "string"}]}
    (told,) = JsonSchema(schema).mistakes({"a": 1})
    assert told.alternatives.startswith("a: 1 is not valid under any")
    assert '(1 is not of type "null"; or 1 is not of type "object")' in told.alternatives


@pytest.mark.parametrize("schema", [None, 3, {"type": 3}, {"$ref": "https://example.com/x"}, {"pattern": "["}])
def test_what_is_no_schema_says_nothing(schema: Json) -> None:
    assert JsonSchema(schema).is_valid({"a": 1})
    assert list(JsonSchema(schema).mistakes({"a": 1})) == []


SCALARS = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "ab"])
VALUES = st.recursive(
    SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.sampled_from("abc"), one), max_leaves=8
)


def in_json(value: object) -> JsonObject:
    read: JsonObject = json.loads(json.dumps(value))
    return read


PLAIN = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["object", "array", "string", "integer", "null"]),
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
        "maxLength": st.integers(0, 2),
        "minItems": st.integers(0, 2),
        "required": st.lists(st.sampled_from("abc"), unique=True),
    },
).map(in_json)


def joined(parts: tuple[JsonObject, JsonObject]) -> JsonObject:
    return parts[0] | parts[1]


def around(inner: st.SearchStrategy[JsonObject]) -> st.SearchStrategy[JsonObject]:
    many = st.lists(inner, min_size=1, max_size=2)
    nesting = st.fixed_dictionaries(
        {},
        optional={
            "allOf": many,
            "anyOf": many,
            "oneOf": many,
            "not": inner,
            "if": inner,
            "then": inner,
            "items": inner,
            "prefixItems": many,
            "additionalProperties": inner,
            "properties": st.dictionaries(st.sampled_from("ab"), inner),
            "$ref": st.sampled_from(["#/$defs/d", "#/$defs/e"]),
        },
    ).map(in_json)
    return st.tuples(PLAIN, nesting).map(joined)


SCHEMAS = st.recursive(PLAIN, around, max_leaves=6)


@settings(max_examples=rounds(1.5), deadline=None)
@given(schema=SCHEMAS, definition=SCHEMAS, value=VALUES)
def test_it_says_what_the_engine_says(schema: JsonObject, definition: JsonObject, value: Json) -> None:
    whole: JsonObject = {**schema, "$defs": {"d": definition, "e": {"type": ["string", "object"]}}}
    if Visits(whole).of(whole, value) >= ENDLESS:
        return  # a definition that is itself
    engine = jsonschema_rs.validator_for(whole)
    judge = JsonSchema(whole)
    assert judge.is_valid(value) is engine.is_valid(value)
    told = {(one.path, one.message) for one in judge.mistakes(value)}
    assert told == {(tuple(error.instance_path), error.message) for error in engine.iter_errors(value)}
