"""A model that says what a script tells it to: for tests, demonstrations and bug reports.

A script has one turn for each thing the person says, and a turn has one step for each reply the model is asked for. It
is as strict as a witness: what was not foreseen is an error that says what was.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import anyio.lowlevel

from orchestrator.errors import ModelError
from orchestrator.model.base import (
    Message,
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    UserMessage,
)
from runtimes.values import Json, JsonObject, dump_json

MAX_QUOTED_CHARS = 80
"""How much of a text an error repeats."""


@dataclass(frozen=True, slots=True)
class Say:
    """A reply that is text."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A reply that is one call; a text in place of the arguments is sent as it is, to play a confused model."""

    tool: str
    """The name of a tool, or of a function."""
    arguments: JsonObject | str = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class Calls:
    """A reply of several calls, or of calls after a text."""

    calls: tuple[Call, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """The sentence written for a person when a plugin asks for one."""

    text: str


Step = Say | Call | Calls | Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptTurn:
    """What the person says, and the replies that follow."""

    user: str
    steps: tuple[Step, ...]


def _quoted(text: str) -> str:
    return repr(text if len(text) <= MAX_QUOTED_CHARS else f"{text[: MAX_QUOTED_CHARS - 1]}…")


def _is_same(expected: str, said: str) -> bool:
    return expected.split() == said.split()


def _described(step: Step) -> str:
    match step:
        case Say(text):
            return f"say {_quoted(text)}"
        case Phrase(text):
            return f"phrase {_quoted(text)}"
        case Call(tool):
            return f"call {tool!r}"
        case Calls(calls):
            return "call " + ", ".join(repr(call.tool) for call in calls)


def _calls_of(step: Step) -> tuple[Call, ...]:
    if isinstance(step, Calls):
        return step.calls
    return (step,) if isinstance(step, Call) else ()


class ScriptedModel:
    """A `ChatModel` that plays one conversation.

    What the person says is compared with runs of white space as one space. Every reply, reasoning or responding, takes
    the next step of its turn. Raises: `ModelError` where that does not fit.
    """

    def __init__(self, *, turns: Sequence[ScriptTurn], name: str = "scripted") -> None:
        self._turns = tuple(turns)
        self._name = name
        self._turn = -1
        self._taken = [0] * len(self._turns)

    @property
    def name(self) -> str:
        """What it was opened as."""
        return self._name

    def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        """Plays the next step."""
        return self._reply(request.messages)

    def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        """Plays the next step, whatever it is: a script may have the model call where it must not."""
        return self._reply(request.messages)

    async def phrase(self, request: PhraseRequest, /) -> str:
        """Plays the next step, which must be a `Phrase`."""
        await anyio.lowlevel.checkpoint()
        step = self._next_step(f"a phrase was asked for: {_quoted(request.instruction)}")
        if not isinstance(step, Phrase):
            raise ModelError(f"{self._place()} has {_described(step)}, but a phrase was asked for")
        self._taken[self._turn] += 1
        return step.text

    def unused(self) -> tuple[str, ...]:
        """The steps that nobody has asked for, each in a few words."""
        return tuple(
            f"turn {number} ({_quoted(turn.user)}): {_described(step)}"
            for number, (turn, taken) in enumerate(zip(self._turns, self._taken, strict=True), start=1)
            for step in turn.steps[taken:]
        )

    async def _reply(self, messages: Sequence[Message]) -> AsyncGenerator[ModelDelta]:
        await anyio.lowlevel.checkpoint()
        said = next((message.text for message in reversed(messages) if isinstance(message, UserMessage)), "")
        self._follow(said)
        step = self._next_step(f"the model was asked for another reply to {_quoted(said)}")
        if isinstance(step, Phrase):
            raise ModelError(f"{self._place()} has {_described(step)}, but a reply was asked for")
        self._taken[self._turn] += 1
        text = "" if isinstance(step, Call) else step.text
        if text:
            yield TextPart(text=text)
        yield ReplyEnd(calls=self._model_calls(_calls_of(step)))

    def _follow(self, said: str) -> None:
        """Goes on to the next turn when the person has said what that one waits for."""
        if self._turn >= 0 and self._rest() and _is_same(self._turns[self._turn].user, said):
            return
        following = self._turn + 1
        if following < len(self._turns) and _is_same(self._turns[following].user, said):
            self._turn = following
            return
        if self._turn >= 0 and _is_same(self._turns[self._turn].user, said):
            return
        expected = self._turn if self._turn >= 0 and self._rest() else following
        if expected == len(self._turns):
            raise ModelError(f"the script is over, but the person said {_quoted(said)}")
        user = self._turns[expected].user
        raise ModelError(f"turn {expected + 1} of the script expects {_quoted(user)}, but was told {_quoted(said)}")

    def _rest(self) -> tuple[Step, ...]:
        return self._turns[self._turn].steps[self._taken[self._turn] :]

    def _place(self) -> str:
        return f"step {self._taken[self._turn] + 1} of turn {self._turn + 1} of the script"

    def _next_step(self, why: str) -> Step:
        rest = self._rest() if self._turn >= 0 else ()
        if not rest:
            raise ModelError(f"turn {self._turn + 1} of the script has no step left, but {why}")
        return rest[0]

    def _model_calls(self, calls: tuple[Call, ...]) -> tuple[ModelCall, ...]:
        place = f"scripted_{self._turn + 1}_{self._taken[self._turn]}"
        return tuple(
            ModelCall(
                id=f"{place}_{number}",
                tool=call.tool,
                arguments=call.arguments if isinstance(call.arguments, str) else dump_json(call.arguments),
            )
            for number, call in enumerate(calls, start=1)
        )
