"""Keys are made of a passphrase again from what a row says, within bounds (issue 9, point 4)."""

from __future__ import annotations

import anyio
import pytest

from auth.errors import KeyMissing
from auth.keys import SealingKey
from auth.passphrase import COST, MAX_COST, PassphraseKeys, derived, passphrase_of_environment
from auth.secret import Secret

PASSPHRASE = Secret("correct horse battery")


async def test_the_same_passphrase_makes_the_same_key_of_its_id() -> None:
    key = await PassphraseKeys(PASSPHRASE).current()
    again = PassphraseKeys(PASSPHRASE)
    assert await again.by_id(key.id) == key
    assert await again.current() == key, "one salt serves for all records"


async def test_each_new_key_has_a_salt_of_its_own() -> None:
    keys = PassphraseKeys(PASSPHRASE)
    first, second = await keys.current(), await PassphraseKeys(PASSPHRASE).current()
    assert first.id != second.id
    assert await keys.by_id(second.id) == second
    assert await keys.current() == first


async def test_another_passphrase_has_not_the_key() -> None:
    key = await PassphraseKeys(PASSPHRASE).current()
    assert await PassphraseKeys(Secret("another passphrase")).by_id(key.id) is None


async def test_earlier_passphrases_open_and_do_not_seal() -> None:
    old = await PassphraseKeys(PASSPHRASE).current()
    keys = PassphraseKeys(Secret("another passphrase"), PASSPHRASE)
    assert await keys.by_id(old.id) == old
    assert await keys.current() != old


async def test_a_key_is_made_once_however_many_ask_for_it() -> None:
    key = await PassphraseKeys(PASSPHRASE).current()
    keys, found = PassphraseKeys(PASSPHRASE), list[SealingKey | None]()

    async def ask() -> None:
        found.append(await keys.by_id(key.id))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    assert found == [key] * 20
    assert all(one is found[0] for one in found), "the very same object"


@pytest.mark.parametrize(
    "key_id",
    [
        "",
        "0123456789abcdef",
        f"scrypt-{COST - 1}-{'0' * 32}.0123456789abcdef",
        f"scrypt-{MAX_COST + 1}-{'0' * 32}.0123456789abcdef",
        f"scrypt-99-{'0' * 32}.0123456789abcdef",
        f"scrypt-{COST}-{'0' * 34}.0123456789abcdef",
        f"scrypt-{COST}-{'0' * 31}.0123456789abcdef",
        f"scrypt-{COST}-{'0' * 32}.",
        f"scrypt-{COST}-{'0' * 32}.0123456789abcdef\n",
        f"scrypt-\u0661\u0665-{'0' * 32}.0123456789abcdef",
    ],
)
async def test_a_row_that_asks_for_other_work_gets_none(key_id: str) -> None:
    assert await PassphraseKeys(PASSPHRASE).by_id(key_id) is None


@pytest.mark.parametrize("cost", [-1, 0, 1, COST - 1, MAX_COST + 1, 63])
def test_the_cost_has_bounds(cost: int) -> None:
    with pytest.raises(ValueError, match=f"not {COST} to {MAX_COST}"):
        derived(PASSPHRASE, bytes(16), cost)


async def test_a_passphrase_is_the_same_however_it_is_typed() -> None:
    key = await PassphraseKeys(Secret("caf\u00e9 du coin")).current()
    assert await PassphraseKeys(Secret("cafe\u0301 du coin")).by_id(key.id) == key


@pytest.mark.parametrize("text", ["", "short-1"])
def test_a_short_passphrase_is_refused_without_telling_it(text: str) -> None:
    with pytest.raises(KeyMissing, match="needs 8 characters") as raised:
        PassphraseKeys(Secret(text))
    assert not text or text not in str(raised.value)


async def test_nothing_shows_the_passphrase() -> None:
    keys = PassphraseKeys(PASSPHRASE)
    key = await keys.current()
    assert PASSPHRASE.reveal() not in f"{keys!r} {key!r}"


def test_the_environment_may_have_the_passphrase() -> None:
    assert passphrase_of_environment({"ORCHESTRATOR_VAULT_PASSPHRASE": PASSPHRASE.reveal()}) == PASSPHRASE
    assert passphrase_of_environment({}) is None
    with pytest.raises(KeyMissing, match="ORCHESTRATOR_VAULT_PASSPHRASE is set and empty"):
        passphrase_of_environment({"ORCHESTRATOR_VAULT_PASSPHRASE": ""})
