"""Which of the messages that went out in a turn were sent for which of its calls, and what came back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from orchestrator.testing.judging.observed import Observed, Received
from orchestrator.testing.judging.request_kind import masked
from runtimes.base import WireMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A message that went out, and what is known of it."""

    sent: WireMessage
    """Without the values of credentials."""
    received: Received


def exchanges_of(observed: Observed) -> Mapping[str, Sequence[Exchange]]:
    """By call id, in the order they were sent; those of a turn that this one goes on are not among them."""
    known = chain(observed.received, repeat(Received()))
    found: dict[str, list[Exchange]] = {}
    for sent, received in zip(observed.requests, known, strict=False):
        found.setdefault(received.call_id, []).append(Exchange(sent=masked(sent), received=received))
    return found
