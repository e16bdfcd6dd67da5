"""What the operations of a description share: each has a schema and a fingerprint of its own all the same."""

from __future__ import annotations

import pytest

from runtimes.openapi.document import Description, OperationUnusable
from runtimes.openapi.parameters import MAX_EQUAL_BYTES
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


async def test_operations_that_are_written_alike_share_their_arguments_and_nothing_else() -> None:
    item: JsonObject = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    number: JsonObject = {**item, "schema": {"type": "integer"}}
    key: JsonObject = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
    body: JsonObject = {"content": {"application/json": {"schema": {"type": "object", "properties": {"a": {}}}}}}
    described = api(
        {
            "/f/{id}": {"post": {"operationId": "f", "parameters": [item], "requestBody": body}},
            "/g/{id}": {
                "servers": [{"url": "https://other.example"}],
                "post": {"operationId": "g", "parameters": [{**item}, key], "requestBody": {**body}},
            },
            "/h/{id}": {"post": {"operationId": "h", "parameters": [number], "requestBody": body}},
            "/i/{id}": {"get": {"operationId": "i", "parameters": [item], "requestBody": body}},
        }
    )
    async with opened(described) as executor:
        f, g, h, i = (executor.functions[name] for name in "fghi")
    assert f.parameters is g.parameters
    assert f.rules is g.rules
    assert len({one.fingerprint for one in (f, g, h, i)}) == 4
    assert [one.repeatable for one in (f, g, h, i)] == [False, True, False, True]
    assert [one.destination for one in (f, g, h)] == [f.destination, "https://other.example", f.destination]
    assert h.parameters["properties"] == {"id": {"type": "integer"}, "a": {}}
    assert i.parameters["properties"] == {"id": {"type": "string"}}


async def test_what_is_long_is_read_for_each_operation() -> None:
    about = "x" * MAX_EQUAL_BYTES
    wide: JsonObject = {"name": "q", "in": "query", "description": about, "schema": {"type": "string"}}
    operations: JsonObject = {f"/{name}": {"get": {"operationId": name, "parameters": [{**wide}]}} for name in "fg"}
    async with opened(api(operations)) as executor:
        f, g = (executor.functions[name].parameters for name in "fg")
    assert f == g
    assert f is not g


def test_a_name_that_may_be_made_distinct_means_every_operation_it_fits() -> None:
    twice: JsonObject = {"get": {"operationId": "a b"}, "post": {"operationId": "a-b"}}
    first = Description(api({"/x": twice}), "")
    distinct = [entry.distinct_name for entry in first.entries]
    assert [first.find(name).method for name in distinct] == ["GET", "POST"]
    taken = Description(api({"/x": twice, "/y": {"get": {"operationId": f"{distinct[0]}"}}}), "")
    assert taken.find(distinct[0]).path == "/y"
    with pytest.raises(OperationUnusable, match="means 2 operations"):
        first.find("a_b")
