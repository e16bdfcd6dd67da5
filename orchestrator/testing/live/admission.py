"""A live model around another one, which says when the server does not take the key: more runs would fail, too."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable

from orchestrator.model.base import (
    ChatModel,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
)
from orchestrator.model.completion_failure import KeyRefused


class AdmittedModel:
    """A `ChatModel` that another one answers for; `refused` hears why the key is not taken.

    A key that is known to the server counts as refused until the first reply alone: some servers refuse single
    requests, for what is in them, in the same way.
    """

    def __init__(self, inner: ChatModel, refused: Callable[[str], None]) -> None:
        self._inner = inner
        self._refused = refused
        self._has_replied = False

    @property
    def name(self) -> str:
        """That of the model inside."""
        return self._inner.name

    def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        """As the model inside. Raises: `ModelError`."""
        return self._heard(self._inner.reason(request))

    def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        """As the model inside. Raises: `ModelError`."""
        return self._heard(self._inner.respond(request))

    async def phrase(self, request: PhraseRequest, /) -> str:
        """As the model inside. Raises: `ModelError`."""
        try:
            return await self._inner.phrase(request)
        except KeyRefused as error:
            self._hear(error)
            raise

    def _hear(self, error: KeyRefused) -> None:
        if not (error.is_known and self._has_replied):
            self._refused(str(error))

    async def _heard(self, deltas: AsyncIterator[ModelDelta]) -> AsyncGenerator[ModelDelta]:
        try:
            async for delta in deltas:
                self._has_replied = self._has_replied or isinstance(delta, ReplyEnd)
                yield delta
        except KeyRefused as error:
            self._hear(error)
            raise
        finally:
            if isinstance(deltas, AsyncGenerator):
                await deltas.aclose()
