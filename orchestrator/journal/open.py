"""Opens what keeps conversations, by its URL; what it takes is loaded only then."""

from __future__ import annotations

import importlib.util
import re
from contextlib import AbstractAsyncContextManager

from orchestrator.errors import UsageError
from orchestrator.journal.base import LEASE_SECONDS, Journal

_SQLITE = ("sqlite", "sqlite+aiosqlite")
_POSTGRESQL = ("postgresql", "postgresql+psycopg", "postgres")
_KNOWN = "known: sqlite:///path, postgresql://user@host/database"


def check_store(store: str) -> None:
    """Raises: `UsageError` for a URL that names no store, or one that needs more than is installed."""
    scheme, found, _ = store.partition("://")
    if not found or not re.fullmatch(r"[\w+.-]+", scheme):  # what else is before it may be a password
        raise UsageError(f"the store is named by a URL; {_KNOWN}")
    if scheme not in (*_SQLITE, *_POSTGRESQL):
        raise UsageError(f"there is no store of the kind {scheme!r}; {_KNOWN}")
    if scheme in _POSTGRESQL and importlib.util.find_spec("psycopg") is None:
        raise UsageError("a store on PostgreSQL needs its driver: install plugin-orchestrator[postgres]")


def open_journal(
    store: str, *, lease_seconds: float = LEASE_SECONDS, creates: bool = True
) -> AbstractAsyncContextManager[Journal]:
    """The journal at a URL: `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user@host/database`.

    What it takes is loaded by the call; when it is entered its tables are made, or brought up to date, unless it
    `creates` only where there are some. Raises: `UsageError` for what names no store; when it is entered, also for none
    that is there, and `StoreError`.
    """
    check_store(store)
    from orchestrator.journal.sql.opening import opened

    return opened(store, lease_seconds=lease_seconds, creates=creates)
