"""What the operations of a description share: each has a schema and a fingerprint of its own all the same."""

from __future__ import annotations

from runtimes.values import JsonObject
from tests.servers.descriptions import api, having, opened, post


def referring(**schemas: JsonObject) -> JsonObject:
    body: JsonObject = {"$ref": "#/components/schemas/X"}
    return having(post(body), components={"schemas": dict(schemas)})


async def test_a_fingerprint_changes_with_all_that_a_body_refers_to() -> None:
    async def fingerprint(description: JsonObject) -> str:
        async with opened(description) as executor:
            return executor.functions["f"].fingerprint

    text: JsonObject = {"type": "string"}
    to_y: JsonObject = {"type": "object", "properties": {"y": {"$ref": "#/components/schemas/Y"}}}
    to_z: JsonObject = {"type": "object", "properties": {"z": {"$ref": "#/components/schemas/Z"}}}
    back: JsonObject = {"type": "object", "properties": {"y": {"$ref": "#/components/schemas/Y"}, "t": text}}
    variants = [
        referring(X={"type": "object", "properties": {"a": text}}),
        referring(X={"type": "object", "properties": {"a": {"type": "integer"}}}),
        referring(X={"type": "object", "properties": {"a": text}, "required": ["a"]}),
        referring(X={"type": "object", "properties": {"a": text}, "additionalProperties": text}),
        referring(X={"allOf": [{"type": "object", "properties": {"a": text}}]}),
        referring(X=to_y, Y=to_z, Z=text),
        referring(X=to_y, Y=to_z, Z={"type": "integer"}),
        referring(X=to_y, Y=to_z, Z=back),
        referring(X=to_y, Y=to_z, Z={**back, "required": ["t"]}),
    ]
    assert len({await fingerprint(one) for one in variants}) == len(variants)


async def test_operations_that_share_a_body_have_schemas_of_their_own() -> None:
    y: JsonObject = {"$ref": "#/components/schemas/Y"}
    schemas: JsonObject = {"Y": {"type": "object", "properties": {"y": y, "t": {}}}}
    body: JsonObject = {"content": {"application/json": {"schema": {"type": "object", "properties": {"y": y}}}}}
    own: JsonObject = {"name": "q", "in": "query", "schema": {"type": "integer"}}
    described = api(
        {
            "/f": {"post": {"operationId": "f", "requestBody": body}},
            "/g": {"post": {"operationId": "g", "requestBody": body, "parameters": [own]}},
        }
    )
    async with opened(having(described, components={"schemas": schemas})) as executor:
        f, g = (executor.functions[name].parameters for name in ("f", "g"))
    assert f["properties"] == {"y": {"$ref": "#/$defs/Y"}}
    assert g["properties"] == {"q": {"type": "integer"}, "y": {"$ref": "#/$defs/Y"}}
    assert f["$defs"] == g["$defs"]
