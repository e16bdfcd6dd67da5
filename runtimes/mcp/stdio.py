"""A local MCP server: a program of the host's table, and its standard input and output as streams of mcp.

Messages are one a line (MCP, "stdio"). `runtimes.local.transports.process` starts the program, confines and ends it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client import Transport
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCRequest, jsonrpc_message_adapter
from pydantic import ValidationError

from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.local.transports.base import TransportClosed
from runtimes.local.transports.program import Program
from runtimes.mcp.ending import Ending

MAX_LINE_BYTES = MAX_RESPONSE_BYTES
"""How long one message may be: images travel in them as base64."""
MAX_QUEUED = 64
"""How many messages may wait to be written."""
CALLING = "tools/call"
"""The method of messages that are told of: they carry arguments."""

_Incoming = MemoryObjectSendStream[SessionMessage | Exception]
_Outgoing = MemoryObjectReceiveStream[SessionMessage]


class Lines:
    """Cuts what a program writes into lines."""

    def __init__(self, max_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._searched = 0
        self.is_broken = False
        """A line is longer than the limit: there is no telling where the next one begins."""

    def receive(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes."""
        self._buffer += data
        lines: list[bytes] = []
        start = 0
        while (end := self._buffer.find(b"\n", max(start, self._searched))) >= 0:
            lines.append(bytes(self._buffer[start:end]))
            start = end + 1
        del self._buffer[:start]
        self._searched = len(self._buffer)
        longest = max([len(self._buffer), *map(len, lines)])
        if longest > self._max_bytes:
            self.is_broken = True
            self._buffer.clear()
        return lines


async def _read(program: Program, incoming: _Incoming, ending: Ending) -> None:
    """Hands on what the program says; what is no message is passed over, as programs print such."""
    lines = Lines()
    async with incoming:
        while not lines.is_broken and (data := await program.read()):
            for line in lines.receive(data):
                try:
                    message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                except ValidationError:
                    if line.strip():
                        ending.complaint = "a line that it wrote is no message of JSON-RPC"
                    continue
                await incoming.send(SessionMessage(message))
        if lines.is_broken:
            ending.die(f"a line is longer than {MAX_LINE_BYTES} bytes")
            return
        words = await program.last_words()
        ending.die(f"it ended before it answered{words and f'; its last words: {words}'}")


async def _write(program: Program, outgoing: _Outgoing, sent: Callable[[str], None]) -> None:
    async with outgoing:
        async for item in outgoing:
            text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
            try:
                await program.write(text.encode() + b"\n")
            except TransportClosed:
                return  # what it still has to say is read
            if isinstance(item.message, JSONRPCRequest) and item.message.method == CALLING:
                sent(text)


@asynccontextmanager
async def _streams(
    program: Program, ending: Ending, sent: Callable[[str], None]
) -> AsyncGenerator[
    tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]
]:
    incoming, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, outgoing = anyio.create_memory_object_stream[SessionMessage](MAX_QUEUED)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_reading, program, incoming, ending)
        tasks.start_soon(_write, program, outgoing, sent)
        try:
            yield read, write
        finally:
            tasks.cancel_scope.cancel()
            for stream in (read, write):
                stream.close()


async def _reading(program: Program, incoming: _Incoming, ending: Ending) -> None:
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # nobody listens any more
        await _read(program, incoming, ending)


def streams_of(program: Program, ending: Ending, sent: Callable[[str], None]) -> Transport:
    """A transport for mcp; `ending` is told why nothing more is to come, `sent` of each call that has gone out."""
    return _streams(program, ending, sent)
