"""OpenAPI descriptions in short, opened over the real client, and what their operations offer and send."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import jsonschema_rs

from runtimes.base import FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.fetch import SharedClient
from runtimes.openapi import OpenApiExecutor, open_openapi
from runtimes.openapi.repeats import Sleep
from runtimes.values import Json, JsonObject, dump_json

ID: JsonObject = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
"""A parameter in the path."""


@asynccontextmanager
async def opened(
    description: Json,
    functions: tuple[str, ...] | None = None,
    location: str = "plugin.json",
    spec: JsonObject | None = None,
    sleep: Sleep = anyio.sleep,
) -> AsyncGenerator[OpenApiExecutor]:
    client = SharedClient()
    text = description if isinstance(description, str) else dump_json(description)
    runtime = RuntimeSpec(
        plugin="test",
        type="OpenApi",
        spec={"api_description": text} if spec is None else spec,
        location=location,
        functions=functions,
    )
    try:
        services = RuntimeServices(http=client.allowing(["127.0.0.1"]))
        async with open_openapi(runtime, services, sleep=sleep) as executor:
            yield executor
    finally:
        await client.aclose()


def api(paths: JsonObject, **members: Json) -> JsonObject:
    return {"openapi": "3.0.3", "servers": [{"url": "https://api.example/v1/"}], "paths": paths, **members}


def having(description: JsonObject, **members: Json) -> JsonObject:
    return {**description, **members}


def get(operation: JsonObject, path: str = "/x") -> JsonObject:
    return api({path: {"get": {"operationId": "f", **operation}}})


def post(schema: Json, parameters: list[Json] | None = None, *, required: bool = True) -> JsonObject:
    body: JsonObject = {"required": required, "content": {"application/json": {"schema": schema}}}
    return api({"/x/{id}": {"post": {"operationId": "f", "parameters": parameters or [], "requestBody": body}}})


async def schema_of(description: JsonObject) -> JsonObject:
    async with opened(description) as executor:
        assert executor.unusable == {}
        schema = executor.functions["f"].parameters
    jsonschema_rs.validator_for(schema)
    return schema


async def sent(description: JsonObject, arguments: JsonObject, location: str = "plugin.json") -> tuple[str, str | None]:
    async with opened(description, ("f",), location) as executor:
        assert executor.unusable == {}
        (message,) = executor.preview(FunctionCall(id="call-1", function="f", arguments=arguments))
    return message.url, message.body


async def reason(description: JsonObject, function: str = "f", location: str = "plugin.json") -> str:
    async with opened(description, (function,), location) as executor:
        assert executor.functions == {}
        return executor.unusable[function]
