"""Every kind of journal, opened for a test: with what each needs, and gone afterwards."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

from orchestrator.journal.base import Journal
from orchestrator.journal.memory import MemoryJournal
from orchestrator.journal.open import open_journal
from tests.orchestrator.journal.slow import SlowJournal
from tests.servers.postgres import shared_server

Opening = Callable[[Path, float], AbstractAsyncContextManager[Journal]]
"""From a folder of the test's own and the seconds that a lease lasts."""


@contextmanager
def store_url(kind: str, folder: Path) -> Generator[str]:
    """An empty store in a database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/chats.db"
        return
    with shared_server().database() as url:
        yield url


@asynccontextmanager
async def _memory(_folder: Path, lease_seconds: float) -> AsyncGenerator[Journal]:
    yield MemoryJournal(lease_seconds=lease_seconds)


@asynccontextmanager
async def _slow(_folder: Path, lease_seconds: float) -> AsyncGenerator[Journal]:
    yield SlowJournal(lease_seconds=lease_seconds)


@asynccontextmanager
async def _sqlite(folder: Path, lease_seconds: float) -> AsyncGenerator[Journal]:
    with store_url("sqlite", folder) as url:
        async with open_journal(url, lease_seconds=lease_seconds) as journal:
            yield journal


@asynccontextmanager
async def _postgresql(folder: Path, lease_seconds: float) -> AsyncGenerator[Journal]:
    with store_url("postgresql", folder) as url:
        async with open_journal(url, lease_seconds=lease_seconds) as journal:
            yield journal


JOURNALS: dict[str, Opening] = {"memory": _memory, "slow": _slow, "sqlite": _sqlite, "postgresql": _postgresql}
