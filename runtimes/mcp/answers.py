"""What goes out to an MCP server over HTTP and comes back, cut down to what MCP needs. Imported lazily, as `http`."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from urllib.parse import urljoin

import httpx2

from auth import SecretsInUse
from runtimes.errors import InvocationError
from runtimes.http import MAX_RESPONSE_BYTES, Headers, HttpClient, HttpRequest, Lasts, StreamedResponse
from runtimes.mcp.event_lines import EndpointWatch, paced
from runtimes.mcp.flights import GIVEN_UP, Flight, event_of
from runtimes.network import origin_of
from runtimes.redirects import REDIRECTS, SAME_AGAIN, SEE_OTHER

MAX_MESSAGE_BYTES = MAX_RESPONSE_BYTES
"""Bytes of one message of a server."""

MAX_SESSION_ID = 1024
"""Characters of a session's id."""

SESSION = "mcp-session-id"
"""The field with the id of a session."""

JSON = "application/json"
EVENTS = "text/event-stream"
"""The media type of a stream of events, which is always UTF-8."""

_SESSION_ID = re.compile(rf"[!-~]{{1,{MAX_SESSION_ID}}}")

_OURS = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "host",
        "transfer-encoding",
        "user-agent",
    }
)
"""Fields that are never `mcp`'s to write."""


def sent_fields(headers: httpx2.Headers) -> Headers:
    """What goes out of a header that `mcp` wrote."""
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw]
    return tuple(field for field in fields if field[0].lower() not in _OURS)


def received_fields(streamed: StreamedResponse, location: str = "") -> dict[str, str]:
    """What is handed on of the header of an answer: no cookie, no redirect but the one that may be followed, and of
    types of content those that are read."""
    session = streamed.header(SESSION) or ""
    fields = {
        "content-type": EVENTS if is_of_events(streamed) else JSON if is_json(streamed) else "",
        SESSION: session if _SESSION_ID.fullmatch(session) else "",
        "location": location,
    }
    return {name: value for name, value in fields.items() if value}


def check_session(streamed: StreamedResponse) -> None:
    """Raises: `InvocationError` where the server gives its session an id that cannot be sent back."""
    session = streamed.header(SESSION)
    if session and not _SESSION_ID.fullmatch(session):
        raise InvocationError(
            f"the MCP server names its session with something else than 1 to {MAX_SESSION_ID} visible ASCII characters",
            not_executed="connect",
        )


def is_of_events(streamed: StreamedResponse) -> bool:
    """True for a stream of events."""
    media_type = (streamed.header("content-type") or "").partition(";")[0]
    return streamed.status == 200 and media_type.strip().casefold() == EVENTS


def is_json(streamed: StreamedResponse) -> bool:
    """True for JSON, as `mcp` looks at it."""
    return (streamed.header("content-type") or "").casefold().startswith(JSON)


def followed(streamed: StreamedResponse, asked: HttpRequest) -> str:
    """Where a redirect leads that stays within the origin and asks for the same again; empty of what is none.

    Raises: `InvocationError` for any other, which is not followed.
    """
    if streamed.status not in REDIRECTS:
        return ""
    here, there, target = origin_of(asked.url), "nowhere", ""
    try:
        target = urljoin(asked.url, streamed.header("location") or "").partition("#")[0]
        there = str(origin_of(target))
    except ValueError:
        pass
    if (
        there == str(here)
        and target.isascii()
        and target != asked.url
        and (asked.method == "GET" or streamed.status in SAME_AGAIN)
    ):
        return target
    to = "to another address of its own" if there == str(here) else f"to {there}"
    raise InvocationError(
        f"the MCP server {here} redirects {to} (HTTP {streamed.status}), which is not followed; where that is its "
        "address, the manifest has to name it",
        is_unsent=asked.method != "POST" or streamed.status != SEE_OTHER,
    )


async def read_body(streamed: StreamedResponse) -> bytes:
    """A body that is one message. Raises: `InvocationError` for one that is too long."""
    body = bytearray()
    async for piece in streamed.pieces:
        body += piece
        if len(body) > MAX_MESSAGE_BYTES:
            raise InvocationError(f"the answer of the MCP server is longer than {MAX_MESSAGE_BYTES} bytes")
    return bytes(body)


@asynccontextmanager
async def read_whole(
    http: HttpClient, request: HttpRequest, /, *, lasts: Lasts | None = None
) -> AsyncGenerator[StreamedResponse]:
    """As `StreamingClient.stream`, of a client that is none: an answer is read to its end first."""
    if lasts is not None:
        raise InvocationError("nothing was sent: an answer without an end cannot be read whole", is_unsent=True)
    response = await http.send(request)

    async def pieces() -> AsyncGenerator[bytes]:
        yield response.body

    yield StreamedResponse(status=response.status, headers=response.headers, pieces=pieces())


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The same cut after ends of lines, so that nothing that is looked for lies in two. Raises: `InvocationError`."""
    held = bytearray()
    async for piece in pieces:
        end = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
        if end:
            yield bytes(held) + piece[:end]
            held.clear()
        held += piece[end:]
        if len(held) > MAX_MESSAGE_BYTES:
            raise InvocationError(f"a message of the MCP server is longer than {MAX_MESSAGE_BYTES} bytes")
    if held:
        yield bytes(held)


class Events(httpx2.AsyncByteStream):
    """The events of an answer, without secrets, for as long as whoever asked waits for them."""

    def __init__(
        self,
        streamed: StreamedResponse,
        flight: Flight,
        stack: AsyncExitStack,
        secrets: SecretsInUse,
        told: Callable[[InvocationError], bytes],
        watch: EndpointWatch | None = None,
    ) -> None:
        """`stack` closes the exchange; `told` is what a request that breaks off has for its answer."""
        self._streamed = streamed
        self._flight = flight
        self._stack = stack
        self._secrets = secrets
        self._told = told
        self._watch = watch

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """The lines of the stream; where they break off, or are given up, the last event is an answer that says so."""
        failure = None
        try:
            async with (
                aclosing(self._flight.over(self._streamed.pieces)) as pieces,
                aclosing(_lines(pieces)) as lines,
            ):
                async for some in lines:
                    if self._watch is not None:
                        self._watch.look(some)
                    yield paced(self._secrets.masked_bytes(some))
        except InvocationError as error:
            failure = error
        if self._flight.is_cancelled:
            failure = InvocationError(GIVEN_UP)
        if failure is not None:
            yield event_of(self._told(failure))
        await self._stack.aclose()  # `mcp` closes it only after all that takes its place

    async def aclose(self) -> None:
        """Ends the exchange."""
        self._flight.land()
        await self._stack.aclose()
