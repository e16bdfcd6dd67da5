"""The contract of sealed rows: in memory, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from subprocess import PIPE

import anyio
import pytest
from sqlalchemy import text

from auth.errors import RecordChanged, VaultError
from auth.rows import SHARED, RecordKey, Row, Rows, RowsInMemory
from orchestrator.journal.sql.opening import opened_transactions
from orchestrator.journal.sql.transactions import Transactions
from orchestrator.vault.rows import MAX_NAME_BYTES, MAX_SEALED_BYTES, SqlRows
from tests.orchestrator.journal.stores import store_url
from tests.servers import warm
from tests.servers.postgres import shared_server
from tests.servers.postgres_wire import wired

KEY = RecordKey(owner="ada", name="todo", kind="credential")
OTHERS = (
    RecordKey(owner="ada", name="todo", kind="registration"),
    RecordKey(owner="bob", name="todo", kind="credential"),
    RecordKey(owner=SHARED, name="todo", kind="registration"),
)
DATABASES = ("sqlite", "postgresql")


def row(sealed: bytes = b"\x00\xffsealed", *, version: int = 0, key: RecordKey = KEY) -> Row:
    origins = ("https://api.example.com:443", "https://example.org:8443")
    return Row(key=key, origins=origins, key_id="k1", sealed=sealed, version=version)


@asynccontextmanager
async def several(kind: str, folder: Path, count: int) -> AsyncGenerator[list[Rows]]:
    """The same rows, as so many processes have them."""
    if kind == "memory":
        yield [RowsInMemory()] * count
        return
    with store_url(kind, folder) as url:
        async with AsyncExitStack() as stack:
            opened = [await stack.enter_async_context(opened_transactions(url, kind="vault")) for _ in range(count)]
            yield [SqlRows(one) for one in opened]


@pytest.fixture(params=["memory", *DATABASES])
async def rows(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Rows]:
    async with several(request.param, tmp_path, 1) as [one]:
        yield one


@pytest.fixture(params=["memory", *DATABASES])
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[list[Rows]]:
    async with several(request.param, tmp_path, 2) as two:
        yield two


@pytest.fixture(params=DATABASES)
async def transactions(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Transactions]:
    with store_url(request.param, tmp_path) as url:
        async with opened_transactions(url, kind="vault") as transactions:
            yield transactions


async def execute(transactions: Transactions, statement: str) -> None:
    async with transactions.engine.begin() as connection:
        await connection.execute(text(statement))


async def test_what_is_written_is_read_as_it_was(rows: Rows) -> None:
    assert await rows.read(KEY) is None
    version = await rows.write(row())
    assert version > 0
    assert await rows.read(KEY) == row(version=version)


async def test_origins_may_be_none(rows: Rows) -> None:
    bare = Row(key=KEY, origins=(), key_id="k1", sealed=b"")
    version = await rows.write(bare)
    assert await rows.read(KEY) == Row(key=KEY, origins=(), key_id="k1", sealed=b"", version=version)


async def test_only_the_version_that_was_read_is_replaced(rows: Rows) -> None:
    first = await rows.write(row(b"one"))
    with pytest.raises(RecordChanged, match="the credential 'todo' was written by somebody else meanwhile"):
        await rows.write(row(b"new"))
    second = await rows.write(row(b"two", version=first))
    assert second > first
    with pytest.raises(RecordChanged):
        await rows.write(row(b"late", version=first))
    assert await rows.read(KEY) == row(b"two", version=second)


async def test_of_what_is_written_at_once_one_is_kept(both: list[Rows]) -> None:
    first = await both[0].write(row(b"one"))
    refused: list[int] = []

    async def write(number: int) -> None:
        try:
            await both[number % 2].write(row(b"%d" % number, version=first))
        except RecordChanged:
            refused.append(number)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for number in range(12):
                tasks.start_soon(write, number)
    kept = await both[0].read(KEY)
    assert kept is not None
    [written] = set(range(12)) - set(refused)
    assert kept.sealed == b"%d" % written


async def test_who_read_what_was_removed_does_not_write_over_what_is_there_now(rows: Rows) -> None:
    """A renewal that ends after somebody has revoked the credential and signed in as somebody else."""
    old = await rows.write(row(b"old"))
    assert await rows.claim(KEY, old, 60)
    assert await rows.remove(KEY)
    await anyio.sleep(0.002)  # two of one millisecond are not told apart
    new = await rows.write(row(b"new"))
    with pytest.raises(RecordChanged):
        await rows.write(row(b"renewed", version=old))
    await rows.release(KEY, old)
    assert await rows.read(KEY) == row(b"new", version=new)


async def test_removing_says_whether_there_was_one(rows: Rows) -> None:
    await rows.write(row())
    assert await rows.remove(KEY)
    assert not await rows.remove(KEY)
    assert await rows.read(KEY) is None
    with pytest.raises(RecordChanged):
        await rows.write(row(version=1))


async def test_owner_name_and_kind_each_tell_records_apart(rows: Rows) -> None:
    keys = [KEY, *OTHERS, RecordKey(owner="ada", name="todo/basic", kind="credential")]
    for key in keys:
        await rows.write(row(repr(key).encode(), key=key))
    for key in keys:
        kept = await rows.read(key)
        assert kept is not None
        assert (kept.key, kept.sealed) == (key, repr(key).encode())
    assert list(await rows.keys()) == sorted(keys)
    assert list(await rows.keys("ada")) == sorted(key for key in keys if key.owner == "ada")
    assert list(await rows.keys(SHARED)) == [RecordKey(owner=SHARED, name="todo", kind="registration")]
    assert list(await rows.keys("nobody")) == []


async def test_twenty_who_claim_at_once_are_one(both: list[Rows]) -> None:
    version = await both[0].write(row())
    claims: list[bool] = []

    async def claim(number: int) -> None:
        claims.append(await both[number % 2].claim(KEY, version, 60))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(claim, number)
    assert sorted(claims) == [False] * 19 + [True]


async def test_only_the_version_that_is_kept_can_be_claimed(rows: Rows) -> None:
    assert not await rows.claim(KEY, 0, 60)
    version = await rows.write(row())
    assert not await rows.claim(KEY, version + 1, 60)
    assert not await rows.claim(OTHERS[0], version, 60)
    assert await rows.claim(KEY, version, 60)


async def test_writing_ends_a_claim(both: list[Rows]) -> None:
    version = await both[0].write(row())
    assert await both[0].claim(KEY, version, 60)
    renewed = await both[0].write(row(b"renewed", version=version))
    assert not await both[1].claim(KEY, version, 60)
    assert await both[1].claim(KEY, renewed, 60)
    await both[0].release(KEY, version)
    assert not await both[0].claim(KEY, renewed, 60)


async def test_a_claim_that_is_released_is_free(both: list[Rows]) -> None:
    version = await both[0].write(row())
    assert await both[0].claim(KEY, version, 60)
    assert not await both[1].claim(KEY, version, 60)
    await both[0].release(KEY, version)
    assert await both[1].claim(KEY, version, 60)


async def test_a_claim_runs_out(both: list[Rows]) -> None:
    version = await both[0].write(row())
    assert await both[0].claim(KEY, version, 0.0)
    assert await both[1].claim(KEY, version, 60)
    assert not await both[0].claim(KEY, version, 60)


@pytest.mark.parametrize("kind", DATABASES)
async def test_whose_claim_ran_out_does_not_end_that_of_another_process(kind: str, tmp_path: Path) -> None:
    async with several(kind, tmp_path, 2) as [slow, quick]:
        version = await slow.write(row())
        assert await slow.claim(KEY, version, 0.0)
        assert await quick.claim(KEY, version, 60)
        await slow.release(KEY, version)
        assert not await slow.claim(KEY, version, 60)


async def test_a_claim_holds_by_the_clock_of_the_database(transactions: Transactions) -> None:
    rows = SqlRows(transactions)
    version = await rows.write(row())
    assert await rows.claim(KEY, version, 1000)
    await execute(transactions, "UPDATE orchestrator_sealed SET claim_until = claim_until - 990")
    assert not await rows.claim(KEY, version, 60)
    await execute(transactions, "UPDATE orchestrator_sealed SET claim_until = claim_until - 20")
    assert await rows.claim(KEY, version, 60)


@pytest.mark.parametrize("kind", DATABASES)
async def test_processes_that_claim_at_once_are_one(kind: str, tmp_path: Path) -> None:
    code = (
        "import anyio, sys\n"
        "from auth.rows import RecordKey\n"
        "from orchestrator.journal.sql.opening import opened_transactions\n"
        "from orchestrator.vault.rows import SqlRows\n"
        "key = RecordKey(owner='ada', name='todo', kind='credential')\n"
        "async def main():\n"
        "    async with opened_transactions(sys.argv[1], kind='vault') as transactions:\n"
        "        rows = SqlRows(transactions)\n"
        "        print('ready', flush=True)\n"
        "        input()\n"
        "        print([await rows.claim(key, int(sys.argv[2]), 60) for _ in range(3)].count(True))\n"
        "anyio.run(main)\n"
    )
    with store_url(kind, tmp_path) as url:
        async with opened_transactions(url, kind="vault") as transactions:
            version = await SqlRows(transactions).write(row())
        command = warm.line([sys.executable, "-c", code, url, str(version)])
        with anyio.fail_after(60):
            async with AsyncExitStack() as stack:
                running = [
                    await stack.enter_async_context(await anyio.open_process(command, stdin=PIPE, stdout=PIPE))
                    for _ in range(2)
                ]
                for process in running:
                    assert process.stdout is not None
                    assert (await process.stdout.receive()).strip() == b"ready"
                for process in running:
                    assert process.stdin is not None
                    await process.stdin.send(b"\n")
                won = [await _rest(process) for process in running]
    assert sorted(won) == [b"0", b"1"]


def _all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def _rest(process: anyio.abc.Process) -> bytes:
    assert process.stdout is not None
    found = b"".join([chunk async for chunk in process.stdout])
    return found.strip()


@pytest.mark.parametrize("name", ["nul\0", "\ud800", "x" * (MAX_NAME_BYTES + 1)])
async def test_a_name_that_not_every_database_can_hold_is_refused(transactions: Transactions, name: str) -> None:
    rows = SqlRows(transactions)
    for key in (
        RecordKey(owner=name, name="todo", kind="credential"),
        RecordKey(owner="", name=name, kind="credential"),
    ):
        for call in (rows.read(key), rows.write(row(key=key)), rows.remove(key), rows.claim(key, 1, 60)):
            with pytest.raises(VaultError, match="the vault takes names of"):
                await call


async def test_an_owner_of_another_kind_of_text_has_nothing(transactions: Transactions) -> None:
    for owner in ("nul\0", "\ud800"):
        with pytest.raises(VaultError, match="the vault takes names of"):
            await SqlRows(transactions).keys(owner)


async def test_long_names_fit(transactions: Transactions) -> None:
    rows = SqlRows(transactions)
    key = RecordKey(owner="ö" * (MAX_NAME_BYTES // 2), name="n" * MAX_NAME_BYTES, kind="credential")
    version = await rows.write(row(key=key))
    assert await rows.read(key) == row(key=key, version=version)


async def test_what_is_too_long_is_refused(transactions: Transactions) -> None:
    with pytest.raises(VaultError, match=f"the credential 'todo' is longer than {MAX_SEALED_BYTES} bytes"):
        await SqlRows(transactions).write(row(b"x" * (MAX_SEALED_BYTES + 1)))


async def test_what_fails_in_the_database_is_an_error_of_the_vault(transactions: Transactions) -> None:
    rows = SqlRows(transactions)
    await execute(transactions, "DROP TABLE orchestrator_sealed")
    for call in (rows.read(KEY), rows.write(row()), rows.remove(KEY), rows.keys(), rows.claim(KEY, 1, 60)):
        with pytest.raises(VaultError, match=r"^the vault '.*': its tables are not as this program made them"):
            await call


async def test_what_somebody_else_wrote_into_a_file_is_told(tmp_path: Path) -> None:
    """Columns of SQLite take anything."""
    with store_url("sqlite", tmp_path) as url:
        async with opened_transactions(url, kind="vault") as transactions:
            rows = SqlRows(transactions)
            await rows.write(row())
            for column in ("sealed", "version", "origins", "key_id"):
                await execute(transactions, f"UPDATE orchestrator_sealed SET {column} = 'none'")
            with pytest.raises(VaultError, match="the credential 'todo' is not as it was written"):
                await rows.read(KEY)


async def test_what_is_removed_is_gone_from_the_file(tmp_path: Path) -> None:
    with store_url("sqlite", tmp_path) as url:
        async with opened_transactions(url, kind="vault") as transactions:
            rows = SqlRows(transactions)
            await rows.write(row(b"found in the file"))
            assert b"found in the file" in _all_bytes(tmp_path)
            await rows.remove(KEY)
            assert b"found in the file" not in _all_bytes(tmp_path)


async def test_calls_that_are_cancelled_leave_the_rows_whole(transactions: Transactions) -> None:
    rows = SqlRows(transactions)
    version = await rows.write(row(b"0"))
    for number in range(12):
        with anyio.move_on_after(0.0003 * number):
            await rows.write(row(b"%d" % number, version=version))
        kept = await rows.read(KEY)
        assert kept is not None
        assert kept.version in (version, version + 1)
        version = kept.version
    with anyio.fail_after(5):
        await rows.write(row(b"last", version=version))


async def test_a_connection_that_was_lost_is_made_anew() -> None:
    server = shared_server()
    with server.database() as url:
        database = url.partition("?")[0].rpartition("/")[2]
        end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        async with opened_transactions(url, kind="vault") as transactions:
            rows = SqlRows(transactions)
            version = await rows.write(row())
            server.execute(end)
            assert await rows.claim(KEY, version, 60)
            server.execute(end)
            renewed = await rows.write(row(b"renewed", version=version))
            server.execute(end)
            assert await rows.read(KEY) == row(b"renewed", version=renewed)


@pytest.mark.parametrize("reaches", [True, False])
async def test_what_is_written_or_claimed_as_its_connection_is_lost_is_so_once(tmp_path: Path, reaches: bool) -> None:
    with shared_server().database() as url:
        async with (
            wired(tmp_path, url) as (wire, behind),
            opened_transactions(behind, kind="vault") as transactions,
        ):
            rows = SqlRows(transactions)
            wire.reaches_the_server = reaches
            wire.word = b"COMMIT"
            first = await rows.write(row(b"first"))
            wire.word = b"COMMIT"
            assert await rows.claim(KEY, first, 60)
            assert not await rows.claim(KEY, first, 60)
            wire.word = b"COMMIT"
            second = await rows.write(row(b"second", version=first))
            assert (second, wire.lost) == (first + 1, 3)
            assert await rows.read(KEY) == row(b"second", version=second)
