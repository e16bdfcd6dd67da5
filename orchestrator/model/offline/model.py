"""The stand-in as a `ChatModel`: deterministic, without a network, and without a memory between requests.

It picks functions by their words (`choose`), reads arguments out of sentences (`fill`), asks for what is missing
(`plan`) and words answers from results (`answer`). All it knows comes with each request.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from datetime import date
from weakref import WeakKeyDictionary

from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    ToolSet,
    UserMessage,
)
from orchestrator.model.offline.answer import answer_from
from orchestrator.model.offline.choose import Index
from orchestrator.model.offline.conversation import turns_of
from orchestrator.model.offline.phrase import phrase_for
from orchestrator.model.offline.plan import Ask, Calls, Planner, Say
from orchestrator.model.offline.question import abilities
from runtimes.values import dump_json

_CHUNK = re.compile(r"\S+\s*|\s+")


def _parts(text: str) -> list[TextPart]:
    return [TextPart(text=chunk) for chunk in _CHUNK.findall(text)]


class OfflineModel:
    """Answers by words alone; the same request always has the same reply on the same day."""

    name = "offline"

    def __init__(self, today: Callable[[], date] = date.today) -> None:
        self._today = today
        self._indices: WeakKeyDictionary[ToolSet, Index] = WeakKeyDictionary()

    def _index(self, tools: ToolSet) -> Index:
        index = self._indices.get(tools)
        if index is None:
            index = self._indices[tools] = Index(tools)
        return index

    def _reply(self, request: ReasoningRequest) -> tuple[str, tuple[ModelCall, ...]]:
        turns = turns_of(request.messages)
        index = self._index(request.tools)
        if not turns:
            return abilities(index.tools), ()
        if turns[-1].made:
            return answer_from(turns, request.system), ()
        decision = Planner(index, request.system, self._today()).decide(turns)
        if isinstance(decision, Calls):
            said = sum(isinstance(message, UserMessage) for message in request.messages)
            return "", tuple(
                ModelCall(id=f"offline-{said}-{place}", tool=tool, arguments=dump_json(arguments))
                for place, (tool, arguments) in enumerate(decision.calls, 1)
            )
        if isinstance(decision, Ask):
            return decision.question, ()
        return decision.text if isinstance(decision, Say) else abilities(index.tools), ()

    async def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        """Calls, a question for what a call lacks, or an answer from results."""
        text, calls = self._reply(request)
        for part in _parts(text):
            yield part
        yield ReplyEnd(calls=calls)

    async def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        """An answer from the results in the messages."""
        for part in _parts(answer_from(turns_of(request.messages), request.system)):
            yield part
        yield ReplyEnd()

    async def phrase(self, request: PhraseRequest, /) -> str:
        """One sentence made of the data."""
        return phrase_for(request)
