"""What the stand-in replies: a call, a question for what a call lacks, or an answer from results.

All it knows comes with each request.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from weakref import WeakKeyDictionary

from orchestrator.model.base import ModelCall, ReasoningRequest, RespondingRequest, ToolSet, UserMessage
from orchestrator.model.offline.answer import answer_from
from orchestrator.model.offline.choose import Index
from orchestrator.model.offline.conversation import turns_of
from orchestrator.model.offline.plan import Ask, Calls, Planner, Say
from orchestrator.model.offline.question import abilities
from runtimes.values import dump_json


class Replies:
    """Makes replies; it keeps the index of each set of functions as long as the set is in use."""

    def __init__(self, today: Callable[[], date]) -> None:
        self._today = today
        self._indices: WeakKeyDictionary[ToolSet, Index] = WeakKeyDictionary()

    def _index(self, tools: ToolSet) -> Index:
        index = self._indices.get(tools)
        if index is None:
            index = self._indices[tools] = Index(tools)
        return index

    def reasoned(self, request: ReasoningRequest) -> tuple[str, tuple[ModelCall, ...]]:
        """The text and the calls of a reply."""
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

    def responded(self, request: RespondingRequest) -> str:
        """An answer from the results in the messages."""
        return answer_from(turns_of(request.messages), request.system)
