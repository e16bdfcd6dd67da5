"""What a model is told of an operation, and what identifies it."""

from __future__ import annotations

import time
import warnings

import jsonschema_rs
import pytest

from runtimes.openapi.schema import MAX_TOOL_SCHEMA_BYTES
from runtimes.values import JsonObject, dump_json
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
            "Point": {"type": "object", "properties": {"x": {"type": "number"}}},
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
    wide: JsonObject = {f"property{n}": {"type": "string", "description": "d" * 100} for n in range(1000)}
    assert "more than 65536 bytes" in await reason(post({"properties": wide}, [ID]))


async def test_many_operations_over_one_schema_that_is_too_large_are_opened_soon() -> None:
    wide: JsonObject = {f"property{n}": {"type": "string", "description": "d" * 30} for n in range(5000)}
    nested: JsonObject = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Wide"}}}
    content: JsonObject = {"application/json": {"schema": nested}}
    paths: JsonObject = {
        f"/x{n}": {"post": {"operationId": f"f{n}", "requestBody": {"content": content}}} for n in range(50)
    }
    start = time.thread_time()
    async with opened(api(paths, components={"schemas": {"Wide": {"properties": wide}}})) as executor:
        assert len(executor.functions) == 50
    assert time.thread_time() - start < 2


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
