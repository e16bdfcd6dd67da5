"""What is known of a turn so far: a fold over its facts, one at a time, without I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from orchestrator.content import AttachedFile, Shown
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
    Reason,
    RefusalCode,
    ReplyReceived,
    TurnEnded,
    TurnStarted,
    TurnUndone,
)
from orchestrator.model.base import ModelCall, Usage
from runtimes.errors import NotExecutedCause
from runtimes.values import Json, JsonObject


class Status(Enum):
    """Where a call stands. Those from `REFUSED` on are settled: nothing more happens to it."""

    UNJUDGED = "unjudged"
    WANTED = "wanted"
    """The policy wants the person to be asked."""
    ASKED = "asked"
    READY = "ready"
    """Allowed or approved: may be dispatched."""
    DISPATCHED = "dispatched"
    REFUSED = "refused"
    DENIED = "denied"
    DECLINED = "declined"
    EXPIRED = "expired"
    EDITED = "edited"
    """The person's own arguments run in its place."""
    RETURNED = "returned"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


_OPEN = frozenset({Status.UNJUDGED, Status.WANTED, Status.ASKED, Status.READY, Status.DISPATCHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallState:
    """One call of the turn."""

    call_id: str
    request: ModelCall
    status: Status = Status.UNJUDGED
    plugin: str = ""
    function: str = ""
    arguments: JsonObject = field(default_factory=dict[str, Json])
    reasons: tuple[Reason, ...] = ()
    repeatable: bool = False
    refusal: RefusalCode | None = None
    question: CallAsked | None = None
    approved_fingerprint: str = ""
    """The fingerprint the person approved; a different one at dispatch makes a new question."""
    attempts: int = 0
    not_executed: frozenset[NotExecutedCause] = frozenset()
    """The causes that have made it ready again."""
    message: str = ""
    """The result's text, or why there is none."""
    shown: Shown | None = None
    attachments: tuple[AttachedFile, ...] = ()
    """The files that its answer is."""
    is_error: bool = False
    edit_of: str | None = None
    """The call whose place this one takes, with the person's own arguments."""
    replaced_by: str | None = None
    disengages: bool = False

    @property
    def is_settled(self) -> bool:
        """True when nothing more happens to it."""
        return self.status not in _OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply of the model in this turn."""

    text: str
    call_ids: tuple[str, ...]
    in_reasoning: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnState:
    """A turn, as its facts tell it."""

    started: TurnStarted
    calls: Mapping[str, CallState] = field(default_factory=dict[str, CallState])
    """By call id, in the order they were requested."""
    replies: tuple[Reply, ...] = ()
    answer: AnswerReceived | None = None
    usage: Usage | None = None
    ended: TurnEnded | None = None

    @property
    def attachments(self) -> tuple[AttachedFile, ...]:
        """The files that came with the message and with answers."""
        return (*self.started.attachments, *(file for call in self.calls.values() for file in call.attachments))

    @property
    def reasoning_requests(self) -> int:
        """How many reasoning requests were answered."""
        return sum(reply.in_reasoning for reply in self.replies)

    def with_status(self, *statuses: Status) -> tuple[CallState, ...]:
        """The calls that stand there."""
        return tuple(call for call in self.calls.values() if call.status in statuses)


def _add_usage(state: TurnState, usage: Usage | None) -> Usage | None:
    if usage is None:
        return state.usage
    return usage if state.usage is None else state.usage + usage


def _change(state: TurnState, call_id: str, change: Callable[[CallState], CallState]) -> TurnState:
    return replace(state, calls={**state.calls, call_id: change(state.calls[call_id])})


def _reply(state: TurnState, fact: ReplyReceived) -> TurnState:
    calls = {call.call_id: CallState(call_id=call.call_id, request=call.request) for call in fact.calls}
    reply = Reply(text=fact.text, call_ids=tuple(calls), in_reasoning=fact.state == "reasoning")
    return replace(
        state,
        replies=(*state.replies, reply),
        calls={**state.calls, **calls},
        usage=_add_usage(state, fact.usage),
    )


def _judged(call: CallState, fact: CallJudged) -> CallState:
    status = {"allow": Status.READY, "ask": Status.WANTED, "deny": Status.DENIED}[fact.verdict]
    return replace(
        call,
        status=status,
        plugin=fact.plugin,
        function=fact.function,
        arguments=fact.arguments,
        reasons=fact.reasons,
        repeatable=fact.repeatable,
    )


def _decided(state: TurnState, fact: CallDecided) -> TurnState:
    call = state.calls[fact.call_id]
    if call.status is not Status.ASKED:
        return state
    if fact.decision == "decline":
        return _change(state, fact.call_id, lambda call: replace(call, status=Status.DECLINED, message=fact.note))
    if fact.edited is None:
        fingerprint = call.question.fingerprint if call.question else ""
        return _change(
            state,
            fact.call_id,
            lambda call: replace(call, status=Status.READY, approved_fingerprint=fingerprint, message=fact.note),
        )
    edited = fact.edited
    new = CallState(call_id=edited.call_id, request=edited.request, edit_of=fact.call_id)
    state = replace(state, calls={**state.calls, edited.call_id: new})
    return _change(state, fact.call_id, lambda call: replace(call, status=Status.EDITED, replaced_by=edited.call_id))


def _call_fact(call: CallState, fact: Fact) -> CallState:
    match fact:
        case CallRefused():
            return replace(
                call,
                status=Status.REFUSED,
                refusal=fact.code,
                message=fact.message,
                plugin=fact.plugin,
                function=fact.function,
            )
        case CallJudged():
            return _judged(call, fact)
        case CallAsked():
            return replace(call, status=Status.ASKED, question=fact)
        case QuestionExpired():
            return replace(call, status=Status.EXPIRED)
        case CallDispatched():
            return replace(call, status=Status.DISPATCHED, attempts=fact.attempt)
        case CallNotExecuted():
            return replace(
                call, status=Status.READY, not_executed=call.not_executed | {fact.cause}, message=fact.message
            )
        case _:
            return _outcome(call, fact)


def _outcome(call: CallState, fact: Fact) -> CallState:
    match fact:
        case CallReturned():
            return replace(
                call,
                status=Status.RETURNED,
                message=fact.text,
                shown=fact.shown,
                attachments=fact.attachments,
                is_error=fact.is_error,
            )
        case CallFailed():
            return replace(call, status=Status.FAILED, message=fact.message, is_error=True)
        case CallUnknown():
            return replace(call, status=Status.UNKNOWN, message=fact.message, is_error=True)
        case CallWithdrawn():
            return replace(call, status=Status.WITHDRAWN, disengages=fact.disengages)
        case _:
            return call


def fold(state: TurnState, fact: Fact) -> TurnState:
    """The state after one more fact. A fact about a settled or unknown call changes nothing."""
    match fact:
        case ReplyReceived():
            return _reply(state, fact)
        case AnswerReceived():
            return replace(state, answer=fact, usage=_add_usage(state, fact.usage))
        case TurnEnded():
            return replace(state, ended=fact)
        case TurnStarted() | TurnUndone():
            return state
        case _:
            call = state.calls.get(fact.call_id)
            if call is None or call.is_settled:
                return state
            if isinstance(fact, CallDecided):
                return _decided(state, fact)
            return _change(state, fact.call_id, lambda call: _call_fact(call, fact))
