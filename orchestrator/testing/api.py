"""Who answers the calls of a conversation that is played; what goes out is kept.

Descriptions are read once and kept for the conversations that follow on the same host.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import anyio
import anyio.lowlevel

from orchestrator.manifest.load import Plugin
from orchestrator.mock.api import MockApi
from orchestrator.mock.plugin import OPENAPI, mocked_plugin
from orchestrator.testing.answering import HOST, ORIGIN, Body, Kept, Mocked, Stubbed
from orchestrator.testing.exchanges import HttpExchange
from orchestrator.testing.settings import Api
from orchestrator.testing.stubs import Stubs
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    RuntimeExecutor,
    RuntimeFactory,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.discovery import factory_for
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.http import HttpClient, HttpRequest, HttpResponse
from runtimes.openapi import describe, execute
from runtimes.openapi.content import shown_content
from runtimes.openapi.document import Description
from runtimes.wrappers import Wrapper

Record = Callable[[WireMessage], None]
Keep = Callable[[HttpExchange], None]


async def _no_wait(seconds: float) -> None:
    del seconds
    await anyio.lowlevel.checkpoint()


def wire_message(request: HttpRequest) -> WireMessage:
    """A request as expectations look at it."""
    media_type = next((value for name, value in request.headers if name.casefold() == "content-type"), "")
    return WireMessage(
        method=request.method,
        url=request.url,
        headers=request.headers,
        body=None if request.body is None else shown_content(request.body, media_type),
        secrets=request.credentials,
    )


class Recording:
    """An `HttpClient` that keeps what it sends."""

    def __init__(self, inner: HttpClient, record: Record) -> None:
        self._inner = inner
        self._record = record

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """As the client inside. Raises: `InvocationError`."""
        self._record(wire_message(request))
        return await self._inner.send(request)


class Previewed(Wrapper):
    """A `RuntimeExecutor` that keeps what the one inside would send for each call."""

    def __init__(self, inner: RuntimeExecutor, record: Record) -> None:
        super().__init__(inner)
        self._record = record

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """As the executor inside. Raises: `InvocationError`."""
        with suppress(InvocationError):  # then nothing is sent, and the call says why
            for message in self._inner.preview(call):
                self._record(message)
        return await self._inner.invoke(call, context)


class Apis:
    """Opens the runtimes of a host, and keeps what goes out in each turn."""

    def __init__(self, api: Api, body: Body, *, recorded: HttpClient | None = None, keep: Keep | None = None) -> None:
        """`recorded` answers where the conversation has `recorded` answers; `keep` is told of what is exchanged with
        whoever answers in the place of stubs and mocks."""
        self._api = api
        self._body = body
        self._recorded = recorded
        self._keep = keep
        self._stubs = Stubs(api.stubs)
        self._sent: list[WireMessage] = []

    @property
    def sent(self) -> tuple[WireMessage, ...]:
        """What has gone out since `begin`."""
        return tuple(self._sent)

    def restart(self) -> None:
        """Goes on with another conversation: its stubs have answered nothing yet."""
        self._stubs = Stubs(self._api.stubs)
        self.begin()

    def begin(self) -> None:
        """Goes on with another turn: forgets what went out before."""
        self._sent.clear()

    def plugins(self, plugins: Iterable[Plugin]) -> tuple[Plugin, ...]:
        """The plugins as the host is given them: what is mocked asks for no credential."""
        return tuple(mocked_plugin(one, HOST) if self._api.is_mocked else one for one in plugins)

    def factories(self, plugins: Iterable[Plugin]) -> Mapping[str, RuntimeFactory]:
        """A factory for each type of runtime that the plugins have, as they spell it."""
        found: dict[str, RuntimeFactory] = {}
        for name in {runtime.type for plugin in plugins for runtime in plugin.manifest.runtimes}:
            if name.casefold() == OPENAPI:
                found[name] = self._open_openapi
                continue
            with suppress(RuntimeUnavailable):  # the host names the type that nothing opens
                found[name] = self._previewing(factory_for(name, {}))
        return found

    @asynccontextmanager
    async def _open_openapi(self, spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
        description = await describe(spec, services)
        answering = Stubbed(self._backing(description, services.http), description, lambda: self._stubs, self._body)
        http = Recording(answering, self._sent.append)
        if self._api.is_mocked:
            yield execute(description, replace(spec, base_url=ORIGIN), http, sleep=_no_wait)
        else:
            yield execute(description, spec, http)

    def _backing(self, description: Description, http: HttpClient) -> HttpClient:
        """Whoever answers what no stub does."""
        if self._api.is_mocked:
            return Mocked(MockApi(description, self._api.seed))
        if self._api.recorded is not None and self._recorded is not None:
            return self._recorded
        return http if self._keep is None else Kept(http, self._keep)

    def _previewing(self, factory: RuntimeFactory) -> RuntimeFactory:
        @asynccontextmanager
        async def opened(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
            async with factory(spec, services) as executor:
                yield Previewed(executor, self._sent.append)

        return opened
