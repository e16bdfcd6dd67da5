"""What happened in a turn of a scripted conversation: all that the judge looks at. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Literal, get_args

from orchestrator.events import CallAsked, CallDecided, Event, QuestionExpired, ReplyReceived, TurnStarted
from orchestrator.model.base import (
    AssistantMessage,
    EarlierMessage,
    Message,
    PhraseRequest,
    ReasoningRequest,
    ToolMessage,
    UserMessage,
)
from orchestrator.signals import Signal, State, StateEntered
from orchestrator.testing.judging.exchanges import AnyModelRequest
from orchestrator.testing.judging.mismatch import Mismatch
from orchestrator.turn.folding import fold
from orchestrator.turn.state import CallState, Status, TurnState
from runtimes.base import WireMessage
from runtimes.values import Json, dump_json, json_or_text

Answer = Literal["approve", "decline", "edit", "expired", "open"]
"""What became of a question."""

_SIGNALS: tuple[type, ...] = get_args(Signal)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One request to the model."""

    state: State | Literal["phrase"]
    prompt: str
    """All that it was given to read; see `prompt_of`."""
    step: int | None
    """Which step of the turn answered it, from 0; None where the script had none left."""
    tools: tuple[str, ...] = ()
    """The tools that it was offered, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What is known of a message that went out."""

    call_id: str = ""
    """The call that it was sent for."""
    status: int | None = None
    """Of the answer; None where none came, or nothing is known of it."""
    media_type: str = ""
    size: int = 0
    """Bytes of the body, as far as it was read."""
    start: str = ""
    """The beginning of the body; empty where that is no text."""
    error: str = ""
    """Why no answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What happened in one turn."""

    events: tuple[Event, ...] = ()
    """Facts and signals since the turn started; for one that goes on, those before it waited are among them."""
    requests: tuple[WireMessage, ...] = ()
    """The HTTP requests and JSON-RPC frames that went out, in order."""
    received: tuple[Received, ...] = ()
    """What is known of each of them, as far as that was kept."""
    before: int = 0
    """How many of the events are those of turns before this one, which it goes on."""
    model_requests: tuple[ModelRequest, ...] = ()
    is_scripted: bool = True
    """False where a live model replied: the steps of the file are then not looked at."""
    mismatches: tuple[Mismatch, ...] = ()
    """What the model or the APIs of the conversation found wrong with what they were asked."""
    snapshots: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """What is in the snapshot files that there are, by the names that the conversation gives them."""

    def turn(self) -> TurnState | None:
        """Where the turn stands; None where none has started."""
        started = next((event for event in self.events if isinstance(event, TurnStarted)), None)
        if started is None:
            return None
        facts = (event for event in self.events if not isinstance(event, _SIGNALS))
        return reduce(fold, facts, TurnState(started=started))  # type: ignore[arg-type]  # signals are left out above

    def last_state(self) -> State | None:
        """The last state that was entered."""
        entering = [event for event in self.events if isinstance(event, StateEntered | ReplyReceived)]
        return entering[-1].state if entering else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """A question that the person was asked."""

    call: CallState
    asked: CallAsked
    answer: Answer


def _answer(question: CallAsked, events: tuple[Event, ...]) -> Answer:
    for event in events:
        if isinstance(event, QuestionExpired) and event.call_id == question.call_id:
            return "expired"
        if isinstance(event, CallDecided) and event.call_id == question.call_id:
            if event.left_open:
                return "open"
            return event.decision if event.edited is None else "edit"
    return "open"


def questions_of(observed: Observed, turn: TurnState) -> tuple[AskedQuestion, ...]:
    """The questions in the order they were asked, each with what became of it."""
    return tuple(
        AskedQuestion(call=turn.calls[event.call_id], asked=event, answer=_answer(event, observed.events[index:]))
        for index, event in enumerate(observed.events)
        if isinstance(event, CallAsked) and event.call_id in turn.calls
    )


def status_of(call: CallState) -> str:
    """Where a call ended, as expectations name it."""
    return "error" if call.status is Status.RETURNED and call.is_error else call.status.value


def function_of(call: CallState) -> str:
    """The function that was called, or what the model wrote in its place."""
    return call.function or call.request.tool


def arguments_of(call: CallState) -> Json:
    """The arguments it was judged with; for a refused call, those that the model wrote."""
    return call.arguments or json_or_text(call.request.arguments or "{}")


def _read_of(message: Message) -> tuple[str, ...]:
    match message:
        case UserMessage(text=text, note=note) | EarlierMessage(text=text, note=note):
            return text, note
        case AssistantMessage(text=text, calls=calls):
            return text, *(f"{call.tool}({call.arguments})" for call in calls)
        case ToolMessage(text=text):
            return (text,)


def prompt_of(request: AnyModelRequest) -> str:
    """What a request gives the model to read: the system text, each message, and the calls that it has made."""
    if isinstance(request, PhraseRequest):
        return f"{request.instruction}\n\n{dump_json(request.data)}"
    parts = (request.system, *(part for message in request.messages for part in _read_of(message)))
    return "\n\n".join(part for part in parts if part)


def _state_of(request: AnyModelRequest) -> State | Literal["phrase"]:
    match request:
        case ReasoningRequest():
            return "reasoning"
        case PhraseRequest():
            return "phrase"
        case _:
            return "responding"


def model_request(request: AnyModelRequest, *, step: int | None = None) -> ModelRequest:
    """A request as it is judged; a model cannot tell responding from disengaging (`in_states`)."""
    tools = request.tools.definitions if isinstance(request, ReasoningRequest) else ()
    return ModelRequest(
        state=_state_of(request), prompt=prompt_of(request), step=step, tools=tuple(tool.name for tool in tools)
    )


def in_states(requests: Sequence[ModelRequest], events: Sequence[Event]) -> tuple[ModelRequest, ...]:
    """The requests with the states that they were made in: a turn enters one before each of them, phrases aside."""
    entered = iter([event.state for event in events if isinstance(event, StateEntered)])
    return tuple(
        request if request.state == "phrase" else replace(request, state=next(entered, request.state))
        for request in requests
    )
