"""How each fact changes what is known of a turn: a fold over them, one at a time. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallDecided,
    CallDispatched,
    CallFailed,
    CallInterrupted,
    CallJudged,
    CallNotExecuted,
    CallRefused,
    CallReturned,
    CallUnknown,
    CallWithdrawn,
    DataSetAside,
    Fact,
    QuestionExpired,
    ReplyReceived,
    SignInAsked,
    SignInDone,
    TurnEnded,
    TurnsSummarised,
    TurnStarted,
    TurnTakenUp,
    TurnUndone,
)
from orchestrator.model.base import Usage
from orchestrator.turn.state import CallState, Reply, Status, TurnState


def _add_usage(state: TurnState, usage: Usage | None) -> Usage | None:
    if usage is None:
        return state.usage
    return usage if state.usage is None else state.usage + usage


_NOT_DONE = frozenset(
    {Status.REFUSED, Status.DENIED, Status.DECLINED, Status.EXPIRED, Status.FAILED, Status.WITHDRAWN, Status.SET_ASIDE}
)
_SENT_BEFORE = "it was sent once, and its process ended before the answer came; it was not sent again"


def _change(state: TurnState, call_id: str, change: Callable[[CallState], CallState]) -> TurnState:
    """The state with one call changed; one that may have happened before is never told of as not done."""
    call = change(state.calls[call_id])
    if call.may_have_happened and call.status in _NOT_DONE:
        call = replace(call, status=Status.UNKNOWN, message=_SENT_BEFORE, is_error=True)
    return replace(state, calls={**state.calls, call_id: call})


def _reply(state: TurnState, fact: ReplyReceived) -> TurnState:
    calls = {call.call_id: CallState(call_id=call.call_id, request=call.request) for call in fact.calls}
    reply = Reply(
        text=fact.text,
        call_ids=tuple(calls),
        in_reasoning=fact.state == "reasoning",
        is_from_card=fact.is_from_card,
    )
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
        verdict=fact.verdict,
        reasons=fact.reasons,
        repeatable=fact.repeatable,
        changes_something=fact.changes_something,
        fingerprint=fact.fingerprint,
        label=fact.label,
        across=fact.across,
        may_always=fact.may_always,
        may_agree=fact.may_agree,
    )


def _put_aside(state: TurnState, fact: DataSetAside) -> TurnState:
    void = frozenset(fact.call_ids)
    calls = {
        call_id: replace(call, status=Status.SET_ASIDE) if call_id in void and not call.is_settled else call
        for call_id, call in state.calls.items()
    }
    replies = tuple(
        replace(reply, text="", is_void=is_void, is_retold=not is_void)
        for reply in state.replies
        for is_void in [not void.isdisjoint(reply.call_ids)]
    )
    return replace(state, calls=calls, replies=replies, set_aside=frozenset(fact.plugins))


def _decided(state: TurnState, fact: CallDecided) -> TurnState:
    call = state.calls[fact.call_id]
    if not call.is_waiting or (call.status is Status.SIGN_IN and fact.decision == "approve"):
        return state
    if fact.edited is not None and fact.edited.call_id in state.calls:
        return state  # no call of ours: each has an id of its own
    state = _change(state, fact.call_id, lambda call: replace(call, answer=fact))
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


def _signed_in(state: TurnState, fact: SignInDone) -> TurnState:
    for call in state.with_status(Status.SIGN_IN):
        if call.sign_in is not None and call.sign_in.name == fact.name:
            ready = replace(call, status=Status.READY, has_signed_in=True)
            state = replace(state, calls={**state.calls, call.call_id: ready})
    return state


def _call_fact(call: CallState, fact: Fact) -> CallState:
    match fact:
        case CallRefused():
            return replace(
                call,
                status=Status.REFUSED,
                refusal=fact.code,
                refused_by=fact.source,
                message=fact.message,
                plugin=fact.plugin,
                function=fact.function,
                arguments=fact.arguments or call.arguments,
            )
        case CallJudged():
            return _judged(call, fact)
        case CallAsked():
            return replace(call, status=Status.ASKED, question=fact, answer=None)
        case SignInAsked():
            if call.status is not Status.READY:
                return call  # signing in allows nothing
            return replace(call, status=Status.SIGN_IN, sign_in=fact, has_signed_in=False)
        case QuestionExpired():
            return replace(call, status=Status.EXPIRED)
        case CallDispatched():
            return replace(call, status=Status.DISPATCHED, attempts=fact.attempt, destination=fact.destination)
        case CallInterrupted():
            may_have_happened = call.may_have_happened or (fact.was_sent and call.changes_something)
            return replace(call, status=Status.READY, may_have_happened=may_have_happened)
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


_BRINGS_NOTHING = CallDispatched | CallInterrupted | CallNotExecuted
"""A turn may come to these again and again."""


def _known_by(state: TurnState, fact: Fact) -> TurnState:
    match fact:
        case ReplyReceived():
            return _reply(state, fact)
        case AnswerReceived():
            return replace(state, answer=fact, usage=_add_usage(state, fact.usage))
        case TurnEnded():
            return replace(state, ended=fact)
        case DataSetAside():
            return _put_aside(state, fact)
        case SignInDone():
            return _signed_in(state, fact)
        case TurnsSummarised():
            return replace(state, usage=_add_usage(state, fact.usage))
        case TurnStarted() | TurnTakenUp() | TurnUndone():
            return state
        case _:
            call = state.calls.get(fact.call_id)
            if call is None or call.is_settled:
                return state
            if isinstance(fact, CallDecided):
                return _decided(state, fact)
            return _change(state, fact.call_id, lambda call: _call_fact(call, fact))


def fold(state: TurnState, fact: Fact) -> TurnState:
    """The state after one more fact. A fact about a settled or unknown call changes nothing."""
    if isinstance(fact, TurnTakenUp):
        return replace(state, taken_up=state.taken_up + 1)
    if state.taken_up and not isinstance(fact, _BRINGS_NOTHING):
        state = replace(state, taken_up=0)
    return _known_by(state, fact)
