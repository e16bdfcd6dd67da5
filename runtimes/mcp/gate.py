"""What goes between mcp and a transport of it, whichever: it counts what a server sends, and ends the session of one
that sends or asks without end. Results go past mcp here (`runtimes.mcp.raw`).
"""

from __future__ import annotations

import contextvars
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import anyio
from mcp.client import Transport
from mcp.shared.dispatcher import coerce_request_id
from mcp.shared.message import SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)

from runtimes.mcp.ending import Ending
from runtimes.mcp.pace import Pace
from runtimes.mcp.raw import CALL, LIST, Reply, current_reply, has_more_values, stand_in

MAX_UNASKED = 20_000
"""How many messages a server may send at once that answer nothing."""
UNASKED_PER_SECOND = 1000.0
"""How many of them it may send in the long run."""
MAX_ANSWERS_WAITING = 64
"""How many answers to what a server asked may wait for it to read them."""
MAX_TOLD_VALUES = 10_000
"""How many values a message may have, other than the results that are read here."""
STUCK_SECONDS = 2.0
"""For how long a request may wait to go out; when it is given up after that the session is over."""
CANCEL_SECONDS = 1.0
"""How long the word that a request is given up may wait to go out."""

UNREADABLE = "Unreadable answer"
"""What an error begins with that stands in the place of an answer that cannot be read."""

_CANCELLED = "notifications/cancelled"
_HEARD = frozenset(
    {
        _CANCELLED,
        "notifications/progress",
        "notifications/subscriptions/acknowledged",
        "notifications/tools/list_changed",
    }
)
"""What is listened to of what a server tells."""

_Item = SessionMessage | Exception


class _Source(Protocol):
    """The stream of a transport that is read."""

    async def receive(self) -> _Item: ...
    async def aclose(self) -> None: ...


class _Sink(Protocol):
    """The stream of a transport that is written."""

    async def send(self, item: SessionMessage, /) -> None: ...
    async def aclose(self) -> None: ...


class Noise(Exception):
    """Something that was read and means nothing: it is counted, and goes no further."""


def unreadable(request: RequestId, reason: str) -> JSONRPCError:
    """The answer to a request whose answer cannot be read."""
    return JSONRPCError(
        jsonrpc="2.0", id=request, error=ErrorData(code=INTERNAL_ERROR, message=f"{UNREADABLE}: {reason}")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request of ours that has no answer yet."""

    method: str
    reply: Reply | None


class Gate:
    """What is known of one session's messages."""

    def __init__(self, ending: Ending, stuck_seconds: float = STUCK_SECONDS) -> None:
        """`ending` is told of a server that goes too far; `stuck_seconds` as `STUCK_SECONDS`."""
        self._ending = ending
        self._stuck_seconds = stuck_seconds
        self._asked: dict[RequestId, _Asked] = {}
        self._answers_waiting = 0
        self._unasked = Pace(MAX_UNASKED, UNASKED_PER_SECOND, anyio.current_time())

    @property
    def is_shut(self) -> bool:
        """True when nothing passes any more."""
        return self._ending.has_come.is_set()

    # --- what comes

    def passed(self, item: _Item) -> _Item | None:
        """What mcp is to have of something that has come; None of what it need not know."""
        message = item.message if isinstance(item, SessionMessage) else None
        if isinstance(message, JSONRPCResponse | JSONRPCError):
            asked = self._asked.pop(coerce_request_id(message.id), None) if message.id is not None else None
            if asked is not None:
                return self._answered(asked, message) or item
        if not self._unasked.take(anyio.current_time()):
            self._ending.die("it talks without end")
            return None
        if isinstance(message, JSONRPCNotification):
            is_heard = message.method in _HEARD and not has_more_values(message.params, MAX_TOLD_VALUES)
            return item if is_heard else None
        if isinstance(message, JSONRPCRequest) and has_more_values(message.params, MAX_TOLD_VALUES):
            what = f"{message.method[:100]} with more than {MAX_TOLD_VALUES} values"  # which mcp says it cannot do
            return SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=message.id, method=what))
        return None if isinstance(item, Noise) else item

    def _answered(self, asked: _Asked, message: JSONRPCResponse | JSONRPCError) -> SessionMessage | None:
        """What stands in the place of an answer; None where it may pass."""
        if isinstance(message, JSONRPCError):
            return None
        if asked.reply is not None:
            asked.reply.result = message.result
            result = stand_in(asked.method, message.result)
            return SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=message.id, result=dict(result)))
        if has_more_values(message.result, MAX_TOLD_VALUES):
            return SessionMessage(unreadable(message.id, f"it has more than {MAX_TOLD_VALUES} values"))
        return None

    # --- what goes

    async def send(self, item: SessionMessage, stream: _Sink) -> None:
        """Sends something of mcp's. Raises: `ClosedResourceError` when nothing passes, and what the stream raises."""
        if self.is_shut:
            raise anyio.ClosedResourceError
        message = item.message
        if isinstance(message, JSONRPCRequest):
            await self._ask(item, message, stream)
        elif isinstance(message, JSONRPCNotification):
            await self._tell(item, message, stream)
        else:
            await self._answer(item, stream)

    async def _ask(self, item: SessionMessage, message: JSONRPCRequest, stream: _Sink) -> None:
        key, since, is_out = coerce_request_id(message.id), anyio.current_time(), False
        reply = current_reply() if message.method in (CALL, LIST) else None
        self._asked[key] = _Asked(method=message.method, reply=reply)
        try:
            await stream.send(item)
            is_out = True
        finally:
            if not is_out:
                self._asked.pop(key, None)
                if anyio.current_time() - since >= self._stuck_seconds:
                    self._ending.die("it takes no messages any more")

    async def _tell(self, item: SessionMessage, message: JSONRPCNotification, stream: _Sink) -> None:
        if message.method != _CANCELLED:
            await stream.send(item)
            return
        request = (message.params or {}).get("requestId")
        if isinstance(request, str | int):
            self._asked.pop(coerce_request_id(request), None)
        with anyio.move_on_after(CANCEL_SECONDS):
            await stream.send(item)

    async def _answer(self, item: SessionMessage, stream: _Sink) -> None:
        if self._answers_waiting >= MAX_ANSWERS_WAITING:
            self._ending.die("it asks without end, and does not read the answers")
            raise anyio.ClosedResourceError
        self._answers_waiting += 1
        try:
            await stream.send(item)
        finally:
            self._answers_waiting -= 1


class _Reads:
    """The stream that mcp reads."""

    def __init__(self, inner: _Source, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate

    @property
    def last_context(self) -> contextvars.Context | None:
        """Of whoever sent what was read last; over HTTP what a server asks comes in the context of the call."""
        context = getattr(self._inner, "last_context", None)
        return context if isinstance(context, contextvars.Context) else None

    async def receive(self) -> _Item:
        while True:
            item = await self._inner.receive()
            passed = self._gate.passed(item)
            if self._gate.is_shut:
                raise anyio.EndOfStream
            if passed is not None:
                return passed

    async def aclose(self) -> None:
        await self._inner.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _Item:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()


class _Writes:
    """The stream that mcp writes."""

    def __init__(self, inner: _Sink, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate

    async def send(self, item: SessionMessage, /) -> None:
        await self._gate.send(item, self._inner)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()


@asynccontextmanager
async def gated(transport: Transport, ending: Ending) -> AsyncGenerator[tuple[_Reads, _Writes]]:
    """The same transport with a gate, which tells `ending` of a server that goes too far."""
    gate = Gate(ending)
    async with transport as (reads, writes):
        yield _Reads(reads, gate), _Writes(writes, gate)
