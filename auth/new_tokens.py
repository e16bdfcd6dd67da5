"""Keeps new tokens, of which there is no other copy: tries again, and holds in memory what cannot be kept yet."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import anyio

from auth.credentials import Credential, Given
from auth.errors import RecordChanged, VaultError
from auth.rows import RecordKey
from auth.shelf import MAX_WRITES, Kept, Shelf

PAUSE_SECONDS = 0.1
"""How long one waits on average before trying, or looking, again."""

MAX_HELD = 256
"""Credentials whose new tokens are held; of more, the oldest are lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """New tokens that could not be kept yet."""

    spent: Kept
    """What they were got for: it is not sent to the provider again."""
    new: Kept


def _is_same(one: Credential, other: Credential) -> bool:
    """True for the same tokens, whether they are rejected or not."""
    if isinstance(one, Given) or isinstance(other, Given):
        return False
    return (one.access, one.refresh) == (other.access, other.refresh)


async def pause() -> None:
    """Of another length each time, so that not all look at once."""
    await anyio.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311


class NewTokens:
    """Keeps them on a shelf; each is tried for `patience` seconds."""

    def __init__(self, shelf: Shelf, *, patience: float) -> None:
        self._shelf = shelf
        self._patience = patience
        self._held: dict[RecordKey, Held] = {}

    def held_for(self, key: RecordKey, kept: Kept | None) -> Held | None:
        """What was got for this already; what was got for something else is of no use any more."""
        held = self._held.get(key)
        if held is not None and kept is not None and _is_same(kept.credential, held.spent.credential):
            return held
        self.drop(key)
        return None

    def drop(self, key: RecordKey) -> None:
        """Holds nothing of that key any more."""
        self._held.pop(key, None)

    async def kept(self, new: Kept, spent: Kept | None, *, is_spent: bool) -> Kept | None:
        """What is kept from then on: `new`, unless somebody else has kept something else in the place of `spent`; None
        where that was removed.

        What cannot be kept is held, if something `is_spent` for it. Raises: `VaultError`.
        """
        try:
            kept = await self._put_in_time(new, spent)
        except VaultError:
            if is_spent and spent is not None:
                self._hold(Held(spent=spent, new=new))
            raise
        self.drop(new.key)
        return kept

    def _hold(self, held: Held) -> None:
        self._held[held.new.key] = held
        while len(self._held) > MAX_HELD:
            del self._held[next(iter(self._held))]

    async def _put_in_time(self, new: Kept, spent: Kept | None) -> Kept | None:
        """Raises: `VaultError`."""
        deadline = anyio.current_time() + self._patience
        while True:
            try:
                with anyio.fail_after(deadline - anyio.current_time()):
                    return await self._put(new, spent)
            except TimeoutError:
                raise VaultError(f"the new tokens of {new.key.name!r} could not be kept in time") from None
            except VaultError:
                if anyio.current_time() + PAUSE_SECONDS * 2 >= deadline:
                    raise
            await pause()

    async def _put(self, new: Kept, spent: Kept | None) -> Kept | None:
        """Raises: `VaultError`."""
        for _ in range(MAX_WRITES):
            try:
                return await self._shelf.write(new)
            except RecordChanged:
                kept = await self._shelf.kept(new.key)
                if kept is None or spent is None or not _is_same(kept.credential, spent.credential):
                    return kept
                new = replace(new, version=kept.version)
        raise RecordChanged(f"the credential {new.key.name!r} is written by others all the time; try again later")
