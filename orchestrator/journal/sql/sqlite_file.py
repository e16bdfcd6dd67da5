"""The file of a SQLite store, before anything is written to it: whose it is, and who may read it."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from orchestrator.errors import StoreDamaged, StoreUnavailable, UsageError
from orchestrator.journal.sql.engine import BUSY_SECONDS
from orchestrator.journal.sql.tables import SCHEMA_TABLE

MIN_SQLITE = (3, 35)
"""The oldest SQLite whose statements can say what they have changed."""

RETRY_SECONDS = 0.02
"""Between two tries to set up a file that another process is setting up."""

_MAGIC = b"SQLite format 3\x00"


def _create(path: Path, name: str) -> None:
    """Makes the file, for its owner alone, where there is none."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.is_dir() or not path.parent.is_dir():
            raise UsageError(f"{name}: that is a folder, or in a file; name a file") from None
    except OSError as error:
        raise StoreUnavailable(f"{name}: it cannot be created: {error.strerror}") from error


def _is_empty(path: Path, name: str) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise StoreUnavailable(f"{name}: it cannot be read: {error.strerror}") from error
    if start and start != _MAGIC:
        raise StoreDamaged(f"{name}: it is not a database; name another file, or move it away")
    return not start


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _set_up(path: Path) -> None:
    """Nothing where another process has just done it."""
    with closing(_connect(path, "rw")) as connection:
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


def prepare(path: Path, name: str) -> str | None:
    """The revision of the store's tables; None for a new one. Blocks.

    Raises: `UsageError` for another program's database, which is not touched; `StoreDamaged`; `StoreUnavailable`.
    """
    if sqlite3.sqlite_version_info < MIN_SQLITE:
        wanted = ".".join(map(str, MIN_SQLITE))
        raise UsageError(f"SQLite {sqlite3.sqlite_version} is too old to keep conversations; {wanted} is needed")
    _create(path, name)
    if _is_empty(path, name):
        _set_up(path)
    with closing(_connect(path, "ro")) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if SCHEMA_TABLE in tables:
            row = connection.execute(f"SELECT version_num FROM {SCHEMA_TABLE}").fetchone()  # noqa: S608
            return str(row[0]) if row is not None else None
    if tables:
        raise UsageError(f"{name}: it is the database of another program; name another file")
    return None


def give_back(path: Path) -> None:
    """What was deleted leaves the log of the file too, and its room goes back to the disk. Blocks."""
    with closing(_connect(path, "rw")) as connection:
        connection.executescript(
            "PRAGMA secure_delete = ON; PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);"
        )
