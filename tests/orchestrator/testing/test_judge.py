"""The judge: what passes, what it does not look at, and that nothing breaks it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.content import Card
from orchestrator.events import CallAsked, CallDecided, Event
from orchestrator.model.base import (
    AssistantMessage,
    ModelCall,
    ReasoningRequest,
    ToolMessage,
    ToolSet,
    UserMessage,
)
from orchestrator.testing.format.conversation import Conversation, Turn
from orchestrator.testing.format.expectations import snapshot_files
from orchestrator.testing.format.matching import MAX_SHOWN
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.judging.judge import judge
from orchestrator.testing.judging.observed import ModelRequest, Observed, prompt_of
from orchestrator.testing.judging.shown_kinds import snapshots_due
from runtimes.base import WireMessage
from runtimes.values import Json, JsonObject
from tests.orchestrator.testing.stories import ANSWERED, BROKEN, CARD, SEARCHED, observed, unscripted
from tests.orchestrator.testing.test_writing import TURNS

STORY = r"""
turns:
  - say: Find three-bedroom homes in Seattle and save the search
    model:
      - {call: getListings, with: {city: Seattle, bedrooms: 3}}
      - calls: [{call: saveSearch}, {call: getListings, with: {city: 3}}]
      - Nothing was saved.
      - {text: Two homes., in: responding}
    decide: [{answer: decline, call: saveSearch}]
    expect:
      text: {contains: [Seattle, "$760,000"], regex: "^Two", not: [sorry, Tacoma], not_regex: '\d{4}'}
      calls:
        - call: getListings
          with: {city: {$one-of: [Seattle, Tacoma]}, bedrooms: 3, near: {lat: {$approx: 47.6, within: 0.1}}}
          result: 12 Oak Street
        - {call: saveSearch, status: declined, reason: may change something, result: not now}
        - {call: getListings, with: {city: 3}, status: refused, code: arguments, reason: must be a text}
      requests:
        any_order:
          - {rpc: tools/call, params: {name: dark}}
          - method: post
            path: /searches/old ones
            json: {$subset: {notify: {$any: boolean}}}
            headers: {Authorization: {$absent: true}}
          - {path: /listings, query: {city: Seattle, bedrooms: "3", tag: [a, b]}, headers: {accept: application/json}}
      questions:
        - {call: saveSearch, title: Save, body: mail, destination: homes.example, reason: POST, answer: decline}
      citations: [12 Oak Street, {title: 9 Elm Road, subtitle: {$contains: garden}, number: 2, is_cited: false}]
      cards:
        - shows: ["$760,000", Oak]
          subset: {body: [{text: "$760,000"}], $$schema: {$any: string}}
          paths: {"$.body[*].text": 12 Oak Street, "$.actions": {$absent: true}}
          snapshot: card.json
      events: [call_judged, {kind: call_returned, is_error: false}, call_asked, {kind: turn_ended}]
      end: answered
      state: responding
      model_requests: {$at-most: 4}
      tokens: {input: 250, total: {$approx: 300, within: 1}}
      prompts:
        - {request: 3, contains: declined}
        - {state: responding, contains: paragraph, not: Oak}
        - not: password
"""


def turn_of(text: str) -> Turn:
    [placed] = read_conversations(text.encode(), "x").conversations
    return placed.conversation.turns[0]


def told(turn: Turn, happened: Observed) -> list[str]:
    return [failure.message for failure in judge(turn, happened)]


def expecting(expect: object) -> Turn:
    """A turn of a live model that expects this and declines what it is asked."""
    turn = {"say": "hi", "decide": "decline", "expect": expect}
    return Conversation.model_validate({"turns": [turn]}).turns[0]


def test_a_turn_that_is_as_expected_has_no_failures() -> None:
    turn = turn_of(STORY)
    assert judge(turn, replace(observed(turn), snapshots={"card.json": CARD})) == ()


def test_of_a_long_prompt_the_end_is_shown_on_one_line() -> None:
    turn = expecting({})
    request = ModelRequest(state="responding", prompt="a long line\n" * 100 + "the last\nof it", step=None)
    [unasked] = [
        dict(failure.details)["prompt"]
        for failure in judge(turn, replace(observed(turn), model_requests=(request,)))
        if failure.kind == "model"
    ]
    assert unasked.startswith("…")
    assert unasked.endswith("a long line⏎the last⏎of it")
    assert len(unasked) == MAX_SHOWN


def test_what_is_not_mentioned_is_not_looked_at() -> None:
    assert judge(expecting({}), unscripted(expecting({}))) == ()


def test_steps_are_not_looked_at_where_a_live_model_replied() -> None:
    turn = turn_of("turns: [{say: hi, model: [a, b], decide: decline}]")
    assert told(turn, unscripted(turn)) == []
    assert len(told(turn, observed(turn))) == 2


def test_every_failure_of_a_turn_is_told() -> None:
    turn = expecting({"text": ["Rome", "Oslo"], "calls": [], "end": "limit", "state": "reasoning"})
    kinds = [failure.kind for failure in judge(turn, unscripted(turn))]
    assert kinds == ["end", "calls", "text", "text", "state"]


def test_a_turn_that_did_not_start_fails() -> None:
    assert told(expecting({}), Observed()) == ["the turn did not start"]


ANY_SEARCH: JsonObject = {"call": "getListings", "status": "any"}
ANY_SAVING: JsonObject = {"call": "saveSearch", "status": "any"}


@pytest.mark.parametrize(
    ("expect", "passes"),
    [
        ({"calls": {"include": ["getListings"]}}, True),
        ({"calls": {"any_order": [ANY_SEARCH, ANY_SAVING]}}, False),
        ({"calls": {"any_order": [ANY_SEARCH, {**ANY_SEARCH, "with": {"city": 3}}, ANY_SAVING]}}, True),
        ({"calls": {"any_order": [ANY_SEARCH, "getListings", ANY_SAVING]}}, True),
        ({"citations": {"any_order": ["9 Elm Road", "12 Oak Street"]}}, True),
        ({"citations": {"include": ["9 Elm Road"]}}, True),
        ({"citations": "9 Elm Road"}, False),
        ({"citations": {"include": ["9 Elm Road", "9 Elm Road"]}}, False),
        ({"events": ["call_asked", "call_asked"]}, False),
        ({"end": "answered"}, True),
    ],
)
def test_lists_take_each_thing_once(expect: object, passes: bool) -> None:
    """An expectation that fits two things leaves the other one to whoever needs it."""
    turn = expecting(expect)
    assert (judge(turn, unscripted(turn)) == ()) is passes


def test_a_question_may_stay_open_where_that_is_expected() -> None:
    turn = turn_of("turns: [{say: hi, expect: {end: waiting, questions: {call: saveSearch, answer: open}}}]")
    assert judge(turn, unscripted(turn, SEARCHED)) == ()


def test_a_turn_may_end_by_error_where_that_is_expected() -> None:
    turn = turn_of("turns: [{say: hi, expect: {end: {reason: error, detail: does not answer}}}]")
    assert judge(turn, unscripted(turn, BROKEN)) == ()


def test_credentials_that_went_out_are_not_shown() -> None:
    """A failure lands in reports; what may be secret is said by the message itself."""
    message = WireMessage(
        method="GET",
        url="https://homes.example/listings?key=hunter%202&city=Rome",
        headers=(("Authorization", "Bearer canary"), ("Cookie", "session=crumb; a=b")),
        secrets=frozenset({"authorization", "key", "session"}),
    )
    came: list[tuple[str, JsonObject]] = [
        ('"(secret)"', {"headers": {"Authorization": "Bearer mine"}}),
        ('"session=(secret); a=b"', {"headers": {"Cookie": "session=mine"}}),
        ('"Rome"', {"query": {"city": "Oslo", "key": "mine"}}),
        ('"(secret)"', {"query": {"key": "mine", "city": "Rome"}}),
        ("https://homes.example/listings?key=(secret)&city=Rome", {"url": "/elsewhere"}),
    ]
    for shown, expected in came:
        turn = expecting({"requests": [{"path": "/listings", **expected}]})
        [failure] = judge(turn, replace(unscripted(turn), requests=(message,)))
        assert dict(failure.details)["came"] == shown
    turn = expecting({"requests": [{"headers": {"Authorization": "Bearer canary"}, "query": {"key": {"$regex": "x"}}}]})
    [failure] = judge(turn, replace(unscripted(turn), requests=(message,)))
    assert "hunter" not in failure.text


def test_a_prompt_is_all_that_the_model_reads() -> None:
    call = ModelCall(id="1", tool="f", arguments='{"a":1}')
    messages = (
        UserMessage(text="hi", note="with a file"),
        AssistantMessage(calls=(call,)),
        ToolMessage(call_id="1", text="done"),
    )
    request = ReasoningRequest(system="Be kind.", messages=messages, tools=ToolSet(()))
    assert prompt_of(request) == 'Be kind.\n\nhi\n\nwith a file\n\nf({"a":1})\n\ndone'


def test_an_edited_call_and_its_question_are_told_apart() -> None:
    asked = next(event for event in SEARCHED if isinstance(event, CallAsked))
    decided = next(event for event in ANSWERED if isinstance(event, CallDecided))
    assert decided.call_id == asked.call_id
    expect = "{questions: {call: saveSearch, answer: edit}}"
    turn = turn_of(f"turns: [{{say: hi, decide: [{{answer: edit, with: {{}}}}], expect: {expect}}}]")
    assert told(turn, unscripted(turn)) == [
        "nothing was asked that 'edit' answers",
        "the question about 'saveSearch' was answered otherwise",
    ]


EVENTS = st.lists(st.sampled_from(ANSWERED), max_size=8).map(tuple) | st.just(ANSWERED) | st.just(SEARCHED)


@given(TURNS, EVENTS, st.booleans())
def test_nothing_breaks_the_judge(members: dict[str, object], events: tuple[Event, ...], is_scripted: bool) -> None:
    turn = Turn.model_validate(members)
    story = observed(turn, events) if is_scripted else unscripted(turn, events)
    assert all(failure.text and failure.kind for failure in judge(turn, story))


@pytest.mark.parametrize("order", ["in_order", "any_order", "include"])
def test_the_card_of_each_snapshot_is_found(order: str) -> None:
    first, second = Card(body={"text": "one"}), Card(body={"text": "two"})
    wanted = [{"shows": "one", "snapshot": "1.json"}, {"shows": "two", "snapshot": "2.json"}]
    items = wanted if order == "in_order" else wanted[::-1]
    expect = expecting({"cards": {order: items}}).expect
    assert expect.cards is not None
    assert sorted(snapshot_files(expect)) == ["1.json", "2.json"]
    assert snapshots_due(expect.cards, [first, second]) == {"1.json": first.body, "2.json": second.body}
    assert snapshots_due(expect.cards, []) == {}


ANY_TEXT = st.text(st.characters(), max_size=30)
REQUESTS: list[Json] = ["GET /a", {"rpc": "a"}, {"json": {"a": 1}, "body": "a"}]


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_nothing_in_a_request_breaks_the_judge(url: str, header: str, body: str) -> None:
    """Lone surrogates are among the characters."""
    turn = expecting({"requests": REQUESTS})
    message = WireMessage(method=header, url=url, headers=((header, body),), body=body, secrets=frozenset({header}))
    frame = replace(message, method="JSON-RPC")
    assert judge(turn, replace(unscripted(turn), requests=(message, frame, message)))
