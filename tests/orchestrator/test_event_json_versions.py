"""Facts that older versions of the program have written are read as what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from orchestrator.content import AttachedFile, Card, CardAction, Citation, Shown
from orchestrator.event_json import FORMAT, UnknownFormat, decode, encode
from orchestrator.event_upcasters import UPCASTERS
from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallDecided,
    CallDispatched,
    CallFailed,
    CallInterrupted,
    CallJudged,
    CallNotExecuted,
    CallRefused,
    CallReturned,
    CallUnknown,
    CallWithdrawn,
    DataSetAside,
    Fact,
    QuestionExpired,
    Reason,
    ReplyReceived,
    RequestedCall,
    SignInAsked,
    SignInDone,
    TurnEnded,
    TurnsSummarised,
    TurnStarted,
    TurnTakenUp,
    TurnUndone,
)
from orchestrator.labels import Label
from orchestrator.model.base import ModelCall, Usage
from runtimes.values import JsonObject, parse_json

CASES = Path(__file__).parents[1] / "cases"
PICTURE = AttachedFile(id="f1", name="cat.png", media_type="image/png", size=67, sha256="ab" * 32)
REQUEST = ModelCall(id="call_1", tool="todo-add", arguments='{"title":"Milk"}')
LONG = 12345678901234567890123456789

OF_VERSION_1: tuple[Fact, ...] = (
    TurnStarted(text="add milk", person="ada", documents={}),
    TurnStarted(
        text="Read",
        person="ada",
        documents={"todo": "cd" * 32, "mail": "ef" * 32},
        locale="fr-CA",
        attachments=(PICTURE,),
        action=CardAction(
            call_id="c0",
            title="Read",
            result_id="r1",
            verb="read",
            data={"id": LONG, "pin": "1234", "parts": [1.5, None, True, {"é": "\U0001f600\u2028"}]},
            secret=("pin",),
            plugin="mail",
            function="read",
        ),
        fence="9f3a",
        set_aside=("shop",),
    ),
    ReplyReceived(text="Hello"),
    ReplyReceived(
        text="",
        calls=(RequestedCall(call_id="c1", request=REQUEST),),
        usage=Usage(input_tokens=120, output_tokens=7),
        state="responding",
        is_from_card=True,
    ),
    CallRefused(call_id="c1", code="unknown", message="there is no function 'todo-ad'"),
    CallRefused(
        call_id="c1",
        code="repeated",
        message="you said no",
        plugin="todo",
        function="add",
        arguments={"title": "Milk"},
        source="person",
    ),
    CallJudged(call_id="c1", plugin="todo", function="list", arguments={}, verdict="allow", reasons=()),
    CallJudged(
        call_id="c1",
        plugin="todo",
        function="add",
        arguments={"title": "Milk", "number": LONG, "weight": 5e-324, "less": -0.0, "more": 1e22},
        verdict="ask",
        reasons=(Reason(source="method", text="POST may change something"),),
        repeatable=True,
        fingerprint="12" * 32,
        label=Label(seen=("todo",), private=("todo",), isolated=("shop",)),
        across=("mail",),
        may_always=True,
        may_agree=True,
    ),
    DataSetAside(plugins=("mail",)),
    DataSetAside(plugins=("mail", "shop"), call_ids=("c1",)),
    CallAsked(
        call_id="c1", fingerprint="12" * 32, title="Add?", body="Milk", destination="POST /", expires=1790000000.25
    ),
    CallAsked(
        call_id="c1",
        fingerprint="12" * 32,
        title="Send?",
        body="**1** file",
        destination="POST https://mail.example/send",
        expires=1790000000.0,
        attachments=(PICTURE,),
    ),
    CallDecided(call_id="c1", decision="approve", by="ada"),
    CallDecided(
        call_id="c1",
        decision="approve",
        by="ada",
        note="oat milk",
        always=True,
        edited=RequestedCall(call_id="c2", request=REQUEST),
    ),
    CallDecided(call_id="c1", decision="decline", by="ada", note="a new message", left_open=True),
    QuestionExpired(call_id="c1"),
    CallDispatched(call_id="c1", attempt=2, request_hash="34" * 32),
    CallReturned(call_id="c1", text="", shown=Shown()),
    CallReturned(
        call_id="c1",
        text='{"id":1}',
        shown=Shown(
            text="Milk",
            citations=(
                Citation(title="Milk"),
                Citation(
                    title="List",
                    subtitle="today",
                    url="https://todo.example/1",
                    thumbnail_url="https://todo.example/1.png",
                    information_protection_label="internal",
                ),
            ),
            cards=(
                Card(body={"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "Milk"}]}, origin="static"),
                Card(body={"id": LONG}, template="https://t.example", result_id="r1", notes=("no template",)),
            ),
            cards_left_out=3,
            rich={"items": [1, "two", None]},
            notes=("one card is not shown",),
        ),
        is_error=True,
        status=422,
        attachments=(PICTURE,),
    ),
    CallFailed(call_id="c1", message="the answer is too large"),
    CallNotExecuted(call_id="c1", cause="connect", message="nobody listens at 'todo.example'"),
    CallNotExecuted(call_id="c1", cause="rate", message="too many requests"),
    CallUnknown(call_id="c1", message="the connection broke"),
    CallWithdrawn(call_id="c1"),
    CallWithdrawn(call_id="c1", disengages=True),
    AnswerReceived(text="Added [1].", usage=Usage(input_tokens=1, output_tokens=2)),
    TurnEnded(reason="answered"),
    TurnEnded(reason="error", detail="the model is not there", partial="Add"),
    TurnUndone(),
)
"""What the samples say, in their order; of most kinds with as little and with as much as there can be."""


def of_version_2(fact: Fact) -> Fact:
    """A fact of version 1 with what version 2 says more, as the samples have it."""
    if isinstance(fact, TurnStarted) and fact.locale:
        return replace(fact, attended=False, sources=("plugin.json", "mail.zip"), history_tokens=8000)
    if isinstance(fact, CallJudged) and fact.may_agree:
        return replace(fact, changes_something=True)
    if isinstance(fact, CallDispatched):
        return replace(fact, destination="https://todo.example", at=1790000000.5)
    return fact


OF_VERSION_2: tuple[Fact, ...] = (
    *map(of_version_2, OF_VERSION_1),
    CallInterrupted(call_id="c1"),
    CallInterrupted(call_id="c1", was_sent=False),
    TurnTakenUp(),
    TurnsSummarised(text="They spoke of milk.", turns=2),
    TurnsSummarised(
        text="Milk.",
        turns=3,
        label=Label(seen=("todo",), private=("todo",), isolated=()),
        usage=Usage(input_tokens=9, output_tokens=3),
    ),
)

SINCE_VERSION_2 = {SignInAsked, SignInDone}
"""The kinds that version 2 did not have."""

SINCE_VERSION_1 = {CallInterrupted, TurnTakenUp, TurnsSummarised} | SINCE_VERSION_2
"""The kinds that version 1 did not have."""

SAMPLES = (CASES / "events_v1.jsonl").read_bytes().splitlines()
SAMPLES_OF_2 = (CASES / "events_v2.jsonl").read_bytes().splitlines()


def test_there_is_a_step_from_every_older_version() -> None:
    assert sorted(UPCASTERS) == list(range(1, FORMAT))


def test_there_is_a_sample_of_every_kind_that_version_1_had() -> None:
    kinds = {type(fact) for fact in OF_VERSION_1}
    assert kinds == set(get_args(Fact)) - SINCE_VERSION_1
    assert {json.loads(line)["v"] for line in SAMPLES} == {1}


@pytest.mark.parametrize(("line", "fact"), list(zip(SAMPLES, OF_VERSION_1, strict=True)))
def test_what_version_1_wrote_is_read_and_written_as_it_is_now(line: bytes, fact: Fact) -> None:
    """Every member that is new since then has to be in the step from version 1, with what was so at its time."""
    added: JsonObject = {}
    if isinstance(fact, TurnStarted):
        fact = replace(fact, attended=True, sources=(), history_tokens=50_000)
        added = {"attended": True, "sources": [], "history_tokens": 50_000}
    if isinstance(fact, CallJudged):
        added = {"changes_something": False}
    if isinstance(fact, CallDispatched):
        added = {"destination": "", "at": 0.0}
    read = decode(line)
    assert repr(read) == repr(fact)
    written = encode(read)
    assert parse_json(written) == {**json.loads(line), **added, "v": FORMAT}
    assert decode(written) == fact


def test_there_is_a_sample_of_every_kind_that_version_2_had() -> None:
    kinds = {type(fact) for fact in OF_VERSION_2}
    assert kinds == set(get_args(Fact)) - SINCE_VERSION_2
    assert {json.loads(line)["v"] for line in SAMPLES_OF_2} == {2}


@pytest.mark.parametrize(("line", "fact"), list(zip(SAMPLES_OF_2, OF_VERSION_2, strict=True)))
def test_what_version_2_wrote_is_read_and_written_as_it_is_now(line: bytes, fact: Fact) -> None:
    read = decode(line)
    assert repr(read) == repr(fact)
    written = encode(read)
    assert parse_json(written) == {**json.loads(line), "v": FORMAT}
    assert decode(written) == fact


@pytest.mark.parametrize("version", UPCASTERS)
def test_a_step_leaves_what_it_is_given_as_it_is(version: int) -> None:
    for line in (*SAMPLES, *SAMPLES_OF_2):
        event = json.loads(line)
        UPCASTERS[version](event)
        assert event == json.loads(line)


@pytest.mark.parametrize("version", [FORMAT + 1, 10**30])
def test_a_newer_version_is_refused_with_the_name_of_both(version: int) -> None:
    """Issue 8, line 1: facts as versioned JSON."""
    line = json.dumps({"kind": "turn_undone", "v": version})
    with pytest.raises(UnknownFormat, match=rf"^an event of format {str(version)[:20]}, where .* knows 1 to {FORMAT}$"):
        decode(line)


@pytest.mark.parametrize("version", [0, -1, "2", True, 1.0, None, [1]])
def test_what_is_no_version_is_no_newer_one(version: object) -> None:
    """What a store has of it is damaged, and updating the program would not help."""
    with pytest.raises(ValueError, match=r"^not an event: it names no version of its form$") as caught:
        decode(json.dumps({"kind": "turn_undone", "v": version}))
    assert not isinstance(caught.value, UnknownFormat)


def test_an_event_without_a_version_is_refused() -> None:
    with pytest.raises(ValueError, match="names no version"):
        decode('{"kind":"turn_undone"}')
