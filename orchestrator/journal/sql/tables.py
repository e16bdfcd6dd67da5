"""The tables of the journal and of the vault as they are now, and the clock of the database.

`migrations` makes them; a test holds the two together. Their names start alike, so that they can stand in a database
beside the tables of others. Everything of a conversation hangs on its one row, and goes with it; what is sealed has
nothing to do with conversations.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    cast,
    or_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

PREFIX = "orchestrator_"
"""What the name of each table starts with."""

SCHEMA_TABLE = PREFIX + "schema"
"""Where the revision of the tables is kept."""

metadata = MetaData()

_OWNER = "orchestrator_conversation.conversation"

conversations = Table(
    "orchestrator_conversation",
    metadata,
    Column("conversation", Text, primary_key=True),
    Column("sequence", Integer, nullable=False),  # how many facts are kept
    Column("person", Text),
    Column("title", Text),
    Column("turns", Integer, nullable=False),
    Column("created", Double[float], nullable=False),  # seconds since the epoch, as every time here
    Column("updated", Double[float], nullable=False),
    Column("wake", Double[float]),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("lease_until", Double[float]),
    Column("owner", Text),  # the random mark of the claim that made the epoch
    Column("plugins", Text),  # the hash of the plugin set of the last turn
)
Index("orchestrator_conversation_person", conversations.c.person)
Index(
    "orchestrator_conversation_due",
    conversations.c.plugins,
    conversations.c.wake,
    sqlite_where=conversations.c.wake.is_not(None),
    postgresql_where=conversations.c.wake.is_not(None),
)

facts = Table(
    "orchestrator_fact",
    metadata,
    Column("conversation", Text, ForeignKey(_OWNER, ondelete="CASCADE"), primary_key=True),
    Column("sequence", Integer, primary_key=True),  # 0 for the first
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("payloads", Text),  # a JSON object: member of the body to the hash of what is kept apart
)

payloads = Table(
    "orchestrator_payload",
    metadata,
    Column("conversation", Text, ForeignKey(_OWNER, ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, primary_key=True),
    Column("encoding", Text, nullable=False),
    Column("size", Integer, nullable=False),  # bytes before they were compressed
    Column("body", LargeBinary, nullable=False),
)

sealed = Table(
    "orchestrator_sealed",
    metadata,
    Column("owner", Text, primary_key=True),  # the person; empty for what holds for all
    Column("name", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("origins", Text, nullable=False),  # a line each; the seal binds them
    Column("key_id", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("claim_until", Double[float]),
    Column("claimant", Text),  # the random mark of the claim on that version
    Column("updated", Double[float], nullable=False),
)


class _Now(FunctionElement[float]):
    """Seconds since the epoch, by the clock of the database."""

    type = Double[float]()
    inherit_cache = True


@compiles(_Now, "sqlite")
def _now_in_sqlite(_element: _Now, _compiler: SQLCompiler, **_options: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(_Now, "postgresql")
def _now_in_postgresql(_element: _Now, _compiler: SQLCompiler, **_options: object) -> str:
    # of the statement, not of the row: an index can be searched by it, and who waited for a lock gains no time by that
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) AS DOUBLE PRECISION)"


NOW: ColumnElement[float] = _Now()

FIRST_EPOCH = cast(NOW * 1000, BigInteger)
"""Of a conversation that is made: above each epoch that one of its name had which was deleted before, so that whoever
had a lease of that has none of this. Two that are made within a millisecond are not told apart. The versions of what is
sealed begin so too: whoever read what was removed since does not write over what stands there now."""

IS_FREE = or_(conversations.c.lease_until.is_(None), conversations.c.lease_until <= NOW)
"""Nobody holds a lease of the conversation."""
