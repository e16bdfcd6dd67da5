"""How alembic reaches the tables: over the connection it is handed, or over the URL given on its command line."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine, pool

from orchestrator.journal.sql.tables import PREFIX, SCHEMA_TABLE, metadata


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or (name or "").startswith(PREFIX)


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=SCHEMA_TABLE,
        include_name=_is_ours,
        transactional_ddl=True,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _connect_and_run(url: str) -> None:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        _run(connection)


handed = context.config.attributes.get("connection")
if isinstance(handed, Connection):
    _run(handed)
else:
    _connect_and_run(context.get_x_argument(as_dictionary=True)["url"])
