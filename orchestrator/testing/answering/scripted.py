"""A model that replies with the steps of a turn, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from itertools import count, takewhile

import anyio.lowlevel

from orchestrator.errors import ModelError
from orchestrator.model.base import (
    AssistantMessage,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    RespondingRequest,
    TextPart,
    UserMessage,
)
from orchestrator.testing.answering.reply_end import reply_end
from orchestrator.testing.format.conversation import Step, Turn
from orchestrator.testing.judging.exchanges import AnyModelRequest
from orchestrator.testing.judging.mismatch import Mismatch
from orchestrator.testing.judging.observed import ModelRequest, model_request


def _tells_of_calls(request: ReasoningRequest) -> bool:
    """True where a call has been made since the person last spoke."""
    since = takewhile(lambda message: not isinstance(message, UserMessage), reversed(request.messages))
    return any(isinstance(message, AssistantMessage) and message.calls for message in since)


class SteppedModel:
    """A `ChatModel` that plays one turn of a conversation file after the other.

    A request for which there is no step, or one of the other kind, is a `ModelError`. One that is made again, because
    data was set aside that stood in the way of the calls of a step, has the same step, unless that says otherwise.
    """

    def __init__(self) -> None:
        self._steps: tuple[Step, ...] = ()
        self._taken = 0
        self._has_called = False
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
        self._steps, self._taken, self._requests, self._has_called = turn.model, 0, [], False

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
        if self._is_made_again(request) and not self._steps[self._taken - 1].set_aside:
            self._taken -= 1
        step = self._steps[self._taken] if self._taken < len(self._steps) else None
        is_fitting = step is not None and (step.phrase is not None) == isinstance(request, PhraseRequest)
        self._requests.append(model_request(request, step=self._taken if is_fitting else None))
        if step is None:
            raise ModelError(f"the turn has no step left for request {len(self._requests)}")
        if not is_fitting:
            wanted, found = ("a phrase", "a reply") if step.phrase is None else ("a reply", "a phrase")
            raise ModelError(f"step {self._taken + 1} is {found}, but {wanted} was asked for")
        self._taken += 1
        self._has_called = bool(step.every_call)
        return step

    def _is_made_again(self, request: AnyModelRequest) -> bool:
        """True for a request that tells of no call of the turn, although the last step made some."""
        return self._has_called and isinstance(request, ReasoningRequest) and not _tells_of_calls(request)

    async def _reply(self, request: ReasoningRequest | RespondingRequest) -> AsyncGenerator[ModelDelta]:
        await anyio.lowlevel.checkpoint()
        step = self._take(request)
        if step.text:
            yield TextPart(text=step.text)
        yield reply_end(step.every_call, step.tokens, self._ids)
