"""What the drivers raise, as errors that say what happened, where, and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from orchestrator.errors import StoreDamaged, StoreError, StoreUnavailable

_OF_SQLITE: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreUnavailable, "another process has locked it; try again when that is done"),
    sqlite3.SQLITE_LOCKED: (StoreUnavailable, "another process has locked it; try again when that is done"),
    sqlite3.SQLITE_READONLY: (StoreUnavailable, "it cannot be written to; make the file and its folder writable"),
    sqlite3.SQLITE_PERM: (StoreUnavailable, "access to it is denied; make the file and its folder writable"),
    sqlite3.SQLITE_CANTOPEN: (
        StoreUnavailable,
        "it cannot be opened; make the file and its folder readable and writable, on a disk that has room",
    ),
    sqlite3.SQLITE_FULL: (StoreUnavailable, "its disk is full; make room, or delete old conversations"),
    sqlite3.SQLITE_IOERR: (StoreUnavailable, "its disk cannot be read or written to; see that it has room and works"),
    sqlite3.SQLITE_ERROR: (StoreDamaged, "its tables are not as this program made them; restore it from a copy"),
    sqlite3.SQLITE_CORRUPT: (StoreDamaged, "the database is damaged; restore it from a copy, or move it away"),
    sqlite3.SQLITE_NOTADB: (StoreDamaged, "it is not a database; name another file, or move it away"),
}

_OF_POSTGRESQL: dict[str, tuple[type[StoreError], str]] = {
    "28": (StoreUnavailable, "the server refuses the user or the password; correct them in the URL"),
    "3D": (StoreUnavailable, "there is no such database; create it"),
    "25006": (StoreUnavailable, "the database is read-only; name the server that can be written to"),
    "42501": (StoreUnavailable, "the user may not use the tables there; grant that to them"),
    "53100": (StoreUnavailable, "the disk of the server is full; make room, or delete old conversations"),
    "53": (StoreUnavailable, "the server has no connection or memory left; try again later"),
    "55P03": (StoreUnavailable, "another process has locked it; try again when that is done"),
    "57014": (StoreUnavailable, "the server took too long; try again later"),
    "57P": (StoreUnavailable, "the server is shutting down or starting; try again when it runs"),
    "08": (StoreUnavailable, "the connection to the server was lost; try again when it runs"),
    "25P": (StoreUnavailable, "the connection to the server was lost; try again when it runs"),
    "42": (StoreDamaged, "its tables are not as this program made them; restore them from a copy"),
    "XX": (StoreDamaged, "the database is damaged; restore it from a copy"),
}
"""By the beginning of the SQLSTATE; the longest that fits counts."""

_OF_CONNECTING = {
    "starting up": "57P",
    "shutting down": "57P",
    "recovery": "57P",
    "not yet accepting connections": "57P",
    "connection slots": "53",
    "too many connections": "53",
    "too many clients": "53",
    "password": "28",
    "authentication": "28",
    "pg_hba.conf": "28",
    "role": "28",
    "database": "3D",
}
"""A connection that is refused has no SQLSTATE: a word of the server's message to one; the first that it has counts."""

_UNREACHABLE = (StoreUnavailable, "the server cannot be reached; see that it runs, and that the URL names it")


def _of_sqlite(error: sqlite3.Error) -> tuple[type[StoreError], str]:
    try:
        code = error.sqlite_errorcode
    except AttributeError:  # the driver's own errors have none
        code = 0
    return _OF_SQLITE.get(code & 0xFF, (StoreUnavailable, f"SQLite reports {error}"))


def _of_postgresql(error: BaseException, is_disconnect: bool) -> tuple[type[StoreError], str]:
    from psycopg import Error, OperationalError

    state = error.sqlstate if isinstance(error, Error) else None
    if state is None and is_disconnect:
        state = "08"
    if state is None and isinstance(error, OperationalError):
        said = str(error).rpartition("FATAL:")
        state = next((known for word, known in _OF_CONNECTING.items() if said[1] and word in said[2]), None)
        if state is None:
            return _UNREACHABLE
    for length in (5, 3, 2):
        if state is not None and state[:length] in _OF_POSTGRESQL:
            return _OF_POSTGRESQL[state[:length]]
    return StoreUnavailable, f"PostgreSQL reports SQLSTATE {state or 'unknown'}"


def store_error(error: DBAPIError | sqlite3.Error | PoolTimeout, name: str) -> StoreError:
    """The error for a person; `name` is the store's, without a password."""
    if isinstance(error, PoolTimeout):
        return StoreUnavailable(f"{name}: every connection to it is in use; try again later")
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        kind, message = _of_sqlite(cause)
    else:
        is_disconnect = isinstance(error, DBAPIError) and error.connection_invalidated
        kind, message = _of_postgresql(cause or error, is_disconnect)
    return kind(f"{name}: {message}")


@contextmanager
def told(name: str) -> Generator[None]:
    """Raises what the driver raises as a `StoreError`."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, PoolTimeout) as error:
        raise store_error(error, name) from error
