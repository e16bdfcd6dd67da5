"""Clients that answer in memory: stubs, and the mock of a description at a made-up origin; no port is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace
from urllib.parse import urlsplit

import anyio
import anyio.lowlevel

from orchestrator.mock.api import MockApi
from orchestrator.mock.exchange import Answer, Request
from orchestrator.mock.routes import Routes
from orchestrator.testing.answering.stubs import Stubs, fault_of
from orchestrator.testing.format.settings import StubAnswer
from runtimes.base import RuntimeSpec
from runtimes.errors import InvocationError
from runtimes.http import HttpClient, HttpRequest, HttpResponse
from runtimes.network import ContactRefused
from runtimes.openapi.document import Description, Entry
from runtimes.openapi.references import OperationUnusable
from runtimes.openapi.servers import server_url
from runtimes.redirects import send_following

HOST = "mock.invalid"
"""The host of what is mocked; no such name can exist (RFC 2606)."""

ORIGIN = f"http://{HOST}"
"""Where functions that are mocked are called."""

Body = Callable[[StubAnswer], bytes]
"""The body of a stub's answer. Raises: `InvocationError` where it cannot be read."""


_IS_STUBBED: ContextVar[bool] = ContextVar("is_stubbed", default=False)
"""Whether a stub gave the last answer to the call that is carried out where this is read."""


async def pause(seconds: float) -> None:
    """Waits before a request is repeated: not after the answer of a stub, which would be the same at any time."""
    await anyio.sleep(0 if _IS_STUBBED.get() else seconds)


def _target(url: str) -> str:
    return url.removeprefix(ORIGIN).partition("#")[0] or "/"


def _response(request: HttpRequest, answer: Answer) -> HttpResponse:
    headers = (*answer.headers, *([("Content-Type", answer.media_type)] if answer.media_type else []))
    body = b"" if request.method == "HEAD" else answer.body[: request.max_bytes]
    return HttpResponse(status=answer.status, headers=headers, body=body, url=request.url)


class Mocked:
    """An `HttpClient` that answers what is sent to `ORIGIN` from a description, and sends nothing."""

    def __init__(self, api: MockApi) -> None:
        self._api = api

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """The answer of the mock. Raises: `InvocationError` for a request to anywhere else."""
        await anyio.lowlevel.checkpoint()
        if not request.url.startswith(f"{ORIGIN}/"):
            raise InvocationError("nothing was sent: only the mock is called here", is_unsent=True)
        mocked = Request(
            method=request.method, target=_target(request.url), headers=request.headers, body=request.body or b""
        )
        return _response(request, self._api.answer(mocked))


class Following:
    """An `HttpClient` that follows redirects itself: the one inside gets each request of theirs by itself."""

    def __init__(self, inner: HttpClient) -> None:
        self._inner = inner

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """The answer after redirects. Raises: `InvocationError`."""
        try:
            return await send_following(self._once, request)
        except ContactRefused as refusal:
            raise InvocationError(f"nothing was sent: {refusal}", is_unsent=True) from None

    async def _once(self, request: HttpRequest) -> HttpResponse:
        """Raises: `InvocationError`, `ContactRefused` for what must not be asked, as the redirects want it."""
        try:
            return await self._inner.send(replace(request, max_redirects=0))
        except InvocationError as error:
            if error.is_unsent:
                raise ContactRefused(str(error).removeprefix("nothing was sent: ")) from None
            raise


def base_paths(description: Description, spec: RuntimeSpec) -> tuple[str, ...]:
    """Where the paths of its operations start, on the servers that these are called at; the longest first."""
    found: set[str] = {urlsplit(spec.base_url).path.rstrip("/")} if spec.base_url else set()
    for entry in () if spec.base_url else description.entries:
        with suppress(OperationUnusable):  # nothing calls it
            found.add(urlsplit(server_url(description, entry, spec.location, spec.server)).path)
    return tuple(sorted(found, key=len, reverse=True))


class Stubbed:
    """An `HttpClient` that answers with stubs, and passes on what none of them fits."""

    def __init__(
        self, inner: HttpClient, description: Description, bases: Sequence[str], stubs: Callable[[], Stubs], body: Body
    ) -> None:
        """`bases` is where paths of operations start (`base_paths`), `stubs` are those of the conversation that is
        played."""
        self._inner = inner
        self._bases = bases
        self._routes = Routes(description.entries)
        self._stubs = stubs
        self._body = body

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """The answer of a stub, else of the client inside. Raises: `InvocationError`, for a fault too."""
        await anyio.lowlevel.checkpoint()
        stubbed = self._stubs().take(request, self._entry(request))
        _IS_STUBBED.set(stubbed is not None)
        return await self._inner.send(request) if stubbed is None else await self._stubbed(request, stubbed)

    def _entry(self, request: HttpRequest) -> Entry | None:
        parts = urlsplit(request.url)
        below = (parts.path.removeprefix(base) for base in self._bases if parts.path.startswith(f"{base}/"))
        entries = (found.route.entry for path in below for found in self._routes.at(path, parts.query))
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
