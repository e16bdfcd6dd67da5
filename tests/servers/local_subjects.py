"""Endpoints behind which a `TalkingPlugin` stands, one for each way of reaching a local plugin.

The servers run in this process, and the program in one of its own.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import anyio

from runtimes.base import RuntimeExecutor, RuntimeServices, RuntimeSpec
from runtimes.fetch import SharedClient
from runtimes.local import open_local
from runtimes.local.framing import Spoken
from runtimes.local.transports.of_address import http_hosts
from runtimes.local_endpoint import LocalEndpoint
from tests.servers import talking_plugin
from tests.servers.local_peers import over_websocket, post_server, streaming, tcp_server, unix_server
from tests.servers.talking_plugin import TalkingPlugin

FUNCTIONS = ("echo", "fail", "wait", "cancelled", "progress", "ask", "gather", "long", "garbage", "end")

EndpointOpener = Callable[[Path], AbstractAsyncContextManager[LocalEndpoint]]


@asynccontextmanager
async def program(spoken: Spoken, folder: Path) -> AsyncGenerator[LocalEndpoint]:
    del folder
    yield LocalEndpoint(command=(sys.executable, "-S", talking_plugin.__file__, spoken), framing=spoken)


@asynccontextmanager
async def unix(spoken: Spoken, folder: Path) -> AsyncGenerator[LocalEndpoint]:
    path = folder / "plugin.sock"
    async with unix_server(path, streaming(TalkingPlugin(), spoken)):
        yield LocalEndpoint(address=f"unix:{path}", framing=spoken)


@asynccontextmanager
async def tcp(spoken: Spoken, folder: Path) -> AsyncGenerator[LocalEndpoint]:
    del folder
    async with tcp_server(streaming(TalkingPlugin(), spoken)) as port:
        yield LocalEndpoint(address=f"tcp:localhost:{port}", framing="auto" if spoken == "lines" else spoken)


@asynccontextmanager
async def http(folder: Path) -> AsyncGenerator[LocalEndpoint]:
    del folder
    async with post_server(TalkingPlugin()) as url:
        yield LocalEndpoint(address=url)


@asynccontextmanager
async def websocket(folder: Path) -> AsyncGenerator[LocalEndpoint]:
    del folder
    async with tcp_server(over_websocket(TalkingPlugin())) as port:
        yield LocalEndpoint(address=f"ws://localhost:{port}/rpc")


ENDPOINTS: dict[str, EndpointOpener] = {
    "stdio with lines": partial(program, "lines"),
    "stdio with headers": partial(program, "headers"),
    "unix with lines": partial(unix, "lines"),
    "unix with headers": partial(unix, "headers"),
    "tcp with lines": partial(tcp, "lines"),
    "tcp with headers": partial(tcp, "headers"),
    "http": http,
    "websocket": websocket,
}


@asynccontextmanager
async def executing(endpoint: LocalEndpoint, functions: tuple[str, ...] = FUNCTIONS) -> AsyncGenerator[RuntimeExecutor]:
    """What calls the plugin behind an endpoint; everything in it has to be over in a minute."""
    client = SharedClient()
    try:
        spec = RuntimeSpec(
            plugin="p", type="LocalPlugin", spec={"local_endpoint": "p"}, location="", functions=functions
        )
        services = RuntimeServices(
            http=client,
            local_http=client.allowing(http_hosts((endpoint.address,))),
            local_endpoints={"p": endpoint},
        )
        async with open_local(spec, services) as executor:
            with anyio.fail_after(60):
                yield executor
    finally:
        await client.aclose()
