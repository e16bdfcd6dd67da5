"""A local MCP server: a program of the host's table, and its standard input and output as streams of mcp.

Messages are one a line (MCP, "stdio"). `runtimes.local.transports.process` starts the program, confines and ends it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client import Transport
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCMessage, JSONRPCRequest, RequestId, jsonrpc_message_adapter
from pydantic import ValidationError

from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.local.transports.base import TransportClosed
from runtimes.local.transports.program import Program
from runtimes.mcp.ending import Ending
from runtimes.mcp.gate import Noise, unreadable
from runtimes.values import Json

MAX_LINE_BYTES = MAX_RESPONSE_BYTES
"""How long one message may be: images travel in them as base64."""
ID_WITHIN = 1000
"""In how many of its first bytes the id of a line is looked for that is no JSON."""
CALLING = "tools/call"
"""The method of messages that are told of: they carry arguments."""
_ID = re.compile(rb'"id"\s*:\s*(\d{1,18})\b')

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


def answered_id(line: bytes) -> RequestId | None:
    """The request that a line answers that is no message; None where it is no answer, or does not say to which."""
    try:
        value: Json = json.loads(line)
    except (ValueError, RecursionError):
        start = line[:ID_WITHIN]
        found = None if b'"method"' in start else _ID.search(start)
        return int(found[1]) if found else None
    number = value.get("id") if isinstance(value, dict) and "method" not in value else None
    return number if isinstance(number, int | str) and not isinstance(number, bool) else None


def _message(line: bytes, ending: Ending) -> JSONRPCMessage | None:
    try:
        return jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError:
        if not line.strip():
            return None
    ending.complaint = "a line that it wrote is no message of JSON-RPC"
    number = answered_id(line)
    return None if number is None else unreadable(number, "it is no message of JSON-RPC")


async def _read(program: Program, incoming: _Incoming, ending: Ending) -> None:
    """Hands on what the program says; what is no message is passed over, as programs print such."""
    lines = Lines()
    async with incoming:
        while not lines.is_broken and (data := await program.read()):
            for line in lines.receive(data):
                message = _message(line, ending)
                await incoming.send(Noise() if message is None else SessionMessage(message))
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
    write, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
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
