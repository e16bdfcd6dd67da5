"""The rows of the serialisation tables from a manifest to the request, as `call --dry-run` goes: past the checks."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from orchestrator import Orchestrator, load_plugin
from orchestrator.errors import UsageError
from runtimes.base import WireMessage
from runtimes.errors import InvocationError
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.bodies import description
from tests.servers.descriptions import api

CASES = Path(__file__).parents[1] / "cases"
PARAMETERS: list[JsonObject] = json.loads((CASES / "openapi_serialisation.json").read_bytes())
BODIES: list[JsonObject] = json.loads((CASES / "openapi_bodies.json").read_bytes())
CHECKS: list[JsonObject] = json.loads((CASES / "openapi_checks.json").read_bytes())
DECLARED = ("style", "explode", "allowReserved", "allowEmptyValue", "schema", "content")


@asynccontextmanager
async def hosting(document: JsonObject, *functions: Json) -> AsyncGenerator[Orchestrator]:
    manifest: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "T",
        "namespace": "t",
        "description_for_human": "t",
        "runtimes": [{"type": "OpenApi", "spec": {"api_description": dump_json(document)}}],
    }
    if functions:
        manifest["functions"] = [*functions]
    plugin = await load_plugin(manifest, environment={})
    async with Orchestrator(plugins=[plugin], model="offline") as host:
        yield host


def parameter_api(row: JsonObject) -> JsonObject:
    members = {name: row[name] for name in DECLARED if name in row}
    if "content" not in row:
        members.setdefault("schema", {})
    name = str(row["name"])
    path = str(row.get("template", f"/items/{{{name}}}/x")) if row["in"] == "path" else "/items"
    parameter: JsonObject = {"name": name, "in": row["in"], "required": row["in"] == "path", **members}
    return api({path: {"get": {"operationId": "f", "parameters": [parameter]}}})


def written(row: JsonObject, message: WireMessage) -> str | None:
    """What the request says of the parameter of a row."""
    target = message.url.removeprefix("https://api.example/v1")
    if row["in"] == "path":
        return target if "template" in row else target.removeprefix("/items/").removesuffix("/x")
    if row["in"] == "query":
        return target.removeprefix("/items").removeprefix("?")
    headers = dict(message.headers)
    return headers.get("Cookie", "") if row["in"] == "cookie" else headers.get(str(row["name"]))


@pytest.mark.parametrize("row", PARAMETERS, ids=[f"{row['in']}-{row['value']!r}" for row in PARAMETERS])
async def test_a_parameter_passes_the_checks_and_is_written_as_its_row_says(row: JsonObject) -> None:
    async with hosting(parameter_api(row)) as host:
        assert host.toolbox.skipped == ()
        arguments: JsonObject = {str(row["name"]): row["value"]}
        if row["expected"] is None and "absent" not in row:
            with pytest.raises((UsageError, InvocationError)):
                host.preview("f", arguments)
            return
        (message,) = host.preview("f", arguments)
    assert written(row, message) == (None if row.get("absent") is True else row["expected"])


@pytest.mark.parametrize("row", BODIES, ids=[f"{index}-{row['source']}" for index, row in enumerate(BODIES)])
async def test_a_body_passes_the_checks_and_is_written_as_its_row_says(row: JsonObject) -> None:
    arguments = row["arguments"]
    assert isinstance(arguments, dict)
    document = description(row["content"], version=str(row.get("version", "3.0.4")), components=row.get("components"))
    async with hosting(document) as host:
        if "error" in row:
            assert str(row["error"]) in host.toolbox.skipped[0].reason
            return
        assert host.toolbox.skipped == ()
        if "refused" in row or "misfit" in row:
            with pytest.raises((UsageError, InvocationError), match=str(row["misfit"]) if "misfit" in row else None):
                host.preview("f", arguments)
            return
        (message,) = host.preview("f", arguments)
    if "body" in row:
        assert message.body == row["body"]


def schemas_of(row: JsonObject) -> JsonObject:
    return {"components": {"schemas": row["schemas"]}} if "schemas" in row else {}


@pytest.mark.parametrize("row", CHECKS, ids=[f"{index}-{row['source']}" for index, row in enumerate(CHECKS)])
async def test_inferred_arguments_are_held_to_the_description(row: JsonObject) -> None:
    arguments = row["arguments"]
    assert isinstance(arguments, dict)
    operation: JsonObject = {"operationId": "f", "parameters": row.get("parameters", [])}
    if "body" in row:
        content: JsonObject = {"application/json": {"schema": row["body"]}}
        operation["requestBody"] = {"required": row.get("required", True), "content": content}
    document = api({"/x": {"post": operation}}, openapi=row.get("version", "3.1.0"), **schemas_of(row))
    async with hosting(document) as host:
        assert host.toolbox.skipped == ()
        if "refused" in row:
            with pytest.raises(UsageError) as told:
                host.preview("f", arguments)
            assert str(row["refused"]) in str(told.value)
            return
        (message,) = host.preview("f", arguments)
    sent = {"url": message.url.removeprefix("https://api.example/v1"), "body": message.body}
    assert sent == {"url": row.get("url", "/x"), "body": row.get("sent")}


async def test_values_that_no_model_is_told_of_are_checked_all_the_same() -> None:
    values: list[Json] = [f"value-{number}" for number in range(3000)]
    parameter: JsonObject = {"name": "v", "in": "query", "schema": {"enum": values}}
    async with hosting(api({"/x": {"get": {"operationId": "f", "parameters": [parameter]}}})) as host:
        assert "enum" not in dump_json(host.toolbox.find("f").parameters)
        assert host.preview("f", {"v": "value-2999"})[0].url.endswith("?v=value-2999")
        with pytest.raises(UsageError, match="v: "):
            host.preview("f", {"v": "value-3000"})


def doubled(keyword: str, levels: int) -> JsonObject:
    """Schemas that each refer to the one before twice."""
    schemas: JsonObject = {"s0": {"type": "object", "properties": {"a": {"type": "string"}}}}
    for level in range(1, levels):
        smaller: JsonObject = {"$ref": f"#/components/schemas/s{level - 1}"}
        schemas[f"s{level}"] = {keyword: [smaller, smaller]}
    return schemas


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
async def test_arguments_are_not_held_to_what_would_take_all_memory(keyword: str) -> None:
    """What cannot be checked within bounds is left to the API, the rest is not."""
    schemas = doubled(keyword, 40)
    properties: JsonObject = {"x": {"$ref": "#/components/schemas/s39"}, "y": {"type": "integer"}}
    schema: JsonObject = {"type": "object", "properties": properties}
    document = description({"application/json": {"schema": schema}}, components={"schemas": schemas})
    async with hosting(document) as host:
        (message,) = host.preview("f", {"x": {"a": 1}})
        assert message.body == '{"x":{"a":1}}'
        with pytest.raises(UsageError, match='y: "no" is not of type "integer"'):
            host.preview("f", {"x": {"a": 1}, "y": "no"})


async def test_what_is_too_tangled_to_explain_is_refused() -> None:
    schema: JsonObject = {"type": "object", "properties": {"x": {"$ref": "#/components/schemas/s13"}}}
    document = description({"application/json": {"schema": schema}}, components={"schemas": doubled("anyOf", 14)})
    async with hosting(document) as host:
        with pytest.raises(UsageError, match="x: it does not fit its schema, which has too many alternatives"):
            host.preview("f", {"x": {"a": 1}})


async def test_a_declared_argument_that_cannot_be_sent_does_not_become_a_member_of_the_body() -> None:
    deep: JsonObject = {"name": "p", "in": "query", "style": "deepObject", "schema": {"type": "array", "items": {}}}
    content: JsonObject = {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}
    operation: JsonObject = {"operationId": "f", "parameters": [deep], "requestBody": {"content": content}}
    parameters: JsonObject = {"properties": {"p": {"type": "array", "items": {"type": "string"}}}}
    async with hosting(api({"/x": {"post": operation}}), {"name": "f", "parameters": parameters}) as host:
        with pytest.raises(InvocationError, match="'p' cannot be sent: the style 'deepObject' has no way"):
            host.preview("f", {"p": ["1"]})
