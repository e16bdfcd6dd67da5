"""Events without secrets: whatever holds one is replaced by a copy that says `[secret NAME]` in its place. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TypeVar, get_args

from auth import SecretsInUse
from orchestrator.content import CardOrigin
from orchestrator.events import EndReason, Event, Judgement, RefusalCode
from orchestrator.signals import State
from runtimes.errors import NotExecutedCause
from runtimes.questions import Action
from runtimes.values import InvalidJson, Json, JsonObject, dump_json, parse_json

_Kind = TypeVar("_Kind", bound=Event)

_NAMES = frozenset(
    {
        "across",
        "by",
        "call_id",
        "call_ids",
        "destination",
        "documents",
        "fence",
        "fingerprint",
        "function",
        "kind",
        "label",
        "locale",
        "person",
        "plugin",
        "plugins",
        "request_hash",
        "scopes",
        "set_aside",
        "sha256",
        "source",
    }
)
"""Members of events that hold names: of calls, persons, plugins, functions and credentials. Nobody finds anything by a
name with a mask in it, and a secret that is called like them is a word."""

_IDENTIFIERS = frozenset({"id", "result_id", "tool", "verb"})
"""Members that hold names as a model, a card or an answer wrote them: left as they are where they look like a name."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)

_PLACES = frozenset({"sources", "template"})
"""Members that hold files and URLs by which something is found again: left as they are, but for a query and for URLs
that name a user, where secrets travel."""

_QUERY = re.compile("[?#]")

_OUTSIDE = frozenset({"body", "data", "form", "rich"})
"""Members that hold values of somebody else's making, with names of their own."""

_WORDS = frozenset(
    word
    for words in (Action, CardOrigin, EndReason, Judgement, NotExecutedCause, RefusalCode, State)
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


def _arguments(value: Json, masked: Mask) -> Json:
    """Arguments as they are, or as the JSON text that a model wrote; that stays JSON."""
    if not isinstance(value, str):
        return _outside(value, masked)
    try:
        parsed = parse_json(value)
    except InvalidJson:
        return masked(value)
    without = _outside(parsed, masked)
    text = value if without == parsed else dump_json(without)
    if masked(text) is text:
        return text
    told = dump_json(without)  # a member that is named twice stands only in the text
    return told if masked(told) is told else masked(text)


def _place(value: Json, masked: Mask) -> Json:
    if isinstance(value, list):
        return [_place(inner, masked) for inner in value]
    if not isinstance(value, str):
        return value
    place = _QUERY.split(value, maxsplit=1)[0]
    if "://" in place and "@" in place:
        return masked(value)
    return place + masked(value[len(place) :])


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


def _member(name: str, value: Json, masked: Mask) -> Json:
    if name in _NAMES or (name in _IDENTIFIERS and isinstance(value, str) and _IDENTIFIER.fullmatch(value)):
        return value
    if name == "arguments":
        return _arguments(value, masked)
    if name in _PLACES:
        return _place(value, masked)
    return _outside(value, masked) if name in _OUTSIDE else _own(value, masked)


def _members(value: JsonObject, masked: Mask) -> JsonObject:
    return {name: _member(name, inner, masked) for name, inner in value.items()}


def masked_event(event: _Kind, secrets: SecretsInUse) -> _Kind:
    """The event without the secrets; itself where it has none."""
    if not secrets:
        return event
    from orchestrator.event_json import decode_value, encode

    line = encode(event).decode()
    if "\\" not in line and secrets.masked(line) is line:  # where it has any, texts are encoded once more in it
        return event
    value: JsonObject = json.loads(line)
    names = {"name": value["name"]} if "name" in value else {}  # of a credential; deeper down it is a file's
    without = _members(value, secrets.masked) | names
    if without == value:
        return event
    masked = decode_value(without)
    assert isinstance(masked, type(event))
    return masked


def masked_events(events: Iterable[_Kind], secrets: SecretsInUse) -> tuple[_Kind, ...]:
    """The events without the secrets."""
    if not secrets:
        return tuple(events)
    return tuple(masked_event(event, secrets) for event in events)
