"""Secrets are in no event, whoever wrote it (issue 9, point 7)."""

from __future__ import annotations

from typing import Literal, get_args, get_origin, get_type_hints

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
from orchestrator.masked_events import masked_event, masked_events
from orchestrator.model.base import ModelCall
from tests.orchestrator.any_event import EVENTS

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
