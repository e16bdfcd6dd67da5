"""The way to an MCP server over HTTP: clients for the transports of `mcp`, on a transport that is ours.

    async with open_http(url, services, spec, person) as line:
        async with streamable_http_client(url, http_client=line.client(), max_sse_event_size=MAX_MESSAGE_BYTES) as …
        async with sse_client(url, httpx_client_factory=lambda **_: line.client()) as …

What goes wrong with a request is never raised into `mcp`, whose task group would end with it. A request gets a JSON-RPC
error for its answer, and `Line.failure_of` has what that stands for; `Line.failed` and `Line.failure` are for what has
no answer. Requests go to the origin of the server only, with the credential of one person. Imported lazily, since
`httpx2` is heavy.
"""

from __future__ import annotations

import secrets as chance
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial

import anyio
import httpx2

from auth import SecretsInUse
from auth.oauth.document import is_object
from runtimes.authorized import Authorized
from runtimes.base import RuntimeServices, RuntimeSpec
from runtimes.credentials import masked_error
from runtimes.errors import InvocationError
from runtimes.http import HttpRequest, Lasts, StreamedResponse, StreamingClient
from runtimes.mcp.answers import (
    EVENTS,
    MAX_MESSAGE_BYTES,
    SESSION,
    Events,
    check_session,
    followed,
    is_json,
    is_of_events,
    read_body,
    read_whole,
    received_fields,
    sent_fields,
)
from runtimes.mcp.authorization import authorized_by, need_of, previewed, refusal, sign_in
from runtimes.mcp.event_lines import EndpointWatch
from runtimes.mcp.flights import GIVEN_UP, Flight, Flights, Message, event_of, failure_body, message_of
from runtimes.network import ContactRefused, origin_of
from runtimes.telling_logs import quieten_telling_logs

__all__ = ["MAX_CALL_BYTES", "MAX_MESSAGE_BYTES", "Line", "open_http", "previewed", "sign_in"]

MAX_CALL_BYTES = 4 * MAX_MESSAGE_BYTES
"""Bytes of the stream that answers one request, with all that is said on the way."""

MAX_LISTENED_BYTES = 64 * 1024 * 1024
"""Bytes of a stream that is listened to while nothing is asked."""

HEAD_SECONDS = {"POST": 600.0, "GET": 30.0, "DELETE": 3.0}
"""How long an answer may take to begin; a call ends sooner, and takes its request along (`Flights`)."""

NOTICE_SECONDS = 3.0
"""How long what wants no answer may take to be accepted: `mcp` sends nothing else meanwhile."""

MAX_REDIRECTS = 3
"""Redirects that are followed within the origin, the request staying what it is."""

MAX_FAILURES = 256
"""Failures that are kept until somebody asks what they stand for."""

LISTENING = "subscriptions/listen"
"""The method of a request whose answer lasts (MCP 2026-07-28)."""

_JSON = {"content-type": "application/json"}
_EVENTS = {"content-type": EVENTS}
_RESUMED = "last-event-id"
"""The field of a request for the rest of an answer that has broken off."""
_FLIGHT: ContextVar[Flight | None] = ContextVar("request to an MCP server", default=None)
"""`mcp` asks for the rest of an answer in the context in which it has sent the request."""
_TICKET, _TICKET_BYTES = "orchestrator_failure", 16


class Line:
    """One person's way to one server; clients of it may be used one after the other, and at once."""

    def __init__(
        self, url: str, services: RuntimeServices, authorized: Authorized, spec: RuntimeSpec, person: str
    ) -> None:
        """Raises: `InvocationError` for a URL that is never asked."""
        http = services.http
        self._need = need_of(spec, url)
        self._url = url
        self._open = http.stream if isinstance(http, StreamingClient) else partial(read_whole, http)
        self._authorized = authorized
        self._auth = spec.auth
        self._person = person
        self._failures: dict[str, InvocationError] = {}
        self.secrets: SecretsInUse = services.secrets
        self.flights = Flights()
        self.status: int | None = None
        """The HTTP status of the last answer to a POST; one of 4xx to `initialize` means that SSE is to be tried."""
        self.failure: InvocationError | None = None
        """What went wrong last."""
        self.failed = anyio.Event()
        """Set once that can be told nobody, since answers have a stream of their own: who waits does so in vain."""
        self.has_own_stream = False
        """True once a stream was asked for that belongs to no session: the transport is SSE."""

    def client(self) -> httpx2.AsyncClient:
        """A new client; whoever uses it closes it, and with it nothing of the line."""
        return httpx2.AsyncClient(transport=_Transport(self), trust_env=False, max_redirects=MAX_REDIRECTS)

    def failure_of(self, data: object) -> InvocationError | None:
        """What the error of a request stands for, by its `data`, once; None where it is the server's own word."""
        ticket = data.get(_TICKET) if is_object(data) else None
        return self._failures.pop(ticket, None) if isinstance(ticket, str) else None

    def told(self, message: Message, failure: InvocationError) -> bytes:
        """What `mcp` gets in the place of the answer of a server."""
        failure = self.failure = masked_error(failure, self.secrets)
        if self.has_own_stream:
            self.failed.set()
        while len(self._failures) >= MAX_FAILURES:
            del self._failures[next(iter(self._failures))]
        ticket = chance.token_hex(_TICKET_BYTES)
        self._failures[ticket] = failure
        return failure_body(message, str(failure), {_TICKET: ticket})

    def request_of(self, request: httpx2.Request, body: bytes) -> HttpRequest:
        """What goes out. Raises: `InvocationError` where it is for another origin."""
        url = str(request.url)
        try:
            here, there = origin_of(self._url), origin_of(url)
        except ContactRefused as refusal:
            raise InvocationError(f"nothing was sent: {refusal}", is_unsent=True) from None
        is_rest = _RESUMED in request.headers
        if here != there:
            raise InvocationError(f"nothing was sent: the MCP server {here} leads to {there}", is_unsent=True)
        return HttpRequest(
            method=request.method,
            url=url.partition("#")[0],
            headers=sent_fields(request.headers),
            body=body or None,
            timeout=HEAD_SECONDS.get(request.method, HEAD_SECONDS["GET"]),
            max_bytes=MAX_LISTENED_BYTES if request.method == "GET" and not is_rest else MAX_CALL_BYTES,
        )

    async def opened(
        self, asked: HttpRequest, flight: Flight, stack: AsyncExitStack, lasts: Lasts | None
    ) -> StreamedResponse:
        """The answer, with the person's credential, and with a newer one where that is not taken; the stack closes it.

        Raises: `InvocationError`, also for an answer that says no.
        """

        async def send(request: HttpRequest) -> StreamedResponse:
            await stack.aclose()  # the answer that did not take the credential
            for one in request.attached:
                self.secrets.learn(one.name, *one.hides)
            flight.is_sent = True
            return await stack.enter_async_context(self._open(request, lasts=lasts))

        streamed = await self._authorized.send(self._need, self._person, asked, send)
        if asked.method == "POST":
            self.status = streamed.status
        challenge = self.secrets.masked(streamed.header("www-authenticate") or "")
        if no := refusal(streamed.status, challenge, url=self._url, auth=self._auth):
            raise no
        return streamed


class _Transport(httpx2.AsyncBaseTransport):
    def __init__(self, line: Line) -> None:
        self._line = line

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = await request.aread()
        message = message_of(body)
        if self._line.flights.give_up(message):
            return httpx2.Response(202)
        resumed = _FLIGHT.get() if _RESUMED in request.headers else None
        flight = resumed or self._line.flights.begin(message)
        if message.id is not None:
            _FLIGHT.set(flight)
        async with AsyncExitStack() as stack:
            stack.callback(flight.land)
            try:
                if resumed is not None:
                    resumed.resume()
                with flight.scope:
                    return await self._answered(request, body, flight, stack)
                failure = InvocationError(GIVEN_UP, is_unsent=not flight.is_sent)
            except InvocationError as error:
                failure = error
        return self._failed(flight.message, failure, is_resumed=resumed is not None)

    def _failed(self, message: Message, failure: InvocationError, *, is_resumed: bool) -> httpx2.Response:
        content = self._line.told(message, failure)
        if message.id is None:
            return httpx2.Response(405)
        if is_resumed:
            return httpx2.Response(200, headers=_EVENTS, content=event_of(content))
        return httpx2.Response(400, headers=_JSON, content=content)

    async def _answered(
        self, request: httpx2.Request, body: bytes, flight: Flight, stack: AsyncExitStack
    ) -> httpx2.Response:
        """Raises: `InvocationError`."""
        line = self._line
        asked = line.request_of(request, body)
        if asked.method == "POST" and flight.message.id is None:
            asked = replace(asked, timeout=NOTICE_SECONDS)
        is_older = _is_older(request)
        line.has_own_stream = line.has_own_stream or is_older
        exchange = AsyncExitStack()
        stack.push_async_callback(exchange.aclose)
        streamed = await line.opened(asked, flight, exchange, _lasts(request, flight.message))
        location = followed(streamed, asked)
        if flight.message.method == "initialize":
            check_session(streamed)
        if is_of_events(streamed):
            stack.pop_all()
            watch = EndpointWatch(asked.url) if is_older else None
            events = Events(streamed, flight, exchange, line.secrets, partial(line.told, flight.message), watch)
            return httpx2.Response(200, headers=received_fields(streamed), stream=events)
        content = line.secrets.masked_bytes(await read_body(streamed))
        if streamed.status >= 500 and not is_json(streamed):
            raise InvocationError(f"the MCP server {origin_of(asked.url)} answered with HTTP status {streamed.status}")
        return httpx2.Response(streamed.status, headers=received_fields(streamed, location), content=content)


def _is_older(request: httpx2.Request) -> bool:
    """True for the one stream of the transport SSE."""
    return request.method == "GET" and SESSION not in request.headers and _RESUMED not in request.headers


def _lasts(request: httpx2.Request, message: Message) -> Lasts | None:
    """What the answer to a request is, where it has no end of its own."""
    if _is_older(request):
        return "needed"
    is_listening = message.method == LISTENING or (request.method == "GET" and message.id is None)
    return "optional" if is_listening else None


@asynccontextmanager
async def open_http(url: str, services: RuntimeServices, spec: RuntimeSpec, person: str) -> AsyncGenerator[Line]:
    """A way to the server for one person; nothing is sent. Raises: `InvocationError` for a URL that is never asked."""
    quieten_telling_logs()
    async with authorized_by(spec, services) as authorized:
        yield Line(url, services, authorized, spec, person)
