"""An MCP server on streamable HTTP: where it listens, by which names it is called, and how it ends."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import anyio
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager

from orchestrator.errors import UsageError
from orchestrator.mcp_server.connections import PatientProtocol, patient
from orchestrator.mcp_server.guard import PATH, Door, Guarded

MAX_SESSIONS = 64
"""Sessions that are open at once; another is refused."""

MAX_BODY_BYTES = 16 * 1024 * 1024
"""The longest request: an argument may be a file."""

CLOSE_SECONDS = 2.0
"""How long connections may take to end when the server does; then they are cut."""

_HTTP_PORT = 80
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
            listener.listen()
            port: int = listener.getsockname()[1]
            yield listener, f"http://{_shown(address.host)}:{port}{PATH}"
    except OSError as error:
        why = "the port is taken" if error.errno == errno.EADDRINUSE else (error.strerror or str(error)).lower()
        raise UsageError(f"--http: cannot listen on {_shown(address.host)}:{address.port}: {why}") from None


def names_at(address: Address, port: int) -> frozenset[str] | None:
    """What requests may call the server by that listens there, at this port; None for any name."""
    if address.is_any:
        return None
    names = {*(_LOOPBACK_NAMES if address.is_loopback else ()), _shown(address.host).lower()}
    return frozenset((*(f"{name}:{port}" for name in names), *(names if port == _HTTP_PORT else ())))


class _Uvicorn(uvicorn.Server):
    """One that leaves the signals of the process to the command."""

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]  # an empty one is a context, too
        return nullcontext()


class _Sessions(StreamableHTTPSessionManager):
    """One that tells of sessions which have ended, however they have."""

    def __init__(self, server: Server, ended: Callable[[str], None]) -> None:
        super().__init__(server, max_request_body_size=MAX_BODY_BYTES, max_sessions=MAX_SESSIONS)
        self._ended = ended

    async def _discard_session(self, session_id: str, transport: StreamableHTTPServerTransport) -> None:
        try:
            await super()._discard_session(session_id, transport)
        finally:
            self._ended(session_id)


async def _serve_until_cancelled(uvicorn_server: _Uvicorn, listener: socket.socket, guarded: Guarded) -> None:
    ended = anyio.Event()

    async def serve() -> None:
        with anyio.CancelScope(shield=True):
            await uvicorn_server.serve(sockets=[listener])
        ended.set()

    async def cut() -> None:
        """Cuts the connections that do not end in time."""
        with anyio.CancelScope(shield=True), anyio.move_on_after(CLOSE_SECONDS):
            await ended.wait()
        for connection in patient(uvicorn_server.server_state):
            connection.abort()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve)
        try:
            await ended.wait()
        finally:
            uvicorn_server.should_exit = True
            guarded.close()
            tasks.start_soon(cut)


async def serve_http(
    server: Server,
    listener: socket.socket,
    address: Address,
    token: str | None,
    *,
    ended: Callable[[str], None] = lambda _: None,
    connection: type[PatientProtocol] = PatientProtocol,
) -> None:
    """Serves until it is cancelled; then nobody is left waiting. `ended` is told of sessions that are over."""
    port: int = listener.getsockname()[1]
    manager = _Sessions(server, ended)
    guarded = Guarded(StreamableHTTPASGIApp(manager), Door(names=names_at(address, port), token=token))
    config = uvicorn.Config(
        guarded,
        http=connection,
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="error",  # strangers can make it warn
        access_log=False,
        server_header=False,
    )
    async with manager.run():
        await _serve_until_cancelled(_Uvicorn(config), listener, guarded)
