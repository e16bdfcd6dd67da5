"""Chats over the small plugin of `playing`, and what becomes of them in a conversation file."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import anyio.lowlevel

from orchestrator.conversation import Conversation as Chat
from orchestrator.errors import ModelError
from orchestrator.host import Orchestrator
from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
)
from orchestrator.testing.chats.chat_phrases import phrases_of
from orchestrator.testing.chats.chat_turns import Words, turns_of
from orchestrator.testing.chats.from_chat import Beside, Written, written_chat
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.format.writing import write_conversations
from orchestrator.testing.playing.run import run_conversation
from runtimes.values import JsonObject

Replies = Sequence[str | tuple[tuple[str, str], ...] | None]
"""What a model replies: a text, calls as names and arguments, or None for no reply at all."""


class Improvising:
    """A `ChatModel` with some replies, and words for when they are used up."""

    def __init__(self, replies: Replies) -> None:
        self._left = list(replies)
        self._calls = 0
        self._phrases = 0

    @property
    def name(self) -> str:
        return "improvising"

    async def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        del request
        await anyio.lowlevel.checkpoint()
        reply = self._left.pop(0) if self._left else "That is all."
        if reply is None:
            raise ModelError("the model's server does not answer")
        if isinstance(reply, str):
            yield TextPart(text=reply)
            yield ReplyEnd()
            return
        yield ReplyEnd(calls=tuple(self._call(name, arguments) for name, arguments in reply))

    def _call(self, name: str, arguments: str) -> ModelCall:
        self._calls += 1
        return ModelCall(id=f"call{self._calls}", tool=name, arguments=arguments)

    async def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        await anyio.lowlevel.checkpoint()
        yield TextPart(text=f"That is the answer to {len(request.messages)} messages.")
        yield ReplyEnd()

    async def phrase(self, request: PhraseRequest, /) -> str:
        await anyio.lowlevel.checkpoint()
        self._phrases += 1
        return f"Shall I, for the {self._phrases}. time: {request.data['function']}?"


async def written(chat: Chat, host: Orchestrator, settings: JsonObject) -> Written:
    """What becomes of a chat without files."""
    turns = turns_of(await chat.facts())
    beside = Beside("files")
    names = Counter(function.name for function in host.toolbox.functions)
    words = Words(
        phrases=await phrases_of(turns, host.toolbox),
        plain=frozenset(name for name, count in names.items() if count == 1),
        keep=lambda file: beside.attachment(file, None),
    )
    return written_chat(turns, settings, words, None, beside)


async def failures_of(made: Written, folder: Path) -> list[str]:
    """What fails where a conversation is written as a file in the folder, read, and played."""
    assert made.conversation is not None
    path = folder / "saved.conversation.yaml"
    file = read_conversations(write_conversations([made.conversation]), str(path))
    assert file.problems == ()
    outcomes = [await run_conversation(placed, str(path)) for placed in file.conversations]
    return [failure.text for outcome in outcomes for failure in outcome.failures]
