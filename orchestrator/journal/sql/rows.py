"""An append as the rows that it writes: pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256

import orjson

from orchestrator.errors import UsageError
from orchestrator.event_json import encode
from orchestrator.events import Fact, TurnStarted
from orchestrator.journal.base import ConversationId, Lease, plugin_key, title_of
from orchestrator.journal.sql.payloads import Payload, Split, split

Row = dict[str, str | int | bytes | float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What an append or a claim writes."""

    conversation: ConversationId
    expected: int
    facts: list[Row]
    payloads: list[Row]
    wake: float | None
    seconds: float | None
    """How long the lease holds that the writer has afterwards; None where it ends."""
    lease: Lease | None = None
    mark: str | None = None
    """Random: of a claim."""
    begun: Row | None = None
    """What is known of the conversation by a turn that begins in it."""

    @property
    def new(self) -> int:
        """How many facts are kept afterwards."""
        return self.expected + len(self.facts)


def _storable(words: str) -> str:
    """As a column takes it that is only shown: neither NUL nor lone surrogates."""
    return words.encode("utf-8", "replace").decode().replace("\0", "�")


def check_name(name: str, kind: str) -> None:
    """Raises: `UsageError` for a name that not every database can hold."""
    if _storable(name) != name:
        raise UsageError(f"{kind} cannot be named {name!r}: it has a character that is no text")


def key_of(plugins: Collection[str]) -> str:
    """A set of plugins as it is searched by: an index takes no long text."""
    return sha256(plugin_key(plugins).encode()).hexdigest()


def _begun(kept: Sequence[Fact]) -> Row | None:
    turns = [fact for fact in kept if isinstance(fact, TurnStarted)]
    if not turns:
        return None
    return {
        "to_person": turns[0].person,
        "to_title": _storable(title_of(turns[0].text)),
        "to_plugins": key_of(turns[-1].documents),
        "more_turns": len(turns),
    }


def payload_row(conversation: ConversationId, payload: Payload) -> Row:
    """The row of a payload."""
    return {
        "conversation": conversation,
        "hash": payload.hash,
        "encoding": payload.encoding,
        "size": payload.size,
        "body": payload.body,
    }


def _fact_row(conversation: ConversationId, sequence: int, fact: Fact, parts: Split) -> Row:
    return {
        "conversation": conversation,
        "sequence": sequence,
        "kind": fact.kind,
        "body": parts.body,
        "payloads": orjson.dumps(parts.members).decode() if parts.members else None,
    }


def forms_of(conversation: ConversationId, kept: Sequence[Fact]) -> Sequence[bytes]:
    """Facts in JSON. Raises: `UsageError` for names that not every database can hold."""
    check_name(conversation, "a conversation")
    for fact in kept:
        if isinstance(fact, TurnStarted):
            check_name(fact.person, "a person")
    return [encode(fact) for fact in kept]


def growth(
    conversation: ConversationId,
    expected: int,
    kept: Sequence[Fact],
    forms: Sequence[bytes],
    *,
    wake: float | None,
    seconds: float | None,
    lease: Lease | None = None,
    mark: str | None = None,
) -> Growth:
    """The rows of facts; `forms` are those in JSON."""
    begun = _begun(kept)
    parts = [split(form) for form in forms]
    return Growth(
        conversation=conversation,
        expected=expected,
        facts=[_fact_row(conversation, expected + i, fact, parts[i]) for i, fact in enumerate(kept)],
        payloads=[payload_row(conversation, payload) for part in parts for payload in part.payloads],
        wake=wake,
        seconds=seconds,
        lease=lease,
        mark=mark,
        begun=begun,
    )
