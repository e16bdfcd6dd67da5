"""A PostgreSQL server that is stopped or started anew; connections that are lost at the worst moment."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import anyio
import psycopg
import pytest

from orchestrator.errors import JournalConflict, StoreUnavailable
from orchestrator.events import TurnEnded, TurnStarted, TurnUndone
from orchestrator.journal.base import AT_ONCE, Journal
from orchestrator.journal.open import open_journal
from orchestrator.journal.sql.engine import engine_of, url_of
from orchestrator.journal.sql.journal import SqlJournal
from orchestrator.journal.sql.transactions import Transactions
from tests.servers import postgres_wire
from tests.servers.postgres import Postgres, missing, postgres_server, shared_server
from tests.servers.postgres_wire import Wire

STARTED = TurnStarted(text="hello", person="ada", documents={"todo": "1"})
LONG = TurnEnded(reason="error", detail="words " * 5000)


@pytest.fixture(scope="module")
def own() -> Generator[Postgres]:
    """A server that may be stopped."""
    if reason := missing():
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    with postgres_server() as server:
        yield server


@pytest.fixture
def url() -> Generator[str]:
    with shared_server().database() as url:
        yield url


async def test_a_server_that_was_started_anew_is_not_noticed(own: Postgres) -> None:
    with own.database() as url:
        async with open_journal(url) as journal:
            await journal.append("c", 0, [STARTED])
            for mode in ("immediate", "fast"):
                await anyio.to_thread.run_sync(own.stop, mode)
                await anyio.to_thread.run_sync(own.start)
                kept = len(await journal.read("c"))
                assert await journal.append("c", kept, [LONG]) == kept + 1
            assert list(await journal.read("c")) == [STARTED, LONG, LONG]


async def test_a_server_that_is_stopped_is_told_and_gone_on_from(own: Postgres) -> None:
    with own.database() as url:
        async with open_journal(url) as journal:
            lease = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
            await anyio.to_thread.run_sync(own.stop, "immediate")
            try:
                for _ in range(2):
                    with pytest.raises(StoreUnavailable, match="the server cannot be reached; see that it runs"):
                        await journal.append("c", 1, [LONG], lease=lease)
                with pytest.raises(StoreUnavailable):
                    await journal.read("c")
                with anyio.fail_after(5):
                    await journal.has_work(0.1)
            finally:
                await anyio.to_thread.run_sync(own.start)
            assert await journal.append("c", 1, [LONG], lease=lease) == 2
            assert list(await journal.read("c")) == [STARTED, LONG]


@contextmanager
def hanging(server: Postgres) -> Generator[None]:
    """A server all of whose processes stand still."""
    main = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    found = subprocess.run(["pgrep", "-P", str(main)], capture_output=True, text=True, check=True).stdout.split()
    processes = [main, *map(int, found)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in reversed(processes):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


async def test_a_server_that_hangs_is_told_and_gone_on_from(own: Postgres) -> None:
    with own.database() as url:
        async with open_journal(url):
            pass
        journal = SqlJournal(Transactions(engine_of(url_of(url)), name="the store", answer_seconds=0.5))
        await journal.append("c", 0, [STARTED])

        async def write(name: str) -> None:
            with pytest.raises(StoreUnavailable, match="the server does not answer; try again when it does"):
                await journal.append(name, 0, [STARTED])

        with anyio.fail_after(8), hanging(own):
            async with anyio.create_task_group() as tasks:
                for number in range(8):  # more than may write at once
                    tasks.start_soon(write, str(number))
            with pytest.raises(StoreUnavailable, match="the server does not answer"):
                await journal.read("c")
        with anyio.fail_after(10):
            kept = len(await journal.read("c"))
            assert await journal.append("c", kept, [STARTED]) == kept + 1
        await journal.aclose()


@asynccontextmanager
async def wired(folder: Path, url: str) -> AsyncGenerator[tuple[Wire, Journal]]:
    """A journal behind a wire."""
    async with postgres_wire.wired(folder, url) as (wire, behind), open_journal(behind) as journal:
        yield wire, journal


LOSSES = [(b"COMMIT", True), (b"COMMIT", False), (b"INSERT INTO", True), (b"BEGIN", False)]


@pytest.mark.parametrize(("word", "reaches"), LOSSES)
async def test_an_append_whose_connection_is_lost_is_kept_once(
    tmp_path: Path, url: str, word: bytes, reaches: bool
) -> None:
    async with wired(tmp_path, url) as (wire, journal):
        wire.word, wire.reaches_the_server = word, reaches
        assert await journal.append("c", 0, [STARTED, LONG]) == 2
        wire.word, wire.reaches_the_server = word, reaches
        assert await journal.append("c", 2, [LONG, TurnUndone()]) == 4
        assert wire.lost == 2
        assert list(await journal.read("c")) == [STARTED, LONG, LONG, TurnUndone()]


@pytest.mark.parametrize(("word", "reaches"), LOSSES[:2])
async def test_a_claim_whose_connection_is_lost_is_made_once(
    tmp_path: Path, url: str, word: bytes, reaches: bool
) -> None:
    async with wired(tmp_path, url) as (wire, journal):
        wire.word, wire.reaches_the_server = word, reaches
        lease = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
        wire.word, wire.reaches_the_server = word, reaches
        assert await journal.append("c", 1, [LONG], wake=AT_ONCE, lease=lease) == 2
        await journal.release(lease)
        wire.word, wire.reaches_the_server = word, reaches
        taken = await journal.take(["todo"])
        assert taken is not None
        assert (taken.epoch - lease.epoch, wire.lost) == (1, 3)
        await journal.release(taken)
        wire.word, wire.reaches_the_server = word, reaches
        assert (await journal.claim("c", 2, wake=AT_ONCE)).epoch == lease.epoch + 2
        assert list(await journal.read("c")) == [STARTED, LONG]


async def test_an_append_that_was_lost_while_another_was_kept_is_a_conflict(tmp_path: Path, url: str) -> None:
    async with wired(tmp_path, url) as (wire, journal), open_journal(url) as other:
        await journal.append("c", 0, [STARTED])
        await other.append("c", 1, [LONG])
        wire.word = b"BEGIN"
        with pytest.raises(JournalConflict):
            await journal.append("c", 1, [TurnUndone()])
        assert wire.lost == 1


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.mark.parametrize("is_same", [True, False])
async def test_an_append_that_the_server_is_still_keeping_is_waited_for(
    tmp_path: Path, url: str, is_same: bool
) -> None:
    async with wired(tmp_path, url) as (wire, journal):
        await journal.append("c", 0, [STARTED])
        caught: list[JournalConflict] = []

        async def append() -> None:
            try:
                assert await journal.append("c", 1, [STARTED]) == 2
            except JournalConflict as error:
                caught.append(error)

        plain = url.replace("+psycopg", "")
        looking = await psycopg.AsyncConnection.connect(plain, autocommit=True)
        async with looking, await psycopg.AsyncConnection.connect(plain) as first:
            await first.execute("UPDATE orchestrator_conversation SET sequence = 2")
            body = "body" if is_same else "replace(body, 'hello', 'goodbye')"
            copied = f"INSERT INTO orchestrator_fact SELECT conversation, 1, kind, {body} FROM orchestrator_fact"
            await first.execute(copied.encode())
            wire.word = b"BEGIN"
            with anyio.fail_after(8):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(append)
                    while (await (await looking.execute(WAITING)).fetchone()) == (0,):  # noqa: ASYNC110 - nobody tells
                        await anyio.sleep(0.01)
                    await first.commit()
        assert (wire.lost, len(caught)) == (1, 0 if is_same else 1)


# --- waiting for work


async def test_work_of_another_process_is_heard_of_at_once(url: str) -> None:
    async with open_journal(url) as one, open_journal(url) as other:
        await one.has_work(30)  # listens from now on
        await other.append("c", 0, [STARTED], wake=AT_ONCE)
        with anyio.fail_after(5):
            await one.has_work(30)
            lease = await one.take(["todo"])
            assert lease is not None
            await one.release(lease)
            await other.has_work(30)
            await other.has_work(0.1)
            await one.has_work(30)


async def test_a_turn_that_is_driven_is_no_work(url: str) -> None:
    async with open_journal(url) as one, open_journal(url) as other:
        await one.has_work(30)
        lease = await other.claim("c", 0, [STARTED], wake=AT_ONCE)
        await other.append("c", 1, [LONG], wake=AT_ONCE, lease=lease)
        await other.append("c", 2, [TurnUndone()], wake=AT_ONCE)
        with anyio.move_on_after(0.3) as scope:
            await one.has_work(30)
        assert scope.cancelled_caught
        await other.release(lease)
        with anyio.fail_after(5):
            await one.has_work(30)


async def test_who_waits_hears_again_after_the_connection_was_lost(url: str) -> None:
    async with open_journal(url) as one, open_journal(url) as other:
        await one.has_work(30)
        database = url.partition("@/")[2].partition("?")[0]
        shared_server().execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{database}' AND query LIKE 'LISTEN%'"
        )
        with anyio.fail_after(5):
            await one.has_work(0.1)
            await one.has_work(30)
            await other.append("c", 0, [STARTED], wake=AT_ONCE)
            await one.has_work(30)
