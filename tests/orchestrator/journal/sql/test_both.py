"""What both databases do alike, beyond the contract of journals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest
from sqlalchemy import text

from orchestrator.errors import UsageError
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
