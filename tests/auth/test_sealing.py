"""A seal holds for one place, and for what was sealed (issue 9: swapped, truncated, bit-flipped)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from auth.errors import SealBroken, VaultError
from auth.keys import SealingKey, new_key
from auth.rows import RecordKey, Row
from auth.sealing import FORMAT, MAX_CONTENT_BYTES, NONCE_BYTES, TAG_BYTES, open_sealed, seal
from auth.secret import Secret
from tests.auth.any_record import keys, many, secrets

KEY = new_key()
RECORD = RecordKey(owner="ada", name="todo", kind="credential")
ORIGINS = ("https://api.example.com:443", "https://b.example.com:443")
CANARY = "canary-1234"


def row_of(key: SealingKey = KEY, record: RecordKey = RECORD, content: str = CANARY) -> Row:
    return Row(key=record, origins=ORIGINS, key_id=key.id, sealed=seal(key, record, ORIGINS, Secret(content)))


@given(keys, many, secrets)
def test_what_is_sealed_is_opened_as_it_was(record: RecordKey, origins: tuple[str, ...], content: Secret) -> None:
    row = Row(key=record, origins=origins, key_id=KEY.id, sealed=seal(KEY, record, origins, content))
    assert open_sealed(KEY, row) == content


def test_nothing_of_the_content_is_to_be_seen_and_no_two_seals_are_alike() -> None:
    first, second = row_of(content=CANARY * 10), row_of(content=CANARY * 10)
    assert CANARY[:6].encode() not in first.sealed
    assert not {first.sealed[i : i + 12] for i in range(1, 100)} & {second.sealed[i : i + 12] for i in range(1, 100)}


def test_every_bit_that_is_flipped_is_seen() -> None:
    row = row_of()
    for at in range(len(row.sealed)):
        for bit in range(8):
            flipped = bytearray(row.sealed)
            flipped[at] ^= 1 << bit
            with pytest.raises(SealBroken, match="the credential 'todo' of 'ada' is not what was sealed"):
                open_sealed(KEY, replace(row, sealed=bytes(flipped)))


def test_every_cut_and_every_addition_is_seen() -> None:
    row = row_of()
    for length in range(len(row.sealed)):
        with pytest.raises(SealBroken):
            open_sealed(KEY, replace(row, sealed=row.sealed[:length]))
    with pytest.raises(SealBroken):
        open_sealed(KEY, replace(row, sealed=row.sealed + b"\0"))


ROW = row_of()


@pytest.mark.parametrize(
    "moved",
    [
        replace(ROW, key=replace(RECORD, owner="eve")),
        replace(ROW, key=replace(RECORD, owner="")),
        replace(ROW, key=replace(RECORD, name="mail")),
        replace(ROW, key=replace(RECORD, kind="registration")),
        replace(ROW, key=replace(RECORD, owner="adat", name="odo")),
        replace(ROW, origins=("https://evil.example:443",)),
        replace(ROW, origins=()),
        replace(ROW, origins=ORIGINS[:1]),
        replace(ROW, origins=ORIGINS[::-1]),
        replace(ROW, origins=("".join(ORIGINS),)),
        replace(ROW, origins=(*ORIGINS, "")),
        replace(ROW, key_id=new_key().id),
        replace(ROW, key_id=""),
    ],
    ids=range(13),
)
def test_a_seal_holds_in_its_own_place_only(moved: Row) -> None:
    assert open_sealed(KEY, ROW).reveal() == CANARY
    with pytest.raises(SealBroken):
        open_sealed(KEY, moved)


def test_texts_that_json_would_write_alike_are_told_apart() -> None:
    row = row_of(record=replace(RECORD, owner="\ud83d\ude00"))
    with pytest.raises(SealBroken):
        open_sealed(KEY, replace(row, key=replace(row.key, owner="\U0001f600")))


def test_another_key_does_not_open_even_under_the_same_id() -> None:
    other = new_key()
    with pytest.raises(SealBroken):
        open_sealed(other, replace(row_of(), key_id=other.id))


def test_a_record_that_is_too_long_is_neither_sealed_nor_opened() -> None:
    seal(KEY, RECORD, ORIGINS, Secret("x" * MAX_CONTENT_BYTES))
    with pytest.raises(
        VaultError, match=f"the credential 'todo' of 'ada' is too long to be kept: more than {256 * 1024}"
    ):
        seal(KEY, RECORD, ORIGINS, Secret("x" * (MAX_CONTENT_BYTES + 1)))
    size = len(FORMAT) + NONCE_BYTES + MAX_CONTENT_BYTES + TAG_BYTES + 1
    with pytest.raises(SealBroken):
        open_sealed(KEY, replace(row_of(), sealed=FORMAT + bytes(size - 1)))


def test_a_broken_seal_tells_nothing_of_the_cause() -> None:
    with pytest.raises(SealBroken) as raised:
        open_sealed(KEY, replace(row_of(record=replace(RECORD, owner="")), origins=()))
    assert str(raised.value).startswith("the shared credential 'todo' is not what was sealed")
    assert raised.value.__suppress_context__
