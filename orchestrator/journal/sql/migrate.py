"""Brings the tables of a store to the form this program works with."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from threading import Lock

from sqlalchemy import URL, Connection, create_engine, inspect, pool, text

from orchestrator.errors import StoreNewer
from orchestrator.journal.sql.engine import BUSY_SECONDS, link_settings
from orchestrator.journal.sql.tables import SCHEMA_TABLE

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every form the tables have had, the oldest first; a test holds it to `migrations/versions`."""

HEAD = REVISIONS[-1]

SCRIPTS = Path(__file__).with_name("migrations")

_LOCK_KEY = 0x6F72_6368
"""Of the advisory lock under which PostgreSQL's tables are changed."""

_ONE_AT_A_TIME = Lock()
"""alembic keeps what it is doing in its modules: two migrations of one process would get in each other's way."""


def check_revision(revision: str | None, name: str) -> bool:
    """True when the tables are as they should be. Raises: `StoreNewer` when they are of a form not known here."""
    if revision is not None and revision not in REVISIONS:
        raise StoreNewer(f"{name}: a newer version of this program has made it; update this one, or name another store")
    return revision == HEAD


def revision_of(connection: Connection) -> str | None:
    """The form the tables are in; None where there are none."""
    if not inspect(connection).has_table(SCHEMA_TABLE):
        return None
    row = connection.execute(text(f"SELECT version_num FROM {SCHEMA_TABLE}")).first()  # noqa: S608
    return str(row[0]) if row is not None else None


def run_alembic(connection: Connection, command: str, revision: str = "head") -> None:
    """`upgrade` or `check`, on a connection whose transaction is the caller's."""
    from alembic import command as commands
    from alembic.config import Config

    config = Config(stdout=StringIO())
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        if command == "check":
            commands.check(config)
        else:
            commands.upgrade(config, revision)


def upgrade(url: URL, name: str, revision: str = "head") -> None:
    """Makes or changes the tables, all or nothing; of several who do it at once, one does. Blocks.

    Raises: `StoreNewer`; what the driver raises.
    """
    is_file = url.get_backend_name() == "sqlite"
    settings: Mapping[str, str | float] = {"timeout": BUSY_SECONDS}
    if is_file:
        plain = url.set(drivername="sqlite")
    else:
        plain, settings = link_settings(url)
    engine = create_engine(plain, poolclass=pool.NullPool, hide_parameters=True, connect_args=dict(settings))
    with engine.connect() as connection, connection.begin():
        if is_file:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            connection.execute(text("SET LOCAL statement_timeout = 0"))  # a large store takes its time
        if not check_revision(revision_of(connection), name):
            run_alembic(connection, "upgrade", revision)
