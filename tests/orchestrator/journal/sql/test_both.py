"""What both databases do alike, beyond the contract of journals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest
from sqlalchemy import text

from orchestrator.errors import LeaseLost, UsageError
from orchestrator.events import TurnEnded, TurnStarted
from orchestrator.journal.base import AT_ONCE
from orchestrator.journal.sql.engine import engine_of, url_of
from orchestrator.journal.sql.journal import SqlJournal
from orchestrator.journal.sql.opening import opened
from tests.orchestrator.journal.stores import store_url

STARTED = TurnStarted(text="hello", person="ada", documents={"todo": "1"})
LONG = TurnEnded(reason="error", detail="words " * 5000, partial="words " * 5000)


@pytest.fixture(params=["sqlite", "postgresql"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[SqlJournal]:
    with store_url(request.param, tmp_path) as url:
        async with opened(url) as journal:
            yield journal


@pytest.mark.parametrize("is_native", [True, False])
async def test_what_is_cancelled_is_kept_or_not_and_stands_in_nobodys_way(journal: SqlJournal, is_native: bool) -> None:
    kept = 0
    for number in range(25):
        if is_native:
            task = asyncio.create_task(journal.append("c", kept, [STARTED]))
            await asyncio.wait([task], timeout=0.0002 * number)
            task.cancel()
            await asyncio.wait([task])
        else:
            with anyio.move_on_after(0.0002 * number):
                await journal.append("c", kept, [STARTED])
        with anyio.fail_after(5):
            kept = len(await journal.read("c"))
    with anyio.fail_after(5):
        assert await journal.append("c", kept, [STARTED]) == kept + 1
        assert await journal.forget("c")


async def test_what_somebody_natively_cancels_has_ended_when_they_go_on(journal: SqlJournal) -> None:
    for number in range(12):
        task = asyncio.create_task(journal.append(str(number), 0, [STARTED]))
        await asyncio.wait([task], timeout=0.0002 * number)
        for _ in range(2):
            task.cancel()
        await asyncio.wait([task])
        with anyio.fail_after(1):
            await journal.append("other", number, [STARTED])
        kept = len(await journal.read(str(number)))
        assert await journal.append(str(number), kept, [STARTED]) == kept + 1


async def test_who_had_a_lease_of_what_was_forgotten_has_none_of_what_is_begun_anew(journal: SqlJournal) -> None:
    old = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
    await journal.release(old)
    assert await journal.forget("c")
    await anyio.sleep(0.002)  # two of one millisecond are not told apart
    new = await journal.claim("c", 0, [STARTED], wake=AT_ONCE)
    assert new.epoch > old.epoch
    with pytest.raises(LeaseLost):
        await journal.renew(old)
    with pytest.raises(LeaseLost):
        await journal.append("c", 1, [LONG], lease=old)


async def test_what_is_long_leaves_time_to_others(journal: SqlJournal) -> None:
    words = "".join(chr(97 + number * number % 26) for number in range(4_000_000))
    turns = 0

    async def work() -> None:
        await journal.append("c", 0, [TurnEnded(reason="error", detail=words, partial=words)])
        await journal.read("c")
        scope.cancel()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            scope = tasks.cancel_scope
            tasks.start_soon(work)
            while True:
                await anyio.sleep(0.001)
                turns += 1
    assert turns > 20


async def test_numbers_beyond_all_facts_name_none(journal: SqlJournal) -> None:
    await journal.append("c", 0, [STARTED])
    assert list(await journal.read("c", 2**63)) == []


@pytest.mark.parametrize("name", ["nul\0", "\ud800"])
async def test_such_a_name_is_refused_by_whatever_reads(journal: SqlJournal, name: str) -> None:
    for call in (
        journal.read(name),
        journal.kept(name),
        journal.file(name, "00"),
        journal.file("c", name),
        journal.forget(name),
        journal.take([name]),
        journal.append(name, 3, []),
        journal.keep_file("c", name, b""),
    ):
        with pytest.raises(UsageError, match="cannot be named"):
            await call


@pytest.mark.parametrize("name", ["nul\0", "\ud800"])
async def test_a_name_that_not_every_database_can_hold_is_refused(journal: SqlJournal, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be named"):
        await journal.append(name, 0, [STARTED])
    with pytest.raises(UsageError, match="cannot be named"):
        await journal.keep_file(name, "00", b"")
    with pytest.raises(UsageError, match="cannot be named"):
        await journal.claim("c", 0, [TurnStarted(text="", person=name, documents={})], wake=AT_ONCE)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_what_is_long_is_kept_once_and_small(kind: str, tmp_path: Path) -> None:
    with store_url(kind, tmp_path) as url:
        async with opened(url) as journal:
            for number in range(3):
                await journal.append("c", number, [LONG])
            assert list(await journal.read("c")) == [LONG] * 3
        engine = engine_of(url_of(url))
        async with engine.connect() as connection:
            rows = (await connection.execute(text("SELECT size, length(body) FROM orchestrator_payload"))).all()
            bodies = (await connection.execute(text("SELECT max(length(body)) FROM orchestrator_fact"))).scalar_one()
        await engine.dispose()
    [(size, packed)] = rows
    assert (size, packed < 1000, bodies < 1000) == (30_002, True, True)


async def test_what_waits_is_found_by_an_index(tmp_path: Path) -> None:
    with store_url("sqlite", tmp_path) as url:
        async with opened(url):
            engine = engine_of(url_of(url))
            async with engine.connect() as connection:
                plan = await connection.execute(
                    text(
                        "EXPLAIN QUERY PLAN SELECT conversation FROM orchestrator_conversation "
                        "WHERE plugins = 'x' AND wake <= julianday('now') ORDER BY wake LIMIT 1"
                    )
                )
                told = [row[3] for row in plan]
            await engine.dispose()
    assert any("USING INDEX orchestrator_conversation_due" in line for line in told)
