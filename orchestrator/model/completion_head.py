"""What every request to a model begins with, as the `openai` client writes it; importing this imports `openai`.

Where it goes, the credentials and the headers are the same for all requests of a client, so the client is asked for
them once: it writes a request, which is kept instead of being sent.
"""

from __future__ import annotations

import httpx2
import openai

from orchestrator.errors import ModelError
from orchestrator.model.endpoint import Endpoint, one_line

_HEADERS = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
_LENGTH = "Content-Length"


class _Keeping(httpx2.AsyncBaseTransport):
    """Keeps a request."""

    def __init__(self) -> None:
        self.request: httpx2.Request | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.request = request
        return httpx2.Response(204)


class RequestHead:
    """The head of the requests to one endpoint."""

    def __init__(self, endpoint: Endpoint, timeout: httpx2.Timeout) -> None:
        """Raises: `ModelError` where the environment's settings for the client cannot be used."""
        self._endpoint = endpoint
        self._written: httpx2.Request | None = None
        self._transport = _Keeping()  # it opens no connection, so that the client need not be closed
        http = openai.DefaultAsyncHttpxClient(
            timeout=timeout, auth=endpoint.user, params=endpoint.query or None, transport=self._transport
        )
        try:
            self._client = openai.AsyncOpenAI(
                api_key=endpoint.key,
                base_url=endpoint.base_url,
                timeout=timeout,
                max_retries=0,
                http_client=http,
                default_headers=_HEADERS,
            )
        except (openai.OpenAIError, httpx2.InvalidURL) as error:
            raise ModelError(f"the client for {endpoint.source} cannot be set up: {one_line(str(error))}") from error

    async def with_body(self, body: bytes, cookies: httpx2.Cookies) -> httpx2.Request:
        """A request with that body. Raises: `ModelError` where the client cannot write one."""
        head = self._written
        if head is None:
            head = self._written = await self._write()
        request = httpx2.Request(
            head.method,
            head.url,
            headers=head.headers,
            cookies=cookies if cookies else None,
            stream=httpx2.ByteStream(body),
            extensions=head.extensions,
        )
        request.headers[_LENGTH] = str(len(body))
        return request

    async def _write(self) -> httpx2.Request:
        try:
            await self._client.post("/chat/completions", content=b"", cast_to=httpx2.Response)
        except openai.OpenAIError as error:
            said = self._endpoint.quoted(str(error))
            raise ModelError(f"{self._endpoint.source} cannot be used: {said}") from error
        except UnicodeError as error:  # an organization or project that no header can carry
            raise ModelError("an OPENAI_ variable has characters that cannot be sent; set it again") from error
        request = self._transport.request
        assert request is not None
        del request.headers[_LENGTH]
        return request
