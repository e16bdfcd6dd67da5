"""How facts get into the tables: one statement that finds the conversation as it should be, one for the facts."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, Insert, Table, Update, bindparam, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.errors import ConversationHeld, JournalConflict, LeaseLost
from orchestrator.journal.base import ConversationId
from orchestrator.journal.sql.rows import Growth, Row
from orchestrator.journal.sql.tables import FIRST_EPOCH, IS_FREE, NOW, conversations, facts, payloads

CHANNEL = "orchestrator_work"
"""Where PostgreSQL tells that a turn can go on."""

_c = conversations.c
_NOTIFY = text(f"SELECT pg_notify('{CHANNEL}', '')")


@cache
def insert_once(table: Table, backend: str) -> Insert:
    """An insert that leaves alone what is there."""
    if backend == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


_INSERT_FACT = insert(facts)


def _update(*, begins: bool) -> Update:
    found = update(conversations).where(_c.conversation == bindparam("of"), _c.sequence == bindparam("expected"))
    found = found.values(sequence=bindparam("new"), wake=bindparam("to_wake"), updated=NOW)
    if not begins:
        return found
    return found.values(
        person=func.coalesce(_c.person, bindparam("to_person")),
        title=func.coalesce(_c.title, bindparam("to_title")),
        plugins=bindparam("to_plugins"),
        turns=_c.turns + bindparam("more_turns"),
    )


_UNTIL = NOW + bindparam("seconds", type_=_c.lease_until.type)


def _leased(statement: Update) -> Update:
    return statement.where(_c.epoch == bindparam("of_epoch")).values(lease_until=_UNTIL)


def _claimed(statement: Update) -> Update:
    values = statement.where(IS_FREE).values(epoch=_c.epoch + 1, lease_until=_UNTIL, owner=bindparam("mark"))
    return values.returning(_c.epoch)


_APPEND = {begins: _update(begins=begins) for begins in (False, True)}
_APPEND_LEASED = {begins: _leased(_update(begins=begins)) for begins in (False, True)}
_CLAIM = {begins: _claimed(_update(begins=begins)) for begins in (False, True)}

_STANDING = select(_c.sequence, _c.epoch, _c.owner, IS_FREE).where(_c.conversation == bindparam("of"))


@cache
def _create(backend: str) -> Insert:
    made = insert_once(conversations, backend).values(
        conversation=bindparam("of"),
        sequence=bindparam("new"),
        wake=bindparam("to_wake"),
        created=NOW,
        updated=NOW,
        person=bindparam("to_person"),
        title=bindparam("to_title"),
        plugins=bindparam("to_plugins"),
        turns=bindparam("more_turns"),
        epoch=FIRST_EPOCH,
        owner=bindparam("mark"),
        lease_until=_UNTIL,
    )
    return made.returning(_c.epoch)


_NOTHING_BEGUN: Row = {"to_person": None, "to_title": None, "to_plugins": None, "more_turns": 0}
_NOBODYS: Row = {"mark": None, "seconds": None}


def create(connection: Connection, conversation: ConversationId) -> None:
    """Makes the row of a conversation where there is none."""
    row: Row = {"of": conversation, "new": 0, "to_wake": None, **_NOTHING_BEGUN, **_NOBODYS}
    connection.execute(_create(connection.dialect.name), row)


def _first(connection: Connection, growth: Growth) -> int | None:
    """The epoch of a conversation that begins with this; None when it does not, or somebody else has begun it."""
    if growth.expected or growth.lease is not None:
        return None
    row: Row = {"of": growth.conversation, "new": growth.new, "to_wake": growth.wake, **_NOBODYS}
    row |= growth.begun or _NOTHING_BEGUN
    if growth.mark is not None:
        row |= {"mark": growth.mark, "seconds": growth.seconds}
    return connection.execute(_create(connection.dialect.name), row).scalar_one_or_none()


def _grown(connection: Connection, growth: Growth) -> int | None:
    """The epoch of the conversation, 0 where it was not asked for; None where it is not as it should be."""
    row: Row = {"of": growth.conversation, "expected": growth.expected, "new": growth.new, "to_wake": growth.wake}
    row |= growth.begun or {}
    begins = growth.begun is not None
    if growth.mark is not None:
        claimed = row | {"seconds": growth.seconds, "mark": growth.mark}
        return connection.execute(_CLAIM[begins], claimed).scalar_one_or_none()
    if growth.lease is not None:
        leased = row | {"seconds": growth.seconds, "of_epoch": growth.lease.epoch}
        return growth.lease.epoch if connection.execute(_APPEND_LEASED[begins], leased).rowcount else None
    return 0 if connection.execute(_APPEND[begins], row).rowcount else None


def _refusal(connection: Connection, growth: Growth) -> JournalConflict | LeaseLost | ConversationHeld:
    """Why the conversation was not found as it should be."""
    row = connection.execute(_STANDING, {"of": growth.conversation}).one_or_none()
    if growth.lease is not None and (row is None or row.epoch != growth.lease.epoch):
        return LeaseLost(growth.conversation)
    if growth.mark is not None and row is not None and (not row[3] or row.sequence == growth.expected):
        return ConversationHeld(growth.conversation)
    return JournalConflict(f"conversation {growth.conversation!r} has grown since it was read")


def tell(connection: Connection) -> None:
    """Wakes who waits for work, once the transaction is through; on SQLite they look for themselves."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY)


_IS_FREE_NOW = select(_c.epoch).where(_c.conversation == bindparam("of"), IS_FREE)


def _tell_if_free(connection: Connection, growth: Growth) -> None:
    if growth.wake is None or growth.lease is not None or growth.mark is not None:
        return
    is_postgresql = connection.dialect.name == "postgresql"
    if is_postgresql and connection.execute(_IS_FREE_NOW, {"of": growth.conversation}).first():
        connection.execute(_NOTIFY)


def grow(connection: Connection, growth: Growth) -> int:
    """Keeps all of it or nothing; the epoch it was kept under.

    Raises: `JournalConflict`, `LeaseLost`, `ConversationHeld`.
    """
    with connection.begin():
        epoch = _first(connection, growth)
        if epoch is None:
            epoch = _grown(connection, growth)
        if epoch is None:
            raise _refusal(connection, growth)
        if growth.facts:
            connection.execute(_INSERT_FACT, growth.facts if len(growth.facts) > 1 else growth.facts[0])
        if growth.payloads:
            connection.execute(insert_once(payloads, connection.dialect.name), growth.payloads)
        _tell_if_free(connection, growth)
    return epoch


_KEPT_ROWS = (
    select(facts)
    .where(facts.c.conversation == bindparam("of"), facts.c.sequence.between(bindparam("low"), bindparam("high")))
    .order_by(facts.c.sequence)
)


def _kept_as(connection: Connection, growth: Growth) -> int | None:
    """The epoch under which exactly this was kept; None where it was not, or where that cannot be told from nothing."""
    row = connection.execute(_STANDING, {"of": growth.conversation}).one_or_none()
    is_ours = row is not None and row.sequence >= growth.new
    if is_ours and row is not None and growth.mark is not None:
        is_ours = row.owner == growth.mark
    if is_ours and growth.facts:
        of = {"of": growth.conversation, "low": growth.expected, "high": growth.new - 1}
        is_ours = [dict(one) for one in connection.execute(_KEPT_ROWS, of).mappings()] == growth.facts
    connection.rollback()
    if row is None or not is_ours or (not growth.facts and growth.mark is None):
        return None
    return int(row.epoch)


def grow_again(connection: Connection, growth: Growth) -> int:
    """As `grow`, after a connection was lost that may have kept it, or is about to where the server has not noticed."""
    kept = _kept_as(connection, growth)
    if kept is not None:
        return kept
    try:
        return grow(connection, growth)
    except (JournalConflict, ConversationHeld):
        kept = _kept_as(connection, growth)
        if kept is None:
            raise
        return kept
