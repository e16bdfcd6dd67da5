"""What every keeper of records does (the contract of `auth.records.Records`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from auth.errors import RecordChanged
from auth.keyring_records import KeyringRecords
from auth.keys import GivenKeys, new_key
from auth.record_json import registration_json
from auth.records import Record, Records
from auth.registration import SecretRegistration
from auth.rows import SHARED, RecordKey, RowsInMemory
from auth.sealed import SealedRecords
from auth.secret import Secret
from tests.auth.any_record import record_of
from tests.auth.file_keyring import NAME, FileKeyring


@pytest.fixture(params=["sealed", "keyring"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Records:
    if request.param == "sealed":
        return SealedRecords(RowsInMemory(), GivenKeys(new_key()))
    return KeyringRecords(FileKeyring(tmp_path / "ring"), lock=tmp_path / "lock", accepted={NAME})


async def test_a_record_is_read_as_it_was_written(records: Records) -> None:
    record = record_of()
    assert await records.read(record.key) is None
    assert await records.write(record) == 1
    assert await records.read(record.key) == replace(record, version=1)


async def test_a_record_of_any_text_is_kept(records: Records) -> None:
    key = RecordKey(owner="\U0001f600\ud83d", name="a/b:c\n", kind="registration")
    content = registration_json(SecretRegistration(hint="é" * 10_000 + "\udc80"))
    record = Record(key=key, origins=(), content=content)
    await records.write(record)
    assert await records.read(key) == replace(record, version=1)


async def test_a_record_is_written_over_the_version_that_was_read(records: Records) -> None:
    record = record_of("first-secret")
    await records.write(record)
    assert await records.write(record_of("second-secret", version=1)) == 2
    for version in (0, 1, 3):
        with pytest.raises(RecordChanged, match="'todo' was written by somebody else meanwhile"):
            await records.write(record_of("third-secret", version=version))
    assert await records.read(record.key) == record_of("second-secret", version=2)


async def test_a_version_of_what_is_not_there_is_not_written(records: Records) -> None:
    with pytest.raises(RecordChanged):
        await records.write(record_of(version=1))
    assert await records.keys() == []


async def test_of_many_that_write_at_the_same_time_one_does(records: Records) -> None:
    written: list[int] = []

    async def write(number: int) -> None:
        try:
            await records.write(record_of(f"secret-{number:03}"))
        except RecordChanged:
            return
        written.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(write, number)
    assert len(written) == 1
    assert await records.read(record_of().key) == record_of(f"secret-{written[0]:03}", version=1)


async def test_what_is_removed_is_gone_and_may_be_written_anew(records: Records) -> None:
    record = record_of()
    await records.write(record)
    last = await records.write(replace(record, version=1))
    assert await records.remove(record.key)
    assert not await records.remove(record.key)
    assert await records.read(record.key) is None
    assert await records.keys() == []
    assert await records.write(record) > last, "who has read it before cannot write over it"


async def test_records_are_listed_in_order_and_by_owner(records: Records) -> None:
    for owner, name in [("eve", "b"), ("ada", "z"), ("ada", "a"), (SHARED, "m")]:
        await records.write(record_of(owner=owner, name=name))
    keys = await records.keys()
    assert [(key.owner, key.name) for key in keys] == [("", "m"), ("ada", "a"), ("ada", "z"), ("eve", "b")]
    assert [key.name for key in await records.keys("ada")] == ["a", "z"]
    assert [key.name for key in await records.keys(SHARED)] == ["m"]
    assert await records.keys("nobody") == []


async def test_records_of_others_are_not_read(records: Records) -> None:
    await records.write(record_of())
    assert await records.read(RecordKey(owner="eve", name="todo", kind="credential")) is None
    assert await records.read(RecordKey(owner=SHARED, name="todo", kind="credential")) is None
    assert await records.read(RecordKey(owner="ada", name="todo", kind="registration")) is None


async def test_one_claims_a_version_until_it_is_released(records: Records) -> None:
    key = record_of().key
    await records.write(record_of())
    assert await records.claim(key, 1, 60)
    assert not await records.claim(key, 1, 60)
    await records.release(key, 1)
    assert await records.claim(key, 1, 60)
    await records.release(key, 2)
    assert not await records.claim(key, 1, 60), "the claim is on another version"


async def test_a_write_ends_a_claim(records: Records) -> None:
    key = record_of().key
    await records.write(record_of())
    assert await records.claim(key, 1, 60)
    await records.write(record_of(version=1))
    assert not await records.claim(key, 1, 60), "the version is not there any more"
    assert await records.claim(key, 2, 60)


async def test_a_claim_ends_by_itself(records: Records) -> None:
    key = record_of().key
    await records.write(record_of())
    assert await records.claim(key, 1, 0)
    assert await records.claim(key, 1, 60)


async def test_what_is_not_there_is_not_claimed(records: Records) -> None:
    key = record_of().key
    assert not await records.claim(key, 0, 60)
    assert not await records.claim(key, 1, 60)
    await records.release(key, 1)
    await records.write(record_of())
    assert await records.claim(key, 1, 60)
    await records.remove(key)
    assert await records.claim(key, await records.write(record_of()), 60), "a removal ends a claim"


async def test_of_many_that_claim_at_the_same_time_one_does(records: Records) -> None:
    key, claims = record_of().key, list[bool]()
    await records.write(record_of())

    async def claim() -> None:
        claims.append(await records.claim(key, 1, 60))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(claim)
    assert sorted(claims) == [False] * 7 + [True]


async def test_nothing_shows_a_secret(records: Records) -> None:
    record = record_of("canary-1234")
    await records.write(record)
    read = await records.read(record.key)
    assert "canary" not in f"{records!r} {read!r} {read}"
    assert isinstance(read, Record)
    assert isinstance(read.content, Secret)
