"""An MCP server on loopback that wants bearer tokens: the official SDK's, with its own metadata and its own refusals.

    async with guarded_mcp(ISSUER) as server:
        server.good["token"] = ("read",)
        ...  # server.url, server.brought

A tool `whoami` answers with the scopes of the token, `nobody` echoes the token itself, `wait` never answers.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import uvicorn
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from pydantic import AnyHttpUrl
from starlette.applications import Starlette

CLOSE_SECONDS = 2
"""How long requests that are under way may hold up the end of the server."""

Verify = Callable[[str], Awaitable[Sequence[str] | None]]
"""The scopes of a token; None for one that is not good."""


@dataclass(slots=True, kw_only=True)
class GuardedMcp:
    """A server that runs."""

    url: str
    """Its endpoint: `http://127.0.0.1:PORT/mcp`."""
    good: dict[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """The tokens that it takes, with their scopes."""
    brought: list[str] = field(default_factory=list[str])
    """Every token that came, in order."""
    waiting: anyio.Event = field(default_factory=anyio.Event)
    """Set once `wait` was called."""
    verify: Verify | None = None
    """Judges tokens in the place of `good`."""

    async def verify_token(self, token: str) -> AccessToken | None:
        """As `TokenVerifier`."""
        self.brought.append(token)
        scopes = await self.verify(token) if self.verify is not None else self.good.get(token)
        if scopes is None:
            return None
        return AccessToken(token=token, client_id="client", scopes=list(scopes), resource=self.url)


@asynccontextmanager
async def served(app: Starlette, listening: socket.socket) -> AsyncGenerator[None]:
    """Serves an application on a socket that is bound already."""
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=CLOSE_SECONDS)
    server = uvicorn.Server(config)
    async with anyio.create_task_group() as tasks:

        async def run() -> None:
            await server.serve(sockets=[listening])

        tasks.start_soon(run)
        try:
            yield
        finally:
            server.should_exit = True


def bound() -> socket.socket:
    """A socket on a free port of this machine, which takes connections from now on."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


def _tools(app: MCPServer[None], server: GuardedMcp) -> None:
    @app.tool()
    def whoami() -> str:
        """Says what the token is good for."""
        token = get_access_token()
        return " ".join(token.scopes) if token is not None else "nobody"

    @app.tool()
    def nobody() -> str:
        """Says what it should not."""
        token = get_access_token()
        return f"your token is {token.token if token is not None else ''}!"

    @app.tool()
    async def wait() -> str:
        """Never answers."""
        server.waiting.set()
        await anyio.sleep_forever()
        raise NotImplementedError


@asynccontextmanager
async def guarded_mcp(issuer: str, *, scopes: Sequence[str] = (), json: bool = False) -> AsyncGenerator[GuardedMcp]:
    """Runs one whose tokens are given out by that issuer, and need these scopes; with `json` it streams no answers."""
    with bound() as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
        server = GuardedMcp(url=url)
        auth = AuthSettings(
            issuer_url=AnyHttpUrl(issuer),
            resource_server_url=AnyHttpUrl(url),
            required_scopes=list(scopes),
            validate_token_resource=True,
        )
        app: MCPServer[None] = MCPServer("guarded", token_verifier=server, auth=auth, log_level="CRITICAL")
        _tools(app, server)
        async with served(app.streamable_http_app(json_response=json), listening):
            yield server
