"""Data that is set aside, denials and standing answers: played, kept, and told (issue 7)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.conversation import Conversation as Chat
from orchestrator.events import DataSetAside
from orchestrator.host import Orchestrator
from orchestrator.testing.answering.api import Apis
from orchestrator.testing.format.settings import Settings
from orchestrator.testing.format.writing import as_json
from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.outcome import Outcome, Wanted, outcome_of
from orchestrator.testing.playing.stage import staged, stub_body
from orchestrator.testing.playing.stages import Stages
from orchestrator.testing.telling.explained_lines import lines_of_turn
from runtimes.values import Json, JsonObject
from tests.orchestrator.testing.chatting import Improvising, Replies, failures_of, written
from tests.orchestrator.testing.playing import play, write_conversation, write_plugin

TEXT: JsonObject = {"type": "string"}
TRIPS: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Trips",
    "namespace": "trips",
    "description_for_human": "Trips",
    "functions": [
        {
            "name": "findTrip",
            "description": "Finds a trip",
            "parameters": {"type": "object", "properties": {"to": TEXT}},
        },
        {
            "name": "priceTrip",
            "description": "Says what a trip costs",
            "capabilities": {"confirmation": {"type": "AdaptiveCard", "title": "Price?", "body": "Ask for the price?"}},
        },
    ],
    "runtimes": [{"type": "OpenApi", "spec": {"url": "openapi.json"}, "run_for_functions": ["*"]}],
}
_TO: Json = [{"name": "to", "in": "query", "schema": TEXT}]
_ANSWER: JsonObject = {"200": {"description": "Found", "content": {"application/json": {"example": {"trip": 7}}}}}
TRIPS_API: JsonObject = {
    "openapi": "3.1.0",
    "info": {"title": "Trips", "version": "1"},
    "servers": [{"url": "https://trips.example/v1"}],
    "paths": {
        "/trips": {"get": {"operationId": "findTrip", "parameters": _TO, "responses": _ANSWER}},
        "/price": {"get": {"operationId": "priceTrip", "responses": _ANSWER}},
    },
}
BOTH: JsonObject = {"plugins": ["plugin.json", "trips/plugin.json"]}
HOME = (("getHome", '{"id": "1"}'),)
TRIP = (("findTrip", '{"to": "Oak Street"}'),)
SAID_TRIP = (("findTrip", '{"to": "Rome"}'),)

FIRST = """
plugins: [plugin.json, trips/plugin.json]
turns:
  - say: Find home 1
    model:
      - {call: getHome, with: {id: "1"}}
      - It is in Oak Street.
  - say: And a trip there
    model:
"""


def write_plugins(folder: Path) -> None:
    """Two plugins that do not say how they handle data."""
    write_plugin(folder)
    (folder / "trips").mkdir()
    write_plugin(folder / "trips", TRIPS_API, TRIPS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with both."""
    write_plugins(tmp_path)
    return tmp_path


@asynccontextmanager
async def chatting(folder: Path) -> AsyncGenerator[tuple[Orchestrator, Chat]]:
    opened = Settings.model_validate(BOTH)
    async with staged(opened, folder, Apis(opened.api, stub_body(folder))) as stage:
        yield stage.host, stage.host.conversation()


async def said(host: Orchestrator, chat: Chat, text: str, *replies: str | tuple[tuple[str, str], ...]) -> None:
    await host.use_model(Improvising(replies))
    await chat.ask(text)


CALLS = st.sampled_from(
    [
        ("getHome", '{"id": "1"}'),
        ("getHome", '{"id": "Rome"}'),
        ("putHome", '{"name": "Oak Street"}'),
        ("findTrip", '{"to": "Oak Street"}'),
        ("trips-findTrip", '{"to": "Rome"}'),
        ("findTrip", "[]"),
        ("priceTrip", "{}"),
    ]
)
MEETING: list[Replies] = [(HOME, "So."), (TRIP, TRIP, "So."), (TRIP, SAID_TRIP, "So."), (TRIP, "So."), (HOME, TRIP)]
ANY = st.lists(st.one_of(st.lists(CALLS, min_size=1, max_size=2).map(tuple), st.just("So.")), max_size=4)
REPLIES = st.one_of(st.sampled_from(MEETING), st.sampled_from(MEETING), ANY)
SAID = st.lists(
    st.tuples(st.sampled_from(["To Rome", "Home 1"]), REPLIES, st.sampled_from(["approve", "decline", "always"])),
    min_size=1,
    max_size=4,
)


async def comes_out_the_same(folder: Path, conversation: list[tuple[str, Replies, str]]) -> None:
    async with chatting(folder) as (host, chat):
        for text, replies, word in conversation:
            await host.use_model(Improvising(replies))
            reply = await chat.ask(text)
            while reply.pending:
                for one in reply.pending:
                    await chat.decide(one.call_id, word != "decline", always=word == "always" and one.may_always)
                reply = await chat.resume()
        made = await written(chat, host, BOTH)
    assert made.left_out == ()
    assert await failures_of(made, folder) == []


async def set_aside(chat: Chat) -> list[DataSetAside]:
    return [fact for fact in await chat.facts() if isinstance(fact, DataSetAside)]


async def told(path: Path) -> Outcome:
    [(file, placed)] = collect([path], Choice()).conversations
    async with Stages() as stages:
        return outcome_of(await stages.play(placed, file), file, Wanted(explain=True))


# --- played


async def test_a_step_replies_once_more_where_its_calls_are_set_aside(folder: Path) -> None:
    text = FIRST + (
        "      - {call: findTrip, with: {to: Oak Street}}\n      - Here it is.\n"
        "    expect: {calls: [findTrip], model_requests: 3, events: [data_set_aside, call_returned]}\n"
    )
    [outcome] = await play(write_conversation(folder, text))
    assert [failure.text for failure in outcome.failures] == []


async def test_a_step_that_is_to_be_set_aside_leaves_the_word_to_the_next(folder: Path) -> None:
    text = FIRST + (
        "      - {call: findTrip, with: {to: Oak Street}, set_aside: true}\n      - Where to?\n"
        "    expect: {calls: [], text: Where to, model_requests: 2}\n"
    )
    [outcome] = await play(write_conversation(folder, text))
    assert [failure.text for failure in outcome.failures] == []


async def test_what_a_person_allows_for_always_ends_with_the_conversation(folder: Path) -> None:
    """Conversations on one host know nothing of each other."""
    turns = "[{say: The price, model: [{call: priceTrip}, It is 7.], decide: [{answer: approve, always: true}]}]"
    conversations = f"[{{name: a, turns: {turns}}}, {{name: b, turns: {turns}}}]"
    text = f"plugins: trips/plugin.json\nconversations: {conversations}\n"
    outcomes = await play(write_conversation(folder, text))
    assert [failure.text for outcome in outcomes for failure in outcome.failures] == []


# --- kept


async def test_a_chat_whose_model_was_asked_again_plays_again(folder: Path) -> None:
    async with chatting(folder) as (host, chat):
        await said(host, chat, "Find home 1", HOME, "It is in Oak Street.")
        await said(host, chat, "And a trip there", TRIP, TRIP, "Here it is.")
        assert [fact.plugins for fact in await set_aside(chat)] == [("homes",)]
        made = await written(chat, host, BOTH)
    assert made.conversation is not None
    assert len(made.conversation.turns[1].model) == 2
    assert await failures_of(made, folder) == []


async def test_a_chat_whose_model_then_did_something_else_plays_again(folder: Path) -> None:
    async with chatting(folder) as (host, chat):
        await said(host, chat, "Find home 1", HOME, "It is in Oak Street.")
        await said(host, chat, "And a trip there", TRIP, "Where to?")
        await said(host, chat, "Rome", SAID_TRIP, "Here it is.")
        made = await written(chat, host, BOTH)
    assert made.conversation is not None
    assert [step.set_aside for step in made.conversation.turns[1].model] == [True, False]
    assert await failures_of(made, folder) == []


async def test_a_chat_with_a_denied_call_plays_again(folder: Path) -> None:
    async with chatting(folder) as (host, chat):
        await said(host, chat, "Find home 1 and a trip there", HOME, TRIP, "I may not look for a trip now.")
        made = await written(chat, host, BOTH)
    assert made.conversation is not None
    calls = as_json(made.conversation)["turns"]
    assert '"denied"' in json.dumps(calls)
    assert await failures_of(made, folder) == []


async def test_a_chat_in_which_a_function_was_allowed_for_always_plays_again(folder: Path) -> None:
    async with chatting(folder) as (host, chat):
        await host.use_model(Improvising(((("priceTrip", "{}"),), "It is 7.", (("priceTrip", "{}"),), "Still 7.")))
        [question] = (await chat.ask("The price?")).pending
        assert question.may_always
        await chat.decide(question.call_id, True, always=True)
        await chat.resume()
        assert (await chat.ask("And now?")).pending == ()
        made = await written(chat, host, BOTH)
    assert made.conversation is not None
    assert [decision.always for turn in made.conversation.turns for decision in turn.decide] == [True]
    assert await failures_of(made, folder) == []


@settings(max_examples=40, deadline=None)
@given(conversation=SAID)
def test_whatever_is_said_to_two_plugins_comes_out_the_same(
    tmp_path_factory: pytest.TempPathFactory, conversation: list[tuple[str, Replies, str]]
) -> None:
    folder = tmp_path_factory.mktemp("chat")
    write_plugins(folder)
    anyio.run(partial(comes_out_the_same, folder, conversation))


# --- told


async def test_an_explanation_says_that_the_model_was_asked_again(folder: Path) -> None:
    text = FIRST + "      - {call: findTrip, with: {to: Oak Street}}\n      - Here it is.\n"
    outcome = await told(write_conversation(folder, text))
    assert outcome.failures == ()
    text = " ".join(" ".join(lines_of_turn(outcome.explanation[1])).split())
    assert "set aside not made: the model was asked again without earlier data of homes" in text
    assert "request 2 reasoning: asked again without earlier data of homes" in text


async def test_around_a_failure_every_call_has_its_decision(folder: Path) -> None:
    text = FIRST + (
        "      - {call: findTrip, with: {to: Oak Street}}\n      - {call: getHome, with: {id: '2'}}\n      - So.\n"
        "    expect: {text: nothing like it}\n"
    )
    outcome = await told(write_conversation(folder, text))
    decisions = [" ".join(line.split()) for line in outcome.transcript if line.split()[:1] == ["decision"]]
    assert [line.partition(":")[0] for line in decisions] == [
        "decision not made",
        "decision allowed",
        "decision not allowed",
    ]
