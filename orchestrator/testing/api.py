"""Who answers the calls of a scripted conversation: stubs, a mock, or the real service; what goes out is kept.

Stubs and mocks answer in memory: no port is opened, and waits between attempts take no time. They are called at one
made-up origin, whatever servers a description lists.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import anyio
import anyio.lowlevel

from orchestrator.manifest.load import Plugin
from orchestrator.mock.api import MockApi
from orchestrator.mock.exchange import Answer, Request
from orchestrator.mock.plugin import OPENAPI, mocked_plugin
from orchestrator.mock.routes import Routes
from orchestrator.testing.settings import Api, StubAnswer
from orchestrator.testing.stubs import Stubs, fault_of
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
from runtimes.documents import DocumentError
from runtimes.errors import FetchError, InvocationError, RuntimeUnavailable
from runtimes.http import HttpClient, HttpRequest, HttpResponse
from runtimes.openapi import open_openapi
from runtimes.openapi.content import shown_content
from runtimes.openapi.document import Description, Entry, UnreadableDescription
from runtimes.openapi.loading import load_description
from runtimes.wrappers import Wrapper

HOST = "mock.invalid"
"""The host of what is mocked; no such name can exist (RFC 2606)."""

ORIGIN = f"http://{HOST}"
"""Where functions that are mocked are called."""

Record = Callable[[WireMessage], None]
Body = Callable[[StubAnswer], bytes]
"""The body of a stub's answer."""


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


def _target(url: str) -> str:
    return url.removeprefix(ORIGIN).partition("#")[0] or "/"


def _response(request: HttpRequest, answer: Answer) -> HttpResponse:
    headers = (*answer.headers, *([("Content-Type", answer.media_type)] if answer.media_type else []))
    body = b"" if request.method == "HEAD" else answer.body[: request.max_bytes]
    return HttpResponse(status=answer.status, headers=headers, body=body, url=request.url)


class Answering:
    """An `HttpClient` that answers what is sent to `ORIGIN`, and passes on what is fetched elsewhere."""

    def __init__(self, description: Description, api: Api, stubs: Stubs, body: Body, inner: HttpClient) -> None:
        self._mock = MockApi(description, api.seed)
        self._routes = Routes(description.entries)
        self._stubs = stubs
        self._body = body
        self._inner = inner

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """The answer of a stub, else of the mock. Raises: `InvocationError` for a fault."""
        await anyio.lowlevel.checkpoint()
        if not request.url.startswith(f"{ORIGIN}/"):
            return await self._inner.send(request)
        stubbed = self._stubs.take(request, self._entry(request))
        if stubbed is not None:
            return await self._stubbed(request, stubbed)
        mocked = Request(
            method=request.method, target=_target(request.url), headers=request.headers, body=request.body or b""
        )
        return _response(request, self._mock.answer(mocked))

    def _entry(self, request: HttpRequest) -> Entry | None:
        path, _, query = _target(request.url).partition("?")
        entries = (found.route.entry for found in self._routes.at(path, query))
        return next((entry for entry in entries if entry.method.upper() == request.method.upper()), None)

    async def _stubbed(self, request: HttpRequest, answer: StubAnswer) -> HttpResponse:
        if answer.delay:
            await anyio.sleep(min(answer.delay, request.timeout))
        if answer.fault is not None:
            raise fault_of(answer.fault, request)
        if answer.delay >= request.timeout:
            raise fault_of("hang", request)
        names = {name.casefold() for name in answer.headers}
        is_json = answer.json_ is not None and "content-type" not in names
        return _response(
            request,
            Answer(
                status=answer.status,
                media_type="application/json" if is_json else "",
                headers=tuple(answer.headers.items()),
                body=self._body(answer),
            ),
        )


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
    """Opens the runtimes of a conversation, and keeps what goes out."""

    def __init__(self, api: Api, body: Body) -> None:
        self._api = api
        self._body = body
        self._stubs = Stubs(api.stubs)
        self._sent: list[WireMessage] = []

    @property
    def sent(self) -> tuple[WireMessage, ...]:
        """What has gone out since `begin`."""
        return tuple(self._sent)

    def begin(self) -> None:
        """Forgets what went out before."""
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
        if not self._api.is_mocked:
            real = replace(services, http=Recording(services.http, self._sent.append))
            async with open_openapi(spec, real) as executor:
                yield executor
            return
        try:
            description = await load_description(spec, services.http)
        except (FetchError, DocumentError, UnreadableDescription) as error:
            raise RuntimeUnavailable(f"its OpenAPI description cannot be mocked: {error}") from error
        answering = Answering(description, self._api, self._stubs, self._body, services.http)
        mocked = replace(services, http=Recording(answering, self._sent.append))
        async with open_openapi(replace(spec, base_url=ORIGIN), mocked, sleep=_no_wait) as executor:
            yield executor

    def _previewing(self, factory: RuntimeFactory) -> RuntimeFactory:
        @asynccontextmanager
        async def opened(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
            async with factory(spec, services) as executor:
                yield Previewed(executor, self._sent.append)

        return opened
