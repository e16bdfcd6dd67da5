"""The stand-in as a `ChatModel`: deterministic, without a network, and without a memory between requests.

It picks functions by their words (`choose`), reads arguments out of sentences (`fill`), asks for what is missing
(`plan`) and words answers from results (`answer`). All it knows comes with each request.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.model.base import (
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
)

if TYPE_CHECKING:
    from orchestrator.model.offline.replies import Replies

_CHUNK = re.compile(r"\S+\s*|\s+")


def _parts(text: str) -> list[TextPart]:
    return [TextPart(text=chunk) for chunk in _CHUNK.findall(text)]


class OfflineModel:
    """Answers by words alone; the same request always has the same reply on the same day."""

    name = "offline"

    def __init__(self, today: Callable[[], date] = date.today) -> None:
        self._today = today

    @cached_property
    def _replies(self) -> Replies:
        """Loaded with the first request: a host that lists functions makes none."""
        from orchestrator.model.offline.replies import Replies

        return Replies(self._today)

    async def reason(self, request: ReasoningRequest, /) -> AsyncGenerator[ModelDelta]:
        """Calls, a question for what a call lacks, or an answer from results."""
        text, calls = self._replies.reasoned(request)
        for part in _parts(text):
            yield part
        yield ReplyEnd(calls=calls)

    async def respond(self, request: RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        """An answer from the results in the messages."""
        for part in _parts(self._replies.responded(request)):
            yield part
        yield ReplyEnd()

    async def phrase(self, request: PhraseRequest, /) -> str:
        """One sentence made of the data."""
        from orchestrator.model.offline.phrase import phrase_for

        return phrase_for(request)
