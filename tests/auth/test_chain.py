"""Several vaults as one."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from auth import (
    ANYWHERE,
    Bearer,
    CredentialError,
    CredentialMissing,
    CredentialRefused,
    CredentialUse,
    Flow,
    MappingVault,
    ProviderError,
    Secret,
    SignIn,
    SignInNeeded,
    VaultError,
)
from auth.chain import ChainVault

USE = CredentialUse(reference="key", person="ada", plugin="p", origin="https://api.example", scheme=Bearer())


@dataclass(slots=True)
class Scripted:
    """A vault that gives some secrets in turn, or has an error instead."""

    secrets: tuple[str, ...] = ()
    error: CredentialError | None = None
    statuses: list[int] = field(default_factory=list[int])
    is_closed: bool = False

    async def has(self, reference: str, /) -> bool:
        """As `Vault.has`."""
        return reference in self.secrets

    async def ready(self, use: CredentialUse, /) -> None:
        """As `Vault.ready`."""
        if self.error is not None:
            raise self.error

    async def flow(self, use: CredentialUse, /) -> Flow:
        """As `Vault.flow`."""
        try:
            if self.error is not None and not self.secrets:
                raise self.error
            for secret in self.secrets:
                self.statuses.append((yield Secret(secret)))
            if self.error is not None:
                raise self.error
        finally:
            self.is_closed = True


def needed(name: str) -> SignInNeeded:
    return SignInNeeded(SignIn(name=name, kind="login", reason=f"log in to {name}"))


def values(**kept: str) -> MappingVault:
    return MappingVault(kept, origins=ANYWHERE)


async def first(chain: ChainVault) -> str:
    """What both ways in agree on."""
    await chain.ready(USE)
    async with aclosing(chain.flow(USE)) as flow:
        return (await anext(flow)).reveal()


async def told(chain: ChainVault) -> CredentialError:
    """The error that both ways in agree on."""
    with pytest.raises(CredentialError) as ready:
        await chain.ready(USE)
    async with aclosing(chain.flow(USE)) as flow:
        with pytest.raises(CredentialError) as begun:
            await anext(flow)
    assert ready.value is begun.value
    return ready.value


async def test_the_first_that_has_it_gives_it() -> None:
    assert await first(ChainVault(values(other="1"), values(key="2"), values(key="3"))) == "2"


async def test_a_login_that_nobody_has_made_is_passed_on() -> None:
    assert await first(ChainVault(Scripted(error=needed("key")), values(key="2"))) == "2"


async def test_where_none_has_it_the_first_sign_in_is_asked_for() -> None:
    missing, asked = CredentialMissing("none here"), needed("one")
    chain = ChainVault(Scripted(error=missing), Scripted(error=asked), Scripted(error=needed("two")))
    assert await told(chain) is asked
    assert await told(ChainVault(Scripted(error=missing), Scripted(error=CredentialMissing("nor here")))) is missing


@pytest.mark.parametrize("kind", [CredentialRefused, ProviderError, VaultError])
async def test_any_other_error_ends_the_search(kind: type[CredentialError]) -> None:
    error = kind("no")
    assert await told(ChainVault(Scripted(error=error), values(key="2"))) is error


async def test_a_chain_of_none_has_nothing() -> None:
    with pytest.raises(CredentialMissing, match="no vault for the credential 'key'"):
        await first(ChainVault())
    async with aclosing(ChainVault(Scripted()).flow(USE)) as flow:
        with pytest.raises(CredentialMissing):
            await anext(flow)


async def test_it_has_what_any_has() -> None:
    chain = ChainVault(values(a="1"), values(b="2"))
    assert [await chain.has(name) for name in ("a", "b", "c")] == [True, True, False]


async def test_the_whole_call_is_with_the_one_that_began_it() -> None:
    behind, vault = Scripted(("3",)), Scripted(("1", "2"))
    async with aclosing(ChainVault(vault, behind).flow(USE)) as flow:
        assert (await anext(flow)).reveal() == "1"
        assert (await flow.asend(401)).reveal() == "2"
        with pytest.raises(StopAsyncIteration):
            await flow.asend(403)
    assert vault.statuses == [401, 403]
    assert vault.is_closed
    assert not behind.is_closed


async def test_a_sign_in_after_a_refusal_is_not_passed_on() -> None:
    chain = ChainVault(Scripted(("1",), error=needed("key")), values(key="2"))
    async with aclosing(chain.flow(USE)) as flow:
        await anext(flow)
        with pytest.raises(SignInNeeded):
            await flow.asend(401)


async def test_who_leaves_a_call_early_closes_the_vaults_flow() -> None:
    vault = Scripted(("1", "2"))
    async with aclosing(ChainVault(vault).flow(USE)) as flow:
        await anext(flow)
    assert vault.is_closed
