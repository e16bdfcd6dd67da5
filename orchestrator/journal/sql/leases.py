"""Who drives a conversation's turn: renewed, given back, taken over."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, case, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from orchestrator.journal.base import AT_ONCE, Lease
from orchestrator.journal.sql.tables import IS_FREE, NOW, conversations
from orchestrator.journal.sql.writing import tell

_c = conversations.c
_UNTIL = NOW + bindparam("seconds", type_=_c.lease_until.type)
_OWN = update(conversations).where(_c.conversation == bindparam("of"), _c.epoch == bindparam("of_epoch"))
_RENEW = _OWN.values(lease_until=case((_c.wake == AT_ONCE, _UNTIL)))
_RELEASE = _OWN.values(lease_until=None)


def _taking(*, passes_over: bool) -> ReturningUpdate[str, int]:
    """Claims what has waited longest, of what nobody else has locked; or waits for that one to be unlocked."""
    due = (
        select(_c.conversation)
        .where(_c.plugins == bindparam("key"), _c.wake <= NOW, IS_FREE)
        .order_by(_c.wake, _c.updated)
        .limit(1)
        .with_for_update(skip_locked=passes_over)
        .scalar_subquery()
    )
    return (
        update(conversations)
        .where(_c.conversation == due)
        .values(epoch=_c.epoch + 1, lease_until=_UNTIL, owner=bindparam("mark"))
        .returning(_c.conversation, _c.epoch)
    )


_TAKE = _taking(passes_over=True)
_TAKE_WAITING = _taking(passes_over=False)
_TAKEN = select(_c.conversation, _c.epoch).where(_c.owner == bindparam("mark"), _c.plugins == bindparam("key"))


def renew(connection: Connection, lease: Lease) -> bool:
    """False when it is lost."""
    row = {"of": lease.conversation, "of_epoch": lease.epoch, "seconds": lease.seconds}
    with connection.begin():
        return connection.execute(_RENEW, row).rowcount == 1


def release(connection: Connection, lease: Lease) -> None:
    """Does nothing when it is lost."""
    with connection.begin():
        if connection.execute(_RELEASE, {"of": lease.conversation, "of_epoch": lease.epoch}).rowcount:
            tell(connection)


def take(connection: Connection, key: str, mark: str, seconds: float, *, waits: bool = False) -> Lease | None:
    """Claims the turn that has waited longest; `key` is of the plugin set, `mark` is random."""
    statement = _TAKE_WAITING if waits else _TAKE
    with connection.begin():
        row = connection.execute(statement, {"key": key, "mark": mark, "seconds": seconds}).one_or_none()
    return Lease(conversation=row.conversation, epoch=row.epoch, seconds=seconds) if row is not None else None


def _taken(connection: Connection, key: str, mark: str, seconds: float) -> Lease | None:
    row = connection.execute(_TAKEN, {"key": key, "mark": mark}).one_or_none()
    connection.rollback()
    return Lease(conversation=row.conversation, epoch=row.epoch, seconds=seconds) if row is not None else None


def take_again(connection: Connection, key: str, mark: str, seconds: float) -> Lease | None:
    """As `take`, after a connection was lost that may have taken one, or may still be taking it."""
    taken = _taken(connection, key, mark, seconds) or take(connection, key, mark, seconds, waits=True)
    return taken or _taken(connection, key, mark, seconds)
