"""The file of a SQLite store, before anything is written to it: whose it is, and who may read it.

Only SQLite opens the file. Whoever closes a descriptor of a file gives up all locks that its process has on it (POSIX),
and this process may have the store open already: the next process that leaves would take itself for the last one, and
remove the log that is still written to.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import quote

from orchestrator.errors import StoreUnavailable, UsageError
from orchestrator.journal.sql.engine import BUSY_SECONDS
from orchestrator.journal.sql.tables import SCHEMA_TABLE

MIN_SQLITE = (3, 35)
"""The oldest SQLite whose statements can say what they have changed."""

RETRY_SECONDS = 0.02
"""Between two tries to set up a file that another process is setting up."""

CLEAR_SECONDS = 0.2
"""How long deleting waits for those who read, before it leaves the log of the file to a later write."""


def _connect(path: Path, query: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?{query}", uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _create(path: Path, name: str) -> None:
    """Makes the file, for its owner alone, where there is none."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(prefix=".new-", dir=path.parent) as pattern:  # which is its owner's alone
            _connect(path, f"mode=rwc&modeof={quote(os.fsencode(pattern.name))}").close()
    except FileExistsError:
        raise UsageError(f"{name}: it is in what is no folder; name a file in one") from None
    except OSError as error:
        raise StoreUnavailable(f"{name}: it cannot be created: {error.strerror}") from error


def _is_there(path: Path, name: str) -> bool:
    """Raises: `UsageError` for what may not be opened to see what it is: a pipe would wait for somebody to write."""
    try:
        is_there = path.exists()
        is_file = path.is_file()
    except OSError as error:
        raise StoreUnavailable(f"{name}: it cannot be reached: {error.strerror}") from error
    if is_there and not is_file:
        raise UsageError(f"{name}: that is a folder or a device; name a file")
    return is_there


def _is_empty(path: Path, name: str) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError as error:
        raise StoreUnavailable(f"{name}: it cannot be reached: {error.strerror}") from error


def _set_up(path: Path) -> None:
    """Nothing where another process has just done it."""
    with suppress(PermissionError):  # of somebody else, who has let this one write to it
        path.chmod(0o600)
    with closing(_connect(path, "mode=rw")) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:  # of this lock SQLite does not wait for the end
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(RETRY_SECONDS)
            else:
                return


def prepare(path: Path, name: str, *, creates: bool = True) -> str | None:
    """The revision of the store's tables; None for a new one, which is made unless it `creates` nothing. Blocks.

    Raises: `UsageError` for another program's database, which is not touched; `StoreDamaged`; `StoreUnavailable`.
    """
    if sqlite3.sqlite_version_info < MIN_SQLITE:
        wanted = ".".join(map(str, MIN_SQLITE))
        raise UsageError(f"SQLite {sqlite3.sqlite_version} is too old to keep conversations; {wanted} is needed")
    if not _is_there(path, name):
        if not creates:
            return None
        _create(path, name)
    if _is_empty(path, name):
        if not creates:
            return None
        _set_up(path)
    with closing(_connect(path, "mode=ro")) as connection:
        made = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if SCHEMA_TABLE in made:
            row = connection.execute(f"SELECT version_num FROM {SCHEMA_TABLE}").fetchone()  # noqa: S608
            return str(row[0]) if row is not None else None
        marks = [connection.execute(f"PRAGMA {mark}").fetchone()[0] for mark in ("application_id", "user_version")]
    if made or any(marks):
        raise UsageError(f"{name}: it is the database of another program; name another file")
    return None


def _emptied(connection: sqlite3.Connection, seconds: float) -> bool:
    connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
    is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


def give_back(path: Path) -> bool:
    """What was deleted leaves the log of the file too, and its room goes back to the disk. Blocks.

    False where it is left for later, as others read or write the file.
    """
    with closing(_connect(path, "mode=rw")) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        try:
            connection.executescript("PRAGMA incremental_vacuum")
            return _emptied(connection, CLEAR_SECONDS)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False


def clear_log(path: Path) -> bool:
    """As `give_back`, of the log alone, without waiting for anybody; it never fails. Blocks."""
    try:
        with closing(_connect(path, "mode=rw")) as connection:
            return _emptied(connection, 0)
    except sqlite3.Error:
        return False
