"""Events without secrets: whatever holds one is replaced by a copy that says `[secret NAME]` in its place. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TypeVar, get_args

from auth import SecretsInUse
from orchestrator.content import CardOrigin
from orchestrator.events import EndReason, Event, Judgement, RefusalCode
from orchestrator.signals import State
from runtimes.errors import NotExecutedCause
from runtimes.values import Json, JsonObject

_Kind = TypeVar("_Kind", bound=Event)

_NAMES = frozenset(
    {
        "across",
        "by",
        "call_id",
        "call_ids",
        "documents",
        "fingerprint",
        "function",
        "kind",
        "label",
        "person",
        "plugin",
        "plugins",
        "request_hash",
        "set_aside",
    }
)
"""Members of events that hold names: of calls, persons, plugins, functions and credentials. Nobody finds anything by a
name with a mask in it, and a secret that is called like them is a word."""

_OUTSIDE = frozenset({"arguments", "body", "data", "rich"})
"""Members that hold values of somebody else's making, with names of their own."""

_WORDS = frozenset(
    word
    for words in (CardOrigin, EndReason, Judgement, NotExecutedCause, RefusalCode, State)
    for word in get_args(words)
) | {"host", "person", "approve", "decline", "login", "secret"}
"""The words that events say of themselves."""

Mask = Callable[[str], str]


def _outside(value: Json, masked: Mask) -> Json:
    """Any value; also a number may be a secret."""
    match value:
        case str():
            return masked(value)
        case dict():
            return {masked(name): _outside(inner, masked) for name, inner in value.items()}
        case list():
            return [_outside(inner, masked) for inner in value]
        case int() | float() if not isinstance(value, bool) and masked(str(value)) != str(value):
            return masked(str(value))
        case _:
            return value


def _own(value: Json, masked: Mask) -> Json:
    """A value of an event's own making."""
    match value:
        case str():
            return value if value in _WORDS else masked(value)
        case dict():
            return _members(value, masked)
        case list():
            return [_own(inner, masked) for inner in value]
        case _:
            return value


def _members(value: JsonObject, masked: Mask) -> JsonObject:
    return {
        name: inner if name in _NAMES else _outside(inner, masked) if name in _OUTSIDE else _own(inner, masked)
        for name, inner in value.items()
    }


def masked_event(event: _Kind, secrets: SecretsInUse) -> _Kind:
    """The event without the secrets; itself where it has none."""
    if not secrets:
        return event
    from orchestrator.event_json import decode_value, encode

    line = encode(event).decode()
    if secrets.masked(line) is line:
        return event
    value: JsonObject = json.loads(line)
    names = {"name": value["name"]} if "name" in value else {}  # of a credential; deeper down it is a file's
    masked = decode_value(_members(value, secrets.masked) | names)
    assert isinstance(masked, type(event))
    return masked


def masked_events(events: Iterable[_Kind], secrets: SecretsInUse) -> tuple[_Kind, ...]:
    """The events without the secrets."""
    return tuple(masked_event(event, secrets) for event in events)
