"""The requests that are under way to an MCP server, by their JSON-RPC ids, so that those given up come to an end.

A transport of `mcp` that speaks an older protocol tells the server that a call is given up, and goes on with its HTTP
request: it would be sent although nobody waits any more, or listened to for ever. Here it ends.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

import anyio

from runtimes.errors import InvocationError
from runtimes.values import InvalidJson, Json, JsonObject, dump_json, parse_json

INTERNAL_ERROR = -32603
"""The JSON-RPC code of failures that are not the server's."""

MAX_RESUMED = 100
"""How often the answer to one request may break off and be asked for again."""

MAX_FORMER = 256
"""Requests whose answer has ended that are kept, since it may be asked for again."""

CANCELLED = "notifications/cancelled"
"""The method that tells a server that a request is given up."""

GIVEN_UP = "the call has been given up"

RequestId = int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What `mcp` sends, as far as it matters here."""

    method: str = ""
    id: RequestId | None = None
    """Of a request; None of what has no answer."""
    gives_up: RequestId | None = None
    """The request that is given up by it."""


def _id(value: Json) -> RequestId | None:
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None


def message_of(body: bytes) -> Message:
    """What a body says; nothing where it is empty."""
    try:
        value = parse_json(body) if body else None
    except InvalidJson:
        value = None
    if not isinstance(value, dict):
        return Message()
    method, parameters = value.get("method"), value.get("params")
    method = method if isinstance(method, str) else ""
    given_up = parameters.get("requestId") if isinstance(parameters, dict) and method == CANCELLED else None
    return Message(method=method, id=_id(value.get("id")) if method else None, gives_up=_id(given_up))


def failure_body(message: Message, reason: str, data: JsonObject | None = None) -> bytes:
    """The answer to a request that has none from the server."""
    error: JsonObject = {"code": INTERNAL_ERROR, "message": reason, **({"data": data} if data is not None else {})}
    return dump_json({"jsonrpc": "2.0", "id": message.id, "error": error}).encode()


def event_of(body: bytes) -> bytes:
    """The same as an event of a stream; what has come of another one before it is no message."""
    return b"\nevent: broken\n\nevent: message\ndata: " + body + b"\n\n"


@dataclass(slots=True)
class Flight:
    """One request that is under way."""

    message: Message
    flights: Flights
    is_sent: bool = False
    """True as soon as any of it may have gone out."""
    is_cancelled: bool = False
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    """Of the step that is waited for."""
    resumed: int = 0
    """How often its answer has been asked for again."""

    def cancel(self) -> None:
        """Ends it: whoever waits for it is given up."""
        self.is_cancelled = True
        self.scope.cancel()

    def land(self) -> None:
        """It is over."""
        self.flights.forget(self)

    def resume(self) -> None:
        """Its answer has broken off and is asked for again. Raises: `InvocationError` where that is not to be."""
        if self.is_cancelled:
            raise InvocationError(GIVEN_UP)
        self.resumed += 1
        if self.resumed > MAX_RESUMED:
            raise InvocationError(f"the MCP server has broken off its answer more than {MAX_RESUMED} times")
        self.scope = anyio.CancelScope()
        self.flights.resume(self)

    async def over(self, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """The pieces of its answer until it is cancelled."""
        while not self.is_cancelled:
            piece: bytes | None = None
            with anyio.CancelScope() as self.scope:
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece


class Flights:
    """Those of one line."""

    def __init__(self) -> None:
        self._flights: dict[RequestId, Flight] = {}
        self._former: dict[RequestId, Flight] = {}

    def begin(self, message: Message) -> Flight:
        """A request that sets off; one of the same id before it is given up."""
        flight = Flight(message, self)
        self.resume(flight)
        return flight

    def resume(self, flight: Flight) -> None:
        """It is under way, once more; another one of its id is given up."""
        number = flight.message.id
        if number is None:
            return
        for former in (self._flights.get(number), self._former.pop(number, None)):
            if former is not None and former is not flight:
                former.cancel()
        self._flights[number] = flight

    def forget(self, flight: Flight) -> None:
        """It is over, unless its answer is asked for again."""
        number = flight.message.id
        if number is None or self._flights.get(number) is not flight:
            return
        del self._flights[number]
        while len(self._former) >= MAX_FORMER:
            del self._former[next(iter(self._former))]
        self._former[number] = flight

    def give_up(self, message: Message) -> bool:
        """Ends the request that the message gives up; True where the server has not heard of it, and need not."""
        number = message.gives_up
        flight = (self._flights.get(number) or self._former.get(number)) if number is not None else None
        if flight is None:
            return False
        flight.cancel()
        return not flight.is_sent
