"""Whole conversations with three plugins, without I/O, in every order that hypothesis thinks of.

An independent checker reads the very requests that a model is sent. Every result has a mark in it, and what is sent to
a function comes back with it, so that whatever data went somewhere is seen there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from hypothesis import event, given, settings
from hypothesis import strategies as st

from orchestrator.content import CardAction, Shown
from orchestrator.event_json import decode, encode
from orchestrator.events import (
    HISTORY_TOKENS,
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
    DataSetAside,
    Fact,
    QuestionExpired,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
    TurnsSummarised,
    TurnStarted,
    TurnUndone,
)
from orchestrator.model.base import ModelCall
from orchestrator.policy.answers import Grant
from orchestrator.policy.rules import Mode, Policy, Rule
from orchestrator.tools.toolbox import Toolbox
from orchestrator.turn.actions import call_of
from orchestrator.turn.history import History, advance
from orchestrator.turn.judging import judge_calls
from orchestrator.turn.machine import (
    Act,
    Await,
    Finish,
    Judge,
    Limits,
    RequestDisengaging,
    RequestReasoning,
    RequestResponding,
    Suspend,
    ending,
    next_action,
)
from orchestrator.turn.questions import fingerprint
from orchestrator.turn.reading import original_of
from orchestrator.turn.requests import Requests
from orchestrator.turn.standing import Standing, grant_for, rules_for
from orchestrator.turn.state import CallState, Status, TurnState
from orchestrator.turn.summarising import MIN_WINDOW, due
from orchestrator.turn.window import cost_of
from runtimes.values import dump_json
from tests.orchestrator.turn.flows import (
    ISOLATED,
    READING,
    SPOKEN,
    TOOLS,
    mark,
    marks_in,
    owners_in,
    private_in,
    text_of,
    toolbox,
)
from tests.rounds import rounds

LIMITS = Limits(model_requests=5, calls=8, identical_calls=2, questions=3)
TOOLBOXES = (toolbox("1"), toolbox("2"))
REQUESTS = tuple(Requests(one, "", LIMITS) for one in TOOLBOXES)
NO_BUYING = Rule(effect="deny", plugin="shop", function="buy")
MODES: tuple[Mode, ...] = ("standard", "strict")
TURNS = 6
WINDOWS = (HISTORY_TOKENS, HISTORY_TOKENS, MIN_WINDOW)
PADDING = " " * 1200
"""Makes a turn so long that few fit the smallest window."""
MAX_STEPS = 120
OWN_WORDS = dump_json({"text": SPOKEN})
WORDS = ("spoken", "spoken", "copied", "other", "twice", "broken")
OUTCOMES = ("returned", "returned", "returned", "failed", "connect", "rate", "unknown")
ANSWERS = ("approve", "approve", "always", "decline", "word", "expire", "edit", "edit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the model had read when it wrote a call, and what it wrote."""

    read: str
    arguments: str


class Talk:
    """A person, a model that copies what it reads, and two processes that take turns with one journal."""

    def __init__(self, random: Random) -> None:
        self.random = random
        groups = (frozenset({"mail", "shop"}),) if self.may(0.2) else ()
        self.policy = Policy(mode=random.choice(MODES), together=groups)
        self.facts: list[Fact] = []
        self.history = History()
        self.ids = 0
        self.process = 0
        self.began = 0
        self.granted: frozenset[Grant] = frozenset()
        self.written: dict[str, Written] = {}
        self.sent: dict[str, int] = {}
        """How often each call left."""

    def may(self, chance: float) -> bool:
        return self.random.random() < chance

    # --- the world

    @property
    def turn(self) -> TurnState:
        assert self.history.turn is not None
        return self.history.turn

    @property
    def toolbox(self) -> Toolbox:
        return TOOLBOXES[self.process]

    @property
    def requests(self) -> Requests:
        return REQUESTS[self.process]

    def add(self, *facts: Fact) -> None:
        for fact in facts:
            assert decode(encode(fact)) == fact
            self.facts.append(fact)
            self.history = advance(self.history, fact)
        self.check_what_is_shown()

    def standing(self) -> Standing:
        return Standing(policy=self.policy, granted=self.granted, history=self.history)

    def new_id(self) -> str:
        self.ids += 1
        return f"c{self.ids}"

    # --- the person

    def begin_turn(self) -> None:
        self.began = len(self.facts)
        if self.history.past and self.may(0.1):
            self.add(TurnUndone())
        gave = [call for turn in self.history.turns for call in turn.calls.values() if call.shown is not None]
        window = self.random.choice(WINDOWS)
        started = TurnStarted(
            text=f"Now {SPOKEN}, please{PADDING}",
            person="ada",
            documents={},
            set_aside=self.history.set_aside_next,
            history_tokens=window,
        )
        if not gave or self.may(0.8):
            self.add(started)
            self.summarise()
            return
        call = self.random.choice(gave)
        action = CardAction(
            call_id=call.call_id,
            title="Go",
            verb=self.random.choice(["read", "find", "look", "nothing"]),
            data={"text": call.message},
            plugin=call.plugin,
            function=call.function,
        )
        self.add(replace(started, text="Go", action=action))
        if (made := call_of(action, self.toolbox)) is not None:
            (requested,) = made.calls
            self.written[requested.call_id] = Written(read=call.message, arguments=requested.request.arguments)
            self.add(made)
        self.summarise()

    def summarise(self) -> None:
        """A model that copies whatever it is given to summarise; now and then it fails."""
        wanted = due(self.history)
        if wanted is None or self.may(0.2):
            return
        given = dump_json(wanted.request.data)
        assert not owners_in(given) & self.turn.set_aside, "what is set aside is not summarised"
        assert owners_in(given) <= {*wanted.label.seen}
        assert private_in(given) <= {*wanted.label.private}
        self.add(TurnsSummarised(text=" ".join(marks_in(given)), turns=wanted.turns, label=wanted.label))
        assert self.history.summary is not None
        event("summarised")

    def answer(self, call: CallState) -> None:
        answer = self.random.choice(ANSWERS)
        if answer == "expire":
            self.add(QuestionExpired(call_id=call.call_id))
            return
        edited = None
        if answer == "edit":
            text = f"{dump_json(call.arguments)} and more" if self.may(0.5) else "my own"
            request = ModelCall(id="e", tool=call.request.tool, arguments=dump_json({"text": text}))
            edited = RequestedCall(call_id=self.new_id(), request=request)
        is_always = answer == "always" and call.may_always
        self.add(
            CallDecided(
                call_id=call.call_id,
                decision="decline" if answer in ("decline", "word") else "approve",
                by="ada",
                note="not now" if answer == "word" else "",
                always=is_always,
                edited=edited,
            )
        )
        function = self.toolbox.at(call.plugin, call.function)
        if is_always and function is not None:
            assert call.function in READING
            self.granted |= {grant_for(function)}

    # --- the model

    def reply(self) -> ReplyReceived:
        read = text_of(self.requests.reasoning(self.history).messages)
        copied = " ".join(marks_in(read))
        calls: list[RequestedCall] = []
        for tool in self.random.choices(TOOLS, k=self.random.choice([0, 1, 1, 1, 2, 3])):
            arguments = {
                "spoken": OWN_WORDS,
                "copied": dump_json({"text": copied or "nothing"}),
                "other": dump_json({"text": f"number {self.ids}"}),
                "twice": f'{{"text": {dump_json(copied)}, "text": {dump_json(SPOKEN)}}}',
                "broken": f'{{"txet": {dump_json(copied)}',
            }[self.random.choice(WORDS)]
            call_id = self.new_id()
            self.written[call_id] = Written(read=read, arguments=arguments)
            named = f"{tool}{copied}" if self.may(0.1) else tool
            request = ModelCall(id=f"{call_id} {copied}", tool=named, arguments=arguments)
            calls.append(RequestedCall(call_id=call_id, request=request))
        return ReplyReceived(text=f"So. {copied}", calls=tuple(calls))

    # --- what the driver does

    def step(self) -> None:
        """One thing that happens; what is not the machine's own may happen at any time."""
        if self.may(0.05):
            self.process = 1 - self.process
        if self.may(0.05):
            self.policy = replace(self.policy, rules=() if self.policy.rules else (NO_BUYING,))
        flying, asked = self.turn.with_status(Status.DISPATCHED), self.turn.with_status(Status.ASKED)
        if flying and self.may(0.3):
            self.come_back(self.random.choice(flying))
        elif asked and self.may(0.3):
            self.answer(self.random.choice(asked))
        elif self.may(0.01):
            read = text_of(self.requests.reasoning(self.history).messages)
            self.add(*ending(self.turn, partial=" ".join(marks_in(read))))
        else:
            self.go_on()

    def go_on(self) -> None:
        match next_action(self.turn, self.requests.rules):
            case RequestReasoning():
                self.add(self.reply())
            case RequestResponding() | RequestDisengaging():
                read = text_of(self.requests.responding(self.history, None).messages)
                self.add(AnswerReceived(text=" ".join(marks_in(read))))
            case Judge() as judge:
                self.judge(judge.calls)
            case Act() as act:
                self.act(act)
            case Await():
                self.come_back(self.random.choice(self.turn.with_status(Status.DISPATCHED)))
            case Suspend() as suspend:
                self.answer(self.random.choice(suspend.waiting))
            case Finish() as finish:
                self.add(TurnEnded(reason=finish.reason, detail=finish.detail))
            case other:
                raise AssertionError(f"no such action: {other!r}")

    def judge(self, calls: tuple[CallState, ...]) -> None:
        before = self.turn
        facts = judge_calls(before, calls, self.toolbox, LIMITS, self.standing())
        for fact in facts:
            if isinstance(fact, CallJudged):
                self.check_label(before, fact)
        if any(isinstance(fact, DataSetAside) for fact in facts):
            assert all(call.status in (Status.UNJUDGED, Status.REFUSED) for call in before.calls.values())
            assert not any(isinstance(fact, DataSetAside) for fact in self.facts[self.began :])
        self.add(*facts)

    def act(self, action: Act) -> None:
        due = (*action.dispatch[: self.random.randint(1, 4)], *action.ask)
        bound = [(call, self.toolbox.at(call.plugin, call.function)) for call in due]
        live = [(call, function) for call, function in bound if function is not None]
        rules = {
            call.call_id: rules_for(self.policy, function, call.arguments, "ada", now=0.0) for call, function in live
        }
        if forbidden := [call_id for call_id, mine in rules.items() if mine]:
            self.add(*(CallRefused(call_id=call_id, code="forbidden", message="no") for call_id in forbidden))
            return
        prints = {call.call_id: fingerprint(call.call_id, function, call.arguments, {}) for call, function in live}
        if changed := tuple(call for call, _ in live if prints[call.call_id] != call.fingerprint):
            self.judge(changed)
            return
        for call, _ in live:
            if call in action.dispatch:
                self.check_dispatch(call)
                self.sent[call.call_id] = self.sent.get(call.call_id, 0) + 1
                self.add(CallDispatched(call_id=call.call_id, attempt=call.attempts + 1, request_hash=""))
                continue
            mine = prints[call.call_id]
            self.add(CallAsked(call_id=call.call_id, fingerprint=mine, title="", body="", destination="", expires=1.0))

    def come_back(self, call: CallState) -> None:
        """An answer has a mark in it, and what was sent."""
        is_private = (call.plugin, call.function) == ("shop", "read")
        text = f"{mark(call.plugin, self.ids, is_private=is_private)} {dump_json(call.arguments)}"
        match self.random.choice(OUTCOMES):
            case "connect" if "connect" not in call.not_executed:
                self.add(CallNotExecuted(call_id=call.call_id, cause="connect", message=text))
            case "rate" if "rate" not in call.not_executed:
                self.add(CallNotExecuted(call_id=call.call_id, cause="rate", message=text))
            case "unknown":
                self.add(CallUnknown(call_id=call.call_id, message=text))
            case "failed":
                self.add(CallFailed(call_id=call.call_id, message=text))
            case _:
                self.add(CallReturned(call_id=call.call_id, text=text, shown=Shown()))

    # --- the checker

    def check_label(self, state: TurnState, judged: CallJudged) -> None:
        """The label is at least what the recorded request had in it, and what the arguments have."""
        call = state.calls[judged.call_id]
        written = self.written[original_of(state, call).call_id]
        arguments = dump_json(judged.arguments)
        seen, private = owners_in(arguments), private_in(arguments)
        if arguments != OWN_WORDS and not (call.edit_of is not None and not seen):
            seen, private = seen | owners_in(written.read), private | private_in(written.read)
        assert seen | {judged.plugin} <= {*judged.label.seen}
        assert private <= {*judged.label.private}
        assert seen & ISOLATED <= {*judged.label.isolated}

    def check_dispatch(self, call: CallState) -> None:
        """It has a decision of its own, and takes no data where it must not go."""
        mine = [
            fact for fact in self.facts if isinstance(fact, CallJudged | CallDecided) and fact.call_id == call.call_id
        ]
        judged = max(index for index, fact in enumerate(mine) if isinstance(fact, CallJudged))
        verdict = mine[judged]
        assert isinstance(verdict, CallJudged)
        approved = [fact for fact in mine[judged:] if isinstance(fact, CallDecided) and fact.decision == "approve"]
        assert verdict.verdict == "allow" or (verdict.verdict == "ask" and approved)
        is_grouped = self.policy.together and call.plugin in ("mail", "shop")
        friends = {"mail", "shop"} if is_grouped else {call.plugin}
        if call.edit_of is None:
            foreign = owners_in(dump_json(call.arguments)) - friends
            assert not foreign & ISOLATED, "isolated data reaches nobody else"
            assert not (foreign and call.plugin in ISOLATED), "nobody else's data reaches an isolated plugin"
            private = private_in(dump_json(call.arguments)) - friends
            assert not private or approved, "private data leaves only with a person's consent"

    def check_what_is_shown(self) -> None:
        if self.history.turn is None:
            return
        earlier = self.history.earlier_messages()
        assert not owners_in(text_of(earlier)) & self.turn.set_aside
        assert cost_of(earlier) <= self.turn.started.history_tokens
        assert self.turn.reasoning_requests <= LIMITS.model_requests
        assert sum(call.question is not None for call in self.turn.calls.values()) <= LIMITS.questions

    def check_the_end(self) -> None:
        for call_id, times in self.sent.items():
            excused = [one for one in self.facts if isinstance(one, CallNotExecuted) and one.call_id == call_id]
            assert times <= 1 + len(excused), "dispatched twice"
        again = History()
        for fact in self.facts:
            again = advance(again, fact)
        assert again == self.history, "the facts alone make the state"


@settings(max_examples=rounds(1.5), deadline=None)
@given(st.randoms(use_true_random=True))
def test_no_data_goes_where_it_must_not_and_no_label_is_too_small(random: Random) -> None:
    talk = Talk(random)
    for _ in range(TURNS):
        talk.begin_turn()
        steps = 0
        while talk.history.turn is not None:
            talk.step()
            steps += 1
            assert steps < MAX_STEPS, "the turn does not end"
    talk.check_the_end()
