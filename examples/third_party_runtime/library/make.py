"""Makes `library.db` beside this file, of `books.sql`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).resolve().parent


def make(database: Path) -> None:
    """Writes the database anew."""
    database.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript((HERE / "books.sql").read_text(encoding="utf-8"))


if __name__ == "__main__":
    make(HERE / "library.db")
