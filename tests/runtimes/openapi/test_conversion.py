"""What becomes of a schema of a description on its way to a tool: JSON Schema that is never stricter."""

from __future__ import annotations

from collections.abc import Mapping

import jsonschema_rs
import pytest

from runtimes.openapi.keywords import MAX_DESCRIPTION_LENGTH, is_shown_as_it_is, keywords
from runtimes.openapi.schema import MAX_TOOL_SCHEMA_BYTES
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.descriptions import ID, having, opened, post, schema_of


async def body_schema(description: JsonObject) -> JsonObject:
    """The property `a` of an object body."""
    properties = (await schema_of(description))["properties"]
    assert isinstance(properties, dict)
    schema = properties["a"]
    assert isinstance(schema, dict)
    return schema


def body(schema: Json, version: str = "3.1.0", **schemas: Json) -> JsonObject:
    return having(post({"properties": {"a": schema}}, [ID]), openapi=version, components={"schemas": schemas})


REF: JsonObject = {"$ref": "#/components/schemas/A"}
CAT: JsonObject = {"type": "object", "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}}
DOG: JsonObject = {"type": "object", "properties": {"kind": {"type": "string"}, "tricks": {"type": "integer"}}}

CONVERTED: Mapping[str, tuple[JsonObject, JsonObject]] = {
    "nullable-reference": (
        body({**REF, "nullable": True}, "3.0.3", A={"type": "string"}),
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
    ),
    "said-of-a-reference": (
        body({"allOf": [REF], "description": "mine", "nullable": True}, "3.0.3", A={"type": "string"}),
        {"description": "mine", "anyOf": [{"type": "string"}, {"type": "null"}]},
    ),
    "beside-in-3.0": (body({**REF, "maxLength": 3}, "3.0.3", A={"type": "string"}), {"type": "string"}),
    "merged": (
        body(
            {"allOf": [REF, {"properties": {"n": {"type": "number"}}, "required": ["n"]}], "description": "both"},
            A={"type": "object", "properties": {"k": {"type": "string"}}, "required": ["k"], "x-a": 1, "title": "A"},
        ),
        {
            "type": "object",
            "description": "both",
            "properties": {"k": {"type": "string"}, "n": {"type": "number"}},
            "required": ["k", "n"],
        },
    ),
    "not-merged-where-closed": (
        body({"allOf": [{"properties": {"n": {}}, "additionalProperties": False}, {"type": "object"}]}),
        {"allOf": [{"properties": {"n": {}}, "additionalProperties": False}, {"type": "object"}]},
    ),
    "not-merged-where-two-differ": (
        body({"allOf": [{"properties": {"n": {"minimum": 1}}}, {"properties": {"n": {"maximum": 2}}}]}),
        {"allOf": [{"properties": {"n": {"minimum": 1}}}, {"properties": {"n": {"maximum": 2}}}]},
    ),
    "not": (body({"type": "string", "not": {"const": "x"}, "if": {}, "contains": {}}), {"type": "string"}),
    "pattern-properties": (
        body({"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": False}),
        {"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": False},
    ),
    "bad-pattern-properties": (body({"patternProperties": {"(": {}}, "additionalProperties": False}), {}),
    "one-of-plain": (
        body({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
    ),
    "one-of-with-losses": (
        body({"oneOf": [{"not": {"const": 1}}, {"type": "integer"}]}),
        {"anyOf": [{}, {"type": "integer"}]},
    ),
    "one-of-references": (body({"oneOf": [REF, {"type": "null"}]}, A=CAT), {"anyOf": [CAT, {"type": "null"}]}),
    "tuple-and-null-type": (
        body({"type": ["array", "null"], "prefixItems": [{"const": 1}], "items": False, "examples": [[1]]}),
        {"type": ["array", "null"], "prefixItems": [{"const": 1}], "items": False, "examples": [[1]]},
    ),
    "pointer-into-a-schema": (
        body({"$ref": "#/components/schemas/A/$defs/B"}, A={"$defs": {"B": {"type": "boolean"}}}),
        {"type": "boolean"},
    ),
    "swagger-null": (body({"type": "string", "x-nullable": True}, "3.0.3"), {"type": ["string", "null"]}),
}


@pytest.mark.parametrize(("description", "schema"), CONVERTED.values(), ids=CONVERTED)
async def test_a_schema_is_converted_and_never_stricter(description: JsonObject, schema: JsonObject) -> None:
    assert await body_schema(description) == schema


async def test_what_stands_beside_a_reference_holds_in_3_1() -> None:
    schema = await schema_of(body({**REF, "maxLength": 3}, A={"type": "string"}))
    assert schema["properties"] == {"id": {"type": "string"}, "a": {"$ref": "#/$defs/A", "maxLength": 3}}
    assert schema["$defs"] == {"A": {"type": "string"}}


async def test_a_discriminator_s_mapping_tells_variants_apart() -> None:
    choice: JsonObject = {
        "oneOf": [REF, {"$ref": "#/components/schemas/B"}],
        "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/A", "dog": "B", "pup": "B"}},
    }
    schema = await schema_of(body(choice, A=CAT, B=DOG))
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert properties["a"] == {
        "oneOf": [
            {"$ref": "#/$defs/A", "properties": {"kind": {"const": "cat"}}, "required": ["kind"]},
            {"$ref": "#/$defs/B", "properties": {"kind": {"enum": ["dog", "pup"]}}, "required": ["kind"]},
        ]
    }
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid({"id": "1", "a": {"kind": "pup", "tricks": 3}})
    assert not validator.is_valid({"id": "1", "a": {"kind": "cow"}})


async def test_an_operation_of_3_2_may_have_a_method_of_its_own() -> None:
    item: JsonObject = {
        "query": {"operationId": "q", "requestBody": {"content": {"application/json": {"schema": {"type": "array"}}}}},
        "additionalOperations": {"COPY": {"operationId": "c"}, "CONNECT": {"operationId": "no"}, "x y": {}},
    }
    servers: Json = [{"url": "https://api.example"}]
    async with opened({"openapi": "3.2.0", "servers": servers, "paths": {"/x": item}}) as executor:
        methods = {name: one.method for name, one in executor.functions.items()}
    assert methods == {"q": "QUERY", "c": "COPY"}
    async with opened({"openapi": "3.1.1", "servers": servers, "paths": {"/x": item}}) as executor:
        assert executor.functions == {}


SHOWN: Mapping[str, tuple[JsonObject, bool]] = {
    "type": ({"type": "string"}, True),
    "described": ({"type": "integer", "description": "how many"}, True),
    "said-first": ({"description": "how many", "type": "integer"}, False),
    "as-long-as-may-be": ({"type": "string", "description": "x" * MAX_DESCRIPTION_LENGTH}, True),
    "too-long": ({"type": "string", "description": "x" * (MAX_DESCRIPTION_LENGTH + 1)}, False),
    "said-nothing": ({"type": "string", "description": ""}, False),
    "said-no-text": ({"type": "string", "description": 1}, False),
    "no-type": ({"description": "anything"}, False),
    "unknown-type": ({"type": "file"}, False),
    "several-types": ({"type": ["string", "string"]}, False),
    "nullable": ({"type": "string", "nullable": True}, False),
    "unknown-keyword": ({"type": "string", "x-internal": True}, False),
    "nothing": ({}, False),
}


@pytest.mark.parametrize(("schema", "is_shown"), SHOWN.values(), ids=SHOWN)
def test_a_schema_is_taken_as_it_is_only_where_reading_its_keywords_changes_nothing(
    schema: JsonObject, is_shown: bool
) -> None:
    assert is_shown_as_it_is(schema) is is_shown
    if is_shown:
        kept = keywords(schema, is_described=True, choices=0, has_examples=True)
        assert dump_json(kept) == dump_json(schema)


@pytest.mark.parametrize("place", ["argument", "member"])
async def test_a_member_without_others_counts_towards_what_a_tool_may_hold(place: str) -> None:
    plain: JsonObject = {f"p{number}": {"type": "string", "description": "x" * 900} for number in range(100)}
    inner: JsonObject = plain if place == "argument" else {"a": {"type": "object", "properties": plain}}
    shown = await schema_of(having(post({"type": "object", "properties": inner})))
    assert len(dump_json(shown)) <= MAX_TOOL_SCHEMA_BYTES
    assert "x" * 900 not in dump_json(shown)
