"""The seam between conversations and what keeps them.

A conversation is facts in order. They only grow, and an append names how many there were when it was decided on, so
that of two who decide at once one is told. Who drives a turn holds a *lease*: it ends by itself when it is not renewed,
and each one has a higher *epoch* than the one before, which every append under a lease is checked against. A process
that was taken for dead and wakes up can therefore append nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from orchestrator.events import Fact

ConversationId = str

LEASE_SECONDS = 15.0
"""How long a turn stays with a driver that gives no sign of life."""

AT_ONCE = 0.0
"""The wake time of a turn that can go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to drive a conversation's turn, by the clock of what keeps it."""

    conversation: ConversationId
    epoch: int
    """A higher one with each claim."""
    seconds: float
    """How long it holds from its claim, from each renewal and from each append under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One conversation that is kept, in short."""

    conversation: ConversationId
    person: str
    title: str
    """The first words of it, in one line."""
    turns: int
    """How many were begun."""
    facts: int
    created: float
    """Seconds since the epoch."""
    updated: float
    """When the last fact was kept; seconds since the epoch."""
    standing: Literal["at rest", "waiting", "running", "left"]
    """`waiting`: only questions are open. `running`: somebody drives its turn. `left`: its turn could go on, and nobody
    drives it."""


class Journal(Protocol):
    """Keeps facts, in order, for each conversation, and says who may drive its turn.

    Whatever goes wrong with it is a `StoreError`; an append that raised one may have been kept or not, and `read` says
    which. `wake` is when the conversation's turn can go on: `AT_ONCE`, in seconds since the epoch when a question of it
    expires, or None when there is nothing to do. Nobody needs a lease any more after an append whose `wake` is not
    `AT_ONCE`: it ends with it, though its epoch may append until there is another.

    One that forgets by itself is `Forgetful` besides. A journal that passes calls on to another one passes `spare` on
    too, or that one forgets nothing.
    """

    async def append(
        self,
        conversation: ConversationId,
        expected: int,
        facts: Sequence[Fact],
        /,
        *,
        wake: float | None = None,
        lease: Lease | None = None,
    ) -> int:
        """Keeps all of the facts or none; `expected` is the number kept so far. Returns the new number.

        An append under a lease renews it. Raises: `JournalConflict` when somebody else appended first, `LeaseLost`
        when somebody else has claimed the conversation since.
        """
        ...

    async def read(self, conversation: ConversationId, /, after: int = 0) -> Sequence[Fact]:
        """The facts from sequence number `after` on."""
        ...

    async def claim(
        self, conversation: ConversationId, expected: int, facts: Sequence[Fact] = (), /, *, wake: float | None
    ) -> Lease:
        """Makes the caller the driver of the conversation, and keeps facts, all in one step or not at all.

        Raises: `JournalConflict` as `append`; `ConversationHeld` while the lease of somebody else lasts.
        """
        ...

    async def renew(self, lease: Lease, /) -> None:
        """The lease lasts from now on. Raises: `LeaseLost`."""
        ...

    async def release(self, lease: Lease, /) -> None:
        """Somebody else may claim the conversation at once; nothing happens where they have."""
        ...

    async def take(self, plugins: Collection[str], /) -> Lease | None:
        """Claims a conversation whose turn could go on, has been left, and was begun with exactly these plugins.

        Of several who take at once, each gets another. None when there is none.
        """
        ...

    async def has_work(self, timeout: float, /) -> None:
        """Returns when a conversation may have been left or woken, at the latest after `timeout` seconds."""
        ...

    async def keep_file(self, conversation: ConversationId, sha256: str, data: bytes, /) -> None:
        """Keeps the bytes of a file of the conversation, under their hash in hexadecimal, before a fact names them.

        One that has no room for more may let go those that came first.
        """
        ...

    async def file(self, conversation: ConversationId, sha256: str, /) -> bytes | None:
        """The bytes of a file; None where they are not kept."""
        ...

    async def kept(self, person: str | None = None, /) -> Sequence[Kept]:
        """The conversations of a person, or of all; the one that grew last comes first."""
        ...

    async def forget(self, conversation: ConversationId, /) -> bool:
        """Deletes all of a conversation; False where nothing was kept of it. Raises: `ConversationHeld`."""
        ...

    async def forget_before(self, time: float, /) -> int:
        """Deletes what has not grown since then, in seconds since the epoch, and is at rest; returns how many."""
        ...


class Holder(Protocol):
    """Somebody who goes on with a conversation at any time, such as an open one."""

    @property
    def id(self) -> ConversationId:
        """The conversation's."""
        ...


@runtime_checkable
class Forgetful(Protocol):
    """A journal that forgets by itself what is at rest, but for what somebody holds."""

    def spare(self, holder: Holder, /) -> None:
        """The conversation of this holder is not forgotten as long as that one lives."""
        ...


def plugin_key(namespaces: Collection[str]) -> str:
    """A set of plugins as one text, by which who may take a turn is found."""
    return "\n".join(sorted(namespaces))


MAX_TITLE = 80
"""Characters of a conversation's title."""


def title_of(text: str) -> str:
    """What a conversation is listed by, of what was said first in it."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1] + "…"
