"""A small HTTP/2 server on loopback, over TLS, whose frames a test decides.

    async def handler(exchange: Exchange) -> None:
        await exchange.answer(b"hello")

    async with serve_http2(handler) as server:
        ...  # server.url, server.requests, server.gone

A handler that must not answer awaits `anyio.sleep_forever()`; it is cancelled when its connection ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, WindowUpdated
from h2.exceptions import H2Error
from hyperframe.frame import Frame

from tests.servers.certificates import certificates
from tests.servers.loopback import Request

READ_BYTES = 64 * 1024


@dataclass(slots=True, kw_only=True)
class Http2Server:
    """A running server and what reached it."""

    url: str
    """`https://127.0.0.1:PORT`, without a slash at the end."""
    port: int
    requests: list[Request] = field(default_factory=list[Request])
    """Every request, once its headers are there and its body is too, in the order of arrival."""
    connections: int = 0
    gone: anyio.Semaphore = field(default_factory=lambda: anyio.Semaphore(0))
    """Released once for each connection that the client has closed."""
    stalled: anyio.Event | None = None
    """Where there is one, no body is read further than the first window, and this is set once it is full."""
    failures: list[Exception] = field(default_factory=list[Exception])


class Connection:
    """One connection: what `h2` thinks of it, and the socket."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.state = H2Connection(H2Configuration(client_side=False, validate_outbound_headers=False))
        self.writer = writer
        self.moved = anyio.Event()
        """Set, and made anew, whenever the client has opened its window."""

    async def flush(self) -> None:
        self.writer.write(self.state.data_to_send())
        await self.writer.drain()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request, and the ways to answer it."""

    request: Request
    stream: int
    connection: Connection

    async def head(self, *headers: tuple[str, str], status: str = "200", is_end: bool = False) -> None:
        fields = [(":status", status), *headers]
        self.connection.state.send_headers(self.stream, fields, end_stream=is_end)
        await self.connection.flush()

    async def data(self, piece: bytes, *, is_end: bool = False) -> None:
        """Sends as much at once as the client's window has room for."""
        state = self.connection.state
        while True:
            room = min(state.local_flow_control_window(self.stream), state.max_outbound_frame_size)
            if room or not piece:
                state.send_data(self.stream, piece[:room], end_stream=is_end and len(piece) <= room)
                await self.connection.flush()
                piece = piece[room:]
                if not piece:
                    return
            else:
                await self.connection.moved.wait()

    async def answer(self, body: bytes, *headers: tuple[str, str], status: str = "200") -> None:
        await self.head(*headers, status=status)
        await self.data(body, is_end=True)

    async def frames(self, *frames: Frame) -> None:
        """Sends frames as they are, without telling `h2`."""
        await self.raw(b"".join(frame.serialize() for frame in frames))

    async def raw(self, data: bytes) -> None:
        self.connection.writer.write(data)
        await self.connection.writer.drain()


Http2Handler = Callable[[Exchange], Awaitable[None]]


class _Conversation:
    def __init__(self, server: Http2Server, handler: Http2Handler, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._handler = handler
        self._connection = Connection(writer)
        self._bodies: dict[int, tuple[RequestReceived, bytearray]] = {}

    async def hold(self, reader: asyncio.StreamReader) -> None:
        connection = self._connection
        connection.state.initiate_connection()
        await connection.flush()
        async with asyncio.TaskGroup() as tasks:
            handlers: list[asyncio.Task[None]] = []
            while data := await reader.read(READ_BYTES):
                handlers += [tasks.create_task(self._handle(one)) for one in self._received(data)]
                await connection.flush()
            for task in handlers:
                task.cancel()

    def _received(self, data: bytes) -> list[Exchange]:
        state = self._connection.state
        complete: list[Exchange] = []
        for event in state.receive_data(data):
            if isinstance(event, RequestReceived):
                self._bodies[event.stream_id] = (event, bytearray())
            elif isinstance(event, DataReceived):
                self._bodies[event.stream_id][1].extend(event.data)
                self._accept(event)
            elif isinstance(event, StreamEnded):
                complete.append(self._exchange(event.stream_id))
            elif isinstance(event, WindowUpdated):
                self._connection.moved.set()
                self._connection.moved = anyio.Event()
        return complete

    def _accept(self, event: DataReceived) -> None:
        state = self._connection.state
        if self._server.stalled is None:
            state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif not state.remote_flow_control_window(event.stream_id):
            self._server.stalled.set()

    def _exchange(self, stream: int) -> Exchange:
        event, body = self._bodies.pop(stream)
        fields = [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
        pseudo = dict(fields)
        request = Request(
            method=pseudo[":method"],
            target=pseudo[":path"],
            headers=tuple((name.replace(":authority", "host"), value) for name, value in fields),
            body=bytes(body),
        )
        self._server.requests.append(request)
        return Exchange(request=request, stream=stream, connection=self._connection)

    async def _handle(self, exchange: Exchange) -> None:
        try:
            await self._handler(exchange)
        except (OSError, H2Error):
            return
        except Exception as error:  # noqa: BLE001 - whatever a test's handler raises is reported to the test
            self._server.failures.append(error)


@asynccontextmanager
async def serve_http2(handler: Http2Handler, *protocols: str) -> AsyncGenerator[Http2Server]:
    """Serves on a free port of 127.0.0.1 until the context is left; `protocols` are offered in place of `h2`."""
    server = Http2Server(url="", port=0)
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await _Conversation(server, handler, writer).hold(reader)
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            server.gone.release()
            writer.transport.abort()
            tasks.discard(task)

    context = certificates().serving(*(protocols or ("h2",)))
    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    server.url = f"https://127.0.0.1:{server.port}"
    try:
        yield server
    finally:
        listener.close()
        waiting = tuple(tasks)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    if server.failures:
        raise server.failures[0]
