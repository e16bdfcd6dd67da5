"""What one call without a model gave."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.content import Card, Citation, Shown
from runtimes.base import Attachment, CallResult
from runtimes.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """What one call without a model gave."""

    status: int | None
    """The HTTP status, where there is one."""
    payload: Json
    is_error: bool
    citations: tuple[Citation, ...]
    cards: tuple[Card, ...]
    notes: tuple[str, ...] = ()
    """What else there is to know of the answer, a line each."""
    attachments: tuple[Attachment, ...] = ()
    """The files that the answer is, with their bytes."""
    is_truncated: bool = False
    """True when the answer was longer than is read."""
    cards_left_out: int = 0
    """How many more cards it would have given; one answer has a limit."""
    rich: Json = None
    """The answer as it is, where the function declares a rich response (spec 8)."""


def outcome_of(result: CallResult, shown: Shown) -> CallOutcome:
    """An answer, with what a person is shown of it."""
    return CallOutcome(
        status=result.status,
        payload=result.payload,
        is_error=result.is_error,
        citations=shown.citations,
        cards=shown.cards,
        notes=tuple(note for note in (result.explanation, *result.notes, *shown.notes) if note),
        cards_left_out=shown.cards_left_out,
        rich=shown.rich,
        attachments=result.attachments,
        is_truncated=result.is_truncated,
    )
