"""What the tests of the stored vault have in common: a vault over sealed rows in memory, with a clock of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace

import anyio
import httpx2
import pytest

from auth import Bearer, CredentialUse, SecretsInUse, SignIn, SignInNeeded
from auth.keys import GivenKeys, new_key
from auth.obtaining import SubjectToken
from auth.records import Record, Records
from auth.renewing import PATIENCE_SECONDS
from auth.rows import RecordKey, RowsInMemory
from auth.sealed import SealedRecords
from auth.stored import StoredVault
from tests.servers.token_endpoint import TokenEndpoint, token_endpoint

ORIGIN = "https://api.example"
USE = CredentialUse(reference="ref", person="ada", plugin="p", origin=ORIGIN, scheme=Bearer())


@dataclass(slots=True, kw_only=True)
class Clock:
    """Says what a test has set."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True, kw_only=True)
class Kit:
    """A vault and what is around it."""

    vault: StoredVault
    records: Records
    provider: TokenEndpoint
    clock: Clock
    secrets: SecretsInUse
    transport: httpx2.AsyncBaseTransport

    def another(self, *, patience: float = PATIENCE_SECONDS) -> StoredVault:
        """A vault of another process, over the same records."""
        return StoredVault(self.records, lambda _: self.transport, clock=self.clock, patience=patience)

    async def logged_in(self, person: str = "ada", name: str = "ref", *, lifetime: float | None = 3600) -> None:
        """A login of that person, for what is registered for everybody."""
        if await self.vault.registered(person, name) is None:
            await self.vault.register("", name, self.provider.registration(), [ORIGIN])
        expires = None if lifetime is None else self.clock.now + lifetime
        await self.vault.keep(person, name, self.provider.login(person, expires=expires))


@asynccontextmanager
async def kit(*, subject: SubjectToken | None = None) -> AsyncGenerator[Kit]:
    """Everything, until the context is left."""
    records, clock, secrets = SealedRecords(RowsInMemory(), GivenKeys(new_key())), Clock(), SecretsInUse()
    async with token_endpoint() as provider, httpx2.AsyncHTTPTransport() as transport:
        vault = StoredVault(records, lambda _: transport, secrets=secrets, clock=clock, subject=subject)
        yield Kit(vault=vault, records=records, provider=provider, clock=clock, secrets=secrets, transport=transport)


@dataclass(slots=True)
class Gate:
    """Lets a test see that a request has come, and decide when it goes on."""

    reached: anyio.Event = field(default_factory=anyio.Event)
    opened: anyio.Event = field(default_factory=anyio.Event)

    async def __call__(self) -> None:
        self.reached.set()
        await self.opened.wait()


async def nothing() -> None:
    """Lets everything through."""


@dataclass(slots=True)
class Watched:
    """Records, with something that happens before what is done to them."""

    records: Records
    before_write: Callable[[], Awaitable[None]] = nothing
    after_claim: Callable[[], Awaitable[None]] = nothing

    async def read(self, key: RecordKey, /) -> Record | None:
        """As `Records.read`."""
        return await self.records.read(key)

    async def version(self, key: RecordKey, /) -> int:
        """As `Records.version`."""
        return await self.records.version(key)

    async def write(self, record: Record, /) -> int:
        """As `Records.write`."""
        act, self.before_write = self.before_write, nothing
        await act()
        return await self.records.write(record)

    async def remove(self, key: RecordKey, /) -> bool:
        """As `Records.remove`."""
        return await self.records.remove(key)

    async def keys(self, owner: str | None = None, /) -> Sequence[RecordKey]:
        """As `Records.keys`."""
        return await self.records.keys(owner)

    async def claim(self, key: RecordKey, version: int, seconds: float, /) -> bool:
        """As `Records.claim`."""
        is_ours = await self.records.claim(key, version, seconds)
        await self.after_claim()
        return is_ours

    async def release(self, key: RecordKey, version: int, /) -> None:
        """As `Records.release`."""
        await self.records.release(key, version)


def watching(one: Kit, *, patience: float = PATIENCE_SECONDS) -> tuple[StoredVault, Watched]:
    """A vault of another process, with what it does to the records."""
    watched = Watched(one.records)
    return StoredVault(watched, lambda _: one.transport, clock=one.clock, patience=patience), watched


async def needed(one: Kit, person: str = "ada", scopes: tuple[str, ...] = ()) -> SignIn:
    """What a person has to do first."""
    with pytest.raises(SignInNeeded) as caught:
        await one.vault.ready(replace(USE, person=person, scopes=scopes))
    return caught.value.sign_in


async def sent(vault: StoredVault, use: CredentialUse = USE, *statuses: int) -> list[str]:
    """The secrets that one call sends, when these are the statuses of its answers; then the call ends."""
    secrets: list[str] = []
    async with aclosing(vault.flow(use)) as flow:
        secrets.append((await anext(flow)).reveal())
        for status in statuses:
            try:
                secrets.append((await flow.asend(status)).reveal())
            except StopAsyncIteration:
                break
    return secrets
