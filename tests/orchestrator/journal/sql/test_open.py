"""What a URL names, and what is said of one that names nothing."""

from __future__ import annotations

import logging
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import anyio
import pytest

from orchestrator.cli.configured_store import file_url
from orchestrator.errors import StoreUnavailable, UsageError
from orchestrator.events import TurnStarted
from orchestrator.journal.open import open_journal
from tests.orchestrator.journal.stores import store_url

STARTED = TurnStarted(text="hello", person="ada", documents={})


@pytest.mark.parametrize("kind", ["sqlite", "sqlite+aiosqlite"])
async def test_a_file_is_named_from_the_root_or_from_here(kind: str, tmp_path: Path) -> None:
    with chdir(tmp_path):
        async with open_journal(f"{kind}:///deep/chats.db") as journal:
            await journal.append("c", 0, [STARTED])
    async with open_journal(f"{kind}:///{tmp_path}/deep/chats.db") as journal:
        assert list(await journal.read("c")) == [STARTED]


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("chats.db", "the store is named by a URL; known: sqlite:///path, postgresql://user@host/database"),
        ("mysql://ada:secret@host/db", "there is no store of the kind 'mysql'; known: sqlite"),
        ("sqlite://", "a SQLite store is a file: sqlite:///relative.db or sqlite:////absolute.db"),
        ("sqlite:///:memory:", "a SQLite store is a file"),
        ("sqlite://chats.db", "a SQLite store is a file"),
        ("sqlite:///a.db?mode=ro", "a SQLite store is a file"),
        ("sqlite:///file:a.db", "a SQLite store is a file"),
        ("sqlite:///~/chats.db", "starts with '~', which stands for itself in a URL"),
        ("postgresql://ada:secret@host", "the URL of the store, postgresql://…, names no database"),
        ("postgresql://host/db?port=secret", "has a parameter 'port' that is not a number"),
        ("postgresql://host/db?connect_timeout=secret", "a parameter 'connect_timeout' that is not a number"),
        ("postgresql://host/db?plugin=secret", "has a parameter that is not known, 'plugin'"),
        ("postgresql://host/db?prepare_threshold=secret", "has a parameter that is not known, 'prepare_threshold'"),
        ("postgresql://host/db?host=a..b", "names a host that no host can have"),
        (f"postgresql://ada:secret@{'a' * 70}/db", "names a host that no host can have"),
        ("postgresql://ada:secret@host:99999/db", "names a port that is none"),
        ("postgresql://ada\ud800:secret@host/db", "the URL of the store, postgresql://…, cannot be read"),
        ("postgresql://ada:secret@host/a%00b", "has a character that no name can have"),
        ("ada:secret://host/db", "the store is named by a URL"),
        ("postgresql://ada:secret@host:port/db", "the URL of the store, postgresql://…, cannot be read"),
    ],
)
async def test_a_url_that_names_no_store_is_told(store: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        async with open_journal(store):
            raise NotImplementedError
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_without_the_driver_the_extra_is_named() -> None:
    code = (
        "import sys, anyio\n"
        "sys.modules['psycopg'] = None\n"
        "from orchestrator.journal.open import open_journal\n"
        "async def main():\n"
        "    async with open_journal('postgres://host/db'): pass\n"
        "try:\n"
        "    anyio.run(main)\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == (
        "UsageError a store on PostgreSQL needs its driver: install plugin-orchestrator[postgres]"
    )


def test_naming_a_store_loads_no_database() -> None:
    code = (
        "import sys\nimport orchestrator, orchestrator.journal.open\n"
        "print(*({'sqlalchemy', 'alembic', 'aiosqlite', 'psycopg', 'sqlite3', 'anyio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


async def test_opening_an_up_to_date_store_loads_no_migrations(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/chats.db"
    async with open_journal(url):
        pass
    code = (
        "import sys, anyio\nfrom orchestrator.journal.open import open_journal\n"
        "async def main():\n"
        "    async with open_journal(sys.argv[1]): pass\n"
        "anyio.run(main)\nprint('sqlalchemy' in sys.modules, 'alembic' in sys.modules)"
    )
    with anyio.fail_after(60):
        done = await anyio.run_process([sys.executable, "-c", code, url])
    assert done.stdout.split() == [b"True", b"False"]


async def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        async with open_journal("postgresql://ada:secret@127.0.0.1:1/chats?application_name=secret"):
            raise NotImplementedError
    said = "the store 'postgresql://ada@127.0.0.1:1/chats': the server cannot be reached; see that it runs"
    assert str(caught.value).startswith(said)


def sizes_of(folder: Path) -> list[int]:
    return [path.stat().st_size for path in folder.rglob("*.db*")]


@pytest.mark.parametrize("is_empty", [True, False])
async def test_a_file_that_is_only_looked_for_is_not_made(tmp_path: Path, is_empty: bool) -> None:
    path = tmp_path / "new" / "chats.db"
    if is_empty:
        path.parent.mkdir()
        path.touch()
    with pytest.raises(UsageError, match=r"^the store '.*chats\.db': no conversations are kept there"):
        async with open_journal(f"sqlite:///{path}", creates=False):
            raise NotImplementedError
    assert sizes_of(tmp_path) == [0] * is_empty
    async with open_journal(f"sqlite:///{path}") as journal:
        await journal.append("c", 0, [STARTED])
    async with open_journal(f"sqlite:///{path}", creates=False) as journal:
        assert len(await journal.read("c")) == 1


async def test_tables_that_are_only_looked_for_are_not_made(tmp_path: Path) -> None:
    with store_url("postgresql", tmp_path) as url:
        for _ in range(2):
            with pytest.raises(UsageError, match=r"^the store 'postgresql://.*': no conversations are kept there"):
                async with open_journal(url, creates=False):
                    raise NotImplementedError
        async with open_journal(url):
            pass
        async with open_journal(url, creates=False) as journal:
            assert not await journal.kept()


async def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    url = file_url(tmp_path / "what? 100%25 #1.db")
    async with open_journal(url) as journal:
        await journal.append("c", 0, [STARTED])
    assert (tmp_path / "what? 100%25 #1.db").exists()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_nothing_that_is_kept_gets_into_a_log(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "a very private sentence"
    with store_url(kind, tmp_path) as url:
        async with open_journal(url) as journal:
            await journal.append("c", 0, [TurnStarted(text=secret, person=secret, documents={})])
            assert len(await journal.read("c")) == len(await journal.kept()) == 1
            await journal.keep_file("c", "00", secret.encode())
            assert await journal.file("c", "00") == secret.encode()
    assert "update 0002 to 0003" in caplog.text  # DEBUG is on
    assert "INSERT INTO" not in caplog.text
    assert secret not in caplog.text
