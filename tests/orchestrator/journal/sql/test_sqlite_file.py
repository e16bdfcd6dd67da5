"""A SQLite file: who may read it, what is left of what was deleted, and many who use it at once."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path

import anyio
import pytest

from orchestrator.errors import StoreDamaged, StoreUnavailable, UsageError
from orchestrator.events import TurnEnded, TurnStarted
from orchestrator.journal.open import open_journal

STARTED = TurnStarted(text="hello", person="ada", documents={})
SECRET = "a very private sentence"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_only_its_owner_can_read_the_file_and_what_lies_beside_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with open_journal(f"sqlite:///{tmp_path}/new/chats.db") as journal:
            await journal.append("c", 0, [STARTED])
            modes = {path.name: mode_of(path) for path in (tmp_path / "new").iterdir()}
    finally:
        os.umask(before)
    assert modes == {"chats.db": 0o600, "chats.db-wal": 0o600, "chats.db-shm": 0o600}
    assert mode_of(tmp_path / "new") == 0o700


async def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    before = mode_of(tmp_path)
    async with open_journal(f"sqlite:///{tmp_path}/chats.db"):
        assert mode_of(tmp_path) == before


async def test_the_file_is_kept_as_it_must_be(tmp_path: Path) -> None:
    async with open_journal(f"sqlite:///{tmp_path}/chats.db"):
        pass
    with closing(sqlite3.connect(tmp_path / "chats.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_nothing_is_left_of_what_was_forgotten(tmp_path: Path) -> None:
    data = SECRET.encode()
    told = TurnStarted(text=SECRET, person="ada", documents={})
    long = TurnEnded(reason="error", detail="".join(sha256(bytes([n])).hexdigest() for n in range(200)), partial=SECRET)
    async with open_journal(f"sqlite:///{tmp_path}/chats.db") as journal:
        await journal.append("other", 0, [STARTED])
        for name in ("private-c", "private-d"):
            await journal.append(name, 0, [told, *[long] * 20])
            await journal.keep_file(name, sha256(data).hexdigest(), data)
        full = size_of(tmp_path)
        assert data in bytes_of(tmp_path)
        assert await journal.forget("private-c")
        assert b"private-c" not in bytes_of(tmp_path)
        assert await journal.forget_before(4_000_000_000.0) == 2
        assert data not in bytes_of(tmp_path)
        assert b"private-d" not in bytes_of(tmp_path)
        assert (tmp_path / "chats.db-wal").stat().st_size == 0
        assert size_of(tmp_path) < full


async def test_pages_go_back_to_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "chats.db"
    async with open_journal(f"sqlite:///{path}") as journal:
        empty = path.stat().st_size
        await journal.keep_file("c", "00", os.urandom(2_000_000))
        await journal.forget("c")
        assert path.stat().st_size <= empty + 8192


WRITER = """
import anyio, sys
from orchestrator.events import TurnUndone
from orchestrator.journal.open import open_journal

async def main():
    async with open_journal(sys.argv[1]) as journal:
        async def write(name):
            for number in range(25):
                await journal.append(name, number, [TurnUndone()])
        async with anyio.create_task_group() as tasks:
            for task in range(3):
                tasks.start_soon(write, f"{sys.argv[2]}-{task}")
anyio.run(main)
"""


async def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/chats.db"
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for number in range(4):
                tasks.start_soon(partial(anyio.run_process, [sys.executable, "-c", WRITER, url, str(number)]))
    async with open_journal(url) as journal:
        for number in range(4):
            for task in range(3):
                assert len(await journal.read(f"{number}-{task}")) == 25


KILLED = """
import anyio, os, signal, sys
from orchestrator.events import TurnUndone
from orchestrator.journal.open import open_journal

async def main():
    async with open_journal(sys.argv[1]) as journal:
        for number in range(25):
            await journal.append("c", number, [TurnUndone()])
        os.kill(os.getpid(), signal.SIGKILL)
anyio.run(main)
"""


async def test_what_a_killed_process_has_kept_is_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/chats.db"
    with anyio.fail_after(60):
        await anyio.run_process([sys.executable, "-c", KILLED, url], check=False)
    assert (tmp_path / "chats.db-wal").stat().st_size
    async with open_journal(url) as journal:
        assert len(await journal.read("c")) == 25
        assert await journal.append("c", 25, [STARTED]) == 26


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes")
    with pytest.raises(StoreDamaged, match="it is not a database; name another file, or move it away"):
        async with open_journal(f"sqlite:///{path}"):
            raise NotImplementedError
    assert path.read_text() == "these are my notes"


async def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customer (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="it is the database of another program; name another file"):
        async with open_journal(f"sqlite:///{path}"):
            raise NotImplementedError
    assert (path.read_bytes(), os.listdir(tmp_path)) == (before, ["other.db"])


async def test_a_folder_is_no_store(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "file" / "chats.db"):
        (tmp_path / "file").touch()
        with pytest.raises((UsageError, StoreUnavailable), match=r"name a file|cannot be created"):
            async with open_journal(f"sqlite:///{path}"):
                raise NotImplementedError


async def test_what_is_no_file_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null"), tmp_path):
        for creates in (True, False):
            with anyio.fail_after(5), pytest.raises(UsageError, match="that is a folder or a device; name a file"):
                async with open_journal(f"sqlite:///{path}", creates=creates):
                    raise NotImplementedError


async def test_an_empty_file_becomes_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "chats.db"
    path.touch()
    path.chmod(0o644)
    async with open_journal(f"sqlite:///{path}") as journal:
        await journal.append("c", 0, [STARTED])
        assert mode_of(path) == mode_of(tmp_path / "chats.db-wal") == 0o600


@pytest.mark.parametrize("made", ["PRAGMA application_id = 77", "PRAGMA user_version = 3", "CREATE VIEW x AS SELECT 1"])
async def test_the_database_of_another_program_without_tables_is_left_alone(tmp_path: Path, made: str) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(made)
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(UsageError, match="it is the database of another program; name another file"):
        async with open_journal(f"sqlite:///{path}"):
            raise NotImplementedError
    assert path.read_bytes() == before


@pytest.mark.parametrize("is_closed", [False, True])
async def test_what_is_forgotten_while_others_read_is_gone_when_they_are_done(tmp_path: Path, is_closed: bool) -> None:
    path = tmp_path / "chats.db"
    async with open_journal(f"sqlite:///{path}") as journal:
        await journal.append("c", 0, [TurnStarted(text=SECRET, person="ada", documents={})])
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM orchestrator_fact").fetchall()
            with anyio.fail_after(5):
                assert await journal.forget("c")
            assert SECRET.encode() in bytes_of(tmp_path)
        if not is_closed:
            await journal.append("d", 0, [STARTED])
            assert SECRET.encode() not in bytes_of(tmp_path)
    assert SECRET.encode() not in bytes_of(tmp_path)
