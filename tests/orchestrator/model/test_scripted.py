"""The scripted model: what it plays, and what it says when the conversation leaves the script."""

from __future__ import annotations

import pytest

from orchestrator.errors import ModelError
from orchestrator.model.base import (
    AssistantMessage,
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    ToolMessage,
    ToolSet,
    UserMessage,
)
from orchestrator.model.scripted import Call, Calls, Phrase, Say, ScriptedModel, ScriptTurn, Step

PHRASE = PhraseRequest(instruction="One sentence.", data={})


def script(*steps: Step, user: str = "hello") -> ScriptTurn:
    return ScriptTurn(user=user, steps=steps)


async def reasoned(model: ScriptedModel, said: str = "hello") -> list[ModelDelta]:
    request = ReasoningRequest(system="", messages=(UserMessage(text=said),), tools=ToolSet(()))
    return [delta async for delta in model.reason(request)]


async def test_each_reply_takes_the_next_step_of_its_turn() -> None:
    model = ScriptedModel(
        turns=[
            script(Call("getListings", {"bedrooms": 3}), Phrase("Shall I?"), Say("Two homes."), user="find homes"),
            script(Say("Bye."), user="bye"),
        ]
    )
    call = ModelCall(id="scripted_1_1_1", tool="getListings", arguments='{"bedrooms":3}')
    assert await reasoned(model, "find homes") == [ReplyEnd(calls=(call,))]
    assert await model.phrase(PHRASE) == "Shall I?"
    messages = (
        UserMessage(text=" find\n homes "),
        AssistantMessage(calls=(call,)),
        ToolMessage(call_id=call.id, text="2"),
    )
    responding = RespondingRequest(system="", messages=messages)
    assert [delta async for delta in model.respond(responding)] == [TextPart(text="Two homes."), ReplyEnd()]
    assert await reasoned(model, "bye") == [TextPart(text="Bye."), ReplyEnd()]
    assert model.unused() == ()


async def test_parallel_calls_come_in_one_reply_after_its_text_under_ids_of_their_own() -> None:
    model = ScriptedModel(turns=[script(Calls((Call("f"), Call("g", "{broken")), text="Let me look."))])
    text, end = await reasoned(model)
    assert text == TextPart(text="Let me look.")
    assert end == ReplyEnd(
        calls=(
            ModelCall(id="scripted_1_1_1", tool="f", arguments="{}"),
            ModelCall(id="scripted_1_1_2", tool="g", arguments="{broken"),
        )
    )


async def test_the_same_words_twice_are_two_turns() -> None:
    model = ScriptedModel(turns=[script(Say("one")), script(Say("two"))])
    assert (await reasoned(model), await reasoned(model)) == (
        [TextPart(text="one"), ReplyEnd()],
        [TextPart(text="two"), ReplyEnd()],
    )


async def test_steps_that_nobody_asked_for_are_listed() -> None:
    model = ScriptedModel(
        turns=[
            script(Say("one"), Phrase("p"), Calls((Call("f"), Call("g")))),
            script(Call("h"), user="bye"),
        ]
    )
    await reasoned(model)
    unused = ("turn 1 ('hello'): phrase 'p'", "turn 1 ('hello'): call 'f', 'g'", "turn 2 ('bye'): call 'h'")
    assert model.unused() == unused


async def test_a_turn_may_leave_steps_over_when_the_next_one_begins() -> None:
    model = ScriptedModel(turns=[script(Say("one"), Phrase("p")), script(Say("two"), user="bye")])
    await reasoned(model)
    assert await reasoned(model, "bye") == [TextPart(text="two"), ReplyEnd()]
    assert model.unused() == ("turn 1 ('hello'): phrase 'p'",)


@pytest.mark.parametrize(
    ("turns", "said", "message"),
    [
        ((), ["hello"], "the script is over, but the person said 'hello'"),
        ((script(Say("a")),), ["hi"], "turn 1 of the script expects 'hello', but was told 'hi'"),
        ((script(Say("a"), Say("b")),), ["hello", "hi"], "turn 1 of the script expects 'hello', but was told 'hi'"),
        (
            (script(Say("a")), script(Say("b"), user="bye")),
            ["hello", "hi"],
            "turn 2 of the script expects 'bye', but was told 'hi'",
        ),
        ((script(Say("a")),), ["hello", "x" * 90], f"the script is over, but the person said '{'x' * 79}…'"),
        (
            (script(Say("a")),),
            ["hello", "hello"],
            "turn 1 of the script has no step left, but the model was asked for another reply to 'hello'",
        ),
        ((script(Phrase("p")),), ["hello"], "step 1 of turn 1 of the script has phrase 'p', but a reply was asked for"),
    ],
)
async def test_a_request_that_the_script_does_not_foresee_is_an_error(
    turns: tuple[ScriptTurn, ...], said: list[str], message: str
) -> None:
    model = ScriptedModel(turns=turns)
    for text in said[:-1]:
        await reasoned(model, text)
    with pytest.raises(ModelError) as raised:
        await reasoned(model, said[-1])
    assert str(raised.value) == message


async def test_a_phrase_that_the_script_does_not_foresee_is_an_error() -> None:
    model = ScriptedModel(turns=[script(Say("one"), Say("two"))])
    with pytest.raises(ModelError, match="no step left, but a phrase was asked for: 'One sentence"):
        await model.phrase(PHRASE)
    await reasoned(model)
    with pytest.raises(ModelError, match="step 2 of turn 1 of the script has say 'two', but a phrase was asked for"):
        await model.phrase(PHRASE)
