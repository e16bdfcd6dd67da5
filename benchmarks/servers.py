"""The two servers of the benchmark in one process: a model that calls one function and then answers, and its API.

They do as little as they can, so that what is measured is the client. On standard output they say where they are, in
one line of JSON, and they serve until standard input is closed.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from functools import cache, partial

import orjson

from runtimes.values import Json, JsonObject

CALLED = "getItem3"
"""The operation that the model calls; every document has it."""

ARGUMENT_PIECES = ('{"item', 'Id":"42",', '"limit":5}')
"""How the arguments of the call are cut."""

ANSWER_PIECES = ("There", " are", " five", " parts", " of", " item", " 42", ".")
"""How the answer is cut."""

_CALLED_NAME = re.compile(rb'"name":\s*"([\w-]*' + CALLED.encode() + rb')"')
_RESULT_ROLE = re.compile(rb'"role":\s*"tool"')
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_DOCUMENT_PATH = re.compile(r"/openapi/(\d+)\.json")

Answerer = Callable[[str, bytes], bytes]


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


def _event_stream(chunks: list[JsonObject]) -> bytes:
    events = [*(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks), b"data: [DONE]\n\n"]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    framed = (f"{len(event):x}\r\n".encode() + event + b"\r\n" for event in events)
    return head + b"".join(framed) + b"0\r\n\r\n"


def _chunk(delta: JsonObject, finish_reason: str | None = None) -> JsonObject:
    choice: JsonObject = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    head: JsonObject = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "fake"}
    return {**head, "system_fingerprint": "fp_1", "choices": [choice]}


def _reply(deltas: list[JsonObject], finish_reason: str) -> bytes:
    usage: JsonObject = {"prompt_tokens": 900, "completion_tokens": 20, "total_tokens": 920}
    last: JsonObject = {**_chunk({}), "choices": [], "usage": usage}
    return _event_stream([*map(_chunk, deltas), _chunk({}, finish_reason), last])


@cache
def _call(name: str) -> bytes:
    function: JsonObject = {"name": name, "arguments": ""}
    head: JsonObject = {"index": 0, "id": "call_1", "type": "function", "function": function}
    first: JsonObject = {"role": "assistant", "content": None, "tool_calls": [head]}
    rest: list[JsonObject] = [
        {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in ARGUMENT_PIECES
    ]
    return _reply([first, *rest], "tool_calls")


@cache
def _answer() -> bytes:
    first: JsonObject = {"role": "assistant", "content": ""}
    rest: list[JsonObject] = [{"content": piece} for piece in ANSWER_PIECES]
    return _reply([first, *rest], "stop")


@cache
def _parts() -> bytes:
    parts: list[Json] = [{"name": f"part {number}", "price": 10 * number, "date": "2026-11-21"} for number in range(5)]
    return _response(orjson.dumps({"item": "42", "parts": parts}))


class Servers:
    """What both servers answer, and how often they were asked."""

    def __init__(self) -> None:
        self.model_requests = 0
        self.api_requests = 0

    def model(self, target: str, body: bytes) -> bytes:
        """A reply: the call, or the answer once there is a result."""
        del target
        self.model_requests += 1
        if _RESULT_ROLE.search(body):
            return _answer()
        name = _CALLED_NAME.search(body)
        assert name is not None, "the request has no tool to call"
        return _call(name[1].decode())

    def api(self, target: str, body: bytes) -> bytes:
        """A result, an OpenAPI document, or the counts."""
        del body
        if target == "/counts":
            return _response(orjson.dumps({"model": self.model_requests, "api": self.api_requests}))
        document = _DOCUMENT_PATH.fullmatch(target)
        if document is not None:
            return _response(_document(int(document[1])))
        self.api_requests += 1
        return _parts()


class Connection(asyncio.Protocol):
    """One connection of a client that waits for each answer, as HTTP/1.1 clients do."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer
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
        assert self._transport is not None
        self._transport.write(self._answerer(head.split(b" ", 2)[1].decode(), body))


async def serve() -> None:
    """Serves until standard input is closed."""
    loop = asyncio.get_running_loop()
    servers = Servers()
    urls: dict[str, Json] = {}
    for name, answerer in (("model", servers.model), ("api", servers.api)):
        listener = await loop.create_server(partial(Connection, answerer), "127.0.0.1", 0)
        urls[name] = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    print(orjson.dumps(urls).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
