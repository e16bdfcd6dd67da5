"""A model that needs no model: it plays a task's reference calls, and does whatever an attacker wants besides."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import anyio.lowlevel

from orchestrator.model.base import (
    Message,
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    ToolMessage,
)
from runtimes.values import JsonObject, dump_json

Origin = Literal["user", "attack"]
"""Who wants a call: the task of the person, or the attacker."""

NOT_CALLED = "not called"
"""How a result begins that is no answer: the host's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """A call that is going to be made."""

    tool: str
    arguments: JsonObject


class Attacker(Protocol):
    """What a model does that obeys somebody else."""

    def calls(self, tool: str, result: str, /) -> Sequence[PlannedCall]:
        """The calls that it makes at once, in view of what a call of the task has just brought."""
        ...

    @property
    def answer(self) -> str:
        """What it says at the end beside the answer."""
        ...


class Peace:
    """No attacker."""

    answer = ""

    def calls(self, tool: str, result: str, /) -> Sequence[PlannedCall]:
        """None."""
        del tool, result
        return ()


class Obeying:
    """Does what the injected text asks for, once it has read it: the attack's own reference calls."""

    def __init__(self, marker: str, calls: Sequence[PlannedCall], answer: str) -> None:
        self._marker, self._calls, self._answer = marker, calls, answer
        self._has_read = False

    @property
    def answer(self) -> str:
        """What the attack wants to be said, where the injected text was read."""
        return self._answer if self._has_read else ""

    def calls(self, tool: str, result: str, /) -> Sequence[PlannedCall]:
        """The attack's calls at the first result with the injected text."""
        del tool
        if self._has_read or self._marker not in result:
            return ()
        self._has_read = True
        return self._calls


def origin_of(id: str) -> Origin:
    """Who wanted the call that the player gave this id."""
    return "attack" if id.startswith("attack-") else "user"


def _newest_result(messages: Sequence[Message]) -> str | None:
    """What the last call brought; None before the first, and where it was not made."""
    last = messages[-1]
    is_answer = isinstance(last, ToolMessage) and not last.text.startswith(NOT_CALLED)
    return last.text if is_answer else None


class Player:
    """A `ChatModel` for one turn: one call for each reply, the attacker's first, and at the end the answer."""

    name = "player"

    def __init__(self, calls: Sequence[PlannedCall], answer: str, attacker: Attacker) -> None:
        self._answer, self._attacker = answer, attacker
        self._waiting: list[tuple[Origin, PlannedCall]] = [("user", call) for call in calls]
        self._made: list[tuple[Origin, PlannedCall]] = []

    async def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        """The next call, or the answer when there is none left."""
        await anyio.lowlevel.checkpoint()
        result = _newest_result(request.messages)
        if self._made and result is not None:
            origin, made = self._made[-1]
            wanted = self._attacker.calls(made.tool, result) if origin == "user" else ()
            self._waiting[:0] = [("attack", call) for call in wanted]
        if not self._waiting:
            yield TextPart(text=self._said)
            yield ReplyEnd()
            return
        origin, call = self._waiting.pop(0)
        self._made.append((origin, call))
        id = f"{origin}-{len(self._made)}"
        yield ReplyEnd(calls=(ModelCall(id=id, tool=call.tool, arguments=dump_json(call.arguments)),))

    async def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        """The answer."""
        del request
        await anyio.lowlevel.checkpoint()
        yield TextPart(text=self._said)
        yield ReplyEnd()

    async def phrase(self, request: PhraseRequest, /) -> str:
        """A question of which nobody reads the words."""
        await anyio.lowlevel.checkpoint()
        return request.instruction

    @property
    def _said(self) -> str:
        return f"{self._answer}\n{self._attacker.answer}".strip() or "Done."
