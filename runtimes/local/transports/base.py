"""What carries messages to one local plugin and back, whatever is below: a program, a socket, HTTP.

A transport knows nothing of JSON-RPC. Above it stands `runtimes.local.session`; `runtimes.local.transports.stdio` and
its neighbours implement it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable


class TransportError(Exception):
    """Base of all; the message is one line for a person."""


class CannotStart(TransportError):
    """There is nobody to talk to: nothing has reached the other side."""


class TransportClosed(TransportError):
    """The other side takes nothing any more, or can be read no further."""


class Unanswered(TransportError):
    """One message has no answer and gets none; others may have theirs."""

    def __init__(self, message: str, *, is_unsent: bool = False) -> None:
        super().__init__(message)
        self.is_unsent = is_unsent
        """True when nothing of the message has reached the other side."""


class Transport(Protocol):
    """Messages to one local plugin and back: whole ones, whatever frames them."""

    async def send(self, message: bytes, /) -> None:
        """Sends all of it; where answers come with what was sent, as over HTTP, it returns when they are there.

        Raises: `TransportClosed`, `Unanswered`.
        """
        ...

    async def receive(self) -> Sequence[bytes]:
        """The next messages that have come, at least one; none once the other side has ended.

        Raises: `TransportClosed`, with the reason, where what it sends cannot be read any further.
        """
        ...

    async def last_words(self) -> str:
        """What the other side said last beside the protocol, in one short line; empty where there is nothing."""
        ...


@runtime_checkable
class Prompt(Protocol):
    """A transport that need not wait as long as the other side reads."""

    def send_now(self, message: bytes, /) -> bool:
        """Sends all of it at once; false where that cannot be done now, and nothing of it has been sent.

        Raises: `TransportClosed`.
        """
        ...


@runtime_checkable
class Gathering(Protocol):
    """A transport that gets its messages in pieces."""

    def unfinished(self) -> str:
        """What is wrong with the message that has begun and not ended; empty where none has."""
        ...


@runtime_checkable
class Watched(Protocol):
    """A transport that sees how far the other side has read."""

    @property
    def unread(self) -> int:
        """Bytes that wait for it to read, where they are so many that nothing more is taken; else 0."""
        ...

    def has_read(self) -> bool:
        """Whether it has ever been seen to have read all that it was sent."""
        ...


TransportOpener = Callable[[], AbstractAsyncContextManager[Transport]]
"""Reaches a local plugin for as long as the context lasts. Entering raises: `CannotStart`."""
