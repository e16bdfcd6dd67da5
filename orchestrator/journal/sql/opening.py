"""Opens a store: its file or server, its tables, its journal or its vault."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Literal

import anyio
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator.errors import UsageError
from orchestrator.journal.base import LEASE_SECONDS
from orchestrator.journal.sql.ending import ANSWER_SECONDS, Deadline, answered, connected
from orchestrator.journal.sql.engine import engine_of, name_of, url_of
from orchestrator.journal.sql.errors import told
from orchestrator.journal.sql.journal import SqlJournal
from orchestrator.journal.sql.migrate import check_revision, revision_of, upgrade
from orchestrator.journal.sql.sqlite_file import prepare
from orchestrator.journal.sql.transactions import Transactions
from orchestrator.wholeness import to_its_end

StoreKind = Literal["store", "vault"]

_EMPTY: dict[StoreKind, str] = {
    "store": "no conversations are kept there; name another store",
    "vault": "no credentials are kept there; add one with `orchestrator auth add`, or name another vault",
}


async def _revision(url: URL, engine: AsyncEngine, name: str, *, creates: bool) -> str | None:
    if url.get_backend_name() == "sqlite":
        return await anyio.to_thread.run_sync(partial(prepare, Path(str(url.database)), name, creates=creates))
    deadline = Deadline(ANSWER_SECONDS)
    with answered(name, deadline):
        async with connected(engine, deadline) as connection:
            return await connection.run_sync(revision_of)
    raise AssertionError("what is answered is raised")


async def _prepare(url: URL, engine: AsyncEngine, name: str, kind: StoreKind, *, creates: bool) -> None:
    with told(name):
        revision = await _revision(url, engine, name, creates=creates)
        if revision is None and not creates:
            raise UsageError(f"{name}: {_EMPTY[kind]}")
        if not check_revision(revision, name):
            await anyio.to_thread.run_sync(partial(upgrade, url, name))


@asynccontextmanager
async def opened_transactions(store: str, *, kind: StoreKind, creates: bool = True) -> AsyncGenerator[Transactions]:
    """The database at a URL, for a store of that kind; the tables are as `opened` has them. Raises: as that."""
    url = url_of(store)
    name = name_of(url, kind)
    engine = engine_of(url)
    transactions = Transactions(engine, name=name)
    try:
        await to_its_end(_prepare(url, engine, name, kind, creates=creates))
        yield transactions
    finally:
        await to_its_end(transactions.aclose())


@asynccontextmanager
async def opened(
    store: str, *, lease_seconds: float = LEASE_SECONDS, creates: bool = True
) -> AsyncGenerator[SqlJournal]:
    """The journal at a URL, its tables made or brought up to date; unless it `creates`, only where there are some.

    Raises: `UsageError` for a URL that names no store, or none that is there; `StoreError`.
    """
    async with opened_transactions(store, kind="store", creates=creates) as transactions:
        journal = SqlJournal(transactions, lease_seconds=lease_seconds)
        try:
            yield journal
        finally:
            await journal.aclose()
