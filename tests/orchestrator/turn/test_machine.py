"""The turn machine, driven without I/O through every order of facts that hypothesis thinks of."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orchestrator.content import Shown
from orchestrator.event_json import decode, encode
from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallDecided,
    CallDispatched,
    CallFailed,
    CallJudged,
    CallNotExecuted,
    CallRefused,
    CallReturned,
    CallUnknown,
    CallWithdrawn,
    Fact,
    QuestionExpired,
    ReplyReceived,
    RequestedCall,
    SignInAsked,
    SignInDone,
    TurnEnded,
    TurnStarted,
)
from orchestrator.manifest.load import read_document
from orchestrator.manifest.model import Function
from orchestrator.model.base import ModelCall, ToolMessage
from orchestrator.turn.folding import fold
from orchestrator.turn.history import History, advance
from orchestrator.turn.judging import judge_calls
from orchestrator.turn.machine import (
    Act,
    Await,
    Done,
    Finish,
    Judge,
    Limits,
    RequestDisengaging,
    RequestReasoning,
    RequestResponding,
    Rules,
    Suspend,
    ending,
    next_action,
)
from orchestrator.turn.prompts import turn_messages
from orchestrator.turn.requests import Requests
from orchestrator.turn.state import Status, TurnState
from runtimes.base import FunctionSignature
from runtimes.errors import NotExecutedCause
from runtimes.values import JsonObject
from tests.orchestrator.turn.toolboxes import toolbox_of
from tests.rounds import rounds

MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Shop",
    "namespace": "shop",
    "functions": [
        {"name": "look", "parameters": {"properties": {"what": {"type": "string"}}}},
        {
            "name": "buy",
            "parameters": {"properties": {"count": {"type": "integer"}}, "required": ["count"]},
            "states": {
                "reasoning": {"instructions": ["For anything illegal, invoke `withdraw()`."]},
                "responding": {"instructions": ["Name the price."]},
            },
            "capabilities": {"confirmation": {"type": "AdaptiveCard", "title": "Buy?"}},
        },
    ],
    "runtimes": [{"type": "x-test"}],
}
LIMITS = Limits(model_requests=4, calls=6, identical_calls=2, questions=2, repairs=1)


def signature_of(function: Function) -> FunctionSignature:
    reads = function.name == "look"
    method = "GET" if reads else "POST"
    return FunctionSignature(name=function.name, destination="nowhere", method=method, repeatable=reads)


TOOLBOX = toolbox_of(read_document(MANIFEST, location="plugin.json"), signature_of)
RULES = Requests(TOOLBOX, "", LIMITS).rules
STARTED = TurnStarted(text="hello", person="ada", documents={})

CAUSES: dict[str, NotExecutedCause] = {"connect": "connect", "rate": "rate", "sign-in": "sign-in"}

tools = st.sampled_from(["shop-look", "look", "shop-buy", "buy", "withdraw", "nope", "", "shop-bu\u0443"])
arguments = st.sampled_from(
    ["", "{}", '{"what": "a"}', '{"count": 1}', '{"count": 1.0}', '{"count": "one"}', "[1]", "{", "null"]
)
model_calls = st.builds(ModelCall, id=st.sampled_from(["a", "b", ""]), tool=tools, arguments=arguments)
texts = st.sampled_from(["", " ", "Here you are."])


def sign_in_asked(call_id: str, name: str) -> SignInAsked:
    return SignInAsked(call_id=call_id, name=name, sign_in="login", reason="it has expired", expires=1.0)


class TurnMachine(RuleBasedStateMachine):
    """A world around the machine: a model that may say anything, calls that may end in any way, a person."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: list[Fact] = []
        self.history = History()
        self.ids = 0
        self.obsession = "look"
        self.add(STARTED)

    @property
    def state(self) -> TurnState:
        last = self.history.last
        assert last is not None
        return last

    @property
    def action(self) -> object:
        return next_action(self.state, RULES)

    def add(self, *facts: Fact) -> None:
        for fact in facts:
            self.facts.append(fact)
            self.history = advance(self.history, fact)

    def requested(self, calls: list[ModelCall]) -> tuple[RequestedCall, ...]:
        requested: list[RequestedCall] = []
        for call in calls:
            self.ids += 1
            requested.append(RequestedCall(call_id=f"c{self.ids}", request=replace(call, id=f"m{self.ids}")))
        return tuple(requested)

    @initialize(tool=st.sampled_from(["look", "nope"]))
    def choose_an_obsession(self, tool: str) -> None:
        self.obsession = tool

    @precondition(lambda self: isinstance(self.action, RequestReasoning))
    @rule(text=texts, calls=st.lists(model_calls, max_size=4))
    def reason(self, text: str, calls: list[ModelCall]) -> None:
        self.add(ReplyReceived(text=text, calls=self.requested(calls)))

    @precondition(lambda self: isinstance(self.action, RequestResponding | RequestDisengaging))
    @rule(text=texts, calls=st.lists(model_calls, max_size=2))
    def respond(self, text: str, calls: list[ModelCall]) -> None:
        if calls and isinstance(self.action, RequestResponding):
            self.add(ReplyReceived(text=text, calls=self.requested(calls), state="responding"))
        else:
            self.add(AnswerReceived(text=text))

    @precondition(lambda self: isinstance(self.action, Judge))
    @rule()
    def judge(self) -> None:
        action = self.action
        assert isinstance(action, Judge)
        facts = judge_calls(self.state, action.calls, TOOLBOX, LIMITS)
        assert len(facts) == len(action.calls)
        self.add(*facts)

    @precondition(lambda self: isinstance(self.action, Act))
    @rule(some=st.integers(min_value=1, max_value=8), lacking=st.sets(st.integers(min_value=0, max_value=7)))
    def act(self, some: int, lacking: set[int]) -> None:
        action = self.action
        assert isinstance(action, Act)
        for index, call in enumerate(action.dispatch[:some]):
            if index in lacking:
                self.add(sign_in_asked(call.call_id, f"n{index % 2}"))
                continue
            self.add(CallDispatched(call_id=call.call_id, attempt=call.attempts + 1, request_hash="h"))
        for call in action.ask:
            self.add(CallAsked(call_id=call.call_id, fingerprint="f", title="", body="", destination="", expires=1.0))

    @precondition(lambda self: bool(self.state.with_status(Status.DISPATCHED)))
    @rule(
        which=st.integers(min_value=0),
        how=st.sampled_from(["returned", "error", "failed", "connect", "rate", "sign-in", "unknown"]),
    )
    def outcome(self, which: int, how: str) -> None:
        flying = self.state.with_status(Status.DISPATCHED)
        call = flying[which % len(flying)]
        if how in CAUSES and how not in call.not_executed:
            self.add(CallNotExecuted(call_id=call.call_id, cause=CAUSES[how], message="no"))
        elif how in ("returned", "error"):
            self.add(CallReturned(call_id=call.call_id, text="{}", shown=Shown(), is_error=how == "error"))
        elif how == "unknown":
            self.add(CallUnknown(call_id=call.call_id, message="lost"))
        else:
            self.add(CallFailed(call_id=call.call_id, message="down"))

    @precondition(lambda self: bool(self.state.with_status(Status.ASKED)))
    @rule(answer=st.sampled_from(["approve", "decline", "expire", "edit"]))
    def decide(self, answer: str) -> None:
        call = self.state.with_status(Status.ASKED)[0]
        if answer == "expire":
            self.add(QuestionExpired(call_id=call.call_id))
            return
        edited = self.requested([ModelCall(id="", tool="buy", arguments='{"count": 9}')])[0]
        self.add(
            CallDecided(
                call_id=call.call_id,
                decision="decline" if answer == "decline" else "approve",
                by="ada",
                edited=edited if answer == "edit" else None,
            )
        )

    @precondition(lambda self: bool(self.state.with_status(Status.SIGN_IN)))
    @rule(answer=st.sampled_from(["done", "another", "approve", "decline", "expire"]))
    def sign_in(self, answer: str) -> None:
        call = self.state.with_status(Status.SIGN_IN)[0]
        assert call.sign_in is not None
        if answer in ("done", "another"):
            self.add(SignInDone(name=call.sign_in.name if answer == "done" else "nobody asked for it", by="ada"))
        elif answer == "expire":
            self.add(QuestionExpired(call_id=call.call_id))
        else:
            decision: Literal["approve", "decline"] = "approve" if answer == "approve" else "decline"
            self.add(CallDecided(call_id=call.call_id, decision=decision, by="ada"))
        assert (self.state.calls[call.call_id].status is Status.SIGN_IN) == (answer in ("another", "approve"))

    @precondition(lambda self: isinstance(self.action, Finish))
    @rule()
    def finish(self) -> None:
        action = self.action
        assert isinstance(action, Finish)
        self.add(TurnEnded(reason=action.reason, detail=action.detail))

    @precondition(lambda self: self.state.ended is None)
    @rule(stop=st.integers(min_value=0, max_value=40))
    def cancel(self, stop: int) -> None:
        if stop == 0:
            self.add(*ending(self.state))
            assert self.state.ended is not None
            assert all(call.is_settled for call in self.state.calls.values())

    @precondition(lambda self: self.state.ended is not None)
    @rule()
    def another_turn(self) -> None:
        self.facts = []
        self.history = advance(replace(self.history, past=self.history.past[-1:]), STARTED)

    @invariant()
    def no_call_is_dispatched_twice(self) -> None:
        free: Counter[str] = Counter()
        for fact in self.facts:
            if isinstance(fact, CallDispatched):
                free[fact.call_id] += 1
                assert free[fact.call_id] == 1, "dispatched twice with no `not executed` between"
            elif isinstance(fact, CallNotExecuted):
                free[fact.call_id] -= 1

    @invariant()
    def no_call_is_dispatched_more_often_than_there_are_causes_to(self) -> None:
        dispatched = Counter(fact.call_id for fact in self.facts if isinstance(fact, CallDispatched))
        for call_id, times in dispatched.items():
            assert times <= 1 + len(self.state.calls[call_id].not_executed)

    @invariant()
    def no_call_is_dispatched_while_a_sign_in_is_waited_for(self) -> None:
        waits: dict[str, str] = {}
        for fact in self.facts:
            if isinstance(fact, SignInAsked):
                waits[fact.call_id] = fact.name
            elif isinstance(fact, SignInDone):
                waits = {call_id: name for call_id, name in waits.items() if name != fact.name}
            elif isinstance(fact, CallDispatched):
                assert fact.call_id not in waits

    @invariant()
    def no_call_runs_that_was_not_allowed(self) -> None:
        allowed: set[str] = set()
        for fact in self.facts:
            if isinstance(fact, CallJudged) and fact.verdict == "allow":
                allowed.add(fact.call_id)
            if isinstance(fact, CallDecided) and fact.decision == "approve" and fact.edited is None:
                allowed.add(fact.call_id)
            if isinstance(fact, CallDispatched):
                assert fact.call_id in allowed

    @invariant()
    def the_limits_hold(self) -> None:
        assert self.state.reasoning_requests <= LIMITS.model_requests
        assert sum(isinstance(fact, CallAsked) for fact in self.facts) <= LIMITS.questions
        judged = [call for call in self.state.calls.values() if call.reasons]
        assert len(judged) <= LIMITS.calls
        assert sum(not reply.in_reasoning for reply in self.state.replies) <= LIMITS.repairs + 1

    @invariant()
    def the_model_is_asked_only_when_every_call_has_its_result(self) -> None:
        if not isinstance(self.action, RequestReasoning | RequestResponding | RequestDisengaging | Finish):
            return
        assert all(call.is_settled for call in self.state.calls.values())
        told = [message for message in turn_messages(self.state) if isinstance(message, ToolMessage)]
        assert not any("no result yet" in message.text for message in told)
        requested = [call.request.id for call in self.state.calls.values() if call.edit_of is None]
        assert [message.call_id for message in told] == requested, "one result each, in the order of the calls"

    @invariant()
    def the_facts_alone_make_the_state(self) -> None:
        again = TurnState(started=STARTED)
        for fact in self.facts[1:] if self.facts and self.facts[0] is STARTED else self.facts:
            decoded = decode(encode(fact))
            assert decoded == fact
            again = fold(again, fact)
        assert again == self.state

    def teardown(self) -> None:
        """Left to itself, with a model that never stops calling, the turn ends."""
        for _ in range(200):
            if isinstance(self.action, Done):
                return
            self.take_the_dullest_step()
        raise AssertionError("the turn did not end")

    def take_the_dullest_step(self) -> None:
        match self.action:
            case RequestReasoning():
                self.reason_once()
            case RequestResponding() | RequestDisengaging():
                self.add(AnswerReceived(text="done"))
            case Judge() as judge:
                self.add(*judge_calls(self.state, judge.calls, TOOLBOX, LIMITS))
            case Act() as act:
                self.add(*(CallDispatched(call_id=c.call_id, attempt=1, request_hash="h") for c in act.dispatch))
                self.add(*(CallRefused(call_id=c.call_id, code="unknown", message="gone") for c in act.ask))
            case Await():
                flying = self.state.with_status(Status.DISPATCHED)
                self.add(*(CallFailed(call_id=call.call_id, message="down") for call in flying))
            case Suspend() as suspend:
                self.add(*(QuestionExpired(call_id=call.call_id) for call in suspend.waiting))
            case Finish() as finish:
                self.add(TurnEnded(reason=finish.reason, detail=finish.detail))
            case other:
                raise AssertionError(f"no such action: {other!r}")

    def reason_once(self) -> None:
        calls = [ModelCall(id="", tool=self.obsession, arguments=json.dumps({"what": str(self.ids)}))]
        self.add(ReplyReceived(text="", calls=self.requested(calls)))


TurnMachine.TestCase.settings = settings(max_examples=rounds(1.5), stateful_step_count=40, deadline=None)
test_any_reply_any_outcome_any_answer_ends_and_nothing_runs_twice = TurnMachine.TestCase


def play(*facts: Fact) -> TurnState:
    state = TurnState(started=STARTED)
    for fact in facts:
        state = fold(state, fact)
    return state


def reply(*calls: tuple[str, str], text: str = "") -> ReplyReceived:
    requested = tuple(
        RequestedCall(call_id=f"c{index}", request=ModelCall(id=f"m{index}", tool=tool, arguments=arguments))
        for index, (tool, arguments) in enumerate(calls)
    )
    return ReplyReceived(text=text, calls=requested)


def test_a_plain_text_reply_is_the_answer() -> None:
    assert next_action(play(reply(text="Hello.")), RULES) == Finish("answered")


@pytest.mark.parametrize("verdict", [None, "ask", "deny"])
def test_signing_in_allows_nothing(verdict: Literal["ask", "deny"] | None) -> None:
    facts: list[Fact] = [reply(("buy", '{"count": 1}'))]
    if verdict is not None:
        facts.append(CallJudged(call_id="c0", plugin="shop", function="buy", arguments={}, verdict=verdict, reasons=()))
    before = play(*facts)
    assert play(*facts, sign_in_asked("c0", "n"), SignInDone(name="n", by="ada")) == before


def test_an_empty_reply_leads_to_a_responding_request() -> None:
    assert next_action(play(reply(text=" ")), RULES) == RequestResponding()


def test_without_tools_the_turn_goes_straight_to_responding() -> None:
    assert next_action(play(), Rules(has_tools=False)) == RequestResponding()


def test_text_after_a_function_with_responding_instructions_is_replaced() -> None:
    called = (
        reply(("buy", '{"count": 1}')),
        CallRefused(call_id="c0", code="arguments", message="no", plugin="shop", function="buy"),
        reply(text="You bought it."),
    )
    assert next_action(play(*called), RULES) == RequestResponding()


def test_withdraw_wins_over_its_siblings() -> None:
    state = play(reply(("look", "{}"), ("withdraw", "{}")))
    action = next_action(state, RULES)
    assert isinstance(action, Judge)
    facts = judge_calls(state, action.calls, TOOLBOX, LIMITS)
    assert facts == (CallWithdrawn(call_id="c0"), CallWithdrawn(call_id="c1", disengages=True))
    for fact in facts:
        state = fold(state, fact)
    assert next_action(state, RULES) == RequestDisengaging()
    assert next_action(fold(state, AnswerReceived(text="Bye.")), RULES) == Finish("disengaged")


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "told"),
    [
        ("nope", "{}", "unknown", "known functions: "),
        ("lok", "{}", "unknown", "shop-look"),
        ("buy", "{", "arguments", "not JSON"),
        ("buy", "[]", "arguments", "must be a JSON object"),
        ("buy", "{}", "arguments", "count"),
        ("buy", '{"count": "x"}', "arguments", "count"),
        ("buy", '{"count": 1, "cuont": 2}', "arguments", "did you mean 'count'?"),
    ],
)
def test_a_wrong_call_is_told_what_to_correct(tool: str, arguments: str, code: str, told: str) -> None:
    state = play(reply((tool, arguments)))
    (fact,) = judge_calls(state, tuple(state.calls.values()), TOOLBOX, LIMITS)
    assert isinstance(fact, CallRefused)
    assert fact.code == code
    assert told in fact.message


def test_the_same_call_again_and_again_is_refused() -> None:
    state = play(reply(*[("look", '{"what": "a"}')] * 3))
    facts = judge_calls(state, tuple(state.calls.values()), TOOLBOX, LIMITS)
    assert [type(fact) for fact in facts] == [CallJudged, CallJudged, CallRefused]


def test_a_limit_ends_reasoning_with_an_answer() -> None:
    state = play(reply(*[("look", json.dumps({"what": str(n)})) for n in range(7)]))
    for fact in judge_calls(state, tuple(state.calls.values()), TOOLBOX, LIMITS):
        state = fold(state, fact)
    for call in state.with_status(Status.READY):
        state = fold(state, CallReturned(call_id=call.call_id, text="{}", shown=Shown()))
    action = next_action(state, RULES)
    assert isinstance(action, RequestResponding)
    assert action.limit == "a turn may make 6 calls and ask 2 questions"
    finish = next_action(fold(state, AnswerReceived(text="Some of it.")), RULES)
    assert finish == Finish("limit", action.limit)


def test_arguments_edited_by_the_person_run_as_a_call_of_their_own() -> None:
    state = play(reply(("buy", '{"count": 1}')))
    state = fold(state, judge_calls(state, tuple(state.calls.values()), TOOLBOX, LIMITS)[0])
    print_of = state.calls["c0"].fingerprint
    asked = CallAsked(call_id="c0", fingerprint=print_of, title="", body="", destination="", expires=1.0)
    edited = RequestedCall(call_id="c9", request=ModelCall(id="m9", tool="buy", arguments='{"count":2}'))
    state = fold(fold(state, asked), CallDecided(call_id="c0", decision="approve", by="ada", edited=edited))
    (judged,) = judge_calls(state, state.with_status(Status.UNJUDGED), TOOLBOX, LIMITS)
    assert isinstance(judged, CallJudged)
    assert judged.verdict == "allow"
    state = fold(fold(state, judged), CallReturned(call_id="c9", text="ok", shown=Shown()))
    assert turn_messages(state)[2] == ToolMessage(
        call_id="m0", text='run with changed arguments {"count":2} by the person; result: ok'
    )


def test_cancelling_settles_every_call() -> None:
    state = play(reply(("look", "{}"), ("look", '{"what": "b"}')))
    for fact in judge_calls(state, tuple(state.calls.values()), TOOLBOX, LIMITS):
        state = fold(state, fact)
    state = fold(state, CallDispatched(call_id="c0", attempt=1, request_hash="h"))
    facts = list(ending(state, partial="So far"))
    assert [type(fact) for fact in facts] == [CallFailed, CallWithdrawn, TurnEnded]
