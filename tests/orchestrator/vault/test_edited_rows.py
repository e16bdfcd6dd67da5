"""Rows that somebody has edited in the database: they are of no use, and break no other."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import text

from auth.errors import SealBroken
from auth.renewing import CLAIM_SECONDS
from auth.rows import RecordKey, Row
from auth.sealed import RESEAL_CLAIM_SECONDS
from orchestrator.journal.sql.opening import opened_transactions
from orchestrator.journal.sql.transactions import Transactions
from orchestrator.vault.rows import MAX_CLAIM_SECONDS, MAX_SEALED_BYTES, SqlRows
from tests.orchestrator.journal.stores import store_url

KEY = RecordKey(owner="ada", name="todo", kind="credential")
OTHER = RecordKey(owner="ada", name="mail", kind="credential")
COPY = (
    "INSERT INTO orchestrator_sealed (owner, name, kind, origins, key_id, sealed, version, updated) "
    "SELECT {}, origins, key_id, sealed, version, updated FROM orchestrator_sealed WHERE name = 'mail'"
)


def row(key: RecordKey) -> Row:
    return Row(key=key, origins=("https://api.example.com:443",), key_id="k1", sealed=b"\x01sealed")


@pytest.fixture
async def transactions(tmp_path: Path) -> AsyncGenerator[Transactions]:
    with store_url("sqlite", tmp_path) as url:
        async with opened_transactions(url, kind="vault") as transactions:
            await SqlRows(transactions).write(row(OTHER))
            yield transactions


async def edit(transactions: Transactions, statement: str) -> None:
    async with transactions.engine.begin() as connection:
        await connection.execute(text(statement))


@pytest.mark.parametrize(
    "columns",
    [
        "x'ff00', name, kind",
        "x'616461', 'todo', kind",
        "CAST(x'ff' AS text), name, kind",
        "owner, x'ff00', kind",
        "owner, CAST(x'ff' AS text), kind",
        "owner, CAST(x'6100' AS text), kind",
        "owner, CAST(zeroblob(2000) AS text), kind",
        "owner, name, CAST(x'ff' AS text)",
        "owner, name, 'another'",
    ],
)
async def test_a_row_whose_name_is_no_text_is_nobodys_and_hides_no_other(
    transactions: Transactions, columns: str
) -> None:
    await edit(transactions, COPY.format(columns))
    rows = SqlRows(transactions)
    assert await rows.keys() == [OTHER]
    assert await rows.keys("ada") == [OTHER]
    assert await rows.read(OTHER) is not None


@pytest.mark.parametrize(
    "change",
    [
        "sealed = 'text'",
        "sealed = 3000000000",
        "sealed = 100000000000000",
        "sealed = -5",
        "sealed = 1.5",
        f"sealed = zeroblob({MAX_SEALED_BYTES + 1})",
        "sealed = CAST(x'ff' AS text)",
        "version = 0",
        "version = -1",
        "version = 9223372036854775807",
        "version = 1.5",
        "version = 1e300",
        "version = 9e999",
        "version = 'x'",
        "version = CAST(x'ff' AS text)",
        "version = x'ff'",
        "origins = x'ff'",
        "origins = CAST(x'ff' AS text)",
        "origins = CAST(zeroblob(2000000) AS text)",
        "key_id = CAST(x'ff41' AS text)",
        "key_id = x'ff41'",
    ],
)
async def test_a_row_that_is_not_as_it_was_written_is_told_and_makes_room(
    transactions: Transactions, change: str
) -> None:
    rows = SqlRows(transactions)
    await rows.write(row(KEY))
    await edit(transactions, f"UPDATE orchestrator_sealed SET {change} WHERE name = 'todo'")
    with pytest.raises(SealBroken, match="the credential 'todo' is not as it was written"):
        await rows.read(KEY)
    assert await rows.keys("ada") == [OTHER, KEY]
    assert await rows.read(OTHER) is not None
    assert await rows.remove(KEY)
    version = await rows.write(row(KEY))
    kept = await rows.read(KEY)
    assert kept is not None
    assert kept.version == version


async def test_a_number_in_the_place_of_what_is_sealed_takes_no_memory(transactions: Transactions) -> None:
    await edit(transactions, "UPDATE orchestrator_sealed SET sealed = 2000000000")
    tracemalloc.start()
    try:
        with pytest.raises(SealBroken):
            await SqlRows(transactions).read(OTHER)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000


async def test_origins_end_where_a_line_ends_and_nowhere_else(transactions: Transactions) -> None:
    await edit(transactions, "UPDATE orchestrator_sealed SET origins = 'https://a.example' || char(8232, 13) || 'b'")
    kept = await SqlRows(transactions).read(OTHER)
    assert kept is not None
    assert kept.origins == ("https://a.example\u2028\rb",)


@pytest.mark.parametrize("until", ["'zzz'", "x'00'", "9e999", "1e300"])
async def test_a_claim_until_no_moment_holds_nobody_up(transactions: Transactions, until: str) -> None:
    rows = SqlRows(transactions)
    kept = await rows.read(OTHER)
    assert kept is not None
    await edit(transactions, f"UPDATE orchestrator_sealed SET claim_until = {until}, claimant = 'gone'")
    assert await rows.claim(OTHER, kept.version, CLAIM_SECONDS)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_claim_that_was_made_while_this_one_waited_for_its_lock_holds(kind: str, tmp_path: Path) -> None:
    """To a statement that began half a minute before it, it ends half a minute later than any could."""
    with store_url(kind, tmp_path) as url:
        async with opened_transactions(url, kind="vault") as transactions:
            rows = SqlRows(transactions)
            version = await rows.write(row(KEY))
            assert await rows.claim(KEY, version, 60.0)
            await edit(transactions, "UPDATE orchestrator_sealed SET claim_until = claim_until + 30")
            assert not await rows.claim(KEY, version, 60.0)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_claim_of_a_clock_that_was_put_back_holds_nobody_up(kind: str, tmp_path: Path) -> None:
    assert 2 * max(CLAIM_SECONDS, RESEAL_CLAIM_SECONDS) <= MAX_CLAIM_SECONDS
    with store_url(kind, tmp_path) as url:
        async with opened_transactions(url, kind="vault") as transactions:
            rows = SqlRows(transactions)
            version = await rows.write(row(KEY))
            assert await rows.claim(KEY, version, CLAIM_SECONDS)
            assert not await rows.claim(KEY, version, 1.0), "a short claim ends no longer one"
            await edit(transactions, "UPDATE orchestrator_sealed SET claim_until = claim_until + 86400")
            assert await rows.claim(KEY, version, CLAIM_SECONDS)
            assert not await rows.claim(KEY, version, CLAIM_SECONDS)
