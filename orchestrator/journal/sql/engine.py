"""From the URL of a store to connections that are set up as the journal needs them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from orchestrator.errors import UsageError

BUSY_SECONDS = 10.0
"""How long SQLite waits for another process that writes."""

WRITERS = {"sqlite": 1, "postgresql": 4}
"""How many transactions of one journal are open at once; SQLite has one writer, and waiting for one's own is unfair."""

READERS = {"sqlite": 3, "postgresql": 2}
"""How many reads of one journal are open at once."""

CONNECT_SECONDS = 10
"""How long connecting to PostgreSQL may take."""

_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",  # a power failure is in scope
    "PRAGMA secure_delete = ON",
)

_SERVER_SETTINGS = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "10s",  # a paused process keeps nobody waiting
}

_LINK_SETTINGS: dict[str, str | int] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A host that is gone without a word is noticed within half a minute."""


def name_of(url: URL) -> str:
    """What the store is called in messages: without a password or a query."""
    if url.get_backend_name() == "sqlite":
        return f"the store {str(url.database)!r}"
    shown = URL.create("postgresql", username=url.username, host=url.host, port=url.port, database=url.database)
    return f"the store {shown.render_as_string(hide_password=True)!r}"


def url_of(store: str) -> URL:
    """The URL with the driver that is used. Raises: `UsageError`."""
    scheme = store.partition(":")[0]
    try:
        url = make_url(store)
    except (ArgumentError, ValueError):
        raise UsageError(f"the URL of the store, {scheme}://…, cannot be read") from None
    if scheme.startswith("sqlite"):
        return _file_url(url)
    if not url.database:
        raise UsageError(f"the URL of the store, {scheme}://…, names no database: {scheme}://host/database")
    return url.set(drivername="postgresql+psycopg")


def _file_url(url: URL) -> URL:
    path = url.database or ""
    if url.host or url.query or path in ("", ":memory:") or path.startswith("file:"):
        raise UsageError("a SQLite store is a file: sqlite:///relative.db or sqlite:////absolute.db")
    if path.startswith("~"):
        raise UsageError(f"the store {path!r} starts with '~', which stands for itself in a URL; write the folder out")
    return URL.create("sqlite+aiosqlite", database=str(Path(path).absolute()))


def _set_up_file(connection: DBAPIConnection, _record: object) -> None:
    with closing(connection.cursor()) as cursor:
        for pragma in _PRAGMAS:
            cursor.execute(pragma)


def engine_of(url: URL) -> AsyncEngine:
    """Connections are made when they are needed; their statements are logged without values."""
    backend = url.get_backend_name()
    size = WRITERS[backend] + READERS[backend] + 1  # one waits for notices
    if backend == "sqlite":
        # every write takes the lock at once: one that read first and writes then could fail however long it waited
        settings: dict[str, object] = {"isolation_level": "IMMEDIATE", "timeout": BUSY_SECONDS}
    else:
        own = " ".join(f"-c {name}={value}" for name, value in _SERVER_SETTINGS.items())
        asked = url.query.get("options", "")
        settings = {"options": f"{own} {asked if isinstance(asked, str) else ' '.join(asked)}".rstrip()}
        settings |= {name: value for name, value in _LINK_SETTINGS.items() if name not in url.query}
        url = url.difference_update_query(["options"])
    engine = create_async_engine(
        url, pool_size=size, max_overflow=0, pool_use_lifo=True, hide_parameters=True, connect_args=settings
    )
    if backend == "sqlite":
        event.listen(engine.sync_engine, "connect", _set_up_file)
    return engine
