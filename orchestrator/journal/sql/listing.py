"""Which conversations are kept, and deleting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection, bindparam, delete, select

from orchestrator.errors import ConversationHeld
from orchestrator.journal.base import AT_ONCE, ConversationId, Kept
from orchestrator.journal.sql.reading import exists
from orchestrator.journal.sql.tables import IS_FREE, conversations

FORGOTTEN_AT_ONCE = 100
"""How many conversations one transaction deletes."""

_c = conversations.c
_KEPT = (
    select(_c.conversation, _c.person, _c.title, _c.turns, _c.sequence, _c.created, _c.updated, _c.wake)
    .add_columns(IS_FREE.label("is_free"))
    .where(_c.turns > 0)
    .order_by(_c.updated.desc(), _c.created.desc(), _c.conversation)
)
_KEPT_OF_ONE = _KEPT.where(_c.person == bindparam("whose"))
_FORGET = delete(conversations).where(_c.conversation == bindparam("of"), IS_FREE)
_IS_OLD = (_c.wake.is_(None), _c.updated < bindparam("time"))
_SOME_OLD = select(_c.conversation).where(*_IS_OLD).limit(FORGOTTEN_AT_ONCE)
_FORGET_OLD = delete(conversations).where(*_IS_OLD, _c.conversation.in_(_SOME_OLD))


def _standing(wake: float | None, *, is_free: bool) -> Literal["at rest", "waiting", "running", "left"]:
    if wake is None:
        return "at rest"
    if wake > AT_ONCE:
        return "waiting"
    return "left" if is_free else "running"


def kept(connection: Connection, person: str | None) -> Sequence[Kept]:
    """The conversations of a person, or of all; the one that grew last comes first."""
    found = connection.execute(_KEPT) if person is None else connection.execute(_KEPT_OF_ONE, {"whose": person})
    return [
        Kept(
            conversation=row.conversation,
            person=row.person,
            title=row.title,
            turns=row.turns,
            facts=row.sequence,
            created=row.created,
            updated=row.updated,
            standing=_standing(row.wake, is_free=bool(row.is_free)),
        )
        for row in found
    ]


def forget(connection: Connection, conversation: ConversationId) -> bool:
    """Deletes the conversation's row, and the database what hangs on it. Raises: `ConversationHeld`."""
    with connection.begin():
        is_gone = connection.execute(_FORGET, {"of": conversation}).rowcount == 1
        if not is_gone and exists(connection, conversation):
            raise ConversationHeld(conversation)
    return is_gone


def forget_some(connection: Connection, time: float) -> int:
    """Deletes some of what is at rest and has not grown since; 0 when nothing is left."""
    with connection.begin():
        return connection.execute(_FORGET_OLD, {"time": time}).rowcount
