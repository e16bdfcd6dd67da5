"""What a model is told of an operation, and what identifies it."""

from __future__ import annotations

import time
import warnings

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.openapi.document import Description, OperationUnusable
from runtimes.openapi.keywords import CUT
from runtimes.openapi.schema import DETAILS, MAX_TOOL_SCHEMA_BYTES, Detail, assembled
from runtimes.values import Json, JsonObject, dump_json
from tests.pace import soon
from tests.servers.descriptions import ID, api, get, having, opened, post, reason, schema_of


async def test_references_and_parameters_of_the_path_are_resolved() -> None:
    description = api(
        {
            "/x": {
                "parameters": [
                    {"$ref": "#/components/parameters/a"},
                    {"name": "b", "in": "query", "schema": {"type": "string"}},
                ],
                "post": {
                    "operationId": "f",
                    "parameters": [{"name": "b", "in": "query", "schema": {"type": "integer"}}],
                    "requestBody": {"$ref": "#/components/requestBodies/r~1%7Bx%7D"},
                },
            }
        },
        components={
            "parameters": {
                "a": {"$ref": "#/components/parameters/a2"},
                "a2": {"name": "a", "in": "query", "schema": {"$ref": "#/components/schemas/A"}},
            },
            "requestBodies": {
                "r/{x}": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/R"}}},
                    "required": True,
                }
            },
            "schemas": {
                "A": {"type": "string", "enum": ["x", "y"]},
                "R": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"n": {"type": "number"}}}]},
                "Base": {
                    "type": "object",
                    "required": ["k", "ro"],
                    "properties": {"k": {"type": "string"}, "ro": {"readOnly": True}},
                },
            },
        },
    )
    assert await schema_of(description) == {
        "type": "object",
        "properties": {
            "a": {"type": "string", "enum": ["x", "y"]},
            "b": {"type": "integer"},
            "k": {"type": "string"},
            "n": {"type": "number"},
        },
        "required": ["k"],
    }


async def test_cycles_and_shared_definitions_stay_definitions() -> None:
    node: JsonObject = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/Node"}, "at": {"$ref": "#/components/schemas/Point"}},
    }
    point: JsonObject = {"type": "object", "properties": {"x": {"type": "number", "xml": {}, "example": 1}}}
    body: JsonObject = {
        "properties": {
            "root": {"$ref": "#/components/schemas/Node", "description": "The first"},
            "at": {"$ref": "#/components/schemas/Point"},
        }
    }
    description = having(post(body, [ID]), components={"schemas": {"Node": node, "Point": point}})
    schema = await schema_of(description)
    assert schema == {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "root": {"$ref": "#/$defs/Node", "description": "The first"},
            "at": {"$ref": "#/$defs/Point"},
        },
        "required": ["id"],
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {"next": {"$ref": "#/$defs/Node"}, "at": {"$ref": "#/$defs/Point"}},
            },
            "Point": {"type": "object", "properties": {"x": {"type": "number", "examples": [1]}}},
        },
    }
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid({"id": "a", "root": {"next": {"next": {"at": {"x": 1}}}}})
    assert not validator.is_valid({"id": "a", "root": {"next": {"next": {"at": {"x": "1"}}}}})


async def test_schemas_of_3_0_become_json_schema_and_nonsense_is_left_out() -> None:
    properties: JsonObject = {
        "a": {"type": "string", "nullable": True, "enum": ["x"]},
        "b": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        "c": {"type": "file", "required": True, "items": [], "minLength": "1", "pattern": "(", "enum": []},
        "d": {"type": ["string", "null"], "const": "x", "pattern": "^x$", "format": "date"},
        "e": {"oneOf": [{"type": "string"}, True], "discriminator": {}, "default": None, "additionalProperties": False},
        "f": None,
    }
    assert (await schema_of(post({"properties": properties}, [ID])))["properties"] == {
        "id": {"type": "string"},
        "a": {"type": ["string", "null"], "enum": ["x", None]},
        "b": {"type": "integer", "exclusiveMinimum": 0},
        "c": {},
        "d": {"type": ["string", "null"], "format": "date", "const": "x", "pattern": "^x$"},
        "e": {"oneOf": [{"type": "string"}, True], "additionalProperties": False},
        "f": {},
    }


@pytest.mark.parametrize(
    "pattern", ["x{1,4294967296}", "(?a)(?u)x", "[[a]", "(" * 400 + ")" * 400, "(", "\\", "[a--b]"]
)
async def test_a_hostile_pattern_is_left_out_in_silence(pattern: str) -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        schema = await schema_of(get({"parameters": [{"name": "q", "in": "query", "schema": {"pattern": pattern}}]}))
    assert schema["properties"] == {"q": {}}
    assert heard == []


async def test_a_large_schema_is_cut_from_the_bottom_until_it_fits() -> None:
    level: JsonObject = {"type": "string", "description": "d" * 100}
    for _ in range(4):
        level = {"type": "object", "properties": {f"p{n}": level for n in range(6)}}
    schema = await schema_of(post({"properties": {"top": level}}, [ID]))
    assert len(dump_json(schema)) <= MAX_TOOL_SCHEMA_BYTES
    assert '"p5"' in dump_json(schema)
    wide: JsonObject = {f"property{n}": {"type": "string", "description": "d" * 100} for n in range(4000)}
    assert "more than 65536 bytes" in await reason(post({"properties": wide}, [ID]))


async def test_many_operations_over_one_schema_that_is_too_large_are_opened_soon() -> None:
    wide: JsonObject = {f"property{n}": {"type": "string", "description": "d" * 30} for n in range(5000)}
    nested: JsonObject = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Wide"}}}
    content: JsonObject = {"application/json": {"schema": nested}}
    paths: JsonObject = {
        f"/x{n}": {"post": {"operationId": f"f{n}", "requestBody": {"content": content}}} for n in range(50)
    }
    with soon(2, time.thread_time):
        async with opened(api(paths, components={"schemas": {"Wide": {"properties": wide}}})) as executor:
            assert len(executor.functions) == 50


async def test_short_examples_are_shown() -> None:
    parameters: list[Json] = [
        ID,
        {"name": "a", "in": "query", "schema": {"type": "string", "example": "one", "examples": ["one", "two", 3, 4]}},
        {"name": "b", "in": "query", "example": "own", "schema": {"type": "string", "example": "of the schema"}},
        {"name": "c", "in": "query", "examples": {"x": {"value": "named"}, "y": {}, "z": 1}, "schema": {}},
        {"name": "d", "in": "query", "schema": {"example": "d" * 300, "examples": "none"}},
        {"name": "e", "in": "query", "schema": {"nullable": True, "allOf": [{"type": "string"}], "example": "e"}},
        {"name": "f", "in": "query", "schema": {"$ref": "#/components/schemas/F"}, "example": {"f": [1]}},
        {"name": "g", "in": "query", "schema": {"example": None, "examples": ["x" * 150, "y" * 60, "z"]}},
    ]
    schema = await schema_of(having(post({}, parameters), components={"schemas": {"F": {"type": "object"}}}))
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert {name: one.get("examples") for name, one in properties.items() if isinstance(one, dict)} == {
        "id": None,
        "a": ["one", "two", 3],
        "b": ["own"],
        "c": ["named"],
        "d": None,
        "e": ["e"],
        "f": [{"f": [1]}],
        "g": ["x" * 150, "z"],
        "body": None,
    }


async def test_examples_are_the_first_to_go() -> None:
    def large(number: int) -> JsonObject:
        member: JsonObject = {"type": "string", "description": "d" * 100, "example": "example" * 10}
        return post({"properties": {f"p{n}": member for n in range(number)}}, [ID])

    fitting, cut = dump_json(await schema_of(large(250))), dump_json(await schema_of(large(400)))
    assert fitting.count('"examples"') == fitting.count("d" * 100) == 250
    assert (cut.count('"examples"'), cut.count("d" * 100)) == (0, 400)


async def test_a_definition_with_two_spellings_is_one() -> None:
    spelled: list[Json] = [{"$ref": f"#/components/schemas/{name}"} for name in ("Node", "N%6Fde", "%4Eode")]
    node: JsonObject = {"type": "object", "properties": {"next": spelled[1], "other": spelled[2]}}
    schema = await schema_of(having(post({"properties": {"a": spelled[0]}}), components={"schemas": {"Node": node}}))
    reference: JsonObject = {"$ref": "#/$defs/Node"}
    assert schema["$defs"] == {"Node": {"type": "object", "properties": {"next": reference, "other": reference}}}


@pytest.mark.parametrize("beside", [{}, {"description": "round"}])
async def test_a_definition_that_is_only_a_reference_to_itself_disables_its_operation(beside: JsonObject) -> None:
    loop: JsonObject = {
        "Loop1": {"$ref": "#/components/schemas/Loop2", **beside},
        "Loop2": {"$ref": "#/components/schemas/Loop1"},
    }
    description = post({"properties": {"a": {"$ref": "#/components/schemas/Loop1"}}})
    assert "references lead to one another" in await reason(having(description, components={"schemas": loop}))


async def test_references_that_fan_out_do_not_blow_up() -> None:
    schemas: JsonObject = {
        f"S{n}": {"properties": {side: {"$ref": f"#/components/schemas/S{n + 1}"} for side in ("l", "r")}}
        for n in range(200)
    }
    schemas["S200"] = {"type": "string"}
    description = post({"properties": {"a": {"$ref": "#/components/schemas/S0"}}}, [ID])
    await schema_of(having(description, components={"schemas": schemas}))


async def test_a_signature_says_what_the_description_says() -> None:
    description = api(
        {
            "/x": {
                "get": {"operationId": "read", "summary": "Short", "description": " Long \n"},
                "post": {"operationId": "write", "summary": "Short", "x-openai-isConsequential": False},
                "delete": {"operationId": "drop", "x-oai-isConsequential": True},
            }
        }
    )
    async with opened(description) as executor:
        facts = {
            one.name: (one.method, one.description, one.repeatable, one.is_consequential)
            for one in executor.functions.values()
        }
    assert facts == {
        "read": ("GET", "Long", True, None),
        "write": ("POST", "Short", False, False),
        "drop": ("DELETE", "", False, True),
    }


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, None),
        ({"x-openai-isConsequential": False, "x-oai-isConsequential": False}, False),
        ({"x-openai-isConsequential": False, "x-oai-isConsequential": True}, True),
        ({"x-openai-isConsequential": True, "x-oai-isConsequential": False}, True),
        ({"x-openai-isConsequential": "true"}, True),
        ({"x-openai-isConsequential": "no"}, True),
        ({"x-oai-isConsequential": 0}, True),
        ({"x-oai-isConsequential": None}, True),
    ],
)
async def test_a_call_has_consequences_where_the_description_is_not_clear(
    members: JsonObject, expected: bool | None
) -> None:
    async with opened(api({"/x": {"get": {"operationId": "read", **members}}})) as executor:
        (function,) = executor.functions.values()
    assert function.is_consequential is expected


async def test_a_fingerprint_changes_with_what_is_sent_and_not_with_the_answers() -> None:
    async def fingerprint(description: JsonObject) -> str:
        async with opened(description) as executor:
            return executor.functions["f"].fingerprint

    schema: JsonObject = {"components": {"schemas": {"A": {"type": "string"}}}}
    other: JsonObject = {"components": {"schemas": {"A": {"type": "integer"}}}}
    base = post({"properties": {"a": {"$ref": "#/components/schemas/A"}}}, [ID])
    first = await fingerprint(base | schema)
    assert len(first) == 64
    assert first == await fingerprint(having(base | schema, info={"title": "x"}))
    assert first != await fingerprint(base | other)
    assert first != await fingerprint(having(base | schema, servers=[{"url": "https://other.example"}]))
    plain = get({"responses": {"200": {"description": "a"}}})
    assert await fingerprint(plain) == await fingerprint(get({"responses": {"200": {"description": "b"}}}))


def deep(levels: int, width: int, **members: Json) -> JsonObject:
    """Definitions that refer to one another in levels, each with descriptions."""
    schemas: JsonObject = {}
    for level in range(levels):
        for number in range(width):
            properties: JsonObject = {"text": {"type": "string", "description": "d" * 400, **members}}
            if level + 1 < levels:
                properties |= {
                    f"p{n}": {"$ref": f"#/components/schemas/L{level + 1}N{n}"} for n in range(number, width)
                }
            schemas[f"L{level}N{number}"] = {
                "type": "object",
                "description": f"of level {level}",
                "properties": properties,
            }
    return having(
        post({"properties": {"a": {"$ref": "#/components/schemas/L0N0"}}}, [ID]), components={"schemas": schemas}
    )


async def test_descriptions_far_away_are_the_first_to_go() -> None:
    schema = await schema_of(deep(8, 16))
    text = dump_json(schema)
    assert len(text) <= MAX_TOOL_SCHEMA_BYTES
    assert CUT not in text
    assert text.count('"text"') == 1 + 7 * 16
    assert "of level 0" in text
    assert "of level 7" not in text


async def test_long_lists_and_then_far_definitions_go_and_a_note_says_so() -> None:
    description = deep(8, 40, enum=[f"value {n}" for n in range(120)])
    schema = await schema_of(description)
    text = dump_json(schema)
    assert len(text) <= MAX_TOOL_SCHEMA_BYTES
    assert "(one of 120 values, such as value 0, value 1, value 2)" in text
    assert CUT in text
    value: JsonObject = {"text": "value 7", "p0": {"text": "value 119", "p3": {"p9": {"p20": {"anything": 1}}}}}
    assert jsonschema_rs.validator_for(schema).is_valid({"id": "1", "a": value})


async def test_a_tool_of_many_descriptions_keeps_its_parameters() -> None:
    wide: JsonObject = {f"property{n}": {"type": "string", "description": "d" * 100} for n in range(1000)}
    schema = await schema_of(post({"properties": wide}, [ID]))
    assert schema["properties"] == {name: {"type": "string"} for name in ["id", *wide]}


LEAVES: list[Json] = [
    {"type": "string", "description": "d" * 500},
    {"type": "integer", "minimum": 1},
    {"type": "string", "enum": [f"v{n}" for n in range(40)]},
    {"$ref": "#/components/schemas/S0"},
    {"$ref": "#/components/schemas/S1"},
    {"$ref": "#/components/schemas/S2"},
]


def array_of(schema: Json) -> Json:
    return {"type": "array", "items": schema}


def object_of(schemas: list[Json]) -> Json:
    return {"type": "object", "properties": {f"p{n}": schema for n, schema in enumerate(schemas)}}


def one_of(schemas: list[Json]) -> Json:
    return {"oneOf": schemas}


def nested(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    objects = st.lists(inner, max_size=4).map(object_of)
    return inner.map(array_of) | objects | st.lists(inner, min_size=1, max_size=3).map(one_of)


SCHEMAS: st.SearchStrategy[Json] = st.recursive(st.sampled_from(LEAVES), nested, max_leaves=12)


@given(st.lists(SCHEMAS, min_size=3, max_size=3), SCHEMAS, st.sampled_from(DETAILS))
def test_every_detail_allows_what_the_whole_allows(schemas: list[Json], top: Json, detail: Detail) -> None:
    """Trimming never makes a schema stricter, and gives JSON Schema whatever it cuts."""
    document = api({}, components={"schemas": {f"S{n}": schema for n, schema in enumerate(schemas)}})
    description = Description(document, "")
    try:
        whole = assembled(description, {"a": top}, [], DETAILS[0])
        trimmed = assembled(description, {"a": top}, [], detail)
    except OperationUnusable:  # a definition that is nothing but a reference to itself
        return
    if whole is None or trimmed is None:
        return
    jsonschema_rs.meta.validate(whole)
    jsonschema_rs.meta.validate(trimmed)
    strict, loose = jsonschema_rs.validator_for(whole), jsonschema_rs.validator_for(trimmed)
    for value in ("v1", "other", 3, 0, [], ["v39", 2], {}, {"p0": "v2", "p1": [1]}, [[{"p0": {"p1": "x"}}]], None):
        assert not strict.is_valid({"a": value}) or loose.is_valid({"a": value})
