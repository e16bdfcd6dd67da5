"""Secrets are in no event, whoever wrote it (issue 9, point 7)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields, is_dataclass
from typing import Literal, TypeGuard, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth import Secret, SecretsInUse
from orchestrator.content import AttachedFile, Card, CardAction, Shown
from orchestrator.event_json import encode
from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallJudged,
    CallReturned,
    CallUnknown,
    Event,
    Fact,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
    TurnStarted,
)
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import load_plugin
from orchestrator.masked_events import masked_event, masked_events
from orchestrator.model.base import ModelCall, ModelDelta, ReasoningRequest, ReplyEnd, UserMessage
from runtimes.values import Json
from tests.orchestrator.any_event import EVENTS
from tests.servers.asking import ObedientModel
from tests.servers.guarded import TestVault, answer, manifest
from tests.servers.loopback import serve

VALUE = 'canary-1"é/2345'


def known(*values: str) -> SecretsInUse:
    secrets = SecretsInUse()
    for value in values:
        secrets.learn("key", Secret(value))
    return secrets


TOLD: list[Fact] = [
    TurnStarted(text=f"my key is {VALUE}", person="ada", documents={"mine": "h"}, sources=(f"https://x/?k={VALUE}",)),
    TurnStarted(
        text="Send",
        person="ada",
        documents={},
        action=CardAction(call_id="c", title="Send", data={"key": [VALUE]}, plugin="mine", function="look"),
        attachments=(AttachedFile(id="a1", name=f"{VALUE}.txt", size=1, sha256="0" * 64),),
    ),
    ReplyReceived(
        text=f"it is {VALUE}",
        calls=(RequestedCall(call_id="c", request=ModelCall(id=VALUE, tool=VALUE, arguments=f'{{"k": "{VALUE}"}}')),),
    ),
    CallJudged(
        call_id="c", plugin="mine", function="look", arguments={"kind": VALUE, VALUE: 1}, verdict="ask", reasons=()
    ),
    CallAsked(call_id="c", fingerprint="f", title=VALUE, body=f"send {VALUE}?", destination="https://x", expires=1.0),
    CallReturned(
        call_id="c",
        text=VALUE,
        shown=Shown(text=VALUE, cards=(Card(body={"name": VALUE}, notes=(VALUE,)),), rich=[VALUE], notes=(VALUE,)),
    ),
    CallUnknown(call_id="c", message=f"no answer from {VALUE}"),
    AnswerReceived(text=VALUE),
    TurnEnded(reason="error", detail=VALUE, partial=VALUE),
]


@pytest.mark.parametrize("fact", TOLD, ids=lambda fact: fact.kind)
def test_a_secret_is_in_no_part_of_a_fact(fact: Fact) -> None:
    secrets = known(VALUE)
    masked = masked_event(fact, secrets)
    assert "[secret key]" in repr(masked)
    assert "canary" not in repr(masked)
    assert type(masked) is type(fact)
    assert masked_event(masked, secrets) is masked


def test_a_number_may_be_a_secret() -> None:
    judged = CallJudged(
        call_id="c", plugin="p", function="f", arguments={"pin": 12345678, "n": 5}, verdict="allow", reasons=()
    )
    assert masked_event(judged, known("12345678")).arguments == {"pin": "[secret key]", "n": 5}


def test_names_and_words_of_events_stay_what_they_are() -> None:
    """A password that is an ordinary word takes no conversation apart."""
    secrets = known("contoso-homes", "ada-lovelace", "reasoning", "getListings", "cancelled", "answered", "turn_ended")
    started = TurnStarted(text="hello", person="ada-lovelace", documents={"contoso-homes": "h"})
    reply = ReplyReceived(text="getListings", state="reasoning")
    ended = TurnEnded(reason="cancelled", detail="was answered")
    judged = CallJudged(
        call_id="c", plugin="contoso-homes", function="getListings", arguments={}, verdict="allow", reasons=()
    )
    assert masked_events((started, judged), secrets) == (started, judged)
    assert masked_event(reply, secrets).state == "reasoning"
    assert masked_event(reply, secrets).text != "getListings"
    assert masked_event(ended, secrets).reason == "cancelled"


WORD = "calendar"
"""A password that stands in names."""

TEXTS = {
    "TurnStarted": {"text"},
    "AttachedFile": {"name", "media_type"},
    "CardAction": {"title", "data", "secret"},
    "ReplyReceived": {"text"},
    "ModelCall": {"arguments"},
    "CallRefused": {"message", "arguments"},
    "CallJudged": {"arguments"},
    "Reason": {"text"},
    "CallAsked": {"title", "body"},
    "CallDecided": {"note"},
    "SignInAsked": {"reason"},
    "CallReturned": {"text"},
    "Shown": {"text", "rich", "notes"},
    "Citation": {"title", "subtitle", "url", "thumbnail_url", "information_protection_label"},
    "Card": {"body", "notes"},
    "CallFailed": {"message"},
    "CallNotExecuted": {"message"},
    "CallUnknown": {"message"},
    "AnswerReceived": {"text"},
    "TurnEnded": {"detail", "partial"},
    "TurnsSummarised": {"text"},
    "TextDelta": {"text"},
    "CallProgress": {"text"},
    "RetryScheduled": {"reason"},
    "QuestionRaised": {"text", "title", "form", "url"},
    "QuestionClosed": {"reason"},
}
"""What of events is no name: here a secret is masked, and nowhere else."""


def is_row(value: object) -> TypeGuard[tuple[object, ...]]:
    return isinstance(value, tuple)


def _named(hint: object) -> object:
    """A value of a type, with a name that has the word in it for each text."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint == Json or hint is str:
        return f"{WORD}_read"
    if hint is int or hint is float or hint is bool:
        return hint(1)
    if origin is Literal:
        return parts[0]
    if origin is tuple:
        return (_named(parts[0]),)
    if origin is dict:
        return {"of": _named(parts[1])}
    if origin is not None:
        return _named(next(part for part in parts if part is not type(None)))
    assert isinstance(hint, type)
    hints = get_type_hints(hint)
    return hint(**{name: _named(one) for name, one in hints.items()})


def _members(value: object, owner: str = "") -> Iterator[tuple[str, object]]:
    """Everything in it that has no members, under its class and its name."""
    if is_row(value):
        for inner in value:
            yield from _members(inner, owner)
    elif is_dataclass(value):
        for one in fields(value):
            yield from _members(getattr(value, one.name), f"{type(value).__name__}.{one.name}")
    else:
        yield owner, value


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_every_name_outlives_a_secret_that_stands_in_it(kind: type[Event]) -> None:
    """Of each kind of event: calls, plugins, tools, files and scopes are found by their names."""
    event = _named(kind)
    assert isinstance(event, kind)
    masked = dict(_members(masked_event(event, known(WORD))))
    expected = {name for name in masked if name.partition(".")[2] in TEXTS.get(name.partition(".")[0], ())}
    assert {name for name, value in masked.items() if "[secret key]" in repr(value)} == expected


@pytest.mark.parametrize(
    ("source", "left"),
    [
        (f"/home/{WORD}/plugin.json", f"/home/{WORD}/plugin.json"),
        (f"https://{WORD}.example/{WORD}.json", f"https://{WORD}.example/{WORD}.json"),
        (f"https://x.example/a?key={WORD}", "https://x.example/a?key=[secret key]"),
        (f"https://x.example/a#{WORD}", "https://x.example/a#[secret key]"),
        (f"https://ada:{WORD}@x.example/a", "https://ada:[secret key]@x.example/a"),
    ],
)
def test_where_a_plugin_was_read_from_is_found_again(source: str, left: str) -> None:
    started = TurnStarted(text="hello", person="ada", documents={}, sources=(source,))
    assert masked_event(started, known(WORD)).sources == (left,)


def requested(arguments: str) -> ReplyReceived:
    return ReplyReceived(
        text="", calls=(RequestedCall(call_id="c", request=ModelCall(id="1", tool="read", arguments=arguments)),)
    )


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ('{"pin": 12345678, "n": 5}', '{"pin":"[secret key]","n":5}'),
        ('{"pin": "12345678"}', '{"pin":"[secret key]"}'),
        ('{"pin": [-12345678.5]}', '{"pin":["-[secret key].5"]}'),
        ('{"pin": "12345678", "pin": 1}', '{"pin":1}'),
        ('{"n":  5}', '{"n":  5}'),
        ('{"pin": 12345678', '{"pin": [secret key]'),
    ],
)
def test_arguments_that_are_json_stay_json(arguments: str, left: str) -> None:
    (call,) = masked_event(requested(arguments), known("12345678")).calls
    assert call.request.arguments == left


@pytest.mark.parametrize("depth", range(6))
def test_a_secret_is_found_as_deep_as_in_any_text(depth: int) -> None:
    """A line of JSON holds everything encoded once more."""
    value, secrets = 'pa"ss\\wo\nrd é/12', known('pa"ss\\wo\nrd é/12')
    for _ in range(depth):
        value = json.dumps({"q": value})
    is_found = secrets.masked(value) is not value
    for event in (AnswerReceived(text=value), CallUnknown(call_id="c", message=value)):
        assert ("[secret key]" in repr(masked_event(event, secrets))) == is_found
    assert ("[secret key]" in repr(masked_event(requested(value), secrets))) >= is_found, "it is read as JSON first"


def _words(hint: object) -> set[str]:
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return set[str]().union(*map(_words, get_args(hint)))


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_every_word_that_an_event_may_say_of_itself_is_known(kind: type[Event]) -> None:
    """Else a secret that is such a word would make an event that nobody can read."""
    from orchestrator.masked_events import _NAMES, _WORDS  # pyright: ignore[reportPrivateUsage]

    for name, hint in get_type_hints(kind).items():
        assert name in _NAMES or _words(hint) <= _WORDS


class Determined(ObedientModel):
    """Calls one tool, whatever the message says."""

    async def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        if isinstance(request.messages[-1], UserMessage):
            yield ReplyEnd(calls=(ModelCall(id="m1", tool="mail-weather", arguments="{}"),))
            return
        async for delta in ObedientModel.reason(self, request):
            yield delta


async def test_a_tool_is_called_although_its_name_is_a_password() -> None:
    async with serve(answer) as served:
        plugin = await load_plugin(manifest(served.url), allowed_hosts=["127.0.0.1"])
        host = Orchestrator(plugins=[plugin], model=Determined(), vault=TestVault(), secrets=known("mail-weather"))
        async with host:
            reply = await host.conversation().ask("how is it outside?")
        assert ([call.status for call in reply.calls], len(served.requests)) == (["returned"], 1)


@given(event=EVENTS)
def test_an_event_without_secrets_is_itself(event: Event) -> None:
    assert masked_event(event, SecretsInUse()) is event
    assert masked_event(event, known("canary-of-nobody")) is event


@given(event=EVENTS, data=st.data())
def test_whatever_is_masked_is_an_event_still(event: Event, data: st.DataObject) -> None:
    line = encode(event).decode()
    start = data.draw(st.integers(0, max(0, len(line) - 9)))
    secrets = known(line[start : start + 9])
    masked = masked_event(event, secrets)
    assert type(masked) is type(event)
    assert masked_event(masked, secrets) == masked
