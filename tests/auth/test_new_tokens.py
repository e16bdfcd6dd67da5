"""New tokens of which the old ones are spent are not lost while a store is busy, full or away."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx2
import pytest

from auth import SignInNeeded, VaultError
from auth.credentials import Tokens
from auth.keys import GivenKeys, new_key
from auth.rows import SHARED, Row, RowsInMemory
from auth.sealed import SealedRecords
from auth.stored import StoredVault
from tests.servers.stored_vaults import ORIGIN, USE, Clock, sent
from tests.servers.token_endpoint import TokenEndpoint, token_endpoint

PATIENCE = 0.3


class Full(RowsInMemory):
    """A store whose disk is full for so many writes."""

    left = 0

    async def write(self, row: Row, /) -> int:
        """Raises: `VaultError`."""
        if self.left:
            self.left -= 1
            raise VaultError("the disk is full")
        return await super().write(row)


@dataclass(slots=True, kw_only=True)
class Desk:
    """A vault in which Ada's tokens have expired."""

    vault: StoredVault
    other: StoredVault
    rows: Full
    provider: TokenEndpoint
    clock: Clock


@asynccontextmanager
async def desk(*, patience: float = PATIENCE) -> AsyncGenerator[Desk]:
    rows, clock = Full(), Clock()
    records = SealedRecords(rows, GivenKeys(new_key()))
    async with token_endpoint() as provider, httpx2.AsyncHTTPTransport() as transport:
        vault = StoredVault(records, lambda _: transport, clock=clock, patience=patience)
        other = StoredVault(records, lambda _: transport, clock=clock)
        await vault.register(SHARED, "ref", provider.registration(), [ORIGIN])
        await vault.keep("ada", "ref", provider.login("ada", expires=clock.now))
        yield Desk(vault=vault, other=other, rows=rows, provider=provider, clock=clock)


async def test_a_store_that_fails_some_times_is_tried_again() -> None:
    async with desk(patience=10) as one:
        one.rows.left = 3
        assert await sent(one.vault) == ["access-ada-2"]
        assert one.provider.refreshes == 1


async def test_tokens_that_could_not_be_kept_are_kept_by_the_next_call_and_the_spent_ones_never_sent_again() -> None:
    async with desk() as one:
        one.rows.left = 1_000
        for _ in range(2):
            with pytest.raises(VaultError, match="the disk is full"):
                await sent(one.vault)
        assert one.provider.refreshes == 1
        one.rows.left = 0
        assert await sent(one.vault) == ["access-ada-2"]
        assert await sent(one.other) == ["access-ada-2"]
        assert one.provider.refreshes == 1
        assert await sent(one.vault, USE, 401) == ["access-ada-2", "access-ada-3"]


async def test_tokens_that_could_not_be_kept_give_way_to_a_login_made_since() -> None:
    async with desk() as one:
        one.rows.left = 1_000
        with pytest.raises(VaultError):
            await sent(one.vault)
        one.rows.left = 0
        fresh = one.provider.login("ada", expires=one.clock.now + 3600)
        await one.other.keep("ada", "ref", fresh)
        assert await sent(one.vault) == [fresh.access.reveal()]
        one.clock.now += 3600
        assert await sent(one.vault) == ["access-ada-4"]


async def test_tokens_that_could_not_be_kept_are_given_back_when_they_are_forgotten() -> None:
    async with desk() as one:
        one.rows.left = 1_000
        with pytest.raises(VaultError):
            await sent(one.vault)
        one.rows.left = 0
        assert (await one.vault.forget("ada", "ref")).is_revoked
        assert one.provider.revoked == ["refresh-ada-2", "access-ada-2"]
        with pytest.raises(SignInNeeded):
            await sent(one.vault)


async def test_tokens_that_could_not_be_kept_are_given_back_when_another_process_has_forgotten_them() -> None:
    async with desk() as one:
        await one.vault.keep("bob", "ref", one.provider.login("bob", expires=one.clock.now + 3600))
        one.rows.left = 1_000
        with pytest.raises(VaultError):
            await sent(one.vault)
        one.rows.left = 0
        for key in await one.rows.keys("ada"):
            await one.rows.remove(key)
        with pytest.raises(SignInNeeded, match="no login"):
            await sent(one.vault)
        assert await sent(one.vault, replace(USE, person="bob")) == ["access-bob-2"]


async def test_what_was_got_without_spending_anything_is_asked_for_again() -> None:
    async with desk() as one:
        await one.vault.register(SHARED, "app", one.provider.registration("client_credentials"), [ORIGIN])
        use = replace(USE, reference="app")
        one.rows.left = 1_000
        with pytest.raises(VaultError, match="the disk is full"):
            await sent(one.vault, use)
        one.rows.left = 0
        assert await sent(one.vault, use) == ["access-app-3"]
        kept = await one.vault.credential("ada", "app")
        assert isinstance(kept, Tokens)
