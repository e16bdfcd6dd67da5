"""What a conversation that is played has exchanged with its model and with its APIs, whole. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from orchestrator.model.base import ModelCall, PhraseRequest, ReasoningRequest, RespondingRequest, Usage
from runtimes.errors import InvocationError
from runtimes.http import HttpRequest, HttpResponse

Exchange = TypeVar("Exchange")

AnyModelRequest = ReasoningRequest | RespondingRequest | PhraseRequest
"""Whatever a model is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelExchange:
    """One request to a model, and its reply."""

    request: AnyModelRequest
    text: str = ""
    """Of the reply, or the phrase."""
    calls: tuple[ModelCall, ...] = ()
    usage: Usage | None = None
    is_complete: bool = True
    """False where the reply broke off, or never came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpExchange:
    """One request to an API, and its answer."""

    request: HttpRequest
    response: HttpResponse | None
    error: InvocationError | None = None
    """Why there is no answer."""


@dataclass(slots=True)
class Slot(Generic[Exchange]):
    """The place of an exchange in the order of asking; what comes back comes in time."""

    exchange: Exchange
