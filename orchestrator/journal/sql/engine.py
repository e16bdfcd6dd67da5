"""From the URL of a store to connections that are set up as the journal needs them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from orchestrator.errors import UsageError

Result = TypeVar("Result")

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
    "idle_in_transaction_session_timeout": "5s",  # well below the other: who waits for a dead process outlasts it
}

_LINK_SETTINGS: dict[str, str | int] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A host that is gone without a word is noticed within half a minute."""


_NUMBERS = ("port", "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count")

_PARAMETERS = {
    *_NUMBERS,
    *("host", "hostaddr", "user", "password", "passfile", "service", "options", "application_name"),
    *("tcp_user_timeout", "target_session_attrs", "load_balance_hosts", "require_auth", "channel_binding"),
    *("sslmode", "sslnegotiation", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslcrldir", "sslsni"),
    *("sslcertmode", "ssl_min_protocol_version", "ssl_max_protocol_version", "requirepeer"),
    *("gssencmode", "gsslib", "gssdelegation", "krbsrvname"),
}
"""What a URL may say of a connection: of all others, some are code."""

_LOGGER = "store"
"""Which of SQLAlchemy's loggers is told of a store; at its lowest level it would be told of what is kept."""


def name_of(url: URL, kind: str = "store") -> str:
    """What the store is called in messages, by its kind: without a password or a query."""
    if url.get_backend_name() == "sqlite":
        return f"the {kind} {str(url.database)!r}"
    shown = URL.create("postgresql", username=url.username, host=url.host, port=url.port, database=url.database)
    return f"the {kind} {shown.render_as_string(hide_password=True)!r}"


def url_of(store: str) -> URL:
    """The URL with the driver that is used. Raises: `UsageError`."""
    scheme = store.partition(":")[0]
    is_file = scheme.startswith("sqlite")
    try:
        url = make_url(store)
        if not is_file:  # the name of a file may be no text
            store.encode()
    except (ArgumentError, ValueError):
        raise UsageError(f"the URL of the store, {scheme}://…, cannot be read") from None
    if "\0" in store or "%00" in store:
        raise UsageError(f"the URL of the store, {scheme}://…, has a character that no name can have")
    if is_file:
        return _file_url(url)
    if not url.database:
        raise UsageError(f"the URL of the store, {scheme}://…, names no database: {scheme}://host/database")
    _check_parameters(url, f"the URL of the store, {scheme}://…,")
    return url.set(drivername="postgresql+psycopg")


def _is_host(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _check_parameters(url: URL, what: str) -> None:
    """Raises: `UsageError` for what the driver would trip over; values may be secret, and are not told."""
    for name, values in url.normalized_query.items():
        if name not in _PARAMETERS:
            raise UsageError(f"{what} has a parameter that is not known, {name[:40]!r}")
        if len(values) > 1:
            raise UsageError(f"{what} has the parameter {name!r} more than once; several hosts go into one")
        if name in (*_NUMBERS, "tcp_user_timeout") and not re.fullmatch(r"-?[0-9]{1,9}(,[0-9]{1,9})*", values[0]):
            raise UsageError(f"{what} has a parameter {name!r} that is not a number")
    named = url.normalized_query.get("host", ("",))[0].split(",")
    if not all(_is_host(host) for host in (url.host or "", *named) if not host.startswith("/")):
        raise UsageError(f"{what} names a host that no host can have")
    if url.port is not None and not 0 < url.port < 65_536:
        raise UsageError(f"{what} names a port that is none")


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


def link_settings(url: URL) -> tuple[URL, dict[str, str | int]]:
    """The URL of a PostgreSQL server without what is handed to the driver beside it, and that."""
    own = " ".join(f"-c {name}={value}" for name, value in _SERVER_SETTINGS.items())
    asked = url.query.get("options", "")
    settings: dict[str, str | int] = {
        "options": f"{own} {asked if isinstance(asked, str) else ' '.join(asked)}".rstrip()
    }
    settings |= {name: value for name, value in _LINK_SETTINGS.items() if name not in url.query}
    return url.difference_update_query(["options"]), settings


def keep_quiet() -> None:
    """Nothing that is kept gets into a log: below this level, drivers tell of statements, some with their values."""
    for name in ("aiosqlite", f"sqlalchemy.engine.Engine.{_LOGGER}"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))


def engine_of(url: URL) -> AsyncEngine:
    """Connections are made when they are needed; their statements are not logged."""
    backend = url.get_backend_name()
    size = WRITERS[backend] + READERS[backend] + 1  # one waits for notices
    settings: Mapping[str, str | float]
    if backend == "sqlite":
        # every write takes the lock at once: one that read first and writes then could fail however long it waited
        settings = {"isolation_level": "IMMEDIATE", "timeout": BUSY_SECONDS}
    else:
        url, settings = link_settings(url)
    keep_quiet()
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_use_lifo=True,
        hide_parameters=True,
        logging_name=_LOGGER,
        connect_args=dict(settings),
    )
    if backend == "sqlite":
        event.listen(engine.sync_engine, "connect", _set_up_file)
    return engine


def hasty(work: Callable[[Connection], Result], seconds: float, connection: Connection) -> Result:
    """The work on a SQLite file by somebody who waits for another process only so long."""
    own = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {min(own, round(seconds * 1000))}")
    connection.rollback()
    try:
        return work(connection)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {own}")
