"""An MCP server of the official package, in this process and on loopback, whose tools a test decides.

served = ToolServer(ServedTool("echo", echo))
async with served.over_http("legacy") as url: ...
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import anyio
import uvicorn
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.sse import SseServerTransport
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ContentBlock,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from runtimes.values import JsonObject

Speech = Literal["modern", "legacy", "sse"]
"""MCP 2026-07-28; the handshake before it; its older transport."""

Context = ServerRequestContext[object]
Answer = CallToolResult | InputRequiredResult
Handler = Callable[[Context, CallToolRequestParams], Awaitable[Answer]]


@dataclass(frozen=True, kw_only=True)
class ServedTool:
    """A tool and what it does."""

    name: str
    handler: Handler
    description: str = ""
    schema: JsonObject = field(default_factory=lambda: JsonObject(type="object"))
    annotations: ToolAnnotations | None = None

    @property
    def definition(self) -> Tool:
        """As it is listed."""
        return Tool(
            name=self.name, description=self.description, input_schema=self.schema, annotations=self.annotations
        )


def said(*blocks: ContentBlock | str, structured: JsonObject | None = None, is_error: bool = False) -> CallToolResult:
    """A result of these blocks; strings are texts."""
    content = [TextContent(text=block) if isinstance(block, str) else block for block in blocks]
    return CallToolResult(content=content, structured_content=structured, is_error=is_error)


async def echo(context: Context, params: CallToolRequestParams) -> CallToolResult:
    """Says `text` again."""
    del context
    return said(str((params.arguments or {}).get("text")))


class _Announced(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = anyio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()


@asynccontextmanager
async def on_loopback(app: ASGIApp) -> AsyncGenerator[str]:
    """The URL of an app that is served."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, ws="none")
        server = _Announced(config)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            await server.is_ready.wait()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = server.force_exit = True


class ToolServer:
    """Lists its tools, calls them, and remembers what it was asked."""

    def __init__(self, *tools: ServedTool, page_size: int = 100) -> None:
        self.tools: Mapping[str, ServedTool] = {tool.name: tool for tool in tools}
        self.asked: list[str] = []
        """The methods of the requests, `tools/call` with the name of the tool."""
        self.tokens: set[str] = set()
        """One of them is wanted with each request, unless there are none."""
        self.bearers: list[str] = []
        """The different tokens that requests came with, in the order of the first."""
        self._page_size = page_size
        self._bus = InMemorySubscriptionBus()
        self._server: Server[object] = Server(
            "tools",
            on_list_tools=self._list,
            on_call_tool=self._call,
            on_subscriptions_listen=ListenHandler(self._bus),
        )

    async def _list(self, context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        del context
        self.asked.append("tools/list")
        start = int(params.cursor) if params and params.cursor else 0
        end = start + self._page_size
        tools = [tool.definition for tool in self.tools.values()]
        return ListToolsResult(tools=tools[start:end], next_cursor=str(end) if end < len(tools) else None)

    async def _call(self, context: Context, params: CallToolRequestParams) -> Answer:
        self.asked.append(f"tools/call {params.name}")
        return await self.tools[params.name].handler(context, params)

    async def change(self, context: Context, *tools: ServedTool) -> None:
        """Has other tools from now on, and says so."""
        self.tools = {tool.name: tool for tool in tools}
        await context.session.send_tool_list_changed()
        await self._bus.publish(ToolsListChanged())

    def _over_sse(self) -> ASGIApp:
        transport = SseServerTransport("/messages/")
        options = self._server.create_initialization_options(NotificationOptions(tools_changed=True))

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] != "/mcp":
                await transport.handle_post_message(scope, receive, send)
            elif scope["method"] != "GET":
                await Response(status_code=405)(scope, receive, send)
            else:
                async with transport.connect_sse(scope, receive, send) as (reads, writes):
                    await self._server.run(reads, writes, options)

        return served

    @asynccontextmanager
    async def over_http(self, speech: Speech = "modern") -> AsyncGenerator[str]:
        """The URL where it is reached."""
        app: ASGIApp = self._over_sse() if speech == "sse" else self._server.streamable_http_app()

        async def spoken(scope: Scope, receive: Receive, send: Send) -> None:
            headers = dict(scope.get("headers", ()))
            if speech == "sse" and scope["type"] == "lifespan":
                return
            bearer = headers.get(b"authorization", b"").decode().removeprefix("Bearer ")
            if scope["type"] == "http" and self.tokens and bearer not in self.tokens:
                await Response(status_code=401)(scope, receive, send)
                return
            if bearer and bearer not in self.bearers:
                self.bearers.append(bearer)
            if speech == "legacy" and headers.get(b"mcp-method") == b"server/discover":
                await Response(status_code=400)(scope, receive, send)
                return
            await app(scope, receive, send)

        async with on_loopback(spoken) as url:
            yield f"{url}/mcp"
