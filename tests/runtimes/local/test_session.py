"""What is said with a program: calls and their deadlines, and what the program asks and tells meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from runtimes.local.demands import MAX_DEMANDS
from runtimes.local.messages import Answer, Fault
from runtimes.local.open_call import MAX_PROGRESS_CHARS, Caller, NoAnswer, Outcome
from runtimes.local.session import Session
from runtimes.local.supervision import PATIENCE, Patience
from runtimes.local.transports.base import CannotStart
from runtimes.questions import MAX_QUESTIONS, Ask, LiveAnswer, LiveQuestion, nobody_present
from runtimes.values import Json, JsonObject
from tests.servers.paired import PlayedTransport

SILENT = "it has never said anything; try another"
CONFIRM: JsonObject = {"text": "Delete 3 files?"}


class Person:
    """Somebody who thinks before they answer."""

    def __init__(self, answer: LiveAnswer) -> None:
        self._answer = answer
        self.asked: list[LiveQuestion] = []
        self.is_asked = anyio.Event()
        self.may_answer = anyio.Event()

    async def __call__(self, question: LiveQuestion) -> LiveAnswer:
        self.asked.append(question)
        self.is_asked.set()
        await self.may_answer.wait()
        return self._answer


async def agree(question: LiveQuestion) -> LiveAnswer:
    del question
    return LiveAnswer(action="accept")


class Conversation:
    """A session, the program that the test plays, and the calls that are under way."""

    def __init__(self, session: Session, program: PlayedTransport, sent: list[bytes]) -> None:
        self.session = session
        self.program = program
        self.sent = sent
        self.outcomes: list[Outcome] = []
        self.notes: list[str] = []
        self.is_answered = anyio.Event()

    async def call(self, ask: Ask = nobody_present, seconds: float = 10.0, answer_seconds: float = 10.0) -> None:
        caller = Caller(self.notes.append, ask, seconds, answer_seconds)
        self.outcomes.append(await self.session.call("do", {}, caller))
        self.is_answered.set()

    async def demand(self, method: str, params: Json, identifier: Json = "d") -> JsonObject:
        """What a request of the program is answered."""
        self.program.say(id=identifier, method=method, params=params)
        return await self.program.heard()


@asynccontextmanager
async def conversation(patience: Patience = PATIENCE) -> AsyncGenerator[Conversation]:
    sent: list[bytes] = []
    program = PlayedTransport()
    session = Session(program, sent.append, patience, "try another")
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(session.listen)
            yield Conversation(session, program, sent)
            session.give_up("the test is over")


@asynccontextmanager
async def under_way(ask: Ask = nobody_present, **seconds: float) -> AsyncGenerator[Conversation]:
    """A conversation with one open call, of the id 1."""
    async with conversation() as talk, anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: talk.call(ask, **seconds))
        assert await talk.program.heard() == {"jsonrpc": "2.0", "id": 1, "method": "do", "params": {}}
        yield talk
        if not talk.is_answered.is_set():
            talk.program.say(id=1, result="done")


# --- calls


async def test_a_call_is_told_of_once_it_has_gone_out() -> None:
    async with under_way() as talk:
        assert talk.sent == [b'{"jsonrpc":"2.0","id":1,"method":"do","params":{}}']
    assert talk.outcomes == [Answer(id=1, result="done")]
    assert talk.session.has_answered


async def test_a_call_beyond_its_deadline_is_cancelled_and_says_what_was_wrong_meanwhile() -> None:
    async with under_way(seconds=0.05) as talk:
        talk.program.say(id=77, result="for nobody")
        assert await talk.program.heard() == {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 1}}
        await talk.is_answered.wait()
        talk.program.say(id=1, result="too late")
    assert talk.outcomes == [NoAnswer(reason="an answer whose id is that of no open request", is_late=True)]


async def test_of_several_calls_each_has_its_own_deadline() -> None:
    heard: list[Json] = []
    async with conversation() as talk:
        async with anyio.create_task_group() as tasks:
            for seconds in (30.0, 0.02, 0.04):
                tasks.start_soon(talk.call, nobody_present, seconds)
            for _ in range(5):
                heard.append((await talk.program.heard()).get("params"))
            talk.program.say(id=1, result="done")
        assert heard[3:] == [{"id": 2}, {"id": 3}]
        assert talk.outcomes == [NoAnswer(reason=SILENT, is_late=True)] * 2 + [Answer(id=1, result="done")]


async def test_a_session_that_is_over_takes_no_calls() -> None:
    async with conversation() as talk:
        talk.program.words = "out of memory"
        talk.program.leave()
        await talk.session.ended.wait()
        with pytest.raises(CannotStart, match="it ended before it answered; its last words: out of memory"):
            await talk.call()


async def test_an_end_while_a_call_waits_ends_the_call() -> None:
    async with under_way() as talk:
        talk.program.leave()
        await talk.is_answered.wait()
    assert talk.outcomes == [NoAnswer(reason="it ended before it answered")]
    assert talk.session.was_needed


async def test_an_answer_to_initialize_counts_however_late_it_comes() -> None:
    async with conversation() as talk:
        with anyio.move_on_after(0.05) as scope:
            await talk.session.introduce()
        assert scope.cancelled_caught
        assert not talk.session.has_spoken
        assert (await talk.program.heard())["method"] == "initialize"
        talk.program.say(id=1, result={})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(talk.call)
            assert (await talk.program.heard())["id"] == 2, "and it is not cancelled"
            talk.program.say(error={"code": -32700, "message": "Parse error"})
        assert isinstance(talk.outcomes[0], Fault), "it is the only request that waits"
        assert talk.session.has_spoken
        assert talk.session.is_polite
        assert not talk.session.is_over


async def test_whoever_answers_the_wrong_call_has_spoken() -> None:
    async with under_way(seconds=0.05) as talk:
        talk.program.say(id=77, result="for nobody")
        await talk.is_answered.wait()
        assert not talk.session.is_over
        assert await talk.program.heard() == {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 1}}


async def test_a_flood_without_an_answer_ends_the_program() -> None:
    async with conversation(Patience(max_stray_messages=5)) as talk, anyio.create_task_group() as tasks:
        tasks.start_soon(talk.call)
        await talk.program.heard()
        for _ in range(4):
            talk.program.say(method="$/other")
        await anyio.wait_all_tasks_blocked()
        talk.program.say(id=1, result="done")
        await talk.is_answered.wait()
        for _ in range(5):
            talk.program.say(method="$/other")
        await anyio.wait_all_tasks_blocked()
        assert not talk.session.is_over, "an answer pays for what came before it"
        talk.program.say_all([{"id": 5}, {"id": 6}])
        await talk.session.ended.wait()
        assert talk.session.reason == "it has sent more than 5 messages and no answer among them"


# --- what it tells


async def test_notes_that_cannot_be_shown_fail_their_own_call_alone() -> None:
    def show(text: str) -> None:
        raise BrokenPipeError(text)

    async def fail() -> None:
        with pytest.raises(BrokenPipeError, match="half done"):
            await talk.session.call("do", {}, Caller(show, nobody_present, 10.0))

    async with conversation() as talk, anyio.create_task_group() as tasks:
        for call in (fail, talk.call):
            tasks.start_soon(call)
            await talk.program.heard()
        talk.program.say(method="$/progress", params={"id": 1, "message": "half done"})
        assert await talk.program.heard() == {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 1}}
        talk.program.say(id=2, result="done")
        await talk.is_answered.wait()
    assert talk.outcomes == [Answer(id=2, result="done")]


async def test_notes_right_before_the_answer_are_shown() -> None:
    async with under_way() as talk:
        talk.program.say(method="$/progress", params={"id": 1, "message": "half done"})
        talk.program.say(id=1, result="done")
    assert talk.notes == ["half done"]


async def test_notes_are_shown_without_what_steers_a_terminal() -> None:
    async with under_way() as talk:
        talk.program.say(method="$/progress", params={"id": 1, "message": "half\x1b[31m\r\ndone" + "x" * 1000})
        talk.program.say(method="$/progress", params={"id": 2, "message": "of no call"})
        talk.program.say(method="$/progress", params={"id": 1, "message": 5})
        talk.program.say(method="$/other", params=[1])
        assert await talk.demand("host/message", {"call": 1, "text": "almost"}) == answered({})
        talk.program.say(id=1, result="done")
        await talk.is_answered.wait()
    assert [note[:20] for note in talk.notes] == ["half [31m  donexxxxx", "almost"]
    assert len(talk.notes[0]) == MAX_PROGRESS_CHARS


def answered(result: Json, identifier: Json = "d") -> JsonObject:
    return {"jsonrpc": "2.0", "id": identifier, "result": result}


def refused(code: int, message: str, identifier: Json = "d") -> JsonObject:
    return {"jsonrpc": "2.0", "id": identifier, "error": {"code": code, "message": message}}


# --- what it asks


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (LiveAnswer(action="accept"), {"approved": True}),
        (LiveAnswer(action="decline"), {"approved": False}),
        (LiveAnswer(action="cancel", reason="busy"), {"approved": False, "reason": "busy"}),
    ],
)
async def test_a_confirmation_is_put_to_the_person_of_the_call(answer: LiveAnswer, result: JsonObject) -> None:
    person = Person(answer)
    person.may_answer.set()
    async with under_way(person) as talk:
        assert await talk.demand("host/confirm", {"call": 1, "title": "Clean up", **CONFIRM}) == answered(result)
    assert person.asked == [LiveQuestion(text="Delete 3 files?", title="Clean up")]


async def test_a_form_is_answered_with_what_the_person_gave() -> None:
    form: JsonObject = {"type": "object", "properties": {"size": {"type": "integer"}, "kind": {"enum": ["a", "b"]}}}
    person = Person(LiveAnswer(action="accept", content={"size": 3}))
    person.may_answer.set()
    async with under_way(person) as talk:
        given = await talk.demand("host/ask", {"text": "How big?", "form": form})
    assert given == answered({"action": "accept", "content": {"size": 3}})
    assert person.asked == [LiveQuestion(text="How big?", form=form)]


async def test_where_nobody_is_present_the_program_learns_that() -> None:
    async with under_way() as talk:
        expected = answered({"approved": False, "reason": "nobody is present to answer"})
        assert await talk.demand("host/confirm", CONFIRM) == expected


async def test_the_clock_of_a_call_stands_still_while_the_person_thinks() -> None:
    person = Person(LiveAnswer(action="accept"))
    async with under_way(person, seconds=0.1) as talk:
        talk.program.say(id="d", method="host/confirm", params=CONFIRM)
        await person.is_asked.wait()
        with anyio.move_on_after(0.3):
            await talk.is_answered.wait()
        assert not talk.is_answered.is_set()
        person.may_answer.set()
        assert await talk.program.heard() == answered({"approved": True})
        await talk.is_answered.wait()  # and then it goes on
    assert talk.outcomes == [NoAnswer(reason="", is_late=True)]


async def test_the_person_has_only_so_long_for_an_answer() -> None:
    person = Person(LiveAnswer(action="accept"))
    async with under_way(person, answer_seconds=0.02) as talk:
        reason = "there was no answer within 0.02 s"
        assert await talk.demand("host/confirm", CONFIRM) == answered({"approved": False, "reason": reason})


def _answer_call(talk: Conversation) -> None:
    talk.program.say(id=1, result="done")


def _withdraw(talk: Conversation) -> None:
    talk.program.say(method="$/cancelRequest", params={"id": "d"})


@pytest.mark.parametrize(
    ("event", "reason"),
    [(_answer_call, "the call is over"), (_withdraw, "the question has been withdrawn")],
)
async def test_a_question_ends_with_its_call_or_when_it_is_withdrawn(
    event: Callable[[Conversation], None], reason: str
) -> None:
    person = Person(LiveAnswer(action="accept"))
    async with under_way(person) as talk:
        talk.program.say(id="d", method="host/confirm", params=CONFIRM)
        await person.is_asked.wait()
        event(talk)
        assert await talk.program.heard() == refused(-32800, reason)
    assert talk.outcomes == [Answer(id=1, result="done")]


async def test_a_question_that_waits_for_another_is_withdrawn_without_being_put() -> None:
    person = Person(LiveAnswer(action="accept"))
    async with under_way(person) as talk:
        for identifier in ("first", "second"):
            talk.program.say(id=identifier, method="host/confirm", params=CONFIRM)
        talk.program.say(method="$/cancelRequest", params={"id": "second"})
        await person.is_asked.wait()
        person.may_answer.set()
        assert await talk.program.heard() == answered({"approved": True}, "first")
        assert await talk.program.heard() == refused(-32800, "the question has been withdrawn", "second")
    assert len(person.asked) == 1


async def test_a_caller_that_goes_away_takes_its_questions_along() -> None:
    person = Person(LiveAnswer(action="accept"))
    async with conversation() as talk, anyio.create_task_group() as tasks:
        tasks.start_soon(talk.call, person)
        await talk.program.heard()
        talk.program.say(id="d", method="host/confirm", params=CONFIRM)
        await person.is_asked.wait()
        tasks.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            cancelled = await talk.program.heard()
            assert cancelled == {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 1}}
            assert await talk.program.heard() == refused(-32800, "the call is over")


async def test_one_call_asks_only_so_often() -> None:
    async with under_way(agree) as talk:
        for _ in range(MAX_QUESTIONS):
            assert await talk.demand("host/confirm", CONFIRM) == answered({"approved": True})
        told = f"one call may ask {MAX_QUESTIONS} questions, and this is one more"
        assert await talk.demand("host/confirm", CONFIRM) == refused(-32000, told)


async def test_only_so_many_questions_wait_at_once() -> None:
    person = Person(LiveAnswer(action="accept"))
    async with under_way(person) as talk:
        for number in range(MAX_DEMANDS + 1):
            talk.program.say(id=number, method="host/confirm", params=CONFIRM)
        told = f"{MAX_DEMANDS} requests wait for their answers already"
        assert await talk.program.heard() == refused(-32000, told, MAX_DEMANDS)
        person.may_answer.set()
        for number in range(MAX_DEMANDS):
            assert await talk.program.heard() == answered({"approved": True}, number)


@pytest.mark.parametrize(
    ("method", "params", "code", "message"),
    [
        ("host/obey", {}, -32601, "the host has no method 'host/obey'; it has host/confirm, host/ask, host/message"),
        ("host/confirm", [1], -32602, "give the parameters by name, as an object"),
        ("host/confirm", None, -32602, "give the parameters by name, as an object"),
        ("host/confirm", {"text": 5}, -32602, "'text' is no text"),
        ("host/message", {}, -32602, "'text' is missing or empty: say what the person is to know"),
        ("host/confirm", {**CONFIRM, "call": 9}, -32602, "'call' is the id of no open call"),
        (
            "host/confirm",
            {**CONFIRM, "call": {}},
            -32602,
            "'call' is no id of a request; give the id of the request that it belongs to",
        ),
        ("host/ask", CONFIRM, -32602, "'form' is no JSON Schema of an object"),
    ],
)
async def test_a_request_that_is_wrong_is_told_what_is_wrong(
    method: str, params: Json, code: int, message: str
) -> None:
    async with under_way() as talk:
        assert await talk.demand(method, params) == refused(code, message)


async def test_with_several_calls_open_a_question_says_which_it_is_for() -> None:
    person = Person(LiveAnswer(action="accept"))
    person.may_answer.set()
    async with conversation() as talk:
        async with anyio.create_task_group() as tasks:
            for ask in (nobody_present, person):
                tasks.start_soon(talk.call, ask)
                await talk.program.heard()
            told = "2 calls are open; say with 'call' which it is for"
            assert await talk.demand("host/confirm", CONFIRM) == refused(-32602, told)
            assert await talk.demand("host/confirm", {"call": 2, **CONFIRM}) == answered({"approved": True})
            for number in (1, 2):
                talk.program.say(id=number, result="done")
        told = "0 calls are open; say with 'call' which it is for"
        assert await talk.demand("host/confirm", CONFIRM) == refused(-32602, told)
