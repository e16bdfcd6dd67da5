"""A live model in a conversation that is played: it keeps what it is asked, and what it replies."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

from orchestrator.model.base import (
    ChatModel,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
)
from orchestrator.testing.format.conversation import Turn
from orchestrator.testing.judging.exchanges import AnyModelRequest, ModelExchange, Slot
from orchestrator.testing.judging.mismatch import Mismatch
from orchestrator.testing.judging.observed import ModelRequest, model_request


class LiveModel:
    """A `PlayedModel` around a `ChatModel`, for one conversation.

    It is no context manager: whoever opens the model inside leaves it, when the conversations are over.
    """

    def __init__(self, inner: ChatModel) -> None:
        self._inner = inner
        self._slots: list[Slot[ModelExchange]] = []
        self._starts: list[int] = []

    @property
    def name(self) -> str:
        """That of the model inside."""
        return self._inner.name

    @property
    def is_scripted(self) -> bool:
        """False: no step of the file is looked at."""
        return False

    @property
    def requests(self) -> tuple[ModelRequest, ...]:
        """What it was asked since the turn began."""
        return tuple(
            model_request(slot.exchange.request) for slot in self._slots[self._starts[-1] if self._starts else 0 :]
        )

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """None: whatever it is asked is right."""
        return ()

    @property
    def exchanges(self) -> tuple[ModelExchange, ...]:
        """All that it was asked since it was made, in the order of asking, with the replies."""
        return tuple(slot.exchange for slot in self._slots)

    @property
    def turns(self) -> tuple[tuple[ModelExchange, ...], ...]:
        """The same, turn by turn."""
        ends = [*self._starts[1:], *([len(self._slots)] if self._starts else [])]
        exchanges = self.exchanges
        return tuple(exchanges[start:end] for start, end in zip(self._starts, ends, strict=True))

    def begin(self, turn: Turn, /) -> None:
        """Goes on with another turn, whatever its steps."""
        del turn
        self._starts.append(len(self._slots))

    def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        """As the model inside. Raises: `ModelError`."""
        return self._kept(request, self._inner.reason(request))

    def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        """As the model inside. Raises: `ModelError`."""
        return self._kept(request, self._inner.respond(request))

    async def phrase(self, request: PhraseRequest, /) -> str:
        """As the model inside. Raises: `ModelError`."""
        slot = self._slot(request)
        text = await self._inner.phrase(request)
        slot.exchange = replace(slot.exchange, text=text, is_complete=True)
        return text

    def _slot(self, request: AnyModelRequest) -> Slot[ModelExchange]:
        slot = Slot(ModelExchange(request=request, is_complete=False))
        self._slots.append(slot)
        return slot

    async def _kept(
        self, request: ReasoningRequest | RespondingRequest, deltas: AsyncIterator[ModelDelta]
    ) -> AsyncGenerator[ModelDelta]:
        slot = self._slot(request)
        try:
            async for delta in deltas:
                if isinstance(delta, TextPart):
                    slot.exchange = replace(slot.exchange, text=slot.exchange.text + delta.text)
                elif isinstance(delta, ReplyEnd):
                    slot.exchange = replace(slot.exchange, calls=delta.calls, usage=delta.usage, is_complete=True)
                yield delta
        finally:
            if isinstance(deltas, AsyncGenerator):
                await deltas.aclose()
