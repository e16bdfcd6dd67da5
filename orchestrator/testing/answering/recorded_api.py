"""The seam between a conversation that is played and an API that is recorded: replayed, or asked and kept."""

from __future__ import annotations

from typing import Protocol

from orchestrator.testing.judging.mismatch import Mismatch
from runtimes.http import HttpClient


class RecordedApi(Protocol):
    """Whoever answers in the place of an API, for one conversation."""

    @property
    def is_live(self) -> bool:
        """True where the API is asked, with credentials."""
        ...

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """What is wrong with what it was asked, by its own lights, since the turn began."""
        ...

    def begin(self) -> None:
        """Goes on with another turn."""
        ...

    def over(self, http: HttpClient, /) -> HttpClient:
        """What answers, given a client that can reach the API."""
        ...
