"""The two servers of the benchmarks in one process: a model that calls one function and then answers, and its API.

They do as little as they can, so that what is measured is the client. On standard output they say where they are, in
one line of JSON, and they serve until standard input is closed. The model streams where it is asked to, an event in a
write of its own. `/counts` of the API tells how often both were asked, `/latency/MODEL/API/EVENT` how many
milliseconds they take over an answer, and between two events of one.
"""

from __future__ import annotations

import asyncio
import re
import resource
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial

import orjson

from runtimes.values import Json, JsonObject

CALLED = "getItem3"
"""The operation that the model calls; every document has it."""

ARGUMENT_PIECES = ('{"item', 'Id":"42",', '"limit":5}')
"""How the arguments of the call are cut."""

ANSWER_PIECES = ("There", " are", " five", " parts", " of", " item", " 42", ".")
"""How the answer is cut."""

BACKLOG = 4096
"""Connections that may come at once and wait to be accepted."""

_CALLED_NAME = re.compile(rb'"name":\s*"([\w-]*' + CALLED.encode() + rb')"')
_WORDS = re.compile(rb"say (\d+) words")
_SAY = b'"say '
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_DOCUMENT_PATH = re.compile(r"/openapi/(\d+)\.json")
_LATENCY_PATH = re.compile(r"/latency/(\d+)/(\d+)/(\d+)")

Writes = Sequence[bytes]
"""An answer, cut into what is written at once."""


def _operation(number: int) -> JsonObject:
    parameters: list[Json] = [
        {"name": "itemId", "in": "path", "required": True, "description": "The item", "schema": {"type": "string"}},
        {
            "name": "limit",
            "in": "query",
            "description": "How many parts to list at most",
            "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
        },
        {
            "name": "order",
            "in": "query",
            "description": "What the parts are ordered by",
            "schema": {"type": "string", "enum": ["name", "price", "date"]},
        },
    ]
    return {
        "operationId": f"getItem{number}",
        "summary": f"Lists the parts of an item of catalogue {number}, with their prices and dates.",
        "parameters": parameters,
        "responses": {"200": {"description": "The parts"}},
    }


@cache
def _document(operations: int) -> bytes:
    paths: JsonObject = {f"/items{number}/{{itemId}}": {"get": _operation(number)} for number in range(operations)}
    return orjson.dumps({"openapi": "3.0.4", "info": {"title": "Items", "version": "1"}, "paths": paths})


def _response(body: bytes, content_type: str = "application/json", status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _event_stream(chunks: list[JsonObject]) -> Writes:
    events = [*(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks), b"data: [DONE]\n\n"]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    framed = [f"{len(event):x}\r\n".encode() + event + b"\r\n" for event in events]
    return [head + framed[0], *framed[1:-1], framed[-1] + b"0\r\n\r\n"]


def _chunk(delta: JsonObject, finish_reason: str | None = None) -> JsonObject:
    choice: JsonObject = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    head: JsonObject = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "fake"}
    return {**head, "system_fingerprint": "fp_1", "choices": [choice]}


_USAGE: JsonObject = {"prompt_tokens": 900, "completion_tokens": 20, "total_tokens": 920}


def _streamed(deltas: list[JsonObject], finish_reason: str) -> Writes:
    last: JsonObject = {**_chunk({}), "choices": [], "usage": _USAGE}
    return _event_stream([*map(_chunk, deltas), _chunk({}, finish_reason), last])


def _completed(message: JsonObject, finish_reason: str) -> Writes:
    whole: JsonObject = {"role": "assistant", "content": None, "refusal": None, **message}
    choice: JsonObject = {"index": 0, "message": whole, "logprobs": None, "finish_reason": finish_reason}
    head: JsonObject = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "fake"}
    return (_response(orjson.dumps({**head, "choices": [choice], "usage": _USAGE})),)


@cache
def _call(name: str, *, is_streamed: bool) -> Writes:
    whole: JsonObject = {"name": name, "arguments": "".join(ARGUMENT_PIECES)}
    call: JsonObject = {"id": "call_1", "type": "function", "function": whole}
    if not is_streamed:
        return _completed({"tool_calls": [call]}, "tool_calls")
    head: JsonObject = {"index": 0, **call, "function": {"name": name, "arguments": ""}}
    first: JsonObject = {"role": "assistant", "content": None, "tool_calls": [head]}
    rest: list[JsonObject] = [
        {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in ARGUMENT_PIECES
    ]
    return _streamed([first, *rest], "tool_calls")


@cache
def _answer(pieces: tuple[str, ...], *, is_streamed: bool) -> Writes:
    if not is_streamed:
        return _completed({"content": "".join(pieces)}, "stop")
    first: JsonObject = {"role": "assistant", "content": ""}
    rest: list[JsonObject] = [{"content": piece} for piece in pieces]
    return _streamed([first, *rest], "stop")


@cache
def _words(number: int) -> tuple[str, ...]:
    return ("word0", *(f" word{position}" for position in range(1, number)))


@cache
def _parts() -> bytes:
    parts: list[Json] = [{"name": f"part {number}", "price": 10 * number, "date": "2026-11-21"} for number in range(5)]
    return _response(orjson.dumps({"item": "42", "parts": parts}))


def _has(body: bytes, member: bytes, value: bytes) -> bool:
    """Looks for a member of the JSON text, with a space before its value or without; quicker than a pattern."""
    return member + value in body or member + b" " + value in body


class Servers:
    """What both servers answer, how long they take, and how often they were asked."""

    def __init__(self) -> None:
        self.model_requests = 0
        self.api_requests = 0
        self.model_seconds = 0.0
        self.api_seconds = 0.0
        self.event_seconds = 0.0

    def model(self, connection: Connection, target: str, body: bytes) -> None:
        """Replies with the call, with the answer once there is a result, or with as many words as were asked for."""
        del target
        self.model_requests += 1
        connection.write(self._reply(body), self.model_seconds, self.event_seconds)

    def _reply(self, body: bytes) -> Writes:
        is_streamed = _has(body, b'"stream":', b"true")
        if _has(body, b'"role":', b'"tool"'):
            return _answer(ANSWER_PIECES, is_streamed=is_streamed)
        if words := _WORDS.match(body, body.find(_SAY) + 1):
            return _answer(_words(int(words[1])), is_streamed=is_streamed)
        name = _CALLED_NAME.search(body)
        assert name is not None, "the request has no tool to call"
        return _call(name[1].decode(), is_streamed=is_streamed)

    def api(self, connection: Connection, target: str, body: bytes) -> None:
        """Answers with a result; at once with an OpenAPI document, or with the counts."""
        del body
        if (document := _DOCUMENT_PATH.fullmatch(target)) is not None:
            connection.write((_response(_document(int(document[1]))),))
        elif target.startswith(("/counts", "/latency")):
            self._set_latency(target)
            counts = {"model": self.model_requests, "api": self.api_requests}
            connection.write((_response(orjson.dumps(counts)),))
        else:
            self.api_requests += 1
            connection.write((_parts(),), self.api_seconds)

    def _set_latency(self, target: str) -> None:
        if (latency := _LATENCY_PATH.fullmatch(target)) is not None:
            self.model_seconds, self.api_seconds, self.event_seconds = (int(text) / 1000 for text in latency.groups())


class Connection(asyncio.Protocol):
    """One connection of a client that waits for each answer, as HTTP/1.1 clients do."""

    def __init__(self, answerer: Answerer, loop: asyncio.AbstractEventLoop) -> None:
        self._answerer = answerer
        self._loop = loop
        self._data = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._data[:end])
        length = _LENGTH.search(head)
        size = end + 4 + (int(length[1]) if length else 0)
        if len(self._data) < size:
            return
        body = bytes(self._data[end + 4 : size])
        del self._data[:size]
        self._answerer(self, head.split(b" ", 2)[1].decode(), body)

    def write(self, writes: Writes, delay: float = 0.0, between: float = 0.0) -> None:
        """Writes the first after `delay` seconds, and each other one `between` seconds later."""
        assert self._transport is not None
        if not delay and not between:
            for piece in writes:
                self._transport.write(piece)
            return
        for number, piece in enumerate(writes):
            self._loop.call_later(delay + number * between, self._write_late, piece)

    def _write_late(self, piece: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(piece)


Answerer = Callable[[Connection, str, bytes], None]


def allow_many_connections() -> None:
    """Raises the limit of open files of this process to the most it may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def serve() -> None:
    """Serves until standard input is closed."""
    allow_many_connections()
    loop = asyncio.get_running_loop()
    servers = Servers()
    urls: dict[str, Json] = {}
    for name, answerer in (("model", servers.model), ("api", servers.api)):
        listener = await loop.create_server(partial(Connection, answerer, loop), "127.0.0.1", 0, backlog=BACKLOG)
        urls[name] = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    print(orjson.dumps(urls).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
