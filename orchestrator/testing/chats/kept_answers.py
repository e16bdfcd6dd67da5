"""What the APIs of a chat have answered, kept by the call that asked: the chat may become a conversation file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from orchestrator.manifest.load import Plugin
from orchestrator.testing.judging.exchanges import HttpExchange
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    RuntimeExecutor,
    RuntimeFactory,
    RuntimeServices,
    RuntimeSpec,
)
from runtimes.errors import InvocationError
from runtimes.http import HttpClient, HttpRequest, HttpResponse
from runtimes.wrappers import Wrapper

if TYPE_CHECKING:
    from runtimes.openapi.document import Description

OPENAPI = "openapi"
"""The type of the runtimes whose answers are kept, case folded."""

MAX_KEPT_BYTES = 32 * 1024 * 1024
"""Bytes of requests and answers that are kept; an exchange beyond them is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """One exchange of a call."""

    function: str
    path: str
    """The path of the request as the description has it, without that of the server and without percent-encoding."""
    exchange: HttpExchange


def described_path(url: str, template: str) -> str:
    """The part of a URL's path that a path template of the description stands for, without percent-encoding."""
    steps = urlsplit(url).path.split("/")
    return unquote("/" + "/".join(steps[-template.count("/") :]))


class _Keeping:
    """An `HttpClient` that hands on what it has exchanged."""

    def __init__(self, inner: HttpClient, keep: Callable[[HttpExchange], None]) -> None:
        self._inner = inner
        self._keep = keep

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """As the client inside. Raises: `InvocationError`."""
        try:
            response = await self._inner.send(request)
        except InvocationError as error:
            self._keep(HttpExchange(request=request, response=None, error=error))
            raise
        self._keep(HttpExchange(request=request, response=response))
        return response


class _Attributed(Wrapper):
    """Says whose exchanges those are that happen during a call."""

    def __init__(self, inner: RuntimeExecutor, call: ContextVar[FunctionCall | None]) -> None:
        super().__init__(inner)
        self._call = call

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """As the executor inside. Raises: `InvocationError`."""
        before = self._call.set(call)
        try:
            return await self._inner.invoke(call, context)
        finally:
            self._call.reset(before)


class KeptAnswers:
    """Opens runtimes of type `OpenApi` as they always are, and keeps what their servers answer."""

    def __init__(self, max_bytes: int = MAX_KEPT_BYTES) -> None:
        """`max_bytes` is how much is kept."""
        self._max_bytes = max_bytes
        self._answers: dict[str, list[KeptAnswer]] = {}
        self._bytes = 0
        self._call: ContextVar[FunctionCall | None] = ContextVar("call", default=None)
        self.is_full = False
        """True where something was not kept any more, for want of room."""

    def of(self, call_id: str) -> Sequence[KeptAnswer]:
        """The exchanges of a call, in order."""
        return tuple(self._answers.get(call_id, ()))

    def factories(self, plugins: Iterable[Plugin]) -> Mapping[str, RuntimeFactory]:
        """A factory for each spelling of the type `OpenApi` that the plugins have."""
        types = {runtime.type for plugin in plugins for runtime in plugin.manifest.runtimes}
        return {name: self._open for name in types if name.casefold() == OPENAPI}

    @asynccontextmanager
    async def _open(self, spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
        from runtimes.openapi import describe, execute

        description = await describe(spec, services)

        def keep(exchange: HttpExchange) -> None:
            self._keep(exchange, description)

        yield _Attributed(execute(description, spec, _Keeping(services.http, keep), vault=services.vault), self._call)

    def _keep(self, exchange: HttpExchange, description: Description) -> None:
        call = self._call.get()
        if call is None:
            return
        self._bytes += len(exchange.request.body or b"")
        self._bytes += len(exchange.response.body) if exchange.response is not None else 0
        if self._bytes > self._max_bytes:
            self.is_full = True
            return
        path = described_path(exchange.request.url, description.find(call.function).path)
        kept = KeptAnswer(function=call.function, path=path, exchange=exchange)
        self._answers.setdefault(call.id, []).append(kept)
