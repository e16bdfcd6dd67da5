"""What is known of the way to an MCP server, and why a session with it is over, once it is."""

from __future__ import annotations

from typing import Protocol

import anyio

from runtimes.errors import InvocationError


class Way(Protocol):
    """What is known of the way to the server."""

    @property
    def failure(self) -> InvocationError | None:
        """Why nothing more comes over it."""
        ...

    def failure_of(self, data: object) -> InvocationError | None:
        """What an error that mcp reports stands for, by its `data`; None where it is the server's own."""
        ...


class Ending:
    """Told by whoever sees the end; the first reason holds."""

    def __init__(self) -> None:
        self.has_come = anyio.Event()
        self.reason = ""
        self.complaint = ""
        """What was wrong with the last thing that could not be used."""

        self.is_death = False
        """True where the other side has ended unasked."""

    def die(self, reason: str) -> None:
        """The session is over, and nobody has ended it here."""
        self.is_death = self.is_death or not self.has_come.is_set()
        self.end(reason)

    def end(self, reason: str) -> None:
        """The session is over."""
        if not self.has_come.is_set():
            self.reason = reason
            self.has_come.set()
