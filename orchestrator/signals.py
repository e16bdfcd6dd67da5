"""What is streamed of a turn and never kept: signals, beside the facts of `orchestrator.events`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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


Signal = StateEntered | TextDelta | CallProgress | RetryScheduled
