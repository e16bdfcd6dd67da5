"""What is streamed of a turn and never kept: signals, beside the facts of `orchestrator.events`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runtimes.questions import Action
from runtimes.values import JsonObject

State = Literal["reasoning", "responding", "disengaging"]
"""The orchestrator's states (spec 5.2.5, and `disengaging` of the Microsoft 365 document)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEntered:
    """The loop has entered a state (spec 5.2.5)."""

    state: State
    kind: Literal["state_entered"] = "state_entered"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """A piece of text for the person."""

    state: State
    text: str
    kind: Literal["text_delta"] = "text_delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProgress:
    """What a running call is doing."""

    call_id: str
    text: str
    kind: Literal["call_progress"] = "call_progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryScheduled:
    """A model request failed and will be repeated."""

    attempt: int
    delay: float
    """Seconds."""
    reason: str
    kind: Literal["retry_scheduled"] = "retry_scheduled"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRaised:
    """A plugin asks something while a call of its runs; the words are the plugin's."""

    call_id: str
    number: int
    """Which question of the call it is, from 1."""
    plugin: str
    function: str
    text: str
    title: str = ""
    form: JsonObject | None = None
    """What is asked for, as a JSON Schema; None for a yes or a no."""
    url: str = ""
    """The page that the person is asked to open."""
    kind: Literal["question_raised"] = "question_raised"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionClosed:
    """Such a question is over: the person has answered, or nobody will."""

    call_id: str
    number: int
    action: Action
    reason: str = ""
    """Why nobody answered; empty where somebody did."""
    kind: Literal["question_closed"] = "question_closed"


CallSignal = CallProgress | QuestionRaised | QuestionClosed
"""What there is to tell of a call while it runs."""

Signal = StateEntered | TextDelta | CallProgress | RetryScheduled | QuestionRaised | QuestionClosed
