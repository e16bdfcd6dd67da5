"""How a local plugin is first spoken to: which framing it speaks, and whether it knows `initialize`. No I/O but ours.

Most programs show both with their first answer. One that stays silent or dies of being introduced to is tried in
another way, before any function is called, so that no call is made twice because of this.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import anyio

from runtimes.local.framing import Spoken
from runtimes.local.session import Session
from runtimes.local.transports.base import Transport
from runtimes.local_endpoint import LocalEndpoint

INITIALIZE_SECONDS = 2.0
"""How long an answer to `initialize` is waited for, from when it has been read."""
LOOKS = 20
"""How often within that time is looked whether it has been read."""

ADVICE = "if it is slow to start or wants Content-Length headers, say `framing` in its table"
"""What may help where the framing is to be found out."""

_STREAMS = ("unix:", "tcp:")


@runtime_checkable
class Stream(Protocol):
    """A transport with a stream of bytes below, whose framing can be chosen."""

    def speak(self, spoken: Spoken) -> None:
        """Frames what goes out in this way."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of speaking to a local plugin."""

    spoken: Spoken | None = None
    """How it is spoken to first; None leaves that to its transport."""
    is_introduced: bool = True
    """Whether it is asked to `initialize`."""
    may_be_silent: bool = True
    """Whether one that says nothing to that is used all the same."""


PLAIN = Way(is_introduced=False)


def _is_to_be_found_out(endpoint: LocalEndpoint) -> bool:
    is_stream = not endpoint.address or endpoint.address.startswith(_STREAMS)
    return is_stream and endpoint.framing == "auto"


def advice_on(endpoint: LocalEndpoint) -> str:
    """What may help where it never says anything; empty where nothing is known to."""
    return ADVICE if _is_to_be_found_out(endpoint) else ""


def ways_to(endpoint: LocalEndpoint) -> tuple[Way, ...]:
    """The ways to try, the last of them in any case good enough."""
    if not _is_to_be_found_out(endpoint):
        return (Way(), PLAIN)
    return (Way(spoken="lines", may_be_silent=False), Way(spoken="headers", may_be_silent=False), PLAIN)


def known_way(way: Way) -> Way:
    """The same for the next start: it has worked, and one that takes longer than usual is not spoken to in another."""
    return replace(way, may_be_silent=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What came of an introduction."""

    is_usable: bool
    """False where another way is to be tried."""
    has_answered: bool = False
    """True where the way is known to work."""


async def introduced(session: Session, transport: Transport, way: Way, seconds: float) -> Welcome:
    """Speaks to a plugin in one way. Whatever it answers, it is alive."""
    if way.spoken is not None and isinstance(transport, Stream):
        transport.speak(way.spoken)
    if not way.is_introduced:
        return Welcome(is_usable=True)
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_wait_for, session, way, seconds, scope)
            await session.introduce()
            tasks.cancel_scope.cancel()
        is_alive = not session.is_over
        return Welcome(is_usable=is_alive, has_answered=is_alive)
    return Welcome(is_usable=way.may_be_silent or session.has_spoken)


async def _wait_for(session: Session, way: Way, seconds: float, scope: anyio.CancelScope) -> None:
    """Ends the introduction in time.

    One that is to be started again for its silence has that time once it has read what it was sent: as long as it has
    not, it may be starting.
    """
    looks = 1 if way.may_be_silent else LOOKS
    left = looks
    while left:
        await anyio.sleep(seconds / looks)
        left -= way.may_be_silent or session.has_started
    scope.cancel()
