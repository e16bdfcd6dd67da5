"""Opens a store: its file or server, its tables, its journal."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.journal.base import LEASE_SECONDS
from orchestrator.journal.sql.engine import engine_of, name_of, url_of
from orchestrator.journal.sql.errors import told
from orchestrator.journal.sql.journal import SqlJournal
from orchestrator.journal.sql.migrate import check_revision, revision_of, upgrade
from orchestrator.journal.sql.sqlite_file import prepare


async def _revision(url: URL, engine: AsyncEngine, name: str) -> str | None:
    if url.get_backend_name() == "sqlite":
        return await anyio.to_thread.run_sync(prepare, Path(str(url.database)), name)
    async with engine.connect() as connection:
        return await connection.run_sync(revision_of)


@asynccontextmanager
async def opened(store: str, *, lease_seconds: float = LEASE_SECONDS) -> AsyncGenerator[SqlJournal]:
    """The journal at a URL, its tables made or brought up to date.

    Raises: `UsageError` for a URL that names no store; `StoreError`.
    """
    url = url_of(store)
    name = name_of(url)
    engine = engine_of(url)
    journal = SqlJournal(engine, name=name, lease_seconds=lease_seconds)
    try:
        with anyio.CancelScope(shield=True), told(name):
            if not check_revision(await _revision(url, engine, name), name):
                await anyio.to_thread.run_sync(partial(upgrade, url, name))
        yield journal
    finally:
        await journal.aclose()
