"""Facts and files, read back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from orchestrator.errors import StoreDamaged, StoreNewer
from orchestrator.event_json import UnknownFormat, decode
from orchestrator.events import Fact
from orchestrator.journal.base import ConversationId
from orchestrator.journal.sql.payloads import join, members_of, unpacked
from orchestrator.journal.sql.tables import conversations, facts, payloads
from orchestrator.signals import Signal

HASHES_AT_ONCE = 500
"""How many payloads one statement asks for."""

_FACTS = (
    select(facts.c.sequence, facts.c.body, facts.c.payloads)
    .where(facts.c.conversation == bindparam("of"), facts.c.sequence >= bindparam("after"))
    .order_by(facts.c.sequence)
)
_PAYLOADS = select(payloads.c.hash, payloads.c.encoding, payloads.c.size, payloads.c.body).where(
    payloads.c.conversation == bindparam("of"), payloads.c.hash.in_(bindparam("hashes", expanding=True))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A payload as its row has it."""

    encoding: str
    size: int
    body: bytes

    def open(self) -> bytes:
        """Raises: `ValueError`."""
        return unpacked(self.encoding, self.size, self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The rows of a conversation, from some sequence number on."""

    facts: Sequence[tuple[int, str, str | None]]
    """Sequence number, body and the payloads that it names."""
    payloads: dict[str, Packed]

    @property
    def size(self) -> int:
        """About how many bytes the facts are."""
        return sum(len(body) for _, body, _ in self.facts) + sum(packed.size for packed in self.payloads.values())


def find_payloads(connection: Connection, conversation: ConversationId, hashes: Sequence[str]) -> dict[str, Packed]:
    """Those of them that are kept."""
    found: dict[str, Packed] = {}
    for start in range(0, len(hashes), HASHES_AT_ONCE):
        some = hashes[start : start + HASHES_AT_ONCE]
        for row in connection.execute(_PAYLOADS, {"of": conversation, "hashes": some}):
            found[row.hash] = Packed(encoding=row.encoding, size=row.size, body=row.body)
    return found


def _hashes(named: str) -> Collection[str]:
    try:
        return members_of(named).values()
    except ValueError:
        return ()  # told where the fact is made


def find(connection: Connection, conversation: ConversationId, after: int) -> Found:
    """What is kept from a sequence number on."""
    rows = [
        (row.sequence, row.body, row.payloads)
        for row in connection.execute(_FACTS, {"of": conversation, "after": after})
    ]
    hashes = {digest for _, _, named in rows if named for digest in _hashes(named)}
    return Found(facts=rows, payloads=find_payloads(connection, conversation, sorted(hashes)) if hashes else {})


_COUNT = select(func.count()).select_from(conversations).where(conversations.c.conversation == bindparam("of"))


def exists(connection: Connection, conversation: ConversationId) -> bool:
    """False where nothing is kept of it."""
    return connection.execute(_COUNT, {"of": conversation}).scalar_one() > 0


def _text_of(body: str, named: str | None, opened: dict[str, bytes]) -> str:
    return join(body, members_of(named), opened) if named else body


def facts_of(found: Found, name: str, conversation: ConversationId) -> tuple[Fact, ...]:
    """The facts that the rows are. Raises: `StoreDamaged`, `StoreNewer`."""
    read: list[Fact] = []
    try:
        opened = {digest: packed.open() for digest, packed in found.payloads.items()}
        for _, body, named in found.facts:
            event = decode(_text_of(body, named, opened))
            if isinstance(event, Signal):
                raise ValueError("not a fact")
            read.append(event)
    except UnknownFormat as error:
        where = f"conversation {conversation!r}"
        raise StoreNewer(f"{name}: a newer version of this program has written to {where}; update this one") from error
    except (ValueError, KeyError) as error:
        where = f"fact {found.facts[len(read)][0]} of conversation {conversation!r}"
        raise StoreDamaged(f"{name}: {where} cannot be read; restore the store from a copy") from error
    return tuple(read)
