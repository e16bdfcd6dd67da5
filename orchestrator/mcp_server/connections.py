"""Connections to an MCP server on HTTP, before anybody knows who is there: few, and none of them for long.

Whoever reaches the port can connect and say nothing. A connection counts here while no request of it is under way;
requests are counted behind the door (`guard`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, cast

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

HEAD_SECONDS = 10.0
"""How long the head of a request may take to arrive."""

MAX_IDLE = 64
"""Connections on which no request is under way; the one that has waited longest makes room for another."""


def patient(state: ServerState) -> Sequence[PatientProtocol]:
    """The connections of a server."""
    connections = cast("set[object]", state.connections)
    return [one for one in connections if isinstance(one, PatientProtocol)]


class PatientProtocol(H11Protocol):
    """A connection that is closed where no request comes of it."""

    head_seconds: ClassVar[float] = HEAD_SECONDS
    max_idle: ClassVar[int] = MAX_IDLE

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._deadline: asyncio.TimerHandle | None = None
        self.idle_since = 0.0
        """By the clock of the loop."""

    @property
    def is_idle(self) -> bool:
        """True where no request is under way."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        return cycle is None or cycle.response_complete

    def abort(self) -> None:
        """Closes it at once, whatever is still to be sent."""
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the class above
        super().connection_made(transport)
        self.idle_since = self.loop.time()
        self._watch()
        idle = [one for one in patient(self.server_state) if one.is_idle]
        if len(idle) > self.max_idle:
            min(idle, key=lambda one: one.idle_since).abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.is_idle:
            self._unwatch()
        elif self._deadline is None and not self.transport.is_closing():
            self._watch()

    def on_response_complete(self) -> None:
        self.idle_since = self.loop.time()
        super().on_response_complete()

    def _watch(self) -> None:
        self._deadline = self.loop.call_later(self.head_seconds, self._give_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.is_idle:
            self.abort()
