"""One `AsyncOpenAI` client and the exchanges it makes; importing this imports `openai`.

The client is asked for a raw stream, so that its typed requests, its own retries and its model per chunk are never in
the way: it gives us connections, credentials and headers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import anyio
import httpx2
import openai
import orjson
from openai import AsyncOpenAI, AsyncStream

from orchestrator.errors import ModelError
from orchestrator.model.base import ReplyEnd
from orchestrator.model.completion_failure import (
    broken_stream,
    connection_failure,
    retry_after,
    status_failure,
    timeout_failure,
)
from orchestrator.model.completion_limits import RequestLimits
from orchestrator.model.completion_reply import ReplyAssembly, error_text
from orchestrator.model.endpoint import Endpoint, one_line
from orchestrator.model.sse import EventTooLong, SseReader
from runtimes.telling_logs import quieten_telling_logs

MAX_ERROR_BYTES = 64 * 1024
"""How much of an error's body is read."""

MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
"""The longest reply that comes as one JSON document instead of a stream."""

CLOSE_SECONDS = 0.2
"""How long the end of a stream is waited for, so that its connection can be used again."""

_HEADERS = {"Accept-Encoding": "identity", "Content-Type": "application/json"}


class _Bounded(httpx2.AsyncByteStream):
    """The beginning of a body."""

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._body:
            yield chunk[: MAX_ERROR_BYTES - size]
            size += len(chunk)
            if size >= MAX_ERROR_BYTES:
                return

    async def aclose(self) -> None:
        await self._body.aclose()


async def _bound_error(response: httpx2.Response) -> None:
    if not response.is_success and isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)


def _error_message(body: bytes) -> str:
    """What the server says; nothing where it does not say it in JSON, such as a proxy's web page."""
    try:
        return error_text(orjson.loads(body))
    except orjson.JSONDecodeError:
        return ""


def _failure(endpoint: Endpoint, error: openai.OpenAIError | httpx2.HTTPError) -> ModelError:
    if isinstance(error, openai.APIStatusError):
        wait = retry_after(error.response.headers, datetime.now(UTC))
        message = _error_message(error.response.content)
        return status_failure(endpoint, error.status_code, message, code=error.code or "", wait=wait)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return timeout_failure(endpoint)
    if isinstance(error, openai.APIConnectionError):
        return connection_failure(endpoint)
    if isinstance(error, httpx2.HTTPError):
        return broken_stream(endpoint)
    return ModelError(f"{endpoint.source} cannot be used: {endpoint.quoted(str(error))}")


class Exchange:
    """One answer of a model, read as it arrives; closed with `aclose`."""

    def __init__(self, stream: AsyncStream[object], endpoint: Endpoint, deadline: float) -> None:
        self._stream = stream
        self._chunks = aiter(stream.response.aiter_bytes())
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
        with anyio.move_on_after(CLOSE_SECONDS, shield=True):
            if self._reply.is_done:
                await self._drain()
            await self._stream.close()

    async def _next(self) -> str:
        kind = self._stream.response.headers.get("content-type", "")
        if "json" in kind:
            return self._reply_document(await self._document())
        if "html" in kind:
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
        except httpx2.HTTPError as error:
            if self._reply.is_complete:
                return b""
            raise _failure(self._endpoint, error) from error

    async def _drain(self) -> None:
        try:
            async for _ in self._chunks:
                pass
        except httpx2.HTTPError:
            return


class CompletionClient:
    """Sends requests to one endpoint over one pool of connections."""

    def __init__(self, endpoint: Endpoint, limits: RequestLimits) -> None:
        """Raises: `ModelError` where the environment's settings for the client cannot be used."""
        quieten_telling_logs()
        self._endpoint = endpoint
        idle = min(limits.idle, limits.deadline)
        timeout = httpx2.Timeout(idle, connect=min(limits.connect, idle))
        http = openai.DefaultAsyncHttpxClient(
            timeout=timeout,
            follow_redirects=False,
            event_hooks={"response": [_bound_error]},
            auth=endpoint.user,
            params=endpoint.query or None,
        )
        try:
            self._client = AsyncOpenAI(
                api_key=endpoint.key,
                base_url=endpoint.base_url,
                timeout=timeout,
                max_retries=0,
                http_client=http,
                default_headers=_HEADERS,
            )
        except (openai.OpenAIError, httpx2.InvalidURL) as error:
            raise ModelError(f"the client for {endpoint.source} cannot be set up: {one_line(str(error))}") from error

    async def begin(self, body: bytes, deadline: float) -> tuple[str, Exchange]:
        """Sends a request and reads up to the first text of the reply, or to its end.

        Raises: `ModelError`, a `TransientFailure` where the request may be repeated.
        """
        try:
            stream = await self._client.post(
                "/chat/completions", content=body, cast_to=object, stream=True, stream_cls=AsyncStream[object]
            )
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            raise _failure(self._endpoint, error) from error
        except UnicodeError as error:  # an organization or project that no header can carry
            raise ModelError("an OPENAI_ variable has characters that cannot be sent; set it again") from error
        exchange = Exchange(stream, self._endpoint, deadline)
        try:
            return await exchange.next_text(), exchange
        except BaseException:
            await exchange.aclose()
            raise

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.close()
