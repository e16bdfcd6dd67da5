"""What a PostgreSQL server refuses, and how that is told."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Generator

import anyio
import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from orchestrator.errors import StoreDamaged, StoreUnavailable
from orchestrator.events import TurnStarted, TurnUndone
from orchestrator.journal.base import AT_ONCE
from orchestrator.journal.open import open_journal
from orchestrator.journal.sql.errors import store_error
from orchestrator.journal.sql.opening import opened
from tests.servers.postgres import shared_server

STARTED = TurnStarted(text="hello", person="ada", documents={"todo": "1"})
PASSWORD = "correct-horse-battery"
WRONG = "-".join(["wrong", "horse", "battery"])  # in no line of a traceback


@pytest.fixture
def url() -> Generator[str]:
    with shared_server().database() as url:
        yield url


@pytest.fixture
def with_password(url: str) -> Generator[str]:
    """The URL of one who needs a password."""
    server = shared_server()
    server.execute(f"CREATE ROLE ada LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
    database = url.partition("@/")[2].partition("?")[0]
    yield f"postgres://ada:{PASSWORD}@127.0.0.1:{server.port}/{database}"
    server.execute("REASSIGN OWNED BY ada TO postgres", database)
    server.execute("DROP ROLE ada")


async def test_a_password_is_used_and_never_told(with_password: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened(with_password) as journal:
        await journal.append("c", 0, [STARTED])
        shown = f"{journal!r} {vars(journal)!r}"
    assert PASSWORD not in shown + caplog.text


async def test_a_wrong_password_is_told_without_it(with_password: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StoreUnavailable, match="the server refuses the user or the password") as caught:
        async with open_journal(with_password.replace(PASSWORD, WRONG)):
            raise NotImplementedError
    assert WRONG not in "".join(traceback.format_exception(caught.value)) + caplog.text
    assert str(caught.value).startswith("the store 'postgresql://ada@127.0.0.1:")


async def test_a_database_that_is_not_there_is_told(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="there is no such database; create it"):
        async with open_journal(url.replace("/test_", "/missing_")):
            raise NotImplementedError


async def test_a_database_that_is_read_only_is_told(url: str) -> None:
    async with open_journal(url) as journal:
        await journal.append("c", 0, [STARTED])
    async with open_journal(f"{url}&options=-c default_transaction_read_only=on") as journal:
        assert list(await journal.read("c")) == [STARTED]
        with pytest.raises(StoreUnavailable, match="the database is read-only"):
            await journal.append("c", 1, [STARTED])


async def test_tables_that_are_gone_are_told(url: str) -> None:
    async with open_journal(url) as journal:
        database = url.partition("@/")[2].partition("?")[0]
        shared_server().execute("DROP TABLE orchestrator_fact", database)
        with pytest.raises(StoreDamaged, match="its tables are not as this program made them"):
            await journal.append("c", 0, [STARTED])


async def test_a_paused_process_stands_in_nobodys_way(url: str) -> None:
    async with open_journal(url) as journal, open_journal(f"{url}&options=-c lock_timeout=100") as other:
        for name in ("locked", "free"):
            await journal.append(name, 0, [STARTED], wake=AT_ONCE)
        paused = await psycopg.AsyncConnection.connect(url.replace("+psycopg", ""))
        async with paused:
            await paused.execute("UPDATE orchestrator_conversation SET turns = turns WHERE conversation = 'locked'")
            lease = await other.take(["todo"])
            assert lease is not None
            assert lease.conversation == "free"
            assert await other.take(["todo"]) is None
            with pytest.raises(StoreUnavailable, match="another process has locked it"):
                await other.append("locked", 1, [TurnUndone()])
        assert await other.append("locked", 1, [TurnUndone()]) == 2


async def test_who_cannot_change_the_tables_in_time_is_told(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url.replace("+psycopg", "")) as other:
        await other.execute("SELECT pg_advisory_lock(%s)", (0x6F72_6368,))
        with anyio.fail_after(5), pytest.raises(StoreUnavailable, match="another process has locked it"):
            async with open_journal(f"{url}&options=-c lock_timeout=100"):
                raise NotImplementedError


async def test_a_server_with_no_room_for_a_person_is_told(url: str) -> None:
    server = shared_server()
    server.execute("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0")
    try:
        with pytest.raises(StoreUnavailable, match="the server has no connection or memory left; try again later"):
            async with open_journal(url.replace("postgres@", "crowd@")):
                raise NotImplementedError
    finally:
        server.execute("DROP ROLE crowd")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("the database system is shutting down", "shutting down or starting"),
        ("the database system is starting up", "shutting down or starting"),
        ("remaining connection slots are reserved for roles with the SUPERUSER attribute", "no connection or memory"),
        ('too many connections for database "d"', "no connection or memory"),
        ('database "d" does not exist', "there is no such database"),
        ('role "me" does not exist', "refuses the user"),
    ],
)
def test_why_a_server_refuses_is_told(message: str, said: str) -> None:
    error = DBAPIError(None, None, psycopg.OperationalError(f"connection failed: FATAL:  {message}"))
    assert said in str(store_error(error, "the store"))
