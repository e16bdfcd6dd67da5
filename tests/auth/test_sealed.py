"""Rows are sealed under keys that can be replaced, whatever breaks off meanwhile (issue 9, point 4)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from auth.errors import KeyMissing, SealBroken, VaultError
from auth.key_file import KeyFile
from auth.keys import GivenKeys, Keys, SealingKey, new_key
from auth.passphrase import PassphraseKeys
from auth.rows import RecordKey, Row, Rows, RowsInMemory
from auth.sealed import SealedRecords
from auth.secret import Secret
from tests.auth.any_record import record_of

ROOT = Path(__file__).resolve().parents[2]


async def filled(rows: Rows, keys: Keys, count: int = 5) -> SealedRecords:
    records = SealedRecords(rows, keys)
    for number in range(count):
        await records.write(record_of(f"canary-{number}", name=f"api-{number}"))
    return records


async def key_ids(rows: Rows) -> set[str]:
    found = [await rows.read(key) for key in await rows.keys()]
    return {row.key_id for row in found if row is not None}


async def contents(records: SealedRecords) -> list[str]:
    found = [await records.read(key) for key in await records.keys()]
    return [record.content.reveal() for record in found if record is not None]


async def moved(rows: Rows, key: RecordKey, **changes: object) -> None:
    """Has somebody change a row in the store."""
    row = await rows.read(key)
    assert row is not None
    match changes:
        case {"sealed": bytes(sealed)}:
            await rows.write(replace(row, sealed=sealed))
        case {"key_id": str(key_id)}:
            await rows.write(replace(row, key_id=key_id))
        case _:
            await rows.write(replace(row, origins=("https://evil.example:443",)))


async def test_rows_have_nothing_of_a_secret() -> None:
    rows = RowsInMemory()
    await filled(rows, GivenKeys(new_key()))
    for key in await rows.keys():
        row = await rows.read(key)
        assert row is not None
        assert b"canary" not in row.sealed
        assert "canary" not in repr(row)


async def test_rows_that_were_swapped_or_sent_elsewhere_are_refused() -> None:
    rows = RowsInMemory()
    records = await filled(rows, GivenKeys(new_key()), 3)
    first, second, third = await records.keys()
    other = await rows.read(second)
    assert other is not None
    await moved(rows, first, sealed=other.sealed)
    await moved(rows, third)
    for key in (first, third):
        with pytest.raises(SealBroken, match=f"{key.name}' of 'ada' is not what was sealed"):
            await records.read(key)
    assert await records.read(second) is not None


class Confused(RowsInMemory):
    """A store that answers with somebody else's row."""

    async def read(self, key: RecordKey, /) -> Row | None:
        """Always the same."""
        return await super().read(record_of(owner="eve").key)


async def test_a_row_of_somebody_else_is_refused_though_its_seal_holds() -> None:
    records = SealedRecords(Confused(), GivenKeys(new_key()))
    await records.write(record_of(owner="eve"))
    with pytest.raises(
        SealBroken, match="the credential 'todo' of 'eve' in the place of the credential 'todo' of 'ada'"
    ):
        await records.read(record_of(owner="ada").key)


async def test_a_key_that_is_not_at_hand_is_named_with_what_it_is_for() -> None:
    rows, old = RowsInMemory(), new_key()
    await filled(rows, GivenKeys(old), 1)
    records = SealedRecords(rows, GivenKeys(new_key()))
    with pytest.raises(KeyMissing, match=f"'api-0' of 'ada' is sealed with the key '{old.id}', which is not at hand"):
        await records.read((await records.keys())[0])


async def test_a_hostile_key_id_is_cut_where_it_is_shown() -> None:
    rows = RowsInMemory()
    records = await filled(rows, GivenKeys(new_key()), 1)
    key = (await records.keys())[0]
    await moved(rows, key, key_id="x\n" * 10_000)
    with pytest.raises(KeyMissing) as raised:
        await records.read(key)
    assert len(str(raised.value)) < 500
    assert "\n" not in str(raised.value)


async def test_every_row_is_sealed_anew_once(tmp_path: Path) -> None:
    rows, keys = RowsInMemory(), KeyFile(tmp_path / "vault.key")
    records = await filled(rows, keys)
    before = await contents(records)
    new = await keys.begin_rotation()
    assert await records.reseal() == 5
    assert await records.reseal() == 0
    await keys.finish_rotation(new)
    again = SealedRecords(rows, KeyFile(tmp_path / "vault.key"))
    assert await key_ids(rows) == {new.id}
    assert await contents(again) == before


class Breaking(RowsInMemory):
    """A store that fails after some writes."""

    left = 1_000

    async def write(self, row: Row, /) -> int:
        """Raises: `VaultError`."""
        self.left -= 1
        if self.left < 0:
            raise VaultError("the store is gone")
        return await super().write(row)


@pytest.mark.parametrize("writes", range(6))
async def test_wherever_a_rotation_breaks_off_all_is_readable_and_the_next_one_goes_on(
    tmp_path: Path, writes: int
) -> None:
    rows, path = Breaking(), tmp_path / "vault.key"
    records = await filled(rows, KeyFile(path))
    before = await contents(records)
    new = await KeyFile(path).begin_rotation()
    rows.left = writes
    if writes < 5:
        with pytest.raises(VaultError, match="the store is gone"):
            await records.reseal()
    else:
        assert await records.reseal() == 5
    rows.left = 1_000
    assert await contents(SealedRecords(rows, KeyFile(path))) == before
    keys = KeyFile(path)
    assert await keys.begin_rotation() == new
    for key in await rows.keys():
        await rows.release(key, 1)  # the claim of the one that broke off has ended by itself
    assert await SealedRecords(rows, keys).reseal() == 5 - writes
    await keys.finish_rotation(new)
    assert await contents(SealedRecords(rows, KeyFile(path))) == before


async def test_a_broken_record_keeps_none_of_the_others_back() -> None:
    rows, old, new = RowsInMemory(), new_key(), new_key()
    await filled(rows, GivenKeys(old))
    keys = await rows.keys()
    await moved(rows, keys[0], sealed=b"damaged")
    await moved(rows, keys[1], key_id="lost")
    with pytest.raises(VaultError, match=r"anew: .*'api-0' of 'ada' is not what.*; .*'api-1' of 'ada' is sealed with"):
        await SealedRecords(rows, GivenKeys(new, old)).reseal()
    assert await key_ids(rows) == {old.id, "lost", new.id}
    assert len(await contents_of(SealedRecords(rows, GivenKeys(new)), keys[2:])) == 3


async def contents_of(records: SealedRecords, keys: Sequence[RecordKey]) -> list[str]:
    found = [await records.read(key) for key in keys]
    return [record.content.reveal() for record in found if record is not None]


async def test_many_broken_records_are_counted() -> None:
    rows = RowsInMemory()
    await filled(rows, GivenKeys(new_key()), 8)
    with pytest.raises(VaultError, match="; and 3 more"):
        await SealedRecords(rows, GivenKeys(new_key())).reseal()


async def test_a_record_that_is_being_renewed_is_waited_for() -> None:
    rows, old, new = RowsInMemory(), new_key(), new_key()
    renewer = await filled(rows, GivenKeys(old), 1)
    record = record_of("renewed-secret", name="api-0", version=1)
    assert await renewer.claim(record.key, 1, 60)
    rotator = SealedRecords(rows, GivenKeys(new, old))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rotator.reseal)
            await anyio.wait_all_tasks_blocked()
            assert await renewer.write(record) == 2
    read = await rotator.read(record.key)
    assert read is not None
    assert read.content == record.content
    assert await key_ids(rows) == {new.id}


class Racing(RowsInMemory):
    """A store of which the keys are replaced just before a write arrives."""

    def __init__(self, keys: KeyFile) -> None:
        super().__init__()
        self.key_file = keys
        self.is_due = True

    async def write(self, row: Row, /) -> int:
        """Rotates first."""
        if self.is_due:
            self.is_due = False
            new = await self.key_file.begin_rotation()
            await SealedRecords(self, self.key_file).reseal()
            await self.key_file.finish_rotation(new)
        return await super().write(row)


async def test_what_is_written_while_the_keys_are_replaced_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    rows = Racing(KeyFile(path))
    assert await SealedRecords(rows, KeyFile(path)).write(record_of()) == 2
    assert await key_ids(rows) == {(await KeyFile(path).current()).id}
    assert await SealedRecords(rows, KeyFile(path)).read(record_of().key) == record_of(version=2)


async def test_one_salt_serves_programs_that_follow_each_other() -> None:
    rows, passphrase = RowsInMemory(), Secret("correct horse battery")
    for number in range(3):
        await SealedRecords(rows, PassphraseKeys(passphrase)).write(record_of(name=f"api-{number}"))
    assert len(await key_ids(rows)) == 1


async def test_another_passphrase_takes_over() -> None:
    rows, old, new = RowsInMemory(), Secret("correct horse battery"), Secret("another passphrase")
    await filled(rows, PassphraseKeys(old), 2)
    assert await SealedRecords(rows, PassphraseKeys(new, old)).reseal() == 2
    assert len(await contents(SealedRecords(rows, PassphraseKeys(new)))) == 2
    with pytest.raises(KeyMissing):
        await contents(SealedRecords(rows, PassphraseKeys(old)))


class NoKeys:
    """Has none."""

    async def current(self) -> SealingKey:
        """Raises: `KeyMissing`."""
        raise KeyMissing("there is no key")

    async def by_id(self, key_id: str, /) -> SealingKey | None:
        """None."""
        return None


async def test_without_a_key_nothing_is_kept() -> None:
    rows = RowsInMemory()
    with pytest.raises(KeyMissing, match="there is no key"):
        await SealedRecords(rows, NoKeys()).write(record_of())
    assert await rows.keys() == []


def test_the_seams_do_not_load_the_cipher() -> None:
    modules = "auth, auth.keys, auth.records, auth.key_file, auth.passphrase"
    code = f"import sys, {modules}; print('cryptography' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "False"
