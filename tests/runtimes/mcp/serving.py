"""Opens the runtime over an MCP server, and calls its tools."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import anyio

from auth import MappingVault, Vault
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    RuntimeExecutor,
    RuntimeServices,
    RuntimeSpec,
)
from runtimes.fetch import SharedClient
from runtimes.local_endpoint import LocalEndpoint
from runtimes.mcp import open_mcp
from runtimes.questions import Ask, nobody_present
from runtimes.values import Json, JsonObject

LOOPBACK = ("127.0.0.1", "localhost")


class Changes:
    """The host, as far as it is told that functions are not what they were."""

    def __init__(self) -> None:
        self.told_once = anyio.Event()

    def told(self) -> None:
        self.told_once.set()


def spec_of(url: str, *, functions: tuple[str, ...] | None = None, **members: Json) -> RuntimeSpec:
    """A runtime object of type `RemoteMCPServer`."""
    spec: JsonObject = {"url": url, **members}
    return RuntimeSpec(plugin="p", type="RemoteMCPServer", spec=spec, location="", functions=functions)


@asynccontextmanager
async def remote(
    spec: RuntimeSpec, changes: Changes | None = None, vault: Vault | None = None
) -> AsyncGenerator[RuntimeExecutor]:
    """The runtime over a server on loopback; `me` is who asks for its tools."""
    client = SharedClient()
    told = changes or Changes()
    try:
        services = RuntimeServices(
            http=client.allowing(LOOPBACK),
            functions_changed=told.told,
            vault=vault or MappingVault(),
            discoverer="me",
        )
        async with open_mcp(spec, services) as executor:
            yield executor
    finally:
        await client.aclose()


@asynccontextmanager
async def local(
    endpoint: LocalEndpoint, *, functions: tuple[str, ...] | None = None, sent: list[str] | None = None, **members: Json
) -> AsyncGenerator[RuntimeExecutor]:
    """The runtime over a program."""
    client = SharedClient()
    endpoints: Mapping[str, LocalEndpoint] = {"zoo": endpoint}
    spec = RuntimeSpec(
        plugin="p",
        type="x-McpServer",
        spec={"local_endpoint": "zoo", **members},
        location="",
        functions=functions,
    )
    bodies: list[str] = [] if sent is None else sent
    services = RuntimeServices(
        http=client, local_endpoints=endpoints, sent=lambda message: bodies.append(message.body or "")
    )
    async with open_mcp(spec, services) as executor:
        yield executor


async def ask(
    executor: RuntimeExecutor,
    function: str,
    /,
    *,
    asking: Ask = nobody_present,
    told: list[str] | None = None,
    timeout: float = 20.0,
    person: str = "ada",
    **arguments: Json,
) -> CallResult:
    """One call."""
    notes: list[str] = [] if told is None else told
    context = CallContext(person=person, timeout=timeout, progress=notes.append, ask=asking)
    return await executor.invoke(FunctionCall(id="1", function=function, arguments=arguments), context)
