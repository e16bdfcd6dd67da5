"""Questions of a running plugin through the whole host: who is asked, and what the turn tells of it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import anyio
import pytest

from orchestrator import Orchestrator, load_plugin
from orchestrator.conversation import Conversation
from orchestrator.events import CallFailed, CallReturned, Event, TurnEnded
from orchestrator.response.redaction_rules import Redaction
from orchestrator.signals import CallProgress, QuestionClosed, QuestionRaised
from orchestrator.turn.flight import MAX_PROGRESS
from orchestrator.turn.live_questions import (
    GONE,
    TOO_MANY,
    Asks,
    PluginQuestion,
)
from runtimes.base import CallContext
from runtimes.errors import InvocationError
from runtimes.questions import MAX_QUESTIONS, Ask, LiveAnswer, LiveQuestion
from runtimes.values import Json, JsonObject
from tests.servers.asking import ObedientModel
from tests.servers.inquisitive import (
    BOOK,
    DROP,
    MANIFEST,
    VISIT,
    YES,
    Behaviour,
    Curious,
    answering,
    curious_host,
    nag,
    waiting,
)


async def turn(
    behaviour: Behaviour, asks: Asks | None, attended: bool | None = None
) -> tuple[Curious, list[Event], Conversation]:
    runtime = Curious(go=behaviour)
    async with await curious_host(runtime) as host:
        chat = host.conversation(person="ada", asks=asks, attended=attended)
        with anyio.fail_after(10):
            return runtime, [event async for event in chat.send("go {}")], chat


def result(events: list[Event]) -> str:
    (text,) = [event.text for event in events if isinstance(event, CallReturned)]
    return text


def signals(events: list[Event]) -> list[QuestionRaised | QuestionClosed]:
    return [event for event in events if isinstance(event, QuestionRaised | QuestionClosed)]


async def test_a_question_is_put_with_who_asks_and_its_answer_reaches_the_plugin() -> None:
    """Issue 10, `what it must do`, 3."""
    seen = list[PluginQuestion]()
    runtime, events, _ = await turn(DROP, answering(YES, seen))
    (asked,) = seen
    assert (asked.plugin, asked.function, asked.person, asked.number) == ("curious", "go", "ada", 1)
    assert asked.question == LiveQuestion(text="Delete 3 files?")
    assert runtime.results == [{"action": "accept", "content": {}, "reason": ""}]
    raised, closed = signals(events)
    assert raised == QuestionRaised(
        call_id=asked.call_id, number=1, plugin="curious", function="go", text="Delete 3 files?"
    )
    assert closed == QuestionClosed(call_id=asked.call_id, number=1, action="accept")
    assert result(events).endswith('\n[while it ran, the plugin asked the person: "Delete 3 files?" — yes]')


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (LiveAnswer(action="decline"), "— no]"),
        (LiveAnswer(action="cancel"), "— not answered]"),
        (LiveAnswer(action="decline", reason="not\nnow\x1b[2J"), "— not answered: not now]"),
    ],
)
async def test_a_no_is_told_as_one(answer: LiveAnswer, told: str) -> None:
    runtime, events, _ = await turn(DROP, answering(answer))
    assert result(events).endswith(told)
    (payload,) = runtime.results
    assert isinstance(payload, dict)
    assert payload["action"] == answer.action


@pytest.mark.parametrize(("asks", "attended"), [(None, None), (None, True), (answering(YES), False)])
async def test_where_nobody_is_present_it_is_refused_at_once(asks: Asks | None, attended: bool | None) -> None:
    """Design, section 3."""
    runtime, events, _ = await turn(DROP, asks, attended)
    assert runtime.results == [{"action": "decline", "content": {}, "reason": "nobody is present to answer"}]
    assert [event.kind for event in signals(events)] == ["question_raised", "question_closed"]
    assert result(events).endswith('"Delete 3 files?" — not answered: nobody is present to answer]')


async def test_what_was_answered_is_not_in_what_is_told() -> None:
    content: JsonObject = {"name": "Ada L.", "mail": "ada@example.org", "view": "sea"}
    runtime, events, chat = await turn(BOOK, answering(LiveAnswer(action="accept", content=content)))
    assert runtime.results == [{"action": "accept", "content": content, "reason": ""}]
    note = result(events).rpartition("\n")[2]
    assert note == '[while it ran, the plugin asked the person: "Whom is it for?" — answered]'
    assert "Ada" not in repr(signals(events))
    assert not chat.pending


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"name": "A"},
        {"name": "Ada", "nights": 10},
        {"name": "Ada", "nights": "2"},
        {"name": "Ada", "view": "wood"},
        {"name": "Ada", "mail": "nowhere"},
        {"name": "Ada", "other": "x"},
        {"name": "Ada", "nights": float("nan")},
    ],
)
async def test_an_answer_that_does_not_fit_does_not_reach_the_plugin(content: JsonObject) -> None:
    runtime, _, _ = await turn(BOOK, answering(LiveAnswer(action="accept", content=content)))
    (payload,) = runtime.results
    assert isinstance(payload, dict)
    assert (payload["action"], payload["content"]) == ("cancel", {})
    assert str(payload["reason"]).startswith("the answer does not fit the form")


async def test_a_question_without_a_form_has_no_content() -> None:
    runtime, _, _ = await turn(DROP, answering(LiveAnswer(action="accept", content={"extra": "x"})))
    assert runtime.results == [{"action": "accept", "content": {}, "reason": ""}]


async def test_a_plugin_that_asks_fifty_times_is_heard_ten_times() -> None:
    seen = list[PluginQuestion]()
    runtime, events, _ = await turn(nag, answering(YES, seen))
    assert len(seen) == MAX_QUESTIONS
    assert runtime.results == [[""] * MAX_QUESTIONS + [TOO_MANY] * (50 - MAX_QUESTIONS)]
    assert len(signals(events)) == 2 * MAX_QUESTIONS
    assert result(events).endswith('"Sure, 0?" — yes; "Sure, 1?" — yes; "Sure, 2?" — yes; and 47 more]')


async def test_progress_that_floods_keeps_no_question_from_being_told() -> None:
    async def flood(ask: Ask, context: CallContext) -> Json:
        for number in range(10_000):
            context.progress(str(number))
        answers = [await ask(LiveQuestion(text=f"{number}?")) for number in range(3)]
        return [answer.action for answer in answers]

    _, events, _ = await turn(flood, answering(YES))
    assert len(signals(events)) == 6
    assert sum(isinstance(event, CallProgress) for event in events) <= MAX_PROGRESS


async def test_leaving_the_stream_withdraws_the_question() -> None:
    """A cancelled turn: the question is never pending afterwards."""
    begun, ended = anyio.Event(), list[str]()
    async with await curious_host(Curious(go=DROP)) as host:
        chat = host.conversation(asks=waiting(begun, ended))
        with anyio.fail_after(10):
            async with aclosing(chat.send("go {}")) as events:
                async for event in events:
                    if isinstance(event, QuestionRaised):
                        await begun.wait()
                        break
        assert ended == ["Delete 3 files?"]
        assert not chat.pending
        assert (await chat.resume()).end == "cancelled"


async def test_closing_the_host_withdraws_the_question() -> None:
    begun, ended = anyio.Event(), list[str]()
    async with await curious_host(Curious(go=DROP)) as host:
        chat = host.conversation(asks=waiting(begun, ended))
        async with anyio.create_task_group() as tasks:

            async def talk() -> None:
                async for _ in chat.send("go {}"):
                    pass

            with anyio.fail_after(10):
                tasks.start_soon(talk)
                await begun.wait()
                await host.__aexit__(None, None, None)
    assert ended == ["Delete 3 files?"]
    (end,) = [fact for fact in await chat.facts() if isinstance(fact, TurnEnded)]
    assert end.reason == "cancelled"


async def test_what_the_callers_code_raises_ends_the_turn_and_is_raised_as_it_is() -> None:
    """As an error of the caller's own model does."""

    async def asks(asked: PluginQuestion) -> LiveAnswer:
        raise LookupError(asked.function)

    async with await curious_host(Curious(go=DROP)) as host:
        chat = host.conversation(asks=asks)
        with pytest.raises(LookupError, match=r"^go$"):
            await chat.ask("go {}")
        facts = await chat.facts()
        assert isinstance(facts[-1], TurnEnded)
        assert (facts[-1].reason, facts[-1].detail) == ("error", "LookupError")
        with pytest.raises(LookupError):
            await host.call("go", asks=asks)


async def test_whoever_is_asked_may_go_and_the_turn_goes_on() -> None:
    """A window that closes cancels what the caller's code waits for, and nothing of the host."""

    async def asks(asked: PluginQuestion) -> LiveAnswer:
        raise asyncio.CancelledError(asked.function)

    runtime, events, chat = await turn(DROP, asks)
    assert result(events).endswith(f"— not answered: {GONE}]")
    assert isinstance((await chat.facts())[-1], TurnEnded)
    async with await curious_host(runtime) as host:
        outcome = await host.call("go", asks=asks)
    assert outcome.payload == {"action": "cancel", "content": {}, "reason": GONE}


async def test_a_call_without_answer_tells_of_its_questions_too() -> None:
    async def fail(ask: Ask, context: CallContext) -> Json:
        await ask(LiveQuestion(text="Sure?"))
        raise InvocationError("it broke off")

    no = answering(LiveAnswer(action="decline"))
    runtime, events, _ = await turn(fail, no)
    (failed,) = [event for event in events if isinstance(event, CallFailed)]
    assert failed.message == 'it broke off [while it ran, the plugin asked the person: "Sure?" — no]'
    async with await curious_host(runtime) as host:
        with pytest.raises(InvocationError) as broken:
            await host.call("go", asks=no)
        assert str(broken.value) == failed.message


async def test_a_call_without_a_model_asks_too_and_notes_it() -> None:
    async with await curious_host(Curious(go=DROP)) as host:
        outcome = await host.call("go", asks=answering(YES))
        assert outcome.notes == ('[while it ran, the plugin asked the person: "Delete 3 files?" — yes]',)
        refused = await host.call("go")
        assert refused.payload == {"action": "decline", "content": {}, "reason": "nobody is present to answer"}


async def test_a_redacting_host_does_not_quote_questions_to_the_model() -> None:
    """What an answer may not say, a question could repeat."""
    runtime = Curious(go=DROP)
    async with Orchestrator(
        plugins=[await load_plugin(MANIFEST)],
        model=ObedientModel(),
        runtimes={"x-curious": runtime},
        redactions=[Redaction(function="*", path="$.nothing")],
    ) as host:
        events = [event async for event in host.conversation(asks=answering(YES)).send("go {}")]
        outcome = await host.call("go", asks=answering(YES))
    assert outcome.notes == ("[while it ran, the plugin asked the person: a question — yes]",)
    assert result(events).endswith("[while it ran, the plugin asked the person: a question — yes]")


async def test_who_is_asked_can_be_said_of_a_conversation_that_is_open() -> None:
    async with await curious_host(Curious(go=VISIT)) as host:
        chat = host.conversation(person="ada")
        asks = answering(YES)
        assert host.conversation(person="ada", id=chat.id, asks=asks) is chat
        assert chat.asks is asks
        text = (await chat.ask("go {}")).calls[0].status
        assert host.conversation(person="ada", id=chat.id).asks is None
    assert text == "returned"
