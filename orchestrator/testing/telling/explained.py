"""Explains a turn: what the model was offered and took, and what became of each call, step by step. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeGuard

from orchestrator.content import Card
from orchestrator.events import AnswerReceived, CallDecided, Event, Fact, ReplyReceived
from orchestrator.manifest.model import lines_of
from orchestrator.render.cards import Look, card_lines
from orchestrator.render.decisions import Decisions, data_shown
from orchestrator.reply import reply_of
from orchestrator.response.numbering import numbers_of
from orchestrator.signals import Signal, StateEntered
from orchestrator.testing.answering.in_memory import ORIGIN
from orchestrator.testing.judging.observed import (
    AskedQuestion,
    ModelRequest,
    Observed,
    arguments_of,
    function_of,
    questions_of,
    status_of,
)
from orchestrator.testing.telling.attribution import Exchange, exchanges_of
from orchestrator.testing.telling.explanation import (
    MAX_LISTED,
    Excerpt,
    ExplainedCall,
    ExplainedCard,
    ExplainedExchange,
    ExplainedQuestion,
    ExplainedRequest,
    ExplainedTurn,
    excerpt,
)
from orchestrator.tools.toolbox import BoundFunction, Toolbox
from orchestrator.turn.folding import fold
from orchestrator.turn.machine import Limits, limit_reached
from orchestrator.turn.prompts import functions_called, outcome_text
from orchestrator.turn.state import CallState, Status, TurnState
from runtimes.values import dump_json

MAX_INSTRUCTION = 80
"""Characters of a function's instructions that are told."""

CARD_WIDTH = 56
"""Cells of the lines of a card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What followed the entry into a state."""

    before: TurnState
    """The turn until then."""
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    """What a turn is explained from."""

    turn: TurnState
    toolbox: Toolbox | None
    questions: Sequence[AskedQuestion] = ()
    decided: Mapping[str, CallDecided] = field(default_factory=dict[str, CallDecided])
    """What the person answered, by call id."""
    decisions: Decisions = field(default_factory=Decisions)
    exchanges: Mapping[str, Sequence[Exchange]] = field(default_factory=dict[str, Sequence[Exchange]])
    """By call id."""


def _is_fact(event: Event) -> TypeGuard[Fact]:
    return not isinstance(event, Signal)


def _steps(observed: Observed, state: TurnState) -> tuple[tuple[Event, ...], tuple[_Step, ...]]:
    """What happened before a state was entered, and each step; `state` is the turn as it started."""
    state = reduce(fold, filter(_is_fact, observed.events[: observed.before]), state)
    first: list[Event] = []
    steps: list[tuple[TurnState, list[Event]]] = []
    for event in observed.events[observed.before :]:
        if isinstance(event, StateEntered):
            steps.append((state, []))
            continue
        (steps[-1][1] if steps else first).append(event)
        state = fold(state, event) if _is_fact(event) else state
    return tuple(first), tuple(_Step(before=before, events=tuple(events)) for before, events in steps)


# --- why a state was entered


def _beginning(function: BoundFunction) -> str:
    """How the responding instructions of a function begin; empty where it has examples alone."""
    text = " ".join(line.strip() for line in lines_of(function.declaration.states.responding.instructions))
    return f": {text[:MAX_INSTRUCTION]}{'…' * (len(text) > MAX_INSTRUCTION)}" if text else ""


def _instructed(before: TurnState, toolbox: Toolbox | None) -> str:
    """The responding instructions that are in force, as an author may recognize them."""
    functions = functions_called(before, toolbox) if toolbox is not None else ()
    told = [function for function in functions if function.has_responding_instructions]
    return "; ".join(f"{one.name!r} has responding instructions{_beginning(one)}" for one in told)


def _why_responding(before: TurnState, toolbox: Toolbox | None) -> str:
    if limit := limit_reached(before, Limits()):
        return f"a limit ended reasoning: {limit}"
    if before.replies and not before.replies[-1].in_reasoning:
        return "a function was called where only an answer is asked for"
    if instructed := _instructed(before, toolbox):
        return instructed
    return "the reply before has no words" if before.replies else "there is no function to call"


def _why(request: ModelRequest, before: TurnState, toolbox: Toolbox | None) -> str:
    match request.state:
        case "phrase":
            return "a question to the person has words that the model writes"
        case "disengaging":
            return "the model has withdrawn"
        case "responding":
            return _why_responding(before, toolbox)
        case _:
            if not before.replies:
                return "the person has chosen on a card" if before.started.action else "the person has spoken"
            if before.replies[-1].is_void:
                return f"asked again {data_shown(before.started.set_aside, before.set_aside)}"
            called = dict.fromkeys(function_of(before.calls[call]) for call in before.replies[-1].call_ids)
            return f"after {', '.join(called)}"


# --- calls


def _exchange(exchange: Exchange) -> ExplainedExchange:
    sent, received = exchange.sent, exchange.received
    request = f"{sent.method} {sent.url.removeprefix(ORIGIN)}"
    body = excerpt(sent.body) if sent.body else None
    more = max(0, received.size - len(received.start.encode()))
    return ExplainedExchange(
        request=request,
        body=body,
        status=received.status,
        media_type=received.media_type,
        size=received.size,
        answer=excerpt(received.start, more) if received.start else None,
        error=received.error,
    )


def _question(question: AskedQuestion, decided: CallDecided | None) -> ExplainedQuestion:
    asked = question.asked
    return ExplainedQuestion(
        title=asked.title,
        body=excerpt(asked.body),
        destination=asked.destination,
        answer="always" if decided is not None and decided.always else question.answer,
        note=decided.note if decided is not None else "",
    )


def _card(card: Card) -> ExplainedCard:
    lines = card_lines(card, Look(width=CARD_WIDTH))
    return ExplainedCard(origin=card.origin, lines=lines[:MAX_LISTED], left_out=max(0, len(lines) - MAX_LISTED))


def _told(call: CallState, turn: TurnState) -> Excerpt | None:
    is_told = call.is_settled and call.status is not Status.SET_ASIDE and not call.disengages
    return excerpt(outcome_text(turn, call)) if is_told else None


def _call(call: CallState, sources: _Sources) -> ExplainedCall:
    shown, turn = call.shown, sources.turn
    numbers = numbers_of(one.shown for one in turn.calls.values())
    citations = shown.citations if shown is not None else ()
    judged = turn.calls.get(call.edit_of or "")
    return ExplainedCall(
        function=function_of(call),
        arguments=excerpt(dump_json(arguments_of(call))),
        edits=function_of(judged) if judged is not None else "",
        verdict=call.verdict or "",
        reasons=tuple(f"{reason.text} ({reason.source})" for reason in call.reasons[:MAX_LISTED]),
        decision=sources.decisions.line(call.call_id),
        questions=tuple(
            _question(one, sources.decided.get(call.call_id))
            for one in sources.questions
            if one.call.call_id == call.call_id
        ),
        exchanges=tuple(map(_exchange, sources.exchanges.get(call.call_id, ()))),
        status=status_of(call),
        code=call.refusal or "",
        told=_told(call, turn),
        text=excerpt(shown.text) if shown is not None and shown.text else None,
        citations=tuple(f"[{numbers[one]}] {one.title}" for one in citations[:MAX_LISTED]),
        cards=tuple(_card(card) for card in (shown.cards if shown is not None else ())),
        notes=tuple(_notes(call)),
    )


def _notes(call: CallState) -> Iterator[str]:
    if call.shown is None:
        return
    yield from call.shown.notes
    for card in call.shown.cards:
        yield from card.notes
    if len(call.shown.citations) > MAX_LISTED:
        yield f"{len(call.shown.citations) - MAX_LISTED} more citations"
    if call.shown.cards_left_out:
        yield f"{call.shown.cards_left_out} more cards are not shown"


def _with_edits(call_ids: Sequence[str], turn: TurnState) -> Iterator[CallState]:
    """The calls, each followed by the one that stands for it."""
    for call_id in call_ids:
        call = turn.calls[call_id]
        yield call
        if call.replaced_by is not None and call.replaced_by in turn.calls:
            yield turn.calls[call.replaced_by]


def _resumed(events: Sequence[Event], sources: _Sources) -> tuple[ExplainedCall, ...]:
    """The calls that something became of before the model was asked again."""
    decided = [event.call_id for event in events if isinstance(event, CallDecided)]
    call_ids = [call_id for call_id in dict.fromkeys(decided) if call_id in sources.turn.calls]
    return tuple(_call(call, sources) for call in _with_edits(call_ids, sources.turn))


# --- requests


def _replied(step: _Step) -> ReplyReceived | AnswerReceived | None:
    return next((event for event in step.events if isinstance(event, ReplyReceived | AnswerReceived)), None)


def _requests(observed: Observed, steps: Sequence[_Step], sources: _Sources) -> Iterator[ExplainedRequest]:
    left = iter(steps)
    step = _Step(before=TurnState(started=sources.turn.started))
    for number, request in enumerate(observed.model_requests, start=1):
        if request.state == "phrase":
            why = _why(request, step.before, sources.toolbox)
            yield ExplainedRequest(number=number, state=request.state, why=why)
            continue
        step = next(left, step)
        reply = _replied(step)
        asked = [call.call_id for call in reply.calls] if isinstance(reply, ReplyReceived) else []
        yield ExplainedRequest(
            number=number,
            state=request.state,
            why=_why(request, step.before, sources.toolbox),
            offered=request.tools,
            text=excerpt(reply.text) if reply is not None and reply.text else None,
            calls=tuple(_call(call, sources) for call in _with_edits(asked, sources.turn)),
        )


def explained(observed: Observed, toolbox: Toolbox | None, number: int) -> ExplainedTurn | None:
    """What happened in a turn, the one of that number, step by step; None where none started."""
    turn = observed.turn()
    if turn is None:
        return None
    exchanges = exchanges_of(observed)
    decided = [event for event in observed.events if isinstance(event, CallDecided)]
    decisions = Decisions()
    for event in observed.events:
        decisions.read(event)
    sources = _Sources(
        turn=turn,
        toolbox=toolbox,
        questions=questions_of(observed, turn),
        decided={event.call_id: event for event in decided},
        decisions=decisions,
        exchanges=exchanges,
    )
    first, steps = _steps(observed, TurnState(started=turn.started))
    reply = reply_of(turn)
    answer = reply.text or reply.partial
    usage = reply.usage
    return ExplainedTurn(
        number=number,
        said=None if observed.before else excerpt(turn.started.text),
        resumed=_resumed(first, sources),
        requests=tuple(_requests(observed, steps, sources)),
        exchanges=tuple(_exchange(one) for call, own in exchanges.items() if call not in turn.calls for one in own),
        answer=excerpt(answer) if answer else None,
        end=reply.end or "waiting",
        detail=reply.detail,
        tokens=usage.input_tokens + usage.output_tokens if usage is not None else None,
    )
