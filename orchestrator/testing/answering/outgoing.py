"""What goes out in a turn of a conversation that is played: for which call, and what comes back."""

from __future__ import annotations

import codecs
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace

from orchestrator.testing.judging.observed import Received
from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeExecutor, WireMessage
from runtimes.errors import InvocationError
from runtimes.http import HttpClient, HttpRequest, HttpResponse
from runtimes.openapi.content import shown_content
from runtimes.wrappers import Wrapper

MAX_START_BYTES = 4096
"""Bytes of an answer that are kept for people to read."""

_CALL: ContextVar[str] = ContextVar("call", default="")
"""The call that is carried out where this is read: tasks that it starts have it, too."""


def wire_message(request: HttpRequest) -> WireMessage:
    """A request as expectations look at it."""
    media_type = next((value for name, value in request.headers if name.casefold() == "content-type"), "")
    return WireMessage(
        method=request.method,
        url=request.url,
        headers=request.headers,
        body=None if request.body is None else shown_content(request.body, media_type),
        secrets=request.credentials,
        attached=request.attached,
    )


def _start(body: bytes) -> str:
    """The beginning of a body; empty where it is no text."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(body[:MAX_START_BYTES])
    except UnicodeDecodeError:
        return ""


def _received(response: HttpResponse, call_id: str) -> Received:
    media_type = response.header("content-type") or ""
    return Received(
        call_id=call_id,
        status=response.status,
        media_type=media_type.partition(";")[0].strip(),
        size=len(response.body),
        start=_start(response.body),
    )


@dataclass(slots=True, kw_only=True)
class Sent:
    """A message that has gone out."""

    message: WireMessage
    received: Received


class Outgoing:
    """The messages of one turn after the other."""

    def __init__(self) -> None:
        self._sent: list[Sent] = []

    @property
    def sent(self) -> tuple[WireMessage, ...]:
        """What has gone out since `begin`."""
        return tuple(one.message for one in self._sent)

    @property
    def received(self) -> tuple[Received, ...]:
        """What is known of each of them."""
        return tuple(one.received for one in self._sent)

    def begin(self) -> None:
        """Goes on with another turn: forgets what went out before."""
        self._sent.clear()

    def keep(self, message: WireMessage) -> Sent:
        """Keeps what goes out, for what comes back."""
        self._sent.append(Sent(message=message, received=Received(call_id=_CALL.get())))
        return self._sent[-1]

    def tell(self, message: WireMessage) -> None:
        """Keeps what goes out."""
        self.keep(message)


class Recording:
    """An `HttpClient` that keeps what it sends, and the beginnings of what comes back."""

    def __init__(self, inner: HttpClient, outgoing: Outgoing) -> None:
        self._inner = inner
        self._outgoing = outgoing

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """As the client inside. Raises: `InvocationError`."""
        sent = self._outgoing.keep(wire_message(request))
        try:
            response = await self._inner.send(request)
        except InvocationError as error:
            sent.received = replace(sent.received, error=str(error))
            raise
        sent.received = _received(response, sent.received.call_id)
        return response


class Attributed(Wrapper):
    """A `RuntimeExecutor` whose messages are known to be those of its calls."""

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """As the executor inside. Raises: `InvocationError`."""
        before = _CALL.set(call.id)
        try:
            return await self._inner.invoke(call, context)
        finally:
            _CALL.reset(before)


class Previewed(Wrapper):
    """A `RuntimeExecutor` that keeps what the one inside would send for each call."""

    def __init__(self, inner: RuntimeExecutor, outgoing: Outgoing) -> None:
        super().__init__(inner)
        self._outgoing = outgoing

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """As the executor inside. Raises: `InvocationError`."""
        with suppress(InvocationError):  # then nothing is sent, and the call says why
            for message in self._inner.preview(call):
                self._outgoing.keep(message)
        return await self._inner.invoke(call, context)
