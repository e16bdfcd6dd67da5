"""Tokens are renewed once for all who wait: within a process by one flight, across processes by a claim on the record.

What a provider gave is kept before anybody uses it, and whoever is cancelled meanwhile waits for that: of a refresh
token that is replaced at each use there is only the one copy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import anyio

from auth.credentials import Tokens
from auth.errors import (
    CredentialError,
    CredentialMissing,
    KeyMissing,
    ProviderError,
    RecordChanged,
    SealBroken,
    VaultError,
)
from auth.new_tokens import NewTokens, pause
from auth.rows import RecordKey
from auth.shelf import MAX_WRITES, Kept, Shelf, rejected

TOKEN_SECONDS = 30.0
"""How long a provider may take to give new tokens."""

PATIENCE_SECONDS = 20.0
"""How long keeping them is tried, and how long what is to be removed waits for others who renew it."""

CLAIM_SECONDS = 55.0
"""How long nobody else renews what one process has begun to: longer than both of the above."""

WAIT_SECONDS = 60.0
"""How long one looks for that: longer than the claim of a process that died."""

GONE: frozenset[str] = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
"""Codes by which a provider says that it wants to see the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What is to be renewed, and how."""

    key: RecordKey
    seen: Kept | None
    """What is not good enough; None where there is nothing."""
    origins: tuple[str, ...]
    """Of what is got."""
    is_refresh: bool
    """True where what was seen is spent for it."""
    fetch: Callable[[], Awaitable[Tokens]]
    """Asks the provider. Raises: `ProviderError`."""
    check: Callable[[], Awaitable[None]]
    """Raises: `CredentialMissing` where nothing is got by this registration any more; `VaultError`."""
    revoke: Callable[[Tokens], Awaitable[bool]]
    """Gives tokens back that nobody wants, where that can be done in good time."""


@dataclass(slots=True)
class _Flight:
    """A renewal under way."""

    task: asyncio.Task[Kept | None]
    has_left: bool = False
    """True since the one who began it was cancelled: it ends, unless the provider has been asked already."""


def is_unchanged(one: Kept | None, other: Kept | None) -> bool:
    """True for the same credential, however often it was written: when keys are replaced, all records are."""
    if one is None or other is None:
        return one is other
    return (one.origins, one.credential) == (other.origins, other.credential)


async def _to_its_end(flight: _Flight) -> None:
    """Whoever is cancelled meanwhile goes on only when it has ended, and is cancelled then."""
    try:
        await asyncio.wait({flight.task})
    except asyncio.CancelledError:
        flight.has_left = True
        with anyio.CancelScope(shield=True):
            while not flight.task.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({flight.task})
        raise


class Renewing:
    """Renews what is on a shelf."""

    def __init__(self, shelf: Shelf, *, patience: float = PATIENCE_SECONDS) -> None:
        self._shelf = shelf
        self._patience = patience
        self._new = NewTokens(shelf, patience=patience)
        self._flights: dict[RecordKey, _Flight] = {}

    async def renewed(self, renewal: Renewal) -> Kept | None:
        """What is kept by then, by whomever it was renewed; None where it was removed, and rejected where the provider
        says that it is not renewed any more.

        Raises: `CredentialMissing` where it is not registered any more; `ProviderError`, `VaultError`.
        """
        while True:
            flight = self._flights.get(renewal.key)
            if flight is None:
                flight = self._begun(renewal)
                await _to_its_end(flight)
                return flight.task.result()
            await asyncio.wait({flight.task})
            kept = flight.task.result()
            if not is_unchanged(kept, renewal.seen):
                return kept

    def _begun(self, renewal: Renewal) -> _Flight:
        async def fly() -> Kept | None:
            try:
                return await self._flown(renewal)
            finally:
                del self._flights[renewal.key]

        flight = _Flight(asyncio.ensure_future(fly()))
        flight.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._flights[renewal.key] = flight
        return flight

    async def settled(self, key: RecordKey) -> None:
        """Returns when nothing of that key is under way in this process."""
        while flight := self._flights.get(key):
            await asyncio.wait({flight.task})

    async def taken(self, key: RecordKey) -> Kept | None:
        """What is kept, to be removed: nobody renews it from now on, unless others have been at it for too long.

        None where there is nothing that can be read. Raises: `VaultError`.
        """
        deadline = anyio.current_time() + self._patience
        with anyio.CancelScope(deadline=deadline):
            await self.settled(key)
        while True:
            try:
                kept = await self._shelf.kept(key)
            except (KeyMissing, SealBroken):
                return None
            if kept is None or await self._shelf.claim(kept, CLAIM_SECONDS) or anyio.current_time() >= deadline:
                held = self._new.held_for(key, kept)
                self._new.drop(key)
                return kept if held is None else held.new
            await pause()

    async def _flown(self, renewal: Renewal) -> Kept | None:
        """Raises: `CredentialMissing`, `ProviderError`, `VaultError`."""
        kept = renewal.seen
        if (held := self._new.held_for(renewal.key, kept)) is not None:
            return await self._stored(renewal, held.new, held.spent)
        if kept is not None:
            kept, is_ours = await self._claimed(kept)
            if not is_ours:
                return kept
        try:
            tokens = await self._fetched(renewal)
        except CredentialError as error:
            return await self._failed(renewal, kept, error)
        version = 0 if kept is None else kept.version
        new = Kept(key=renewal.key, origins=renewal.origins, credential=tokens, version=version)
        return await self._stored(renewal, new, kept)

    async def _claimed(self, seen: Kept) -> tuple[Kept | None, bool]:
        """What is kept, and if it is ours to renew. Raises: `ProviderError`, `VaultError`."""
        deadline = anyio.current_time() + WAIT_SECONDS
        while True:
            kept = await self._shelf.kept(seen.key)
            if kept is None or not is_unchanged(kept, seen) or self._flights[seen.key].has_left:
                return kept, False
            if await self._shelf.claim(kept, CLAIM_SECONDS):
                return kept, True
            if anyio.current_time() >= deadline:
                message = f"another process renews the credential {seen.key.name!r} and does not come to an end"
                raise ProviderError(message, may_pass=True)
            await pause()

    async def _fetched(self, renewal: Renewal) -> Tokens:
        """Raises: `ProviderError`."""
        try:
            with anyio.fail_after(TOKEN_SECONDS):
                return await renewal.fetch()
        except TimeoutError:
            raise ProviderError(f"the provider gave no answer in {TOKEN_SECONDS:.0f} s", may_pass=True) from None

    async def _stored(self, renewal: Renewal, new: Kept, spent: Kept | None) -> Kept | None:
        """As `NewTokens.kept`; what nobody wants any more is given back. Raises: `CredentialMissing`, `VaultError`."""
        try:
            kept = await self._new.kept(new, spent, is_spent=renewal.is_refresh)
        except VaultError:
            if spent is not None and not renewal.is_refresh:
                with suppress(VaultError):
                    await self._shelf.release(spent)
            raise
        if kept is None:
            await self._given_back(renewal, new)
        elif not renewal.is_refresh:
            await self._check(renewal, kept)
        return kept

    async def _check(self, renewal: Renewal, kept: Kept) -> None:
        """After the writing: whoever removes a registration looks for what was got by it only then.

        Raises: `CredentialMissing`, `VaultError`.
        """
        try:
            await renewal.check()
        except CredentialMissing:
            if is_unchanged(await self._shelf.kept(kept.key), kept):
                await self._shelf.remove(kept.key)
            await self._given_back(renewal, kept)
            raise

    async def _given_back(self, renewal: Renewal, kept: Kept) -> None:
        if isinstance(kept.credential, Tokens):
            await renewal.revoke(kept.credential)

    async def _failed(self, renewal: Renewal, seen: Kept | None, error: CredentialError) -> Kept | None:
        """What is kept, where that has changed in the meantime. Raises: the error, where it has not."""
        kept = await self._shelf.kept(renewal.key)
        if not is_unchanged(kept, seen):
            return kept
        if kept is None:
            raise error
        if renewal.is_refresh and isinstance(error, ProviderError) and error.code in GONE:
            return await self.mark(kept)
        await self._shelf.release(kept)
        raise error

    async def mark(self, kept: Kept) -> Kept | None:
        """Keeps in mind that this credential is not taken any more, unless there is another one by now."""
        marked = kept
        for _ in range(MAX_WRITES):
            try:
                return await self._shelf.write(rejected(marked))
            except RecordChanged:
                current = await self._shelf.kept(kept.key)
                if current is None or not is_unchanged(current, kept):
                    return current
                marked = current
        raise RecordChanged(f"the credential {kept.key.name!r} is written by others all the time; try again later")
