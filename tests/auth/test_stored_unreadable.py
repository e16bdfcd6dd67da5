"""A record that cannot be read breaks nothing else, and can be given anew or be forgotten."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal

import httpx2
import pytest

from auth import Secret, SignInNeeded, VaultError
from auth.credentials import Given
from auth.errors import KeyMissing, SealBroken
from auth.keys import GivenKeys, new_key
from auth.registration import SecretRegistration
from auth.rows import SHARED, RecordKey, Row, RowsInMemory
from auth.sealed import SealedRecords
from auth.shelf import credential_key, registration_key
from auth.stored import StoredVault
from tests.servers.stored_vaults import ORIGIN, USE, Clock, sent
from tests.servers.token_endpoint import TokenEndpoint, token_endpoint

Harm = Literal["lost key", "damaged"]
HARMS: tuple[Harm, ...] = ("lost key", "damaged")
KEY = SecretRegistration()
KEYS = GivenKeys(new_key())


@dataclass(slots=True, kw_only=True)
class Desk:
    """A vault of Ada's, with her keys `a` and `b` and her login `main`."""

    rows: RowsInMemory
    provider: TokenEndpoint
    transport: httpx2.AsyncBaseTransport

    def opened(self) -> StoredVault:
        """As a program does that has just begun."""
        return StoredVault(SealedRecords(self.rows, KEYS), lambda _: self.transport, clock=Clock())

    async def harm(self, key: RecordKey, harm: Harm) -> None:
        """Has the record be one that nobody can read."""
        row = await self.rows.read(key)
        assert row is not None
        await self.rows.write(replace(row, key_id="lost") if harm == "lost key" else replace(row, sealed=b"x"))


@asynccontextmanager
async def desk() -> AsyncGenerator[Desk]:
    async with token_endpoint() as provider, httpx2.AsyncHTTPTransport() as transport:
        one = Desk(rows=RowsInMemory(), provider=provider, transport=transport)
        vault = one.opened()
        for name in ("a", "b"):
            await vault.register("ada", name, KEY, [ORIGIN])
            await vault.keep("ada", name, Given(value=Secret(f"the-key-{name}")))
        await vault.register("ada", "main", provider.registration(), [ORIGIN])
        await vault.keep("ada", "main", provider.login("ada"))
        yield one


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("key", [credential_key("ada", "a"), registration_key("ada", "a")])
async def test_one_breaks_nothing_else_of_the_person(harm: Harm, key: RecordKey) -> None:
    async with desk() as one:
        await one.harm(key, harm)
        vault = one.opened()
        await vault.keep("ada", "b", Given(value=Secret("the-newer-b")))
        assert await sent(vault, replace(USE, reference="b")) == ["the-newer-b"]
        assert (await vault.forget("ada", "main")).is_revoked
        await vault.register("ada", "new", KEY, [ORIGIN])
        kinds = {listed.name: listed.kind for listed in await vault.listed("ada")}
        assert kinds == {"a": "unreadable", "b": "secret", "new": "secret"}


@pytest.mark.parametrize("harm", HARMS)
async def test_one_is_given_anew_in_its_place(harm: Harm) -> None:
    async with desk() as one:
        for key in (registration_key("ada", "a"), credential_key("ada", "a")):
            await one.harm(key, harm)
        before = await one.rows.read(registration_key("ada", "a"))
        vault = one.opened()
        with pytest.raises((KeyMissing, SealBroken)):
            await vault.ready(replace(USE, reference="a"))
        await vault.register("ada", "a", KEY, [ORIGIN])
        after = await one.rows.read(registration_key("ada", "a"))
        assert before is not None
        assert after is not None
        assert after.version == before.version + 1
        await vault.keep("ada", "a", Given(value=Secret("the-newer-a")))
        assert await sent(vault, replace(USE, reference="a")) == ["the-newer-a"]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("kind", ["registration", "credential"])
async def test_one_can_be_forgotten(harm: Harm, kind: Literal["registration", "credential"]) -> None:
    async with desk() as one:
        await one.harm(RecordKey(owner="ada", name="main", kind=kind), harm)
        done = await one.opened().forget("ada", "main")
        assert (done.had_credential, done.had_registration, done.is_revoked) == (True, True, False)
        assert {listed.name for listed in await one.opened().listed("ada")} == {"a", "b"}


@pytest.mark.parametrize("harm", HARMS)
async def test_one_is_listed_as_whose_it_is(harm: Harm) -> None:
    async with desk() as one:
        await one.opened().register(SHARED, "everybodys", KEY, [ORIGIN])
        for key in (registration_key(SHARED, "everybodys"), registration_key("ada", "a")):
            await one.harm(key, harm)
        listed = {listed.name: listed for listed in await one.opened().listed("ada")}
        assert [(listed[name].kind, listed[name].owner) for name in ("everybodys", "a")] == [
            ("unreadable", SHARED),
            ("unreadable", "ada"),
        ]


class Away(RowsInMemory):
    """A store that takes nothing."""

    is_away = False

    async def write(self, row: Row, /) -> int:
        """Raises: `VaultError`."""
        if self.is_away:
            raise VaultError("the store is away")
        return await super().write(row)


async def test_a_damaged_record_stays_until_another_one_is_in_its_place() -> None:
    rows = Away()
    vault = StoredVault(SealedRecords(rows, KEYS), lambda _: httpx2.AsyncHTTPTransport())
    await vault.register("ada", "a", KEY, [ORIGIN])
    row = await rows.read(registration_key("ada", "a"))
    assert row is not None
    await rows.write(replace(row, sealed=b"x"))
    rows.is_away = True
    with pytest.raises(VaultError, match="the store is away"):
        await vault.register("ada", "a", KEY, [ORIGIN])
    assert await rows.keys() == [registration_key("ada", "a")]
    rows.is_away = False
    await vault.register("ada", "a", KEY, [ORIGIN])
    with pytest.raises(SignInNeeded):
        await vault.ready(replace(USE, reference="a"))
