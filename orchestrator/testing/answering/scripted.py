"""A model that replies with the steps of a turn, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from itertools import count

import anyio.lowlevel

from orchestrator.errors import ModelError
from orchestrator.model.base import (
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    RespondingRequest,
    TextPart,
)
from orchestrator.testing.answering.reply_end import reply_end
from orchestrator.testing.format.conversation import Step, Turn
from orchestrator.testing.judging.exchanges import AnyModelRequest
from orchestrator.testing.judging.mismatch import Mismatch
from orchestrator.testing.judging.observed import ModelRequest, model_request


class SteppedModel:
    """A `ChatModel` that plays one turn of a conversation file after the other.

    A request for which there is no step, or one of the other kind, is a `ModelError`.
    """

    def __init__(self) -> None:
        self._steps: tuple[Step, ...] = ()
        self._taken = 0
        self._ids = map("step_{}".format, count(1))
        self._requests: list[ModelRequest] = []

    @property
    def name(self) -> str:
        """What failures call it."""
        return "the model of the file"

    @property
    def requests(self) -> tuple[ModelRequest, ...]:
        """What it was asked since the turn began."""
        return tuple(self._requests)

    @property
    def is_scripted(self) -> bool:
        """True."""
        return True

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """None: the judge looks at the steps."""
        return ()

    def begin(self, turn: Turn, /) -> None:
        """Goes on with the steps of this turn."""
        self._steps, self._taken, self._requests = turn.model, 0, []

    def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        """Plays the next step."""
        return self._reply(request)

    def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        """Plays the next step, whatever it is: a file may have the model call where it must not."""
        return self._reply(request)

    async def phrase(self, request: PhraseRequest, /) -> str:
        """Plays the next step, which must be a `phrase`."""
        await anyio.lowlevel.checkpoint()
        step = self._take(request)
        assert step.phrase is not None
        return step.phrase

    def _take(self, request: AnyModelRequest) -> Step:
        step = self._steps[self._taken] if self._taken < len(self._steps) else None
        is_fitting = step is not None and (step.phrase is not None) == isinstance(request, PhraseRequest)
        self._requests.append(model_request(request, step=self._taken if is_fitting else None))
        if step is None:
            raise ModelError(f"the turn has no step left for request {len(self._requests)}")
        if not is_fitting:
            wanted, found = ("a phrase", "a reply") if step.phrase is None else ("a reply", "a phrase")
            raise ModelError(f"step {self._taken + 1} is {found}, but {wanted} was asked for")
        self._taken += 1
        return step

    async def _reply(self, request: ReasoningRequest | RespondingRequest) -> AsyncGenerator[ModelDelta]:
        await anyio.lowlevel.checkpoint()
        step = self._take(request)
        if step.text:
            yield TextPart(text=step.text)
        yield reply_end(step.every_call, step.tokens, self._ids)
