"""Conversations over a real host: a scripted model, Python functions as the runtime, the driver in between."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

import anyio
import pytest

from orchestrator import (
    ChatModel,
    Conversation,
    ConversationBusy,
    ConversationEnded,
    Limits,
    Orchestrator,
    QuestionsPending,
    UnknownName,
    UsageError,
    load_plugin,
)
from orchestrator.event_json import decode, encode
from orchestrator.events import CallDecided, CallDispatched, CallReturned, CallUnknown, Event, TurnEnded, TurnStarted
from orchestrator.journal.memory import MemoryJournal
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
    UserMessage,
)
from orchestrator.model.scripted import Call, Calls, Phrase, Say, ScriptedModel, ScriptTurn
from orchestrator.signals import TextDelta
from orchestrator.turn.driver import TurnDriver
from orchestrator.turn.kept_files import KeptFiles
from orchestrator.turn.ledger import Ledger
from orchestrator.turn.services import TurnServices
from orchestrator.turn.state import Status
from orchestrator.turn.tenure import Tenure
from runtimes.memory import MemoryRuntime
from runtimes.values import Json, JsonObject

MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Todos",
    "namespace": "todos",
    "description_for_human": "Keeps todos.",
    "runtimes": [{"type": "x-python"}],
}


class Recorded:
    """A model that passes everything to another one and remembers the requests."""

    def __init__(self, model: ScriptedModel) -> None:
        self._model = model
        self.requests: list[ReasoningRequest | RespondingRequest] = []

    @property
    def name(self) -> str:
        return self._model.name

    def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        self.requests.append(request)
        return self._model.reason(request)

    def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        self.requests.append(request)
        return self._model.respond(request)

    async def phrase(self, request: PhraseRequest, /) -> str:
        return await self._model.phrase(request)


def scripted(*turns: tuple[str, Sequence[Say | Call | Calls | Phrase]]) -> Recorded:
    return Recorded(ScriptedModel(turns=[ScriptTurn(user=user, steps=tuple(steps)) for user, steps in turns]))


@asynccontextmanager
async def hosting(
    model: ChatModel,
    *functions: Callable[..., object],
    read_only: set[str] | None = None,
    manifest: JsonObject | None = None,
    limits: Limits | None = None,
    clock: Callable[[], float] = lambda: 0.0,
) -> AsyncGenerator[Orchestrator]:
    plugin = await load_plugin(manifest or MANIFEST)
    runtime = MemoryRuntime(*functions, read_only=read_only or set())
    async with Orchestrator(
        plugins=[plugin], runtimes={"x-python": runtime}, model=model, limits=limits, clock=clock
    ) as host:
        yield host


def look(what: str = "") -> str:
    """Looks something up."""
    return f"saw {what}"


def buy(count: int) -> str:
    """Buys some."""
    return f"bought {count}"


async def events_of(chat: Conversation, text: str) -> list[Event]:
    return [event async for event in chat.send(text)]


async def test_a_turn_calls_a_function_and_answers() -> None:
    model = scripted(("hi", [Call("look", {"what": "it"}), Say("Here it is.")]))
    async with hosting(model, look, read_only={"look"}) as host:
        reply = await host.conversation().ask("hi")
    assert (reply.text, reply.end) == ("Here it is.", "answered")
    assert [(call.function, call.arguments, call.status) for call in reply.calls] == [
        ("look", {"what": "it"}, "returned")
    ]
    last = model.requests[-1].messages
    assert isinstance(last[-1], ToolMessage)
    assert last[-1].text == "saw it"


async def test_results_go_back_in_the_order_of_the_calls_though_they_end_in_another() -> None:
    """Issue 2, 4: parallel calls run concurrently. The first can only return when the second has."""
    second_done = anyio.Event()

    async def first() -> str:
        """One."""
        with anyio.fail_after(5):
            await second_done.wait()
        return "first"

    async def second() -> str:
        """Two."""
        second_done.set()
        return "second"

    model = scripted(("go", [Calls((Call("first", {}), Call("second", {}))), Say("Done.")]))
    async with hosting(model, first, second, read_only={"first", "second"}) as host:
        events = await events_of(host.conversation(), "go")
    returned = [event.text for event in events if isinstance(event, CallReturned)]
    assert returned == ["second", "first"]
    told = [message.text for message in model.requests[-1].messages if isinstance(message, ToolMessage)]
    assert told == ["first", "second"]


async def test_a_call_that_may_change_something_waits_for_the_person() -> None:
    model = scripted(("buy two", [Call("buy", {"count": 2}), Say("Bought.")]))
    bought: list[int] = []

    def buy(count: int) -> str:
        """Buys some."""
        bought.append(count)
        return "ok"

    async with hosting(model, buy) as host:
        chat = host.conversation()
        reply = await chat.ask("buy two")
        assert (reply.end, bought) == (None, [])
        (question,) = reply.pending
        assert (question.function, question.arguments, question.body) == ("buy", {"count": 2}, "Buys some.")
        assert (await chat.resume()).pending == reply.pending
        assert await chat.decide(question.call_id, True) == "accepted"
        assert bought == []
        assert await chat.decide(question.call_id, True) == "already_answered"
        reply = await chat.resume()
        assert (reply.text, reply.end, bought) == ("Bought.", "answered", [2])
        assert "after you allowed it" in chat.explain()


async def test_a_declined_call_does_not_run_and_the_model_is_told() -> None:
    def buy(count: int) -> str:
        """Buys some."""
        raise NotImplementedError

    model = scripted(("buy", [Call("buy", {"count": 2}), Say("As you wish.")]))
    async with hosting(model, buy) as host:
        chat = host.conversation()
        reply = await chat.ask("buy")
        await chat.decide(reply.pending[0].call_id, False, note="too dear")
        reply = await chat.resume()
    assert reply.calls[0].status == "declined"
    assert model.requests[-1].messages[-1].text == (
        "not called: the person declined: too dear. Do not ask for the same call again in this turn"
    )


async def test_arguments_edited_by_the_person_run_in_the_place_of_the_models() -> None:
    model = scripted(("buy", [Call("buy", {"count": 2}), Say("Bought three.")]))
    async with hosting(model, buy) as host:
        chat = host.conversation()
        reply = await chat.ask("buy")
        await chat.decide(reply.pending[0].call_id, True, arguments={"count": 3})
        reply = await chat.resume()
    assert [call.status for call in reply.calls] == ["edited", "returned"]
    assert model.requests[-1].messages[-1].text == (
        'run with changed arguments {"count":3} by the person; result: bought 3'
    )


async def test_a_question_expires() -> None:
    now = [0.0]
    model = scripted(("buy", [Call("buy", {"count": 2}), Say("Too late.")]))
    async with hosting(model, buy, clock=lambda: now[0]) as host:
        chat = host.conversation()
        reply = await chat.ask("buy")
        now[0] = reply.pending[0].expires
        assert await chat.decide(reply.pending[0].call_id, True) == "expired"
        reply = await chat.resume()
    assert (reply.calls[0].status, reply.text) == ("expired", "Too late.")


async def test_a_new_message_waits_for_the_open_question_or_supersedes_it() -> None:
    model = scripted(("buy", [Call("buy", {"count": 2})]), ("never mind", [Say("Fine.")]))
    async with hosting(model, buy) as host:
        chat = host.conversation()
        reply = await chat.ask("buy")
        with pytest.raises(QuestionsPending, match="buy"):
            await chat.ask("never mind")
        answer = await chat.ask("never mind", supersede=True)
        assert (answer.text, chat.pending) == ("Fine.", ())
        assert await chat.decide(reply.pending[0].call_id, True) == "already_answered"
        [left] = [fact for fact in await chat.facts() if isinstance(fact, CallDecided)]
        assert left.left_open
    said, _, declined, new = (message.text for message in model.requests[-1].messages)
    assert (said, new) == ("buy", "never mind")
    assert declined.startswith("not called: the person did not answer the question: superseded by a new message. ")


async def test_two_turns_at_once_are_refused() -> None:
    started, released = anyio.Event(), anyio.Event()

    async def wait() -> str:
        """Waits."""
        started.set()
        await released.wait()
        return "ok"

    model = scripted(("wait", [Call("wait", {}), Say("Done.")]))
    async with hosting(model, wait, read_only={"wait"}) as host:
        chat = host.conversation()
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(chat.ask, "wait")
                await started.wait()
                with pytest.raises(ConversationBusy):
                    await chat.ask("wait")
                released.set()


async def test_leaving_the_stream_cancels_the_turn_and_leaves_a_consistent_history() -> None:
    async def hang() -> str:
        """Never returns."""
        await anyio.sleep_forever()
        raise NotImplementedError

    model = scripted(("wait", [Calls((Call("hang", {}), Call("look", {})))]), ("and now?", [Say("Hello.")]))
    async with hosting(model, hang, look, read_only={"look"}) as host:
        chat = host.conversation()
        reply = await chat.ask("wait")
        await chat.decide(reply.pending[0].call_id, True)
        with anyio.fail_after(5):
            stream = chat.resume_stream()
            async for event in stream:
                if isinstance(event, CallDispatched):
                    break
            await stream.aclose()
        facts = await chat.facts()
        assert isinstance(facts[-2], CallUnknown)
        assert facts[-1] == TurnEnded(reason="cancelled")
        assert (await chat.ask("and now?")).text == "Hello."
    results = [message for message in model.requests[-1].messages if isinstance(message, ToolMessage)]
    assert [result.text.split(":")[0] for result in results] == ["error", "saw "]


async def test_a_deadline_stops_the_turn() -> None:
    async def hang() -> str:
        """Never returns."""
        await anyio.sleep_forever()
        raise NotImplementedError

    async with hosting(scripted(("wait", [Call("hang", {})])), hang, read_only={"hang"}) as host:
        reply = await host.conversation().ask("wait", deadline=0.05)
    assert (reply.end, reply.calls[0].status) == ("cancelled", "failed")


async def test_a_call_of_an_unknown_function_is_corrected_by_the_model() -> None:
    model = scripted(("look", [Call("lok", {}), Call("look", {}), Say("Seen.")]))
    async with hosting(model, look, read_only={"look"}) as host:
        reply = await host.conversation().ask("look")
    assert [call.status for call in reply.calls] == ["refused", "returned"]
    refusal = model.requests[1].messages[-1].text
    assert refusal == "error: there is no function 'lok'; known functions: todos-look"


async def test_a_model_that_fails_ends_the_turn_and_not_the_conversation() -> None:
    model = scripted(("hi", []), ("again", [Say("Hello.")]))
    async with hosting(model, look) as host:
        chat = host.conversation()
        reply = await chat.ask("hi")
        assert reply.end == "error"
        assert reply.detail
        assert (await chat.ask("again")).text == "Hello."


async def test_an_error_of_the_callers_own_model_reaches_the_caller_as_it_is() -> None:
    class Broken:
        name = "broken"

        async def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
            yield TextPart(text="I ")
            raise LookupError("no such brain")

        def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
            raise NotImplementedError

        async def phrase(self, request: PhraseRequest, /) -> str:
            raise NotImplementedError

    async with hosting(Broken(), look) as host:
        chat = host.conversation()
        with pytest.raises(LookupError, match="no such brain"):
            await chat.ask("hi")
        assert chat.pending == ()


WITH_STATES: JsonObject = {
    **MANIFEST,
    "functions": [
        {
            "name": "look",
            "description": "Looks something up.",
            "parameters": {"properties": {"what": {"type": "string"}}},
            "states": {
                "reasoning": {"instructions": ["For anything rude, invoke `withdraw()`."]},
                "responding": {"instructions": ["Answer in rhyme."]},
                "disengaging": {"instructions": ["Wish a good day."]},
            },
        }
    ],
}


async def test_responding_instructions_make_a_request_of_their_own_without_tools() -> None:
    model = scripted(("look", [Call("look", {"what": "x"}), Say("(draft)"), Say("In rhyme.")]))
    async with hosting(model, look, read_only={"look"}, manifest=WITH_STATES) as host:
        events = await events_of(host.conversation(), "look")
    shown = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert shown == "In rhyme."
    request = model.requests[-1]
    assert isinstance(request, RespondingRequest)
    assert "Answer in rhyme." in request.system
    assert "Answer in rhyme." not in model.requests[0].system
    assert "(draft)" not in [message.text for message in request.messages]


async def test_withdraw_disengages_and_ends_the_conversation() -> None:
    model = scripted(("be rude", [Call("withdraw", {}), Say("Good day.")]))
    async with hosting(model, look, manifest=WITH_STATES) as host:
        chat = host.conversation()
        reply = await chat.ask("be rude")
        assert (reply.text, reply.end, chat.is_ended) == ("Good day.", "disengaged", True)
        assert "Wish a good day." in model.requests[-1].system
        with pytest.raises(ConversationEnded):
            await chat.ask("hello?")


async def test_a_call_while_responding_is_answered_with_a_correction() -> None:
    class Stubborn:
        """Calls a function in its first responding reply, and answers in the second."""

        name = "stubborn"

        def __init__(self) -> None:
            self.responding: list[RespondingRequest] = []

        async def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
            yield ReplyEnd()

        async def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
            self.responding.append(request)
            if len(self.responding) == 1:
                yield ReplyEnd(calls=(ModelCall(id="1", tool="look", arguments="{}"),))
                return
            yield TextPart(text="Sorry.")
            yield ReplyEnd()

        async def phrase(self, request: PhraseRequest, /) -> str:
            raise NotImplementedError

    model = Stubborn()
    async with hosting(model, look, read_only={"look"}) as host:
        reply = await host.conversation().ask("hi")
    assert (reply.text, reply.end, reply.calls[0].status) == ("Sorry.", "answered", "refused")
    assert model.responding[1].messages[-1].text == (
        "error: functions cannot be called here; answer the person in words"
    )


async def test_a_limit_ends_in_an_answer_with_a_note() -> None:
    model = scripted(("look", [Call("look", {"what": "a"}), Call("look", {"what": "b"}), Say("Some of it.")]))
    async with hosting(model, look, read_only={"look"}, limits=Limits(model_requests=2)) as host:
        reply = await host.conversation().ask("look")
    assert (reply.text, reply.end) == ("Some of it.", "limit")
    assert "a turn may ask the model 2 times" in model.requests[-1].system


async def test_undo_takes_the_last_turn_out_of_the_models_context() -> None:
    model = scripted(("one", [Say("1")]), ("two", [Say("2")]), ("three", [Say("3")]))
    async with hosting(model, look) as host:
        chat = host.conversation()
        await chat.ask("one")
        await chat.ask("two")
        assert await chat.undo() == "two"
        await chat.ask("three")
    said = [message for message in model.requests[-1].messages if isinstance(message, UserMessage)]
    assert [message.text for message in said] == ["one", "three"]


async def test_earlier_turns_carry_calls_results_and_answers() -> None:
    model = scripted(("one", [Call("look", {"what": "x"}), Say("Saw.")]), ("two", [Say("Again.")]))
    async with hosting(model, look, read_only={"look"}) as host:
        chat = host.conversation()
        await chat.ask("one")
        await chat.ask("two")
    messages = model.requests[-1].messages
    assert [type(message) for message in messages] == [
        UserMessage, AssistantMessage, ToolMessage, AssistantMessage, UserMessage,
    ]  # fmt: skip
    assert messages[3].text == "Saw."


async def test_a_confirmation_is_rendered_and_phrased_by_the_model() -> None:
    declared: list[Json] = [
        {
            "name": "buy",
            "parameters": {"properties": {"count": {"type": "integer"}}},
            "capabilities": {
                "confirmation": {
                    "type": "AdaptiveCard",
                    "title": "Buy {{function.parameters.count}}?",
                    "body": "{{ ''|model_generated }} Really?",
                }
            },
        }
    ]
    model = scripted(("buy", [Call("buy", {"count": 4}), Phrase("Shall I buy four?")]))
    async with hosting(model, buy, manifest={**MANIFEST, "functions": declared}) as host:
        (question,) = (await host.conversation().ask("buy")).pending
    assert (question.title, question.body) == ("Buy 4?", "Shall I buy four? Really?")


async def test_every_event_goes_to_json_and_back() -> None:
    model = scripted(("hi", [Call("look", {"what": "it"}), Say("Here it is.")]))
    async with hosting(model, look, read_only={"look"}) as host:
        events = await events_of(host.conversation(), "hi")
    assert [decode(encode(event)) for event in events] == events


async def test_wrong_use_is_named() -> None:
    async with hosting(scripted(), look, buy) as host:
        chat = host.conversation()
        with pytest.raises(UsageError, match="empty"):
            await chat.ask("  ")
        with pytest.raises(UsageError, match="nothing has been said"):
            await chat.resume()
        with pytest.raises(UnknownName, match="question"):
            await chat.decide("x", True)
        with pytest.raises(UnknownName, match="did you mean 'look'"):
            await host.call("lok")
        with pytest.raises(UsageError, match="count"):
            await host.call("buy", {"count": "x"})
        assert (await host.call("todos-buy", {"count": 2})).payload == "bought 2"


async def test_a_host_that_is_not_open_says_so() -> None:
    host = Orchestrator(plugins=[], model=scripted())
    with pytest.raises(UsageError, match="async with"):
        await host.conversation().ask("hi")


async def test_an_approved_call_is_not_forgotten_by_a_new_message() -> None:
    model = scripted(("buy", [Call("buy", {"count": 2}), Say("Bought.")]))
    async with hosting(model, buy) as host:
        chat = host.conversation()
        reply = await chat.ask("buy")
        await chat.decide(reply.pending[0].call_id, True)
        with pytest.raises(QuestionsPending, match="resume"):
            await chat.ask("never mind")
        assert (await chat.resume()).text == "Bought."


async def test_edited_arguments_must_fit_and_count_against_no_limit_of_the_model() -> None:
    model = scripted(("buy", [Call("buy", {"count": 2}), Say("Bought.")]))
    async with hosting(model, buy, limits=Limits(calls=1)) as host:
        chat = host.conversation()
        (question,) = (await chat.ask("buy")).pending
        misfits: list[JsonObject] = [{"count": "x"}, {"cuont": 1}, {"count": 1, "more": "\ud800"}]
        for wrong in misfits:
            with pytest.raises(UsageError, match="do not fit"):
                await chat.decide(question.call_id, True, arguments=wrong)
        assert await chat.decide(question.call_id, True, arguments={"count": 3}) == "accepted"
        assert [call.status for call in (await chat.resume()).calls] == ["edited", "returned"]


async def test_a_consent_holds_only_for_what_was_approved() -> None:
    """Design, "The turn, precisely": any difference at dispatch makes a new question."""
    first = scripted(("buy", [Call("buy", {"count": 2})]))
    journal = MemoryJournal()
    plugin = await load_plugin(MANIFEST)
    changed = await load_plugin({**MANIFEST, "description_for_human": "Keeps more todos."})

    def ledger() -> Ledger:
        return Ledger("c", journal)

    async def drive(host: Orchestrator, chat: Ledger) -> None:
        await chat.refresh()
        services = TurnServices(model=host.model, requests=host.requests, clock=lambda: 0.0, call_timeout=5)
        tenure = await Tenure.begin(chat, on=chat.history.sequence)
        await TurnDriver(tenure, services, ignore, KeptFiles(chat)).run()

    async def ignore(event: Event) -> None:
        del event

    runtimes = {"x-python": MemoryRuntime(buy)}
    async with Orchestrator(plugins=[plugin], runtimes=runtimes, model=first) as host:
        mine = ledger()
        await mine.append(TurnStarted(text="buy", person="ada", documents={}))
        await drive(host, mine)
        turn = mine.history.turn
        assert turn is not None
        (asked,) = turn.with_status(Status.ASKED)
        await mine.append(CallDecided(call_id=asked.call_id, decision="approve", by="ada"))
    async with Orchestrator(plugins=[changed], runtimes=runtimes, model=first) as host:
        theirs = ledger()
        await drive(host, theirs)
        turn = theirs.history.turn
        assert turn is not None
        (again,) = turn.with_status(Status.ASKED)
    assert again.question is not None
    assert asked.question is not None
    assert again.question.fingerprint != asked.question.fingerprint


class Speaking:
    """A model that says what it is told to, delta by delta, and records what it was asked."""

    name = "speaking"

    def __init__(self, *replies: Sequence[ModelDelta | Exception]) -> None:
        self._replies = list(replies)
        self.requests: list[ReasoningRequest | RespondingRequest] = []

    async def reason(self, request: ReasoningRequest | RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        self.requests.append(request)
        for delta in self._replies.pop(0):
            if isinstance(delta, Exception):
                raise delta
            yield delta

    def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        return self.reason(request)

    async def phrase(self, request: PhraseRequest, /) -> str:
        raise LookupError("no words")


def requesting(*names: str, id: str = "1") -> ReplyEnd:
    return ReplyEnd(calls=tuple(ModelCall(id=id, tool=name, arguments="{}") for name in names))


async def test_calls_of_a_reply_that_broke_off_never_run() -> None:
    def look() -> str:
        """Looks."""
        raise NotImplementedError

    model = Speaking([TextPart(text="Let me ")], [TextPart(text="Hello."), ReplyEnd()])
    async with hosting(model, look, read_only={"look"}) as host:
        chat = host.conversation()
        reply = await chat.ask("hi")
        assert (reply.end, reply.text, reply.partial, reply.calls) == ("error", "", "Let me ", ())
        await chat.ask("again")
    assert model.requests[-1].messages[1] == AssistantMessage(text="Let me  [the answer broke off here]")


async def test_ids_that_a_model_repeats_are_told_apart() -> None:
    model = Speaking([requesting("look", "look")], [TextPart(text="Done."), ReplyEnd()])
    async with hosting(model, look, read_only={"look"}) as host:
        await host.conversation().ask("hi")
    results = [message for message in model.requests[-1].messages if isinstance(message, ToolMessage)]
    assert len({result.call_id for result in results}) == 2


async def test_a_foreign_error_settles_the_calls_and_ends_the_turn() -> None:
    """The error comes while a call is in flight: nothing may wait for that call for ever."""
    started = anyio.Event()

    async def hang() -> str:
        """Never returns."""
        started.set()
        await anyio.sleep_forever()
        raise NotImplementedError

    declared: list[Json] = [
        {"name": "hang"},
        {"name": "buy", "capabilities": {"confirmation": {"body": "{{ ''|model_generated }}"}}},
    ]
    arguments = ModelCall(id="2", tool="buy", arguments='{"count": 1}')
    model = Speaking([ReplyEnd(calls=(*requesting("hang").calls, arguments))], [TextPart(text="Hello."), ReplyEnd()])
    async with hosting(model, hang, buy, read_only={"hang"}, manifest={**MANIFEST, "functions": declared}) as host:
        chat = host.conversation()
        with anyio.fail_after(5):
            with pytest.raises(LookupError, match="no words"):
                await chat.ask("go")
            assert (await chat.facts())[-1] == TurnEnded(reason="error", detail="LookupError")
            assert (await chat.ask("again")).text == "Hello."


async def test_leaving_at_the_first_event_cancels_the_turn() -> None:
    async with hosting(scripted(("hi", [Say("Hello.")])), look) as host:
        chat = host.conversation()
        async with aclosing(chat.send("hi")) as events:
            async for event in events:
                assert event.kind == "turn_started"
                break
        assert [fact.kind for fact in await chat.facts()] == ["turn_started", "turn_ended"]


async def test_closing_the_host_ends_its_turns_and_hurts_nobody_who_waits() -> None:
    started = anyio.Event()

    async def hang() -> str:
        """Never returns."""
        started.set()
        await anyio.sleep_forever()
        raise NotImplementedError

    ends: list[str | None] = []

    async def ask(chat: Conversation) -> None:
        ends.append((await chat.ask("wait")).end)

    with anyio.fail_after(5):
        model = scripted(("wait", [Call("hang", {})]))
        async with anyio.create_task_group() as tasks, hosting(model, hang, read_only={"hang"}) as host:
            tasks.start_soon(ask, host.conversation())
            await started.wait()
    assert ends == ["cancelled"]


@pytest.mark.parametrize("written", ["1e30", "12345678901234567890123456", "-1e22"])
async def test_numbers_of_any_size_are_handled(written: str) -> None:
    call = ModelCall(id="1", tool="buy", arguments=f'{{"count": {written}}}')
    model = Speaking([ReplyEnd(calls=(call,))], [TextPart(text="Hm."), ReplyEnd()])
    async with hosting(model, buy) as host:
        chat = host.conversation()
        events = await events_of(chat, "buy")
        assert [decode(encode(event)) for event in events] == events
        assert next(call.status for call in (await chat.resume()).calls) in ("asked", "refused")


async def test_a_message_that_is_no_text_is_refused() -> None:
    async with hosting(scripted(), look) as host:
        with pytest.raises(UsageError, match="no text"):
            await host.conversation().ask("\udcff")
        with pytest.raises(UsageError, match="JSON"):
            await host.call("look", {"what": "\ud800"})


async def test_a_conversation_is_one_persons_and_is_found_again() -> None:
    async with hosting(scripted(("buy", [Call("buy", {"count": 1})])), buy) as host:
        await host.conversation(person="ada", id="c").ask("buy")
        assert len(host.conversation(person="ada", id="c").pending) == 1
        with pytest.raises(UsageError, match="'bob'"):
            host.conversation(person="bob", id="c")
