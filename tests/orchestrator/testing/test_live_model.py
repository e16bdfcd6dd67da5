"""A live model in a conversation that is played keeps what it is asked and what it replies (issue 6)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from orchestrator.errors import ModelError
from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    RetryNotice,
    TextPart,
    ToolSet,
    Usage,
)
from orchestrator.testing.answering.live_model import LiveModel
from orchestrator.testing.format.conversation import Turn
from orchestrator.testing.judging.exchanges import ModelExchange

TURN = Turn.model_validate({"say": "Hi", "model": "Not looked at"})
THINK = ReasoningRequest(system="", messages=(), tools=ToolSet(()))
ANSWER = RespondingRequest(system="", messages=())
ASK = PhraseRequest(instruction="Ask", data={})
CALL = ModelCall(id="1", tool="find", arguments="{}")
USAGE = Usage(input_tokens=1, output_tokens=2)


class _Model:
    """Says the same whatever it is asked; where it is to break, it does so after the first word."""

    name = "said"

    def __init__(self, *, breaks: bool = False) -> None:
        self.is_closed = False
        self._breaks = breaks

    async def reason(self, request: ReasoningRequest | RespondingRequest, /) -> AsyncGenerator[ModelDelta]:
        try:
            yield RetryNotice(attempt=2, delay=0, reason="busy")
            yield TextPart(text="Hel")
            if self._breaks:
                raise ModelError("gone")
            yield TextPart(text="lo")
            yield ReplyEnd(calls=(CALL,), usage=USAGE)
        finally:
            self.is_closed = True

    respond = reason

    async def phrase(self, request: PhraseRequest, /) -> str:
        if self._breaks:
            raise ModelError("gone")
        return "Shall I?"


async def test_exchanges_are_kept_in_the_order_of_asking_and_turn_by_turn() -> None:
    model = LiveModel(_Model())
    model.begin(TURN)
    deltas = [delta async for delta in model.reason(THINK)]
    assert [type(delta) for delta in deltas] == [RetryNotice, TextPart, TextPart, ReplyEnd]
    assert await model.phrase(ASK) == "Shall I?"
    assert [request.state for request in model.requests] == ["reasoning", "phrase"]
    model.begin(TURN)
    assert model.requests == ()
    assert len([delta async for delta in model.respond(ANSWER)]) == len(deltas)
    first = ModelExchange(request=THINK, text="Hello", calls=(CALL,), usage=USAGE)
    second = ModelExchange(request=ASK, text="Shall I?")
    third = ModelExchange(request=ANSWER, text="Hello", calls=(CALL,), usage=USAGE)
    assert model.exchanges == (first, second, third)
    assert model.turns == ((first, second), (third,))
    assert (model.name, model.is_scripted, model.mismatches) == ("said", False, ())


async def test_what_breaks_off_is_kept_as_far_as_it_came() -> None:
    model = LiveModel(_Model(breaks=True))
    model.begin(TURN)
    with pytest.raises(ModelError):
        _ = [delta async for delta in model.reason(THINK)]
    with pytest.raises(ModelError):
        await model.phrase(ASK)
    assert model.exchanges == (
        ModelExchange(request=THINK, text="Hel", is_complete=False),
        ModelExchange(request=ASK, is_complete=False),
    )


async def test_a_reply_that_is_not_read_to_its_end_is_closed() -> None:
    inner = _Model()
    async with aclosing(LiveModel(inner).reason(THINK)) as deltas:
        await anext(deltas)
    assert inner.is_closed
