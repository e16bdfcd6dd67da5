"""Keys are called by what they are, and come from several sources (issue 9, point 4)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.errors import KeyMissing
from auth.keys import (
    KEY_BYTES,
    MAX_KEYS,
    GivenKeys,
    KeysInTurn,
    SealingKey,
    key_of,
    keys_of,
    keys_of_environment,
    keys_text,
    new_key,
    rotated,
    rotating,
)
from auth.secret import Secret


def written(key: SealingKey) -> str:
    return base64.b64encode(key.secret).decode()


def test_a_key_shows_nothing_of_itself() -> None:
    key = new_key()
    shown = f"{key!r} {key}"
    assert written(key) not in shown
    assert repr(key.secret) not in shown
    assert key.secret.hex() not in shown
    assert key.id not in key.secret.hex()


def test_the_id_of_a_key_follows_from_the_key() -> None:
    key = new_key()
    assert SealingKey(secret=key.secret).id == key.id
    assert len({new_key().id for _ in range(100)}) == 100


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SealingKey(secret=bytes(length))


@given(st.lists(st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), min_size=1, max_size=MAX_KEYS))
def test_keys_are_read_as_they_were_written(secrets: list[bytes]) -> None:
    keys = tuple(SealingKey(secret=secret) for secret in secrets)
    assert keys_of(keys_text(keys)) == keys


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it has 0 keys"),
        ("# nothing\n", "it has 0 keys"),
        ("abc", "line 1 is no `ID KEY`"),
        ("abc canary!canary", "line 1 is no `ID KEY`: it is not base64"),
        (f"\nabc {base64.b64encode(bytes(32)).decode()}", "line 2 has a key that is not the one of its id"),
        (f"abc {base64.b64encode(b'canary').decode()}", "line 1 is no `ID KEY`: a key has 32 bytes"),
        ("#" * 5000, "more than 4096 characters"),
        (keys_text([new_key() for _ in range(MAX_KEYS + 1)]).reveal(), "it has 9 keys"),
    ],
)
def test_what_is_no_list_of_keys_is_refused_without_telling_what_it_is(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as raised:
        keys_of(Secret(text))
    assert "canary" not in str(raised.value)
    assert "Y2FuYXJ5" not in str(raised.value)


def test_a_rotation_that_has_not_ended_goes_on_with_its_key() -> None:
    old = new_key()
    begun = rotating([old])
    assert begun[1:] == (old,)
    assert rotating(begun) == begun
    assert rotated(begun, begun[0]) == begun[:1]
    assert rotated(begun, old) == begun
    assert rotated(begun, new_key()) == begun


async def test_the_first_key_of_the_environment_seals() -> None:
    first, second = new_key(), new_key()
    keys = keys_of_environment({"ORCHESTRATOR_VAULT_KEY": f" {written(first)}, {written(second)},\n"})
    assert keys is not None
    assert await keys.current() == first
    assert await keys.by_id(second.id) == second
    assert await keys.by_id(new_key().id) is None
    assert written(first) not in repr(keys)


def test_without_the_variable_there_are_no_keys() -> None:
    assert keys_of_environment({}) is None


@pytest.mark.parametrize("text", ["", " "])
def test_a_variable_that_is_empty_is_refused_and_named(text: str) -> None:
    with pytest.raises(KeyMissing, match="ORCHESTRATOR_VAULT_KEY is set and empty"):
        keys_of_environment({"ORCHESTRATOR_VAULT_KEY": text})


@pytest.mark.parametrize("text", ["canary-canary", "Y2FuYXJ5", ",", "canary" * 1000, "canar\u00ff"])
def test_a_variable_that_is_no_key_is_refused_without_telling_what_it_is(text: str) -> None:
    with pytest.raises(KeyMissing) as raised:
        keys_of_environment({"ORCHESTRATOR_VAULT_KEY": text})
    assert "canar" not in str(raised.value)
    assert "Y2Fu" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_key_is_read_in_either_alphabet_of_base64() -> None:
    key = SealingKey(secret=b"\xfb\xff" * 16)
    assert key_of(base64.urlsafe_b64encode(key.secret).decode()) == key_of(written(key)) == key


async def test_sources_are_asked_in_turn_and_the_first_one_seals() -> None:
    first, second = new_key(), new_key()
    keys = KeysInTurn(GivenKeys(first), GivenKeys(second))
    assert await keys.current() == first
    assert await keys.by_id(second.id) == second
    assert await keys.by_id("none") is None
