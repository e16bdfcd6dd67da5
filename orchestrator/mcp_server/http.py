"""An MCP server on streamable HTTP: where it listens, by which names it is called, and how it ends."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager

from orchestrator.errors import UsageError
from orchestrator.mcp_server.guard import PATH, Door, Guarded

MAX_SESSIONS = 64
"""Sessions that are open at once; another is refused."""

MAX_CONNECTIONS = 128
"""Requests that are served at once, those that only listen among them."""

MAX_BODY_BYTES = 16 * 1024 * 1024
"""The longest request: an argument may be a file."""

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 for any that is free."""

    @property
    def is_loopback(self) -> bool:
        """True where only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_any(self) -> bool:
        """True where it is reached under names that nobody here knows."""
        try:
            return ipaddress.ip_address(self.host).is_unspecified
        except ValueError:
            return False


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@contextmanager
def listening(address: Address) -> Generator[tuple[socket.socket, str]]:
    """The socket, and the URL of the server on it. Raises: `UsageError`."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(found[0], found[1]) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(found[4])
            port: int = listener.getsockname()[1]
            yield listener, f"http://{_shown(address.host)}:{port}{PATH}"
    except OSError as error:
        why = "the port is taken" if error.errno == errno.EADDRINUSE else (error.strerror or str(error)).lower()
        raise UsageError(f"--http: cannot listen on {_shown(address.host)}:{address.port}: {why}") from None


def _names(address: Address, listener: socket.socket) -> frozenset[str] | None:
    if address.is_any:
        return None
    port: int = listener.getsockname()[1]
    names = {*(_LOOPBACK_NAMES if address.is_loopback else ()), _shown(address.host).lower()}
    return frozenset(f"{name}:{port}" for name in names)


class _Uvicorn(uvicorn.Server):
    """One that leaves the signals of the process to the command."""

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]  # an empty one is a context, too
        return nullcontext()


async def serve_http(server: Server, listener: socket.socket, address: Address, token: str | None) -> None:
    """Serves until it is cancelled."""
    manager = StreamableHTTPSessionManager(server, max_request_body_size=MAX_BODY_BYTES, max_sessions=MAX_SESSIONS)
    door = Door(names=_names(address, listener), token=token)
    config = uvicorn.Config(
        Guarded(StreamableHTTPASGIApp(manager), door),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
    )
    async with manager.run():
        await _Uvicorn(config).serve(sockets=[listener])
