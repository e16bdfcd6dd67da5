"""A key that opens nothing of a vault seals nothing in it: most likely somebody has mistyped a passphrase."""

from __future__ import annotations

from pathlib import Path

import pytest

from auth.errors import KeyMissing, SealBroken
from auth.key_file import KeyFile
from auth.keys import GivenKeys, Keys, KeysInTurn, new_key
from auth.passphrase import PassphraseKeys
from auth.rows import SHARED, RecordKey, Row, RowsInMemory
from auth.sealed import SealedRecords
from auth.secret import Secret
from tests.auth.any_record import record_of

TYPED = PassphraseKeys(Secret("correct horse battery"))
MISTYPED = PassphraseKeys(Secret("corect horse battery"))


async def kept(keys: Keys, *owners: str) -> RowsInMemory:
    """A store with a record of each."""
    rows = RowsInMemory()
    for owner in owners:
        await SealedRecords(rows, keys).write(record_of(owner=owner))
    return rows


@pytest.mark.parametrize("owner", ["ada", SHARED])
@pytest.mark.parametrize(
    ("keys", "others"), [(TYPED, MISTYPED), (GivenKeys(new_key()), GivenKeys(new_key())), (TYPED, GivenKeys(new_key()))]
)
async def test_nothing_is_sealed_with_a_key_that_opens_nothing(owner: str, keys: Keys, others: Keys) -> None:
    rows = await kept(keys, owner)
    records = SealedRecords(rows, others)
    for _ in range(2):
        with pytest.raises(KeyMissing, match="this key, or passphrase, opens nothing of this vault"):
            await records.write(record_of(owner="ada", name="new"))
    assert len(await rows.keys()) == 1
    await SealedRecords(rows, keys).write(record_of(owner="ada", name="new"))


async def test_a_new_key_file_is_not_made_for_a_vault_whose_key_is_gone(tmp_path: Path) -> None:
    rows = await kept(KeyFile(tmp_path / "a.key"), "ada")
    other = tmp_path / "b.key"
    with pytest.raises(KeyMissing, match="opens nothing"):
        await SealedRecords(rows, KeyFile(other)).write(record_of(name="new"))
    assert not other.exists()


async def test_what_somebody_else_has_sealed_is_nothing_to_go_by() -> None:
    rows = await kept(TYPED, "eve")
    await SealedRecords(rows, MISTYPED).write(record_of(owner="ada"))


async def test_a_key_that_opens_one_of_several_records_does() -> None:
    rows, old, new = await kept(TYPED, SHARED), GivenKeys(new_key()), GivenKeys(new_key())
    await SealedRecords(rows, KeysInTurn(old, TYPED)).write(record_of(owner="ada"))
    await SealedRecords(rows, KeysInTurn(old)).write(record_of(owner="ada", name="more"))
    await SealedRecords(rows, KeysInTurn(new, old)).write(record_of(owner="ada", name="most"))
    assert len(await rows.keys()) == 4


class Damaged(RowsInMemory):
    """A store in which somebody has put something else into the columns of a row."""

    async def read(self, key: RecordKey, /) -> Row | None:
        """Raises: `SealBroken`."""
        if key.name == "a-damaged":
            raise SealBroken("it is not as it was written")
        return await super().read(key)


async def test_a_damaged_record_keeps_nobody_from_writing_another() -> None:
    rows = Damaged()
    keys = GivenKeys(new_key())
    for name in ("a-damaged", "b"):
        await SealedRecords(rows, keys).write(record_of(name=name))
    await SealedRecords(rows, keys).write(record_of(name="c"))
    with pytest.raises(KeyMissing, match="opens nothing"):
        await SealedRecords(rows, GivenKeys(new_key())).write(record_of(name="d"))
