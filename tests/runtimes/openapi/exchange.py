"""One operation on a real server, and what of a call of it arrives there."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from orchestrator.cli.wire import sent_bytes
from runtimes.base import CallContext, FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.fetch import SharedClient
from runtimes.openapi import OpenApiExecutor, open_openapi
from runtimes.values import JsonObject, dump_json
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve


async def accept(request: Request) -> Answer:
    del request
    return json_response({"ok": True})


@asynccontextmanager
async def opened(
    path: str, operation: JsonObject, method: str = "get", base: str = "/base"
) -> AsyncGenerator[tuple[OpenApiExecutor, LoopbackServer]]:
    """One operation, `f`, on a real server."""
    async with serve(accept) as server:
        client = SharedClient()
        description: JsonObject = {
            "openapi": "3.0.4",
            "servers": [{"url": server.url + base}],
            "paths": {path: {method: {"operationId": "f", **operation}}},
        }
        spec = RuntimeSpec(
            plugin="test", type="OpenApi", spec={"api_description": dump_json(description)}, location="plugin.json"
        )
        services = RuntimeServices(http=client.allowing(["127.0.0.1"]))
        try:
            async with open_openapi(spec, services) as executor:
                yield executor, server
        finally:
            await client.aclose()


async def arrived(executor: OpenApiExecutor, server: LoopbackServer, arguments: JsonObject) -> Request:
    """What reached the server, which is what the preview says."""
    call = FunctionCall(id="c1", function="f", arguments=arguments)
    (message,) = executor.preview(call)
    result = await executor.invoke(call, CallContext(person="me"))
    assert result.payload == {"ok": True}
    request = server.requests[-1]
    assert (request.method, server.url + request.target) == (message.method, message.url)
    assert request.body == sent_bytes(message)
    assert set(message.headers) <= set(request.headers)
    return request
