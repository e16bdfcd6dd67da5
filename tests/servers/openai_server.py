"""An OpenAI-compatible chat completions server on loopback that says what a test tells it to.

    async with openai_server([Reply(calls=(call("getListings", {"bedrooms": 3}),)), Reply(text="Two")]) as server:
        ...  # server.url ends in /v1
    assert server.requests[0].tool_names == ("contoso-getListings",)
    assert server.requests[1].tool_names is None  # the request had no `tools` at all

One answer a request, in order; a function from request to answer does as well. A reply is streamed where the request
asks for it. Waiting is done on events that the test sets: `Reply(gates={0: event})` holds the first piece back.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import orjson

from runtimes.values import Json, JsonObject, parse_json
from tests.servers.loopback import Answer, Chunked, Request, Response, json_response, serve

EVENT_STREAM = (("Content-Type", "text/event-stream; charset=utf-8"),)
"""The headers of a streamed answer."""

ARGUMENT_PIECE = 7
"""How many characters of a call's arguments one delta carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedCall:
    """A call as the server sends it."""

    name: str
    arguments: str
    """JSON text, or what a confused model writes."""
    id: str


def call(name: str, arguments: JsonObject | str = "{}", *, id: str = "") -> ScriptedCall:
    """A call with the given arguments; a text is sent as it is."""
    text = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
    return ScriptedCall(name=name, arguments=text, id=id or f"call_{secrets.token_hex(6)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model says: text, calls, or both."""

    text: str = ""
    calls: tuple[ScriptedCall, ...] = ()
    usage: tuple[int, int] | None = (11, 7)
    """Tokens in and out; None sends none."""
    finish_reason: str = ""
    """Empty means `tool_calls` or `stop`, whichever fits."""
    piece_bytes: int | None = None
    """The size of the pieces the stream is written in; None writes one event a piece."""
    gates: Mapping[int, anyio.Event] = field(default_factory=dict[int, anyio.Event])
    """The pieces that wait, by their number from 0; the headers have been sent by then."""
    cut_after: int | None = None
    """Break the connection after so many pieces."""
    plain: bool = False
    """Answer with one JSON document whatever was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An HTTP error."""

    status: int
    message: str = "no"
    code: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    gate: anyio.Event | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """A stream written by hand: each value one `data:` event, bytes as they are."""

    events: tuple[Json | bytes, ...]
    cut: bool = False
    """Break the connection at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request that arrived."""

    path: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: JsonObject

    @property
    def tool_names(self) -> tuple[str, ...] | None:
        """The names of the tools, None when the request has no `tools`."""
        tools = self.body.get("tools")
        if tools is None:
            return None
        assert isinstance(tools, list)
        return tuple(_text(_object(_object(tool)["function"])["name"]) for tool in tools)

    @property
    def messages(self) -> tuple[JsonObject, ...]:
        """The messages, the system's first."""
        messages = self.body["messages"]
        assert isinstance(messages, list)
        return tuple(_object(message) for message in messages)

    @property
    def system(self) -> str:
        """The text of the first message."""
        return _text(self.messages[0]["content"])


ScriptedAnswer = Reply | Failure | Events | Answer
Script = Sequence[ScriptedAnswer] | Callable[[Received], ScriptedAnswer]


@dataclass(slots=True, kw_only=True)
class OpenAIServer:
    """A running server and what reached it."""

    url: str = ""
    """The base URL, with `/v1` at its end."""
    requests: list[Received] = field(default_factory=list[Received])
    """In the order of arrival."""
    connections: Callable[[], int] = lambda: 0
    """How many connections were opened."""
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait_for_requests(self, number: int) -> None:
        """Returns once so many requests have arrived."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.requests) >= number)


def _object(value: Json) -> JsonObject:
    assert isinstance(value, dict)
    return value


def _text(value: Json) -> str:
    assert isinstance(value, str)
    return value


def _finish_reason(reply: Reply) -> str:
    return reply.finish_reason or ("tool_calls" if reply.calls else "stop")


def _usage(reply: Reply) -> JsonObject | None:
    if reply.usage is None:
        return None
    prompt, completion = reply.usage
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _chunk(delta: JsonObject, finish_reason: str | None = None) -> JsonObject:
    choice: JsonObject = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "fake", "choices": [choice]}


def _words(text: str) -> list[str]:
    first, *others = text.split(" ")
    return [first, *(f" {word}" for word in others)]


def _call_deltas(index: int, scripted: ScriptedCall) -> list[JsonObject]:
    head: JsonObject = {
        "index": index,
        "id": scripted.id,
        "type": "function",
        "function": {"name": scripted.name, "arguments": ""},
    }
    text = scripted.arguments
    pieces = [text[start : start + ARGUMENT_PIECE] for start in range(0, len(text), ARGUMENT_PIECE)]
    deltas: list[JsonObject] = [{"index": index, "function": {"arguments": piece}} for piece in pieces]
    return [head, *deltas]


def _chunks(reply: Reply, *, with_usage: bool) -> list[JsonObject]:
    chunks = [_chunk({"role": "assistant", "content": None if reply.calls else ""})]
    if reply.text:
        chunks += [_chunk({"content": word}) for word in _words(reply.text)]
    for index, scripted in enumerate(reply.calls):
        chunks += [_chunk({"tool_calls": [delta]}) for delta in _call_deltas(index, scripted)]
    chunks.append(_chunk({}, _finish_reason(reply)))
    if with_usage and reply.usage is not None:
        chunks.append({**_chunk({}), "choices": [], "usage": _usage(reply)})
    return chunks


def _document(reply: Reply) -> JsonObject:
    calls: list[Json] = [
        {"id": scripted.id, "type": "function", "function": {"name": scripted.name, "arguments": scripted.arguments}}
        for scripted in reply.calls
    ]
    message: JsonObject = {"role": "assistant", "content": reply.text or None}
    if calls:
        message["tool_calls"] = calls
    choice: JsonObject = {"index": 0, "message": message, "finish_reason": _finish_reason(reply)}
    return {"id": "chatcmpl-1", "object": "chat.completion", "choices": [choice], "usage": _usage(reply)}


def _pieces(data: list[bytes], size: int | None) -> list[bytes]:
    if size is None:
        return data
    whole = b"".join(data)
    return [whole[start : start + size] for start in range(0, len(whole), size)]


async def _stream(reply: Reply, *, with_usage: bool) -> AsyncIterator[bytes]:
    events = [b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in _chunks(reply, with_usage=with_usage)]
    for number, piece in enumerate(_pieces([*events, b"data: [DONE]\n\n"], reply.piece_bytes)):
        if number == reply.cut_after:
            raise ConnectionAbortedError
        if number in reply.gates:
            await reply.gates[number].wait()
        yield piece


async def _by_hand(events: Events) -> AsyncIterator[bytes]:
    for event in events.events:
        yield event if isinstance(event, bytes) else b"data: " + orjson.dumps(event) + b"\n\n"
    if events.cut:
        raise ConnectionAbortedError


async def _failure(failure: Failure) -> Response:
    if failure.gate is not None:
        await failure.gate.wait()
    error: JsonObject = {"message": failure.message, "type": "error", "code": failure.code or None}
    headers = (("Content-Type", "application/json"), *failure.headers)
    return Response(status=failure.status, headers=headers, body=orjson.dumps({"error": error}))


async def _answer(scripted: ScriptedAnswer, received: Received) -> Answer:
    if isinstance(scripted, Failure):
        return await _failure(scripted)
    if isinstance(scripted, Events):
        return Chunked(headers=EVENT_STREAM, chunks=_by_hand(scripted))
    if not isinstance(scripted, Reply):
        return scripted
    if scripted.plain or received.body.get("stream") is not True:
        return json_response(_document(scripted))
    options = received.body.get("stream_options")
    with_usage = isinstance(options, dict) and options.get("include_usage") is True
    return Chunked(headers=EVENT_STREAM, chunks=_stream(scripted, with_usage=with_usage))


def _received(request: Request) -> Received:
    headers = {name.lower(): value for name, value in request.headers}
    return Received(path=request.path, headers=headers, body=_object(parse_json(request.body)))


@asynccontextmanager
async def openai_server(script: Script = ()) -> AsyncGenerator[OpenAIServer]:
    """Serves the script until the context is left; a request beyond its end is answered with status 400."""
    server = OpenAIServer()
    remaining = iter(()) if callable(script) else iter(script)
    exhausted = Failure(status=400, message="the test's script has no answer for this request")

    async def handler(request: Request) -> Answer:
        received = _received(request)
        async with server.arrived:
            server.requests.append(received)
            server.arrived.notify_all()
        if received.path != "/v1/chat/completions":
            return await _failure(Failure(status=404, message=f"no such path: {received.path}"))
        return await _answer(script(received) if callable(script) else next(remaining, exhausted), received)

    async with serve(handler) as loopback:
        server.url = f"{loopback.url}/v1"
        server.connections = lambda: loopback.connections
        yield server
