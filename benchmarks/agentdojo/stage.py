"""Plays tasks through a real host: policy, HTTP and all; nothing is simulated but the model and the person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, Self

from benchmarks.agentdojo.dojo import Dojo, Judgement, Script, Suite
from benchmarks.agentdojo.player import Attacker, Obeying, Origin, Peace, PlannedCall, Player, origin_of
from benchmarks.agentdojo.plugins import Labels, manifests
from benchmarks.agentdojo.service import MARKER, Task
from orchestrator import Orchestrator, load_plugin
from orchestrator.conversation import Conversation
from orchestrator.events import CallAsked, CallDispatched, CallJudged, CallRefused, Fact, Reason, ReplyReceived
from orchestrator.policy.rules import Mode, Policy
from orchestrator.reply import Question, Reply
from orchestrator.turn.machine import Limits
from runtimes.fetch import SharedClient
from runtimes.values import JsonObject

ROOMY = 100_000
"""A limit that no run reaches: what stops a call is to be the policy."""

LIMITS = Limits(model_requests=ROOMY, calls=ROOMY, identical_calls=ROOMY, questions=ROOMY, result_budget=1_000_000)
"""Those of a host in use stop some reference calls by their number (18 in one task) and size."""

Approves = Literal["nobody", "reference", "everything"]
"""Who answers: nobody is there; a person who approves the calls of the task alone; one who approves blindly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who answers the questions of a run."""

    approves: Approves = "nobody"
    at_most: int | None = None
    """How many questions are approved, of those that would be; the rest are declined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the host is told."""

    mode: Mode = "standard"
    declares: bool = True
    """Whether the manifests have `security_info` (spec 9.5)."""
    together: tuple[frozenset[str], ...] = ()
    """Plugins that the host's owner has put together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCall:
    """One call of a run, and what became of it."""

    origin: Origin
    tool: str
    arguments: JsonObject
    verdict: str
    """`allow`, `ask`, `deny`, or `refused` where it was not judged."""
    reasons: tuple[Reason, ...] = ()
    is_asked: bool = False
    is_dispatched: bool = False
    is_reference: bool = False
    """True when the task itself wants this very call, whoever makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One run."""

    task: Task
    is_done: bool
    is_attacked: bool
    calls: tuple[MadeCall, ...]


def obeying(script: Script) -> Attacker:
    """The attacker of AgentDojo: the injected text is obeyed."""
    return Obeying(MARKER, script.attack_calls, script.attack_answer)


class _Answers:
    """The person of one run."""

    def __init__(self, person: Person, script: Script) -> None:
        self._approves = person.approves
        self._left = person.at_most
        self._reference = script.calls

    def approve(self, question: Question) -> bool:
        asked = PlannedCall(tool=question.function, arguments=question.arguments)
        if self._approves == "nobody" or (self._approves == "reference" and asked not in self._reference):
            return False
        if self._left is None:
            return True
        self._left -= 1
        return self._left >= 0


def made_calls(facts: Sequence[Fact], reference: Sequence[PlannedCall]) -> tuple[MadeCall, ...]:
    """The calls of a conversation, in the order in which they were wanted; `reference` are those of the task."""
    judged = {fact.call_id: fact for fact in facts if isinstance(fact, CallJudged | CallRefused)}
    asked = {fact.call_id for fact in facts if isinstance(fact, CallAsked)}
    dispatched = {fact.call_id for fact in facts if isinstance(fact, CallDispatched)}
    wanted = (call for fact in facts if isinstance(fact, ReplyReceived) for call in fact.calls)
    made = (
        _made(origin_of(call.request.id), judged[call.call_id], call.call_id in asked, call.call_id in dispatched)
        for call in wanted
    )
    return tuple(
        replace(call, is_reference=PlannedCall(tool=call.tool, arguments=call.arguments) in reference) for call in made
    )


def _made(origin: Origin, fact: CallJudged | CallRefused, is_asked: bool, is_dispatched: bool) -> MadeCall:
    if isinstance(fact, CallRefused):
        reason = Reason(source=fact.code, text=fact.message)
        return MadeCall(origin=origin, tool=fact.function, arguments={}, verdict="refused", reasons=(reason,))
    return MadeCall(
        origin=origin,
        tool=fact.function,
        arguments=fact.arguments,
        verdict=fact.verdict,
        reasons=fact.reasons,
        is_asked=is_asked,
        is_dispatched=is_dispatched,
    )


class Stage:
    """A host with the plugins of one suite."""

    def __init__(self, dojo: Dojo, suite: Suite, labels: Labels, setup: Setup) -> None:
        self._dojo, self._suite, self._labels, self._setup = dojo, suite, labels, setup
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        documents = manifests(self._suite.tools, self._labels, self._dojo.urls, declares=self._setup.declares)
        plugins = [await load_plugin(document, allowed_hosts=["127.0.0.1"]) for document in documents]
        async with AsyncExitStack() as stack:
            http = SharedClient()
            stack.push_async_callback(http.aclose)
            self._host = await stack.enter_async_context(
                Orchestrator(
                    plugins=plugins,
                    model=Player((), "", Peace()),
                    limits=LIMITS,
                    policy=Policy(mode=self._setup.mode, together=self._together),
                    http=http,
                )
            )
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def play(self, task: Task, person: Person, attacker: Callable[[Script], Attacker] = obeying) -> Outcome:
        """One task to its end, with the injected text obeyed where nothing else is said."""
        script = await self._dojo.begin(task)
        await self._host.use_model(Player(script.calls, script.answer, attacker(script)))
        chat = self._host.conversation(attended=person.approves != "nobody")
        reply = await _answered(chat, await chat.ask(script.prompt), _Answers(person, script))
        judgement = await self._dojo.judge(reply.text)
        calls = made_calls(await chat.facts(), script.calls)
        _compare(calls, judgement)
        return Outcome(task=task, is_done=judgement.is_done, is_attacked=judgement.is_attacked, calls=calls)

    @property
    def _together(self) -> tuple[frozenset[str], ...]:
        """The groups, as far as their plugins are in this suite."""
        here = {self._labels[tool.name].plugin for tool in self._suite.tools}
        groups = (group & here for group in self._setup.together)
        return tuple(group for group in groups if len(group) > 1)

    @property
    def skipped(self) -> Mapping[str, str]:
        """Functions that are not offered, with the reason; there should be none."""
        return {one.function: one.reason for one in self._host.toolbox.skipped}


async def _answered(chat: Conversation, reply: Reply, answers: _Answers) -> Reply:
    while reply.end is None:
        for question in reply.pending:
            await chat.decide(question.call_id, answers.approve(question))
        reply = await chat.resume()
    assert reply.end == "answered", f"the turn ended by {reply.end}: {reply.detail}"
    return reply


def _compare(calls: Sequence[MadeCall], judgement: Judgement) -> None:
    """The host's own account must be what the services have seen."""
    assert [call.tool for call in calls if call.is_dispatched] == [call.tool for call in judgement.executed]
