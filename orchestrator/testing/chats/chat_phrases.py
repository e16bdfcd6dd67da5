"""What a model was asked to phrase in the questions of a chat, found again in the questions themselves.

A question is made once more, over a model that phrases marks: what stands in their places is what was phrased.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import anyio.lowlevel

from orchestrator.content import AttachedFile
from orchestrator.events import CallAsked
from orchestrator.model.base import ModelDelta, PhraseRequest, ReasoningRequest, RespondingRequest
from orchestrator.testing.chats.chat_turns import ChatTurn
from orchestrator.tools.toolbox import Toolbox
from orchestrator.turn.questions import ask

_MARK = "[phrase {}]"


class _Marking:
    """A `ChatModel` that phrases marks."""

    def __init__(self) -> None:
        self.marks: list[str] = []

    @property
    def name(self) -> str:
        """Nobody is told of it."""
        return "marks"

    def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        """Nobody asks it."""
        raise NotImplementedError(request)

    def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        """Nobody asks it."""
        raise NotImplementedError(request)

    async def phrase(self, request: PhraseRequest, /) -> str:
        """The next mark."""
        del request
        await anyio.lowlevel.checkpoint()
        self.marks.append(_MARK.format(len(self.marks) + 1))
        return self.marks[-1]


def _in_place(mark: str, marked: str, text: str) -> str | None:
    """What stands in a text in the places that a mark has in the same text; None where it has none."""
    before, *others = marked.split(mark)
    if not others:
        return None
    room = len(text) - len(before) - sum(map(len, others))
    return text[len(before) : len(before) + max(room, 0) // len(others)]


async def _phrases(asked: CallAsked, turn: ChatTurn, toolbox: Toolbox, files: Mapping[str, AttachedFile]) -> list[str]:
    call = turn.state.calls[asked.call_id]
    function = toolbox.at(call.plugin, call.function)
    if function is None:
        return []
    marking = _Marking()
    again = await ask(call, function, marking, turn.state.started, now=0.0, attachments=files)
    places = ((again.title, asked.title), (again.body, asked.body))
    found = [_in_place(mark, marked, text) for mark in marking.marks for marked, text in places]
    return [phrase for phrase in found if phrase is not None]


async def phrases_of(turns: Sequence[ChatTurn], toolbox: Toolbox) -> Mapping[str, Sequence[str]]:
    """What was phrased for the question about each call, by call id, in the order of asking."""
    files = {file.id: file for turn in turns for file in turn.state.attachments}
    return {
        fact.call_id: await _phrases(fact, turn, toolbox, files)
        for turn in turns
        for fact in turn.facts
        if isinstance(fact, CallAsked)
    }
