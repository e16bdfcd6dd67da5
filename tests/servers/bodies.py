"""Descriptions of one operation with a body, and what is previewed for it."""

from __future__ import annotations

from runtimes.base import FunctionCall
from runtimes.values import Json, JsonObject
from tests.servers.descriptions import api, opened


def description(
    content: Json, *, server: str = "https://api.example", version: str = "3.0.4", components: Json = None
) -> JsonObject:
    operation: JsonObject = {"operationId": "f", "requestBody": {"required": True, "content": content}}
    document = api({"/x": {"post": operation}}, openapi=version, servers=[{"url": server}])
    return document if components is None else {**document, "components": components}


async def preview(
    content: Json, arguments: JsonObject, call_id: str = "c1", version: str = "3.0.4", components: Json = None
) -> tuple[str, str]:
    async with opened(description(content, version=version, components=components)) as executor:
        assert executor.unusable == {}
        (message,) = executor.preview(FunctionCall(id=call_id, function="f", arguments=arguments))
    return dict(message.headers)["Content-Type"], message.body or ""
