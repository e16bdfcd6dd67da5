"""A vault of what the embedding program has."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from auth import ANYWHERE, Bearer, CredentialMissing, CredentialRefused, CredentialUse, MappingVault, Origins, Secret

USE = CredentialUse(reference="key", person="ada", plugin="p", origin="https://api.example", scheme=Bearer())


async def given(vault: MappingVault, use: CredentialUse = USE) -> str:
    """What the vault gives at first; it has nothing else to try."""
    async with aclosing(vault.flow(use)) as flow:
        secret = await anext(flow)
        with pytest.raises(StopAsyncIteration):
            await flow.asend(401)
    return secret.reveal()


async def test_everybodys_credential_is_given_to_everybody() -> None:
    vault = MappingVault({"key": "value-1"}, origins=ANYWHERE)
    assert await given(vault) == "value-1"
    assert await given(vault, replace(USE, person="bob")) == "value-1"


async def test_a_persons_own_credential_comes_first_and_is_given_to_nobody_else() -> None:
    vault = MappingVault(
        {"shared": "value-1"}, persons={"ada": {"key": Secret("adas-1"), "shared": "adas-2"}}, origins=ANYWHERE
    )
    assert await given(vault) == "adas-1"
    assert await given(vault, replace(USE, reference="shared")) == "adas-2"
    assert await given(vault, replace(USE, reference="shared", person="bob")) == "value-1"
    with pytest.raises(CredentialMissing, match="no credential 'key' for 'bob'"):
        await given(vault, replace(USE, person="bob"))


async def test_a_part_is_not_the_whole() -> None:
    vault = MappingVault({"key/app": "value-1"}, origins=ANYWHERE)
    assert await given(vault, replace(USE, part="app")) == "value-1"
    with pytest.raises(CredentialMissing, match="no credential 'key' "):
        await given(vault)
    with pytest.raises(CredentialMissing, match="'key/other'"):
        await given(vault, replace(USE, part="other"))


@pytest.mark.parametrize(
    ("reference", "is_there"), [("key", True), ("own", True), ("split", True), ("spl", False), ("other", False)]
)
async def test_it_has_what_somebody_has(reference: str, is_there: bool) -> None:
    vault = MappingVault(
        {"key": "value-1", "split/app": "value-2"}, persons={"bob": {"own": "value-3"}}, origins=ANYWHERE
    )
    assert await vault.has(reference) is is_there


@pytest.mark.parametrize("allowed", ["https://api.example", "https://API.example:443/"])
async def test_a_credential_goes_to_the_origins_it_is_for(allowed: str) -> None:
    assert await given(MappingVault({"key": "value-1"}, origins={"key": [allowed]})) == "value-1"


@pytest.mark.parametrize("origin", ["https://api.example:8443", "http://api.example", "https://evil.example"])
async def test_another_origin_is_refused_and_both_are_named(origin: str) -> None:
    vault = MappingVault({"key": "value-1"}, origins={"key": ["https://api.example"]})
    with pytest.raises(CredentialRefused) as raised:
        await given(vault, replace(USE, origin=origin))
    assert origin in str(raised.value)
    assert "https://api.example" in str(raised.value)
    assert "value-1" not in str(raised.value)


def test_mistakes_are_named_at_construction() -> None:
    with pytest.raises(ValueError, match="'key' is empty"):
        MappingVault({"key": ""})
    with pytest.raises(ValueError, match="is no origin"):
        MappingVault({}, origins={"key": ["api.example"]})


@pytest.mark.parametrize(
    "vault",
    [
        lambda: MappingVault({"key": "value-1"}),
        lambda: MappingVault({"key/app": "value-1"}, origins={"keys": ANYWHERE}),
        lambda: MappingVault({"other": "x"}, persons={"ada": {"key": "value-1"}}, origins={"other": ANYWHERE}),
    ],
)
def test_a_credential_of_which_nobody_says_where_it_may_go_is_refused(vault: Callable[[], MappingVault]) -> None:
    with pytest.raises(ValueError, match="has no origins") as raised:
        vault()
    assert "value-1" not in str(raised.value)
    assert "origins={'key': ['https://HOST']}, or ANYWHERE" in str(raised.value)


async def test_one_reference_may_go_anywhere_and_another_may_not() -> None:
    origins: dict[str, Origins] = {"key": ANYWHERE, "own": ["https://own.example"]}
    vault = MappingVault({"key/app": "value-1", "own": "value-2"}, origins=origins)
    assert await given(vault, replace(USE, part="app")) == "value-1"
    with pytest.raises(CredentialRefused, match=r"is for https://own\.example"):
        await given(vault, replace(USE, reference="own"))


async def test_origins_of_a_part_are_none_of_the_whole() -> None:
    vault = MappingVault({"key/app": "value-1"}, origins={"key/app": ["https://api.example"]})
    assert await given(vault, replace(USE, reference="key/app")) == "value-1"
    with pytest.raises(CredentialRefused, match="is for no origin at all"):
        await given(vault, replace(USE, part="app"))


def test_it_tells_references_and_no_secret() -> None:
    vault = MappingVault({"key": "value-1"}, persons={"ada": {"own": "x"}}, origins=ANYWHERE)
    assert repr(vault) == "<MappingVault of ['key', 'own']>"
