"""The model of a host whose calls a client of ours writes: each turn asks for exactly the call that was handed in.

It thinks nothing and says nothing. What the host would tell a model of the call is what the client is told.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from orchestrator.errors import ModelError
from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    ToolMessage,
    UserMessage,
)

KEY_BYTES = 16
"""Of the message that a turn begins with."""

_CALL = "call"


@dataclass(slots=True, kw_only=True)
class HandedIn:
    """One call of a client."""

    key: str
    """What the message of its turn says: random, so that no value of the call counts as the person's words."""
    tool: str
    arguments: str
    """JSON text."""
    told: str = ""
    """What the host tells of it, once there is something to tell."""


class ClientCalls:
    """A `ChatModel` for the turns of calls that were handed in."""

    def __init__(self) -> None:
        self._waiting: dict[str, HandedIn] = {}

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "a client"

    @contextmanager
    def handed_in(self, tool: str, arguments: str) -> Generator[HandedIn]:
        """The call for as long as its turn lasts; the turn's message is its `key`."""
        call = HandedIn(key=secrets.token_hex(KEY_BYTES), tool=tool, arguments=arguments)
        self._waiting[call.key] = call
        try:
            yield call
        finally:
            del self._waiting[call.key]

    def _meant(self, request: ReasoningRequest | RespondingRequest) -> HandedIn:
        said = next((message.text for message in request.messages if isinstance(message, UserMessage)), "")
        if (call := self._waiting.get(said)) is None:
            raise ModelError("no call was handed in for this turn")
        for message in request.messages:
            if isinstance(message, ToolMessage):
                call.told = message.text
        return call

    async def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        """Asks for the call, and for nothing once it has been told of it. Raises: `ModelError`."""
        call = self._meant(request)
        wanted = ModelCall(id=_CALL, tool=call.tool, arguments=call.arguments)
        yield ReplyEnd(calls=() if call.told else (wanted,))

    async def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        """Says nothing. Raises: `ModelError`."""
        self._meant(request)
        yield ReplyEnd()

    async def phrase(self, request: PhraseRequest, /) -> str:
        """Raises: `ModelError`, always: the host's own words stand in its place."""
        del request
        raise ModelError("a client writes no questions")
