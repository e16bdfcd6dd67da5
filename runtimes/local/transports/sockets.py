"""A local plugin behind a Unix socket or a port of this machine: streams of bytes, framed as over stdio.

A port is anybody's who takes it first, so whoever can, uses a Unix socket: there the system says whose program listens,
and another person's is refused.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import struct
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address

import anyio

from runtimes.local.transports.base import CannotStart, Transport, TransportClosed
from runtimes.local.transports.framed_stream import READ_BYTES, FramedStream
from runtimes.local_endpoint import Framing

CONNECT_SECONDS = 5.0
"""How long a plugin on this machine may take to accept a connection."""

CLOSE_SECONDS = 1.0
"""How long what was sent last may take to leave when a connection is closed."""

MAX_UNSENT_BYTES = 64 * 1024
"""How much may wait to be read by the other side before the next message waits as well."""

MAX_ADDRESSES = 4
"""How many addresses of `localhost` are tried."""

_CLOSED = "it has closed the connection"

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Finds the addresses of a host and port. Raises: `OSError`."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class SocketStream:
    """The bytes of one connection. What is sent goes out whole or not at all."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._has_ended = False
        writer.transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)

    async def send(self, data: bytes, /) -> None:
        """Sends all of it, once there is room; who gives up waiting for that has sent nothing.

        Raises: `TransportClosed`.
        """
        while not self.send_now(data):
            try:
                await self._writer.drain()
            except OSError:
                raise TransportClosed(_CLOSED) from None

    def send_now(self, data: bytes, /) -> bool:
        """Sends all of it; false where there is no room. Raises: `TransportClosed`."""
        transport = self._writer.transport
        if self._has_ended or transport.is_closing():
            raise TransportClosed(_CLOSED)
        if transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            return False
        self._writer.write(data)
        return True

    async def receive(self) -> bytes:
        """What has come; empty once the other side has ended."""
        data = b""
        with suppress(OSError):
            data = await self._reader.read(READ_BYTES)
        self._has_ended = not data
        return data

    async def close(self) -> None:
        """Lets go of the connection."""
        self._writer.close()
        with suppress(OSError), anyio.move_on_after(CLOSE_SECONDS, shield=True):
            await self._writer.wait_closed()
        self._writer.transport.abort()


class SocketTransport(FramedStream):
    """Framed messages over a connection."""

    def __init__(self, stream: SocketStream, framing: Framing) -> None:
        super().__init__(stream.send, stream.receive, framing)
        self._stream = stream

    def send_now(self, message: bytes, /) -> bool:
        """Sends all of it at once; false where there is no room. Raises: `TransportClosed`."""
        return self._stream.send_now(self.framed(message))

    async def last_words(self) -> str:
        """Empty: a connection carries nothing beside the protocol."""
        return ""


async def _system_addresses(host: str, port: int) -> Sequence[str]:
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def loopback_addresses(host: str, port: int, resolve: Resolve = _system_addresses) -> Sequence[str]:
    """The addresses behind a host of this machine.

    Raises: `CannotStart` when it has none, or one that is not this machine's.
    """
    try:
        addresses = await resolve(host, port)
    except (OSError, UnicodeError):
        raise CannotStart(f"the name {host!r} cannot be resolved") from None
    for address in addresses:
        if not ip_address(address).is_loopback:
            raise CannotStart(f"{host!r} is {address} here, which is not this machine: write 127.0.0.1 or [::1]")
    if not addresses:
        raise CannotStart(f"the name {host!r} has no address")
    return addresses[:MAX_ADDRESSES]


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return str(error.strerror or error)
    return os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error)


async def _connected(
    host: str, port: int, addresses: Sequence[str], seconds: float, tls: ssl.SSLContext | None
) -> Streams:
    reason = f"no connection within {seconds:g} s"
    name = None if tls is None else host
    with anyio.move_on_after(seconds):
        for address in addresses:
            try:
                return await asyncio.open_connection(address, port, limit=READ_BYTES, ssl=tls, server_hostname=name)
            except OSError as error:
                reason = _reason(error)
    raise CannotStart(f"nothing answers at {host}:{port}: {reason}")


@asynccontextmanager
async def connected_tcp(
    host: str,
    port: int,
    seconds: float = CONNECT_SECONDS,
    resolve: Resolve = _system_addresses,
    tls: ssl.SSLContext | None = None,
) -> AsyncGenerator[SocketStream, None]:
    """A connection to a port of this machine, encrypted with `tls`.

    Entering raises: `CannotStart`.
    """
    addresses = await loopback_addresses(host, port, resolve)
    stream = SocketStream(*await _connected(host, port, addresses, seconds, tls))
    try:
        yield stream
    finally:
        await stream.close()


@asynccontextmanager
async def open_tcp(
    host: str, port: int, framing: Framing = "auto", seconds: float = CONNECT_SECONDS
) -> AsyncGenerator[Transport, None]:
    """Talks to a port of this machine for as long as the context lasts.

    Entering raises: `CannotStart`.
    """
    async with connected_tcp(host, port, seconds) as stream:
        yield SocketTransport(stream, framing)


def _owner(connection: socket.socket, path: str) -> int:
    """The user whose program listens, or who owns the socket, where the system says no more. Raises: `OSError`."""
    if sys.platform == "linux":
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        owner: int = struct.unpack("3i", credentials)[1]
        return owner
    return os.stat(path).st_uid


def _connect(connection: socket.socket, path: str) -> None:
    """Connects to a Unix socket, which is done at once or not at all. Raises: `CannotStart`."""
    try:
        connection.setblocking(False)
        connection.connect(path)
        owner = _owner(connection, path)
    except BlockingIOError:
        raise CannotStart(f"nothing answers at {path!r}: too many wait there already") from None
    except OSError as error:
        raise CannotStart(f"nothing answers at {path!r}: {_reason(error)}") from None
    if owner not in (0, os.geteuid()):
        raise CannotStart(f"the program that listens at {path!r} is that of another user (number {owner}), not yours")


@asynccontextmanager
async def open_unix(path: str, framing: Framing = "auto") -> AsyncGenerator[Transport, None]:
    """Talks to a Unix socket for as long as the context lasts.

    Entering raises: `CannotStart`, also where the program that listens is another user's and not the system's.
    """
    if sys.platform == "win32":
        raise CannotStart("there are no Unix sockets here: use tcp:127.0.0.1:PORT")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        _connect(connection, path)
        stream = SocketStream(*await asyncio.open_unix_connection(sock=connection, limit=READ_BYTES))
        try:
            yield SocketTransport(stream, framing)
        finally:
            await stream.close()
