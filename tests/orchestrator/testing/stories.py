"""Turns as they may have happened, for the judge to look at."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.content import Card, Citation, Shown
from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallDecided,
    CallDispatched,
    CallJudged,
    CallRefused,
    CallReturned,
    Event,
    Reason,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
    TurnStarted,
)
from orchestrator.model.base import ModelCall, Usage
from orchestrator.signals import State, StateEntered
from orchestrator.testing.format.conversation import Turn
from orchestrator.testing.judging.observed import ModelRequest, Observed
from runtimes.base import WireMessage
from runtimes.values import JsonObject, dump_json

CARD: JsonObject = {
    "type": "AdaptiveCard",
    "$schema": "https://adaptivecards.io/schemas/adaptive-card.json",
    "body": [{"type": "TextBlock", "text": "12 Oak Street"}, {"type": "TextBlock", "text": "$760,000"}],
}
ANSWER = "Two homes in Seattle have three bedrooms. The brick bungalow is the cheapest, at $760,000.\nI saved nothing."
PERSON_IS_ASKED = Reason(source="method", text="POST may change something")


def _call(call_id: str, tool: str, arguments: JsonObject) -> RequestedCall:
    return RequestedCall(call_id=call_id, request=ModelCall(id=call_id, tool=tool, arguments=dump_json(arguments)))


SEARCHED: tuple[Event, ...] = (
    TurnStarted(text="Find three-bedroom homes in Seattle and save the search", person="ada", documents={}),
    StateEntered(state="reasoning"),
    ReplyReceived(
        text="", calls=(_call("1", "homes-getListings", {}),), usage=Usage(input_tokens=100, output_tokens=20)
    ),
    CallJudged(
        call_id="1",
        plugin="homes",
        function="getListings",
        arguments={"city": "Seattle", "bedrooms": 3, "near": {"lat": 47.6062}},
        verdict="allow",
        reasons=(),
    ),
    CallDispatched(call_id="1", attempt=1, request_hash="0"),
    CallReturned(
        call_id="1",
        text='[{"title": "12 Oak Street"}, {"title": "9 Elm Road"}]',
        shown=Shown(
            citations=(
                Citation(title="12 Oak Street", url="https://homes.example/12"),
                Citation(title="9 Elm Road", subtitle="with a garden"),
            ),
            cards=(Card(body=CARD),),
        ),
    ),
    ReplyReceived(
        text="",
        calls=(_call("2", "saveSearch", {}), _call("3", "getListings", {"city": 3})),
        usage=Usage(input_tokens=150, output_tokens=30),
    ),
    CallJudged(
        call_id="2",
        plugin="homes",
        function="saveSearch",
        arguments={"city": "Seattle"},
        verdict="ask",
        reasons=(PERSON_IS_ASKED,),
    ),
    CallRefused(call_id="3", code="arguments", message="city must be a text", plugin="homes", function="getListings"),
    CallAsked(
        call_id="2",
        fingerprint="0",
        title="Save this search?",
        body="You will get a mail for each new home.",
        destination="https://homes.example",
        expires=0.0,
    ),
)
ANSWERED: tuple[Event, ...] = (
    *SEARCHED,
    CallDecided(call_id="2", decision="decline", by="ada", note="not now"),
    ReplyReceived(text="Nothing was saved."),
    StateEntered(state="responding"),
    AnswerReceived(text=ANSWER),
    TurnEnded(reason="answered"),
)
BROKEN: tuple[Event, ...] = (ANSWERED[0], TurnEnded(reason="error", detail="the model's server does not answer"))

REQUESTS = (
    WireMessage(
        method="GET",
        url="https://homes.example/listings?city=Seattle&bedrooms=3&tag=a&tag=b",
        headers=(("Accept", "application/json"),),
    ),
    WireMessage(
        method="POST", url="https://homes.example/searches/old%20ones", body='{"city": "Seattle", "notify": true}'
    ),
    WireMessage(
        method="JSON-RPC",
        url="local:settings",
        body='{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "dark"}}',
    ),
)
PROMPTS = (
    "You are a helper.\n\nFind three-bedroom homes in Seattle and save the search",
    "You are a helper.\n\n12 Oak Street, 9 Elm Road",
    "You are a helper.\n\nthe person declined",
    "Answer in one paragraph.",
)
SNAPSHOTS: JsonObject = {"cards/home.json": {**CARD, "body": [{"type": "TextBlock", "text": "10 Oak Street"}]}}


def observed(turn: Turn, events: tuple[Event, ...] = ANSWERED) -> Observed:
    """The story, told over the steps of the turn: each of the four replies takes the next step, if there is one."""
    states: tuple[State, ...] = ("reasoning", "reasoning", "reasoning", "responding")
    return Observed(
        events=events,
        requests=REQUESTS,
        model_requests=tuple(
            ModelRequest(state=state, prompt=prompt, step=step if step < len(turn.model) else None)
            for step, (state, prompt) in enumerate(zip(states, PROMPTS, strict=True))
        ),
        snapshots=SNAPSHOTS,
    )


def unscripted(turn: Turn, events: tuple[Event, ...] = ANSWERED) -> Observed:
    """The same with a live model."""
    return replace(observed(turn, events), is_scripted=False)
