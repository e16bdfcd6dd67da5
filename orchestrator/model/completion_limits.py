"""How long a chat completions request is waited for, how often it is repeated, and how many there are at once."""

from __future__ import annotations

from dataclasses import dataclass

CONNECT_SECONDS = 10.0
"""The longest wait for a connection."""

IDLE_SECONDS = 120.0
"""The longest wait for the next bytes of an answer; a model on one's own machine reads a long prompt slowly."""

DEADLINE_SECONDS = 600.0
"""The longest time one request may take, repeats and all; no wait begins after it."""

MAX_ATTEMPTS = 4
"""How often a request is sent before it is given up."""

FIRST_DELAY_SECONDS = 0.5
"""The wait before the first repeat; it doubles, with up to as much again at random."""

MAX_DELAY_SECONDS = 8.0
"""The longest wait before a repeat that the server has not asked for."""

MAX_RETRY_AFTER_SECONDS = 60.0
"""The longest wait that a server's `Retry-After` is honoured for; a longer one is cut to this."""

MAX_CONNECTIONS = 1000
"""The most requests that are out at once; the others wait for one of them to end.

A request is out until its reply is read or closed: somebody who stops reading a stream, and does not leave it, keeps
one.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """The limits of each request of a model; all in seconds but `attempts` and `connections`."""

    connect: float = CONNECT_SECONDS
    idle: float = IDLE_SECONDS
    deadline: float = DEADLINE_SECONDS
    attempts: int = MAX_ATTEMPTS
    first_delay: float = FIRST_DELAY_SECONDS
    connections: int = MAX_CONNECTIONS

    @property
    def idle_wait(self) -> float:
        """The longest wait for the next bytes, which is never longer than the whole request may take."""
        return min(self.idle, self.deadline)

    @property
    def connect_wait(self) -> float:
        """The longest wait for a connection, which is never longer than that for anything else."""
        return min(self.connect, self.idle_wait)
