"""What to do next in a turn: a pure function of what is known of it.

`next_action` decides, `orchestrator.turn.driver` carries out, and the facts that come of it are folded in again. It
does no I/O, reads no clock, and knows no model: it can be driven by a property test through every order of facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from orchestrator.events import (
    HISTORY_TOKENS,
    CallFailed,
    CallInterrupted,
    CallUnknown,
    CallWithdrawn,
    EndReason,
    Fact,
    TurnEnded,
    TurnTakenUp,
)
from orchestrator.response.projection import RESULT_BUDGET
from orchestrator.turn.folding import fold
from orchestrator.turn.state import WAITING, CallState, Status, TurnState

MAX_ATTEMPTS = 3
"""How often a call that is safe to repeat is sent, when each time the process ends before its answer comes."""


MAX_TAKEN_UP = 5
"""How often workers go on with a turn of which nothing comes: one that ends each process is not tried for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far one turn may go. A limit ends reasoning, not the turn: the model still answers."""

    model_requests: int = 10
    """Reasoning requests in a turn."""
    calls: int = 25
    """Calls requested in a turn."""
    identical_calls: int = 3
    """Calls in a turn with the same function and arguments."""
    questions: int = 5
    """Questions to the person in a turn."""
    repairs: int = 2
    """Replies in a turn that wrongly call functions while responding."""
    result_budget: int = RESULT_BUDGET
    """Characters of one result that the model reads; about four are a token."""
    history_tokens: int = HISTORY_TOKENS
    """Tokens of earlier turns that a model request may carry, as they are estimated (`turn/window.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the machine needs to know of the host."""

    limits: Limits = Limits()
    has_tools: bool = True
    responding: frozenset[tuple[str, str]] = frozenset()
    """The functions, as (plugin, function), that have responding instructions (spec 10.2)."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Check these calls and ask the policy about them, together."""

    calls: tuple[CallState, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """Dispatch the first, ask about the second; both at once, whatever their siblings wait for."""

    dispatch: tuple[CallState, ...]
    ask: tuple[CallState, ...]


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for a call in flight."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """Every call that is open waits for the person: stop, and go on when they have answered, or signed in."""

    waiting: tuple[CallState, ...]


@dataclass(frozen=True, slots=True)
class RequestReasoning:
    """Ask the model for calls or text."""


@dataclass(frozen=True, slots=True)
class RequestResponding:
    """Ask the model for the answer, without tools."""

    limit: str | None = None
    """The limit that ended reasoning, in words for the model."""


@dataclass(frozen=True, slots=True)
class RequestDisengaging:
    """Ask the model for its last words, without tools."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing is left to do but to say so."""

    reason: EndReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The turn has ended."""


Action = Judge | Act | Await | Suspend | RequestReasoning | RequestResponding | RequestDisengaging | Finish | Done


def next_action(state: TurnState, rules: Rules) -> Action:
    """What to do next; the precedence is that of the architecture document, "The turn, precisely"."""
    if state.ended is not None:
        return Done()
    return _for_calls(state) or _for_replies(state, rules)


def _for_calls(state: TurnState) -> Action | None:
    if all(call.is_settled for call in state.calls.values()):
        return None
    if unjudged := state.with_status(Status.UNJUDGED):
        return Judge(unjudged)
    ready, wanted = state.with_status(Status.READY), state.with_status(Status.WANTED)
    if ready or wanted:
        return Act(dispatch=ready, ask=wanted)
    if state.with_status(Status.DISPATCHED):
        return Await()
    if waiting := state.with_status(*WAITING):
        return Suspend(waiting)
    return None


def _for_replies(state: TurnState, rules: Rules) -> Action:
    disengages = any(call.disengages for call in state.calls.values())
    if state.answer is not None:
        return _finish(state, rules, disengages=disengages)
    if disengages:
        return RequestDisengaging()
    if not state.replies:
        return RequestReasoning() if rules.has_tools else RequestResponding()
    last = state.replies[-1]
    if not last.in_reasoning:
        return _after_call_while_responding(state, rules)
    if last.call_ids:
        limit = limit_reached(state, rules.limits)
        return RequestResponding(limit) if limit else RequestReasoning()
    if not last.text.strip() or text_is_replaced(state, rules):
        return RequestResponding()
    return Finish("answered")


def _finish(state: TurnState, rules: Rules, *, disengages: bool) -> Finish:
    if disengages:
        return Finish("disengaged")
    reasoning = [reply for reply in state.replies if reply.in_reasoning]
    ended_in_calls = bool(reasoning) and bool(reasoning[-1].call_ids)
    limit = limit_reached(state, rules.limits) if ended_in_calls else None
    return Finish("limit", limit) if limit else Finish("answered")


def _after_call_while_responding(state: TurnState, rules: Rules) -> Action:
    wrong = sum(not reply.in_reasoning for reply in state.replies)
    if wrong > rules.limits.repairs:
        return Finish("error", "the model kept calling functions where it may only answer")
    return RequestResponding(limit_reached(state, rules.limits))


def text_is_replaced(state: TurnState, rules: Rules) -> bool:
    """True when a function called so far has responding instructions: text written while reasoning is not shown.

    *Called* is every known function with a call in the turn, also a failed, declined or refused one.
    """
    return any((call.plugin, call.function) in rules.responding for call in state.calls.values())


def limit_reached(state: TurnState, limits: Limits) -> str | None:
    """The limit that reasoning has run into, in words; None when it may go on."""
    if any(call.refusal == "limit" for call in state.calls.values()):
        return f"a turn may make {limits.calls} calls and ask {limits.questions} questions"
    if state.reasoning_requests >= limits.model_requests:
        return f"a turn may ask the model {limits.model_requests} times"
    return None


def without_answer(state: TurnState) -> Iterator[CallFailed | CallUnknown]:
    """The facts for calls in flight that nobody waits for any more.

    They have failed where nothing can have happened by them, and are of unknown outcome otherwise.
    """
    for call in state.with_status(Status.DISPATCHED):
        if call.is_harmless:
            yield CallFailed(call_id=call.call_id, message="the turn was stopped before the answer came")
        else:
            yield CallUnknown(call_id=call.call_id, message="it was sent, and the turn was stopped before the answer")


def orphaned(state: TurnState) -> Iterator[CallInterrupted | CallFailed | CallUnknown]:
    """The facts for calls in flight whose driver is gone: what is safe to repeat is repeated, nothing else ever is."""
    for call in state.with_status(Status.DISPATCHED):
        if not call.repeatable:
            yield CallUnknown(call_id=call.call_id, message="it was sent, and the process ended before the answer came")
        elif call.attempts < MAX_ATTEMPTS:
            yield CallInterrupted(call_id=call.call_id)
        else:
            message = f"it was begun {call.attempts} times, and the process ended each time before the answer came"
            given_up = CallFailed if call.is_harmless else CallUnknown
            yield given_up(call_id=call.call_id, message=message)


def taken_up(state: TurnState) -> Iterator[Fact]:
    """The facts with which a worker goes on with a turn that was left, or gives it up."""
    if state.taken_up < MAX_TAKEN_UP:
        yield TurnTakenUp()
        yield from orphaned(state)
    else:
        detail = f"{MAX_TAKEN_UP} workers have gone on with this turn, and each ended before anything came of it"
        yield from ending(state, "error", detail=detail)


def unsent(state: TurnState, sent: Collection[str] = ()) -> Iterator[CallInterrupted]:
    """The facts for calls that are kept as in flight, and that this driver has never sent; it has sent those named."""
    for call in state.with_status(Status.DISPATCHED):
        if call.call_id not in sent:
            yield CallInterrupted(call_id=call.call_id, was_sent=False)


def ending(
    state: TurnState,
    reason: EndReason = "cancelled",
    *,
    partial: str = "",
    detail: str = "",
    sent: Collection[str] | None = None,
) -> Iterator[Fact]:
    """The facts that end a turn at once and leave its history consistent; what was not dispatched is withdrawn.

    `sent` has the calls that were sent, of a driver who knows; otherwise each that is kept as in flight may have been.
    """
    for fact in unsent(state, sent) if sent is not None else ():
        yield fact
        state = fold(state, fact)
    yield from without_answer(state)
    for call in state.calls.values():
        if call.is_settled or call.status is Status.DISPATCHED:
            continue
        if call.may_have_happened:
            message = "it was sent, and the turn was stopped before it was sent again"
            yield CallUnknown(call_id=call.call_id, message=message)
        else:
            yield CallWithdrawn(call_id=call.call_id)
    yield TurnEnded(reason=reason, detail=detail, partial=partial)
