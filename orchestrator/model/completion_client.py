"""Sends requests to one endpoint and reads the answers as they arrive; importing this imports `openai`.

What the `openai` client knows of an endpoint stands at the head of each request (`completion_head`). Its typed
requests, its own retries and its model per chunk are never in the way.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.request import getproxies

import anyio
import httpx2
import orjson

from orchestrator.errors import ModelError
from orchestrator.model.base import ReplyEnd
from orchestrator.model.completion_failure import (
    TransientFailure,
    broken_stream,
    connection_failure,
    retry_after,
    status_failure,
    timeout_failure,
)
from orchestrator.model.completion_head import RequestHead
from orchestrator.model.completion_http import Carrier, best_carrier, http_client
from orchestrator.model.completion_limits import RequestLimits
from orchestrator.model.completion_reply import ReplyAssembly, error_code, error_text
from orchestrator.model.endpoint import Endpoint
from orchestrator.model.sse import EventTooLong, SseReader
from orchestrator.model.wrong_answers import BrokenAnswer, InvalidAnswer
from runtimes.telling_logs import quieten_telling_logs
from runtimes.values import Json

MAX_ERROR_BYTES = 64 * 1024
"""How much of an error's body is read."""

MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
"""The longest reply that comes as one JSON document instead of a stream."""

CLOSE_SECONDS = 0.2
"""How long the end of a stream is waited for, so that its connection can be used again."""

_BROKEN = (httpx2.HTTPError, ssl.SSLError)
"""What a connection fails with that cannot be made, or does not last.

`anyio` raises `ssl.SSLError` where something is wrong with what comes over TLS, and `httpx2` lets it through.
"""


def _parsed(body: bytes) -> Json:
    """What the server says; nothing where it does not say it in JSON, such as a proxy's web page."""
    try:
        said: Json = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return said


async def _beginning(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= MAX_ERROR_BYTES:
            break
    return bytes(body[:MAX_ERROR_BYTES])


async def _refusal(response: httpx2.Response, endpoint: Endpoint) -> ModelError:
    """The failure that an answer means which is no reply."""
    try:
        said = _parsed(await _beginning(response))
    except httpx2.TimeoutException:
        return timeout_failure(endpoint)
    except _BROKEN:
        return broken_stream(endpoint)
    finally:
        await response.aclose()
    wait = retry_after(response.headers, datetime.now(UTC))
    return status_failure(endpoint, response.status_code, error_text(said), code=error_code(said), wait=wait)


class Exchange:
    """One answer of a model, read as it arrives; closed with `aclose`."""

    def __init__(
        self, response: httpx2.Response, endpoint: Endpoint, deadline: float, leave: Callable[[], None]
    ) -> None:
        """`leave` is called when it is over."""
        self._response = response
        self._leave = leave
        self._kind = response.headers.get("content-type", "")
        self._chunks = aiter(response.aiter_bytes())
        self._endpoint = endpoint
        self._deadline = deadline
        self._events = SseReader()
        self._reply = ReplyAssembly(endpoint.source, endpoint.quoted)
        self._is_at_end = False

    async def next_text(self) -> str:
        """The next piece of text, empty at the end of the reply.

        Raises: `ModelError`, a `TransientFailure` where the stream broke.
        """
        while not self._is_at_end:
            text = await self._next()
            if text:
                return text
        return ""

    def end(self) -> ReplyEnd:
        """The calls and the usage of the complete reply. Raises: `ModelError`."""
        return self._reply.end()

    async def aclose(self) -> None:
        """Gives the connection back where the stream has ended, else drops it."""
        try:
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                if self._reply.is_done:
                    await self._drain()
                await self._response.aclose()
        finally:
            self._leave()

    async def _next(self) -> str:
        if "json" in self._kind:
            return self._reply_document(await self._document())
        if "html" in self._kind:
            raise ModelError(f"{self._endpoint.source} answered with a web page; check OPENAI_BASE_URL")
        return self._read(await self._chunk())

    def _read(self, chunk: bytes) -> str:
        try:
            payloads = self._events.feed(chunk) if chunk else self._events.finish()
        except EventTooLong as error:
            raise ModelError(f"the reply of {self._endpoint.source} cannot be read: {error}") from None
        text = "".join([self._reply.add(payload) for payload in payloads])
        self._is_at_end = not chunk or self._reply.is_done
        if self._is_at_end and not self._reply.is_complete:
            raise broken_stream(self._endpoint)
        return text

    def _reply_document(self, document: bytes) -> str:
        self._is_at_end = True
        return self._reply.add(document)

    async def _document(self) -> bytes:
        document = bytearray()
        while chunk := await self._chunk():
            document += chunk
            if len(document) > MAX_DOCUMENT_BYTES:
                raise ModelError(f"the reply of {self._endpoint.source} is longer than {MAX_DOCUMENT_BYTES} bytes")
        return bytes(document)

    async def _chunk(self) -> bytes:
        """The next bytes, empty at the end."""
        if anyio.current_time() > self._deadline:
            raise ModelError(f"{self._endpoint.source} took too long over its reply")
        try:
            return await anext(self._chunks, b"")
        except _BROKEN as error:
            if self._reply.is_complete:
                return b""
            is_late = isinstance(error, httpx2.TimeoutException)
            raise (timeout_failure if is_late else broken_stream)(self._endpoint) from error

    async def _drain(self) -> None:
        try:
            async for _ in self._chunks:
                pass
        except _BROKEN:
            return


class CompletionClient:
    """Sends requests to one endpoint over one pool of connections, no more at once than there may be."""

    def __init__(self, endpoint: Endpoint, limits: RequestLimits, carrier: Carrier | None = None) -> None:
        """`carrier` is the best there is unless given.

        Raises: `ModelError` where the environment's settings for the client cannot be used.
        """
        quieten_telling_logs()
        self._endpoint = endpoint
        self._idle = limits.idle_wait
        timeout = httpx2.Timeout(limits.idle_wait, connect=limits.connect_wait)
        self._head = RequestHead(endpoint, timeout)
        self._http = http_client(endpoint, limits, timeout, carrier or best_carrier(endpoint, getproxies()))
        self._room = anyio.Semaphore(limits.connections, fast_acquire=True)

    async def begin(self, body: bytes, deadline: float) -> tuple[str, Exchange]:
        """Sends a request, once there is room for it, and reads up to the first text of the reply, or to its end.

        Raises: `ModelError`, a `TransientFailure` where the request may be repeated.
        """
        await self._enter(deadline)
        try:
            response = await self._send(body)
        except BaseException:
            self._room.release()
            raise
        exchange = Exchange(response, self._endpoint, deadline, self._room.release)
        try:
            return await exchange.next_text(), exchange
        except BaseException:
            await exchange.aclose()
            raise

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def _enter(self, deadline: float) -> None:
        """Waits for one of the requests that are out to end where there may be no more of them."""
        try:
            self._room.acquire_nowait()
        except anyio.WouldBlock:
            await self._wait_for_room(deadline)

    async def _wait_for_room(self, deadline: float) -> None:
        with anyio.CancelScope(deadline=min(deadline, anyio.current_time() + self._idle)):
            await self._room.acquire()
            return
        said = f"too many requests to {self._endpoint.source} are out; none of them ended in time"
        raise TransientFailure(said, reason="too many requests are out")

    async def _send(self, body: bytes) -> httpx2.Response:
        request = await self._head.with_body(body, self._http.cookies)
        try:
            response = await self._http.send(request, stream=True)
        except httpx2.TimeoutException as error:
            raise timeout_failure(self._endpoint) from error
        except InvalidAnswer as error:
            said = f"{self._endpoint.source} answered with something that is not valid HTTP; check OPENAI_BASE_URL"
            raise ModelError(said) from error
        except BrokenAnswer as error:
            raise broken_stream(self._endpoint) from error
        except _BROKEN as error:
            raise connection_failure(self._endpoint) from error
        if not response.is_success:
            raise await _refusal(response, self._endpoint)
        return response
