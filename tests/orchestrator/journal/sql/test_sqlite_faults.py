"""What a SQLite store says when its disk, its file or another process stands in the way; what it keeps all the same."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection

from orchestrator.errors import StoreDamaged, StoreUnavailable
from orchestrator.events import TurnEnded, TurnStarted, TurnUndone
from orchestrator.journal.base import Journal
from orchestrator.journal.open import open_journal
from orchestrator.journal.sql.engine import BUSY_SECONDS, engine_of, name_of, url_of
from orchestrator.journal.sql.journal import SqlJournal
from orchestrator.journal.sql.transactions import Transactions

STARTED = TurnStarted(text="hello", person="ada", documents={})
LONG = TurnEnded(reason="error", detail="".join(sha256(bytes([n])).hexdigest() for n in range(200)))


def told(number: int) -> TurnEnded:
    """A fact that takes room, and no other has."""
    return TurnEnded(reason="error", detail="".join(sha256(f"{number} {n}".encode()).hexdigest() for n in range(100)))


@asynccontextmanager
async def with_pragma(url: str, pragma: str) -> AsyncGenerator[Journal]:
    """A journal whose connections are set up further."""
    async with open_journal(url):
        pass
    engine = engine_of(url_of(url))

    def set_up(connection: DBAPIConnection, _record: object) -> None:
        with closing(connection.cursor()) as cursor:
            cursor.execute(pragma)

    event.listen(engine.sync_engine, "connect", set_up)
    journal = SqlJournal(Transactions(engine, name=name_of(url_of(url))))
    yield journal
    await journal.aclose()


@pytest.fixture
def disk(tmp_path: Path) -> Generator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


async def fill(journal: Journal) -> int:
    """Appends until there is no room; how many facts are kept."""
    number = 0
    for number in range(1000):
        try:
            await journal.append("c", number, [told(number)])
        except StoreUnavailable:
            break
    with pytest.raises(StoreUnavailable, match="its disk is full; make room, or delete old conversations"):
        await journal.append("c", number, [told(number)])
    return number


async def test_a_full_disk_loses_nothing_and_is_gone_on_from(disk: Path) -> None:
    async with open_journal(f"sqlite:///{disk}/chats.db") as journal:
        kept = await fill(journal)
        assert list(await journal.read("c")) == [told(number) for number in range(kept)]
        await anyio.run_process(["mount", "-o", "remount,size=16m", str(disk)])
        assert await journal.append("c", kept, [STARTED]) == kept + 1
        assert len(await journal.read("c")) == kept + 1


async def test_a_file_that_may_not_grow_loses_nothing(tmp_path: Path) -> None:
    async with with_pragma(f"sqlite:///{tmp_path}/chats.db", "PRAGMA max_page_count = 60") as journal:
        kept = await fill(journal)
        assert kept
        assert list(await journal.read("c")) == [told(number) for number in range(kept)]
        assert await journal.forget("c")
        assert await journal.append("c", 0, [told(0)]) == 1


async def test_a_disk_that_is_full_from_the_start_is_told(disk: Path) -> None:
    (disk / "ballast").write_bytes(b"x" * (1 << 20))
    with pytest.raises(StoreUnavailable, match=r"disk is full|cannot be created|has room"):
        async with open_journal(f"sqlite:///{disk}/chats.db"):
            raise NotImplementedError


async def test_a_read_only_disk_is_told(disk: Path) -> None:
    url = f"sqlite:///{disk}/chats.db"
    async with open_journal(url) as journal:
        await journal.append("c", 0, [STARTED])
    await anyio.run_process(["mount", "-o", "remount,ro", str(disk)])
    with pytest.raises(StoreUnavailable, match="make the file and its folder"):
        async with open_journal(url) as journal:
            await journal.append("c", 1, [STARTED])


READER = """
import anyio, os, sys
from orchestrator.errors import StoreError
from orchestrator.events import TurnUndone
from orchestrator.journal.open import open_journal

async def main():
    async with open_journal(sys.argv[2]) as journal:  # loads what a stranger may not read
        await journal.append("c", 0, [TurnUndone()])
        await journal.read("c")
    if os.geteuid() == 0:
        os.setgid(65534), os.setuid(65534)
    try:
        async with open_journal(sys.argv[1]) as journal:
            print(len(await journal.read("c")))
            await journal.append("c", 1, [TurnUndone()])
    except StoreError as error:
        print(type(error).__name__, error)
anyio.run(main)
"""


@pytest.fixture
def open_folder() -> Generator[Path]:
    """A folder that everybody can reach."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "own").mkdir()
        yield folder
        folder.chmod(0o755)


def make_read_only(folder: Path) -> None:
    for path in folder.glob("chats.db*"):
        path.chmod(0o444)
    folder.chmod(0o555)


async def test_a_file_that_may_only_be_read_is_told(open_folder: Path) -> None:
    url = f"sqlite:///{open_folder}/chats.db"
    async with open_journal(url) as journal:
        await journal.append("c", 0, [STARTED])
        make_read_only(open_folder)
        with anyio.fail_after(60):
            done = await anyio.run_process([sys.executable, "-c", READER, url, f"sqlite:///{open_folder}/own/chats.db"])
        said = done.stdout.decode().splitlines()
    assert said[-1].startswith(f"StoreUnavailable the store '{open_folder}/chats.db': it cannot be ")
    assert said[-1].endswith("make the file and its folder writable")


async def test_who_waits_for_another_process_too_long_is_told_and_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/chats.db"
    async with with_pragma(url, "PRAGMA busy_timeout = 50") as journal:
        await journal.append("c", 0, [STARTED])
        with closing(sqlite3.connect(tmp_path / "chats.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match="another process has locked it; try again when that is done"):
                await journal.append("c", 1, [TurnUndone()])
            assert list(await journal.read("c")) == [STARTED]
            other.execute("ROLLBACK")
        assert await journal.append("c", 1, [TurnUndone()]) == 2


async def test_who_waited_for_others_does_not_wait_as_long_again(tmp_path: Path) -> None:
    async with with_pragma(f"sqlite:///{tmp_path}/chats.db", "PRAGMA busy_timeout = 1500") as journal:
        await journal.append("c", 0, [STARTED])
        with closing(sqlite3.connect(tmp_path / "chats.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            refused: list[str] = []

            async def write(name: str) -> None:
                with pytest.raises(StoreUnavailable, match="has locked it"):
                    await journal.append(name, 0, [STARTED])
                refused.append(name)

            with anyio.fail_after(BUSY_SECONDS + 2):
                async with anyio.create_task_group() as tasks:
                    for number in range(12):  # one after the other they would wait for 18 s
                        tasks.start_soon(write, str(number))
            assert len(refused) == 12
        assert await journal.append("c", 1, [STARTED]) == 2


@pytest.mark.parametrize("how", ["truncated", "overwritten"])
async def test_a_damaged_file_is_told(tmp_path: Path, how: str) -> None:
    path = tmp_path / "chats.db"
    async with open_journal(f"sqlite:///{path}") as journal:
        for number in range(20):
            await journal.append("c", number, [told(number)])
    size = path.stat().st_size
    with path.open("r+b") as file:
        if how == "truncated":
            file.truncate(size // 2 // 4096 * 4096)
        else:
            file.seek(2 * 4096)
            file.write(b"\xa5" * (size - 3 * 4096))
    with pytest.raises(StoreDamaged, match="the database is damaged; restore it from a copy, or move it away"):
        async with open_journal(f"sqlite:///{path}") as journal:
            await journal.read("c")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE orchestrator_fact SET body = '{\"v\":2}'",
        "UPDATE orchestrator_fact SET body = '{'",
        "UPDATE orchestrator_fact SET payloads = '[]'",
        "UPDATE orchestrator_payload SET body = x'00'",
        "UPDATE orchestrator_payload SET size = size - 1",
        "DELETE FROM orchestrator_payload",
    ],
)
async def test_a_damaged_row_is_told(tmp_path: Path, damage: str) -> None:
    async with open_journal(f"sqlite:///{tmp_path}/chats.db") as journal:
        await journal.append("c", 0, [LONG])
        await journal.keep_file("c", "00", b"a file " * 1000)
        with closing(sqlite3.connect(tmp_path / "chats.db", isolation_level=None)) as other:
            other.execute(damage)
        with pytest.raises(StoreDamaged, match="fact 0 of conversation 'c' cannot be read; restore the store"):
            await journal.read("c")
        if "payload SET" in damage:
            with pytest.raises(StoreDamaged, match="a file of conversation 'c' cannot be read"):
                await journal.file("c", "00")


async def test_tables_that_are_gone_are_told(tmp_path: Path) -> None:
    async with open_journal(f"sqlite:///{tmp_path}/chats.db") as journal:
        with closing(sqlite3.connect(tmp_path / "chats.db", isolation_level=None)) as other:
            other.execute("DROP TABLE orchestrator_fact")
        with pytest.raises(StoreDamaged, match="its tables are not as this program made them"):
            await journal.append("c", 0, [STARTED])
