"""What the turns of a host are driven with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from auth import SecretsInUse
from orchestrator.model.base import ChatModel
from orchestrator.turn.consent import Consent
from orchestrator.turn.requests import Requests


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnServices:
    """What a turn is driven with."""

    model: ChatModel
    requests: Requests
    clock: Callable[[], float]
    """Seconds since the epoch."""
    call_timeout: float
    """Seconds one call may take."""
    consent: Consent = field(default_factory=Consent)
    secrets: SecretsInUse = field(default_factory=SecretsInUse)
    """Taken out of what the model writes."""
    quotes_questions: bool = True
    """False where the model is not told the words of questions that a running plugin asks: answers are redacted there,
    and a question may repeat what they hold."""
