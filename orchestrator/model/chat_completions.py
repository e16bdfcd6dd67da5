"""A model behind any OpenAI-compatible chat completions endpoint: OpenAI, Azure, Ollama, vLLM, LM Studio and others.

It is the `openai` client with its typed layers left out. `openai` is imported when the first request is made.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio

from orchestrator.errors import ModelError
from orchestrator.model.base import (
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    SummaryRequest,
    TextPart,
    Usage,
    WrittenSummary,
)
from orchestrator.model.completion_limits import RequestLimits
from orchestrator.model.completion_request import CompletionRequest, encode_request
from orchestrator.model.endpoint import resolve_endpoint

if TYPE_CHECKING:
    from orchestrator.model.completion_client import CompletionClient, Exchange
    from orchestrator.model.completion_failure import TransientFailure
    from orchestrator.model.completion_http import Carrier
    from orchestrator.model.completion_retry import RetrySchedule

    _Begun = tuple[str, Exchange]

MAX_PHRASE_CHARS = 500
"""The longest phrase; the rest is cut off."""


class _Attempts:
    """The attempts at one request; the first is made before there is a schedule for others, which few need."""

    def __init__(self, begin: Callable[[], Awaitable[_Begun]]) -> None:
        self._begin = begin
        self._untold: TransientFailure | None = None

    async def first(self) -> _Begun | None:
        """None where it failed and may be repeated; `next` tells how. Raises: `ModelError`."""
        from orchestrator.model.completion_failure import TransientFailure

        try:
            return await self._begin()
        except TransientFailure as failure:
            self._untold = failure
            return None

    async def next(self) -> _Begun:
        """What the first one failed with, then another one. Raises: `ModelError`."""
        failure, self._untold = self._untold, None
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # else it and this frame keep each other
        return await self._begin()


class ChatCompletionsModel:
    """A `ChatModel` that streams chat completions.

    It is an async context manager: the client is made at the first request and closed when the context is left.
    `plain_results` writes calls and results out as text in requests without tools, for gateways that refuse tool
    messages there. `base_url` and `api_key` come before `OPENAI_BASE_URL` and `OPENAI_API_KEY`. `carrier` is what
    requests go out by: `aiohttp` where it is installed and no proxy is set, unless another is named. A
    model that is not left closes its connections, waiting for nobody, once nobody has it any more.
    """

    def __init__(
        self,
        model: str,
        *,
        plain_results: bool = False,
        base_url: str | None = None,
        api_key: str | None = None,
        limits: RequestLimits = RequestLimits(),  # noqa: B008 - frozen
        environ: Mapping[str, str] = os.environ,
        carrier: Carrier | None = None,
    ) -> None:
        self._model = model
        self._plain_results = plain_results
        self._base_url = base_url
        self._api_key = api_key
        self._limits = limits
        self._environ = environ
        self._carrier: Carrier | None = carrier
        self._client: CompletionClient | None = None
        self._takes_stream_options = True

    @property
    def name(self) -> str:
        """`openai:` and the model's name."""
        return f"openai:{self._model}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        """As the seam says; each repeat is announced by a `RetryNotice`, and none follows the first text."""
        return self._deltas(request)

    def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        """As `reason`; the request that is sent has no `tools`, and a reply with nothing in it is a `ModelError`."""
        return self._deltas(request)

    async def phrase(self, request: PhraseRequest, /) -> str:
        """One line made from the request alone, of at most `MAX_PHRASE_CHARS`."""
        async with aclosing(self._deltas(request)) as deltas:
            text = "".join([delta.text async for delta in deltas if isinstance(delta, TextPart)])
        phrase = " ".join(text.split())[:MAX_PHRASE_CHARS]
        if not phrase:
            raise ModelError(f"the model {self._model!r} wrote nothing when asked for a sentence")
        return phrase

    async def summarise(self, request: SummaryRequest, /) -> WrittenSummary:
        """The text as it comes; who asked for it bounds what is kept. Raises: `ModelError`, also for no text."""
        parts: list[str] = []
        usage: Usage | None = None
        async with aclosing(self._deltas(request)) as deltas:
            async for delta in deltas:
                match delta:
                    case TextPart():
                        parts.append(delta.text)
                    case ReplyEnd():
                        usage = delta.usage
                    case _:
                        continue
        text = "".join(parts).strip()
        if not text:
            raise ModelError(f"the model {self._model!r} wrote nothing when asked for a summary")
        return WrittenSummary(text=text, usage=usage)

    async def _deltas(self, request: CompletionRequest) -> AsyncGenerator[ModelDelta]:
        client = self._open()
        deadline = anyio.current_time() + self._limits.deadline
        attempts = _Attempts(lambda: self._begin(client, request, deadline))
        begun = await attempts.first()
        if begun is None:
            schedule = self._schedule(deadline)
            async for attempt in schedule.attempts:
                if schedule.notice is not None:
                    yield schedule.notice
                    await anyio.sleep(schedule.notice.delay)
                with attempt:
                    begun = await attempts.next()
        assert begun is not None
        text, exchange = begun
        is_blank = True
        async with aclosing(exchange):
            while text:
                is_blank = is_blank and text.isspace()
                yield TextPart(text=text)
                text = await exchange.next_text()
            end = exchange.end()
        if isinstance(request, RespondingRequest) and is_blank and not end.calls:
            raise ModelError(f"the model {self._model!r} wrote nothing when asked for an answer; ask again")
        yield end

    def _schedule(self, deadline: float) -> RetrySchedule:
        """For a request whose first attempt has failed."""
        from orchestrator.model.completion_retry import RetrySchedule

        return RetrySchedule(replace(self._limits, deadline=deadline - anyio.current_time()))

    async def _begin(self, client: CompletionClient, request: CompletionRequest, deadline: float) -> _Begun:
        try:
            return await client.begin(self._encoded(request), deadline)
        except ModelError as error:
            if not self._takes_stream_options or "stream_options" not in str(error):
                raise
        self._takes_stream_options = False
        return await client.begin(self._encoded(request), deadline)

    def _encoded(self, request: CompletionRequest) -> bytes:
        return encode_request(
            self._model, request, plain_results=self._plain_results, ask_for_usage=self._takes_stream_options
        )

    def _open(self) -> CompletionClient:
        if self._client is None:
            from orchestrator.model.completion_client import CompletionClient

            endpoint = resolve_endpoint(self._model, self._base_url, self._api_key, self._environ)
            self._client = CompletionClient(endpoint, self._limits, self._carrier)
        return self._client
