"""A model that replies with the steps of a turn, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Literal

import anyio.lowlevel

from orchestrator.errors import ModelError
from orchestrator.events import Event, State, StateEntered
from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    Usage,
)
from orchestrator.testing.conversation import Step
from orchestrator.testing.observed import ModelRequest, prompt_of
from runtimes.values import dump_json


def in_states(requests: Sequence[ModelRequest], events: Sequence[Event]) -> tuple[ModelRequest, ...]:
    """The requests with the states that they were made in: a turn enters one before each of them, phrases aside.

    A model is not told whether a text is asked for while responding or while disengaging.
    """
    entered = iter([event.state for event in events if isinstance(event, StateEntered)])
    return tuple(
        request if request.state == "phrase" else replace(request, state=next(entered, request.state))
        for request in requests
    )


class SteppedModel:
    """A `ChatModel` that plays one turn of a conversation file after the other.

    A request for which there is no step, or one of the other kind, is a `ModelError`.
    """

    def __init__(self) -> None:
        self._steps: tuple[Step, ...] = ()
        self._taken = 0
        self._calls = 0
        self._requests: list[ModelRequest] = []

    @property
    def name(self) -> str:
        """What failures call it."""
        return "the model of the file"

    @property
    def requests(self) -> tuple[ModelRequest, ...]:
        """What it was asked since the turn began."""
        return tuple(self._requests)

    def begin(self, steps: tuple[Step, ...]) -> None:
        """Goes on with these steps."""
        self._steps, self._taken, self._requests = steps, 0, []

    def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        """Plays the next step."""
        return self._reply("reasoning", prompt_of(request))

    def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        """Plays the next step, whatever it is: a file may have the model call where it must not."""
        return self._reply("responding", prompt_of(request))

    async def phrase(self, request: PhraseRequest, /) -> str:
        """Plays the next step, which must be a `phrase`."""
        await anyio.lowlevel.checkpoint()
        step = self._take("phrase", f"{request.instruction}\n\n{dump_json(request.data)}")
        assert step.phrase is not None
        return step.phrase

    def _take(self, state: State | Literal["phrase"], prompt: str) -> Step:
        step = self._steps[self._taken] if self._taken < len(self._steps) else None
        is_fitting = step is not None and (step.phrase is not None) == (state == "phrase")
        self._requests.append(ModelRequest(state=state, prompt=prompt, step=self._taken if is_fitting else None))
        if step is None:
            raise ModelError(f"the turn has no step left for request {len(self._requests)}")
        if not is_fitting:
            wanted, found = ("a phrase", "a reply") if state == "phrase" else ("a reply", "a phrase")
            raise ModelError(f"step {self._taken + 1} is {found}, but {wanted} was asked for")
        self._taken += 1
        return step

    async def _reply(self, state: State, prompt: str) -> AsyncGenerator[ModelDelta]:
        await anyio.lowlevel.checkpoint()
        step = self._take(state, prompt)
        if step.text:
            yield TextPart(text=step.text)
        tokens = step.tokens
        usage = Usage(input_tokens=tokens.input, output_tokens=tokens.output) if tokens is not None else None
        yield ReplyEnd(calls=self._calls_of(step), usage=usage)

    def _calls_of(self, step: Step) -> tuple[ModelCall, ...]:
        made: list[ModelCall] = []
        for call in step.every_call:
            self._calls += 1
            arguments = call.with_ if isinstance(call.with_, str) else dump_json(call.with_)
            made.append(ModelCall(id=f"step_{self._calls}", tool=call.call, arguments=arguments))
        return tuple(made)
