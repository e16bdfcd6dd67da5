"""A recorded model replies as it did, and says what it is asked otherwise (issue 6)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from auth.masking import Masker
from orchestrator.errors import ModelError
from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    ToolSet,
    Usage,
    UserMessage,
)
from orchestrator.testing.format.conversation import ModelCall as WrittenCall
from orchestrator.testing.format.conversation import TokenCount, Turn
from orchestrator.testing.judging.exchanges import AnyModelRequest
from orchestrator.testing.recordings.asked import asked
from orchestrator.testing.recordings.cassette import RecordedReply
from orchestrator.testing.recordings.packing import Exchanged, packed
from orchestrator.testing.recordings.replayed_model import ReplayedModel

TURN = Turn.model_validate({"say": "Hi"})
HI = ReasoningRequest(system="Be kind.", messages=(UserMessage(text="Hi"),), tools=ToolSet(()))
ANSWER = RespondingRequest(system="Answer.", messages=(UserMessage(text="Hi"),))
ASK, BEG = (PhraseRequest(instruction=text, data={}) for text in ("Ask", "Beg"))
HELLO = RecordedReply(text="Hello", tokens=TokenCount(input=3, output=2))


def _model(*turns: Sequence[tuple[AnyModelRequest, RecordedReply]], masker: Masker | None = None) -> ReplayedModel:
    exchanges = [[Exchanged(asked=asked(request), reply=reply) for request, reply in turn] for turn in turns]
    model = ReplayedModel(packed("openai:fake", exchanges), masker or Masker({}))
    model.begin(TURN)
    return model


async def _deltas(model: ReplayedModel, request: ReasoningRequest | RespondingRequest) -> list[ModelDelta]:
    reply = model.reason(request) if isinstance(request, ReasoningRequest) else model.respond(request)
    return [delta async for delta in reply]


async def test_it_replies_with_text_calls_and_tokens() -> None:
    calls = tuple(WrittenCall.model_validate({"call": "find", "with": given}) for given in ({"a": 1}, "{"))
    model = _model([(HI, HELLO), (HI, RecordedReply(calls=calls))])
    assert await _deltas(model, HI) == [
        TextPart(text="Hello"),
        ReplyEnd(usage=Usage(input_tokens=3, output_tokens=2)),
    ]
    made = tuple(
        ModelCall(id=f"recorded_{number}", tool="find", arguments=given)
        for number, given in enumerate(('{"a":1}', "{"), start=1)
    )
    assert await _deltas(model, HI) == [ReplyEnd(calls=made)]
    assert (model.name, model.is_scripted, model.mismatches) == ("openai:fake", False, ())
    assert [request.state for request in model.requests] == ["reasoning", "reasoning"]


async def test_another_request_is_a_mismatch_and_answered_all_the_same() -> None:
    model = _model([(HI, HELLO), (ANSWER, HELLO)])
    other = RespondingRequest(system="Answer.", messages=(UserMessage(text="Bye"),))
    assert (await _deltas(model, HI))[0] == TextPart(text="Hello")
    assert (await _deltas(model, other))[0] == TextPart(text="Hello")
    [mismatch] = model.mismatches
    assert mismatch.message == "request 2 is not the one that was recorded"
    assert "-  - user: Hi\n+  - user: Bye" in dict(mismatch.details)["diff"]


async def test_a_request_in_another_state_is_a_mismatch() -> None:
    model = _model([(HI, HELLO)])
    await _deltas(model, ANSWER)
    told = dict(model.mismatches[0].details)["diff"]
    assert "-state: reasoning\n" in told
    assert "+state: responding\n" in told


async def test_only_the_first_mismatch_of_a_turn_is_told() -> None:
    model = _model([(HI, HELLO), (HI, HELLO), (HI, HELLO)])
    await _deltas(model, ANSWER)
    await _deltas(model, ANSWER)
    assert [found.message for found in model.mismatches] == ["request 1 is not the one that was recorded"]


async def test_replies_that_are_left_are_told_by_their_turn() -> None:
    model = _model([(HI, HELLO)], [(HI, HELLO), (ANSWER, RecordedReply(text="Bye"))])
    await _deltas(model, HI)
    assert not model.mismatches
    model.begin(TURN)
    await _deltas(model, HI)
    told = [(found.message, dict(found.details)["reply"]) for found in model.mismatches]
    assert told == [("reply 2 of the recording was not asked for", '{"text":"Bye"}')]


async def test_a_request_too_many_fails() -> None:
    model = _model([(HI, HELLO)])
    await _deltas(model, HI)
    with pytest.raises(ModelError, match=r"request 2 \(reasoning\) was not recorded"):
        await _deltas(model, HI)
    assert [found.message for found in model.mismatches] == ["request 2 (reasoning) was not recorded"]


async def test_a_turn_too_many_fails() -> None:
    model = _model([])
    model.begin(TURN)
    with pytest.raises(ModelError, match=r"request 1 \(responding\) was not recorded"):
        await _deltas(model, ANSWER)


async def test_phrases_are_found_in_any_order_and_between_replies() -> None:
    shall, please = (RecordedReply(text=text) for text in ("Shall I?", "Please?"))
    model = _model([(ASK, shall), (HI, HELLO), (BEG, please)])
    assert await model.phrase(BEG) == "Please?"
    assert (await _deltas(model, HI))[0] == TextPart(text="Hello")
    assert await model.phrase(ASK) == "Shall I?"
    assert model.mismatches == ()


async def test_what_broke_off_breaks_off() -> None:
    half = RecordedReply(text="Hel", breaks_off=True)
    model = _model([(HI, half), (ASK, half)])
    with pytest.raises(ModelError, match="broke off when it was recorded"):
        await _deltas(model, HI)
    with pytest.raises(ModelError, match="no phrase when it was recorded"):
        await model.phrase(ASK)


async def test_what_is_secret_is_masked_before_it_is_compared() -> None:
    secret = RespondingRequest(system="Answer.", messages=(UserMessage(text="a-secret-value"),))
    masked = RespondingRequest(system="Answer.", messages=(UserMessage(text="[secret key]"),))
    for recorded in (secret, masked):
        model = _model([(recorded, HELLO)], masker=Masker({"key": "a-secret-value"}))
        await _deltas(model, secret)
        assert model.mismatches == ()
