"""A local plugin behind HTTP on this machine: each message is a POST, and what answers it is in the answer's body.

So the other side cannot ask anything, and what it tells of its progress comes in one batch with the answer, when it is
no news any more. An exchange that fails is the matter of its own message. Connections are those of the host's client.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import anyio

from runtimes.errors import InvocationError
from runtimes.http import HttpClient, HttpRequest, HttpResponse
from runtimes.local.connection import BYTE_ORDER_MARK, MAX_OUTSTANDING, request_number
from runtimes.local.framing import MAX_MESSAGE_BYTES
from runtimes.local.messages import answered_id, error_answer, written
from runtimes.local.transports.base import Transport, TransportClosed, Unanswered
from runtimes.local.transports.sockets import loopback_addresses
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

EXCHANGE_SECONDS = math.inf
"""How long an exchange may take: whoever calls waits less."""

HTTP_FAILURE = -32000
"""The error code, one of those that servers may choose, for an answer that says no more than its HTTP status."""

MAX_QUOTED_CHARS = 200
"""How much of the body of such an answer is quoted."""

_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))


def _quoted(body: bytes) -> str:
    lines = body[: MAX_QUOTED_CHARS * 4].decode(errors="replace").strip().splitlines()
    return "".join(filter(str.isprintable, lines[0]))[:MAX_QUOTED_CHARS] if lines else ""


def _parsed(response: HttpResponse) -> Json:
    """The body as JSON; None where it is none, since no message is null."""
    try:
        return parse_json(response.body.removeprefix(BYTE_ORDER_MARK))
    except InvalidJson:
        return None


def _is_answer(value: Json, number: int) -> bool:
    return isinstance(value, dict) and "method" not in value and answered_id(value.get("id")) == number


def _without_id(value: Json) -> JsonObject | None:
    """The error object of a server that could not read the id, or did not care to."""
    error = value.get("error") if isinstance(value, dict) and value.get("id") is None else None
    return error if isinstance(error, dict) else None


def answer_in(response: HttpResponse, number: int) -> bytes:
    """The messages of an HTTP answer to the request of that number, with its answer among them.

    An error that names no request is this one's, and a failure that HTTP alone reports becomes an error.
    Raises: `Unanswered` where nothing in it answers that request.
    """
    value = _parsed(response)
    messages = value if isinstance(value, list) else [value]
    if any(_is_answer(one, number) for one in messages):
        return response.body
    if (error := _without_id(value)) is not None:
        return written({"id": number, "error": error})
    if response.status >= 400:
        words = _quoted(response.body) if value is None else ""
        text = f"HTTP status {response.status}{words and f': {words}'}"
        return written(error_answer(number, HTTP_FAILURE, text))
    raise Unanswered(f"it answered with HTTP status {response.status} and {_what(response, value)}")


def _what(response: HttpResponse, value: Json) -> str:
    if 300 <= response.status < 400:
        return "redirects, which is not followed: write the address that it leads to"
    if not response.body:
        return "no answer in it"
    return "a body that is not JSON" if value is None else "no answer to this request"


class HttpPostTransport:
    """One URL that takes messages."""

    def __init__(self, url: str, http: HttpClient) -> None:
        self._url = url
        self._http = http
        self._put, self._come = anyio.create_memory_object_stream[bytes](MAX_OUTSTANDING)

    async def send(self, message: bytes, /) -> None:
        """Posts it and waits for the answer, which `receive` then has. Raises: `TransportClosed`, `Unanswered`."""
        number = request_number(message)
        response = await self._post(message)
        if len(response.body) > MAX_MESSAGE_BYTES:
            raise Unanswered(f"its answer is longer than {MAX_MESSAGE_BYTES} bytes")
        if number is None:
            return
        try:
            await self._put.send(answer_in(response, number))
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            raise TransportClosed("the connection is closed") from None

    async def receive(self) -> Sequence[bytes]:
        """The messages of the next answer; there is no end but ours."""
        try:
            return (await self._come.receive(),)
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            return ()

    async def last_words(self) -> str:
        """Empty: what it has to say is in its answers."""
        return ""

    def close(self) -> None:
        """Ends `receive`."""
        self._put.close()
        self._come.close()

    async def _post(self, message: bytes) -> HttpResponse:
        request = HttpRequest(
            method="POST",
            url=self._url,
            headers=_HEADERS,
            body=message,
            timeout=EXCHANGE_SECONDS,
            max_bytes=MAX_MESSAGE_BYTES + 1,
        )
        try:
            return await self._http.send(request)
        except InvocationError as error:
            raise Unanswered(str(error), is_unsent=error.is_unsent or error.not_executed is not None) from None


@asynccontextmanager
async def open_http_post(url: str, host: str, port: int, http: HttpClient) -> AsyncGenerator[Transport, None]:
    """Posts to a URL of this machine for as long as the context lasts; nothing is sent before the first message.

    Entering raises: `CannotStart` where its host is not this machine.
    """
    await loopback_addresses(host, port)
    transport = HttpPostTransport(url, http)
    try:
        yield transport
    finally:
        transport.close()
