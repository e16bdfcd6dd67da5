"""What a person chooses on a card is the next message (issue 5, line 5): a call of the card's plugin, or words."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from orchestrator import CardAction, Orchestrator, Reply, UnknownName, UsageError, load_plugin
from orchestrator.event_json import decode, encode
from orchestrator.events import CallJudged, ReplyReceived, TurnStarted
from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    ToolMessage,
    UserMessage,
)
from orchestrator.render.calls import CallLabel
from orchestrator.render.transcript import as_markdown
from orchestrator.response.card_forms import choices_of, submitted
from orchestrator.turn.actions import MAX_DATA
from runtimes.memory import MemoryRuntime
from runtimes.values import Json, JsonObject
from tests.orchestrator.test_cards_shown import windows


def action_on(reply: Reply, title: str) -> CardAction:
    """The choice of that title on the reply's card."""
    (card,) = reply.cards
    (choice,) = [choice for choice in choices_of(card.body) if choice.title == title]
    return submitted(choice, {}, call_id=card.call_id, result_id=card.result_id)


async def test_an_action_that_names_a_function_of_its_plugin_calls_it_and_asks_first(tmp_path: Path) -> None:
    """No model is asked which function that is; the policy asks the person, with the real arguments."""
    async with windows(tmp_path) as host:
        chat = host.conversation()
        shown = await chat.ask("Show my current settings")
        asked = await chat.ask(action_on(shown, "Turn Bluetooth off"))
        (question,) = asked.pending
        assert (question.function, question.arguments) == ("change_bluetooth", {"requestedState": "off"})
        assert not (tmp_path / "settings.json").exists()

        await chat.decide(question.call_id, True)
        done = await chat.resume()
        assert "bluetooth changed from on to off" in done.text
        assert "Turn Bluetooth on" in json.dumps(done.cards[0].body)

        again = await chat.ask(action_on(done, "Turn Bluetooth on"))
        await chat.decide(again.pending[0].call_id, False)
        assert (await chat.resume()).calls[0].status == "declined"
    assert json.loads((tmp_path / "settings.json").read_text())["bluetooth"] == "off"


async def test_the_facts_say_what_was_chosen_and_on_which_card(tmp_path: Path) -> None:
    async with windows(tmp_path) as host:
        chat = host.conversation()
        shown = await chat.ask("Show my current settings")
        action = action_on(shown, "Make the theme dark")
        events = [event async for event in chat.send(action)]
        facts = await chat.facts()
    started, made, judged = events[:3]
    assert isinstance(started, TurnStarted)
    assert started.text == "Make the theme dark"
    assert started.action == CardAction(
        call_id=shown.cards[0].call_id,
        title="Make the theme dark",
        result_id="card",
        verb="set_windows_theme",
        data={"themeName": "dark"},
        plugin="WindowsSkill",
        function="get_settings",
    )
    assert isinstance(made, ReplyReceived)
    assert made.calls[0].request.tool == "WindowsSkill-set_windows_theme"
    assert isinstance(judged, CallJudged)
    assert judged.verdict == "ask"
    assert [decode(encode(fact)) for fact in facts] == list(facts)
    assert started in facts


CARD: JsonObject = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "${id}"}],
    "actions": [{"type": "Action.Submit", "title": "Approve", "data": {"id": "${id}"}}],
}
MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Requests",
    "namespace": "requests",
    "description_for_human": "Requests",
    "functions": [
        {
            "name": "look",
            "description": "Shows a request",
            "capabilities": {"response_semantics": {"data_path": "$", "static_template": CARD}},
        },
        {
            "name": "approve",
            "description": "Approves a request",
            "parameters": {
                "type": "object",
                "properties": {"id": {"type": "string"}},
                "required": ["id"],
            },
        },
    ],
    "runtimes": [{"type": "x-python"}],
}


class Listening:
    """A model that looks once, then answers, and remembers what it was sent."""

    name = "listening"

    def __init__(self) -> None:
        self.requests: list[ReasoningRequest] = []

    async def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        self.requests.append(request)
        last = request.messages[-1]
        if isinstance(last, UserMessage) and last.text == "look":
            yield ReplyEnd(calls=(ModelCall(id="m1", tool="requests-look", arguments="{}"),))
            return
        yield TextPart(text=f"so: {last.text}" if isinstance(last, ToolMessage) else "heard")
        yield ReplyEnd()

    def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        raise NotImplementedError

    async def phrase(self, request: PhraseRequest, /) -> str:
        raise NotImplementedError


def look() -> JsonObject:
    """Shows a request."""
    return {"id": "r1"}


def approve(id: str) -> str:
    """Approves a request."""
    return f"approved {id}"


@asynccontextmanager
async def requests(model: Listening) -> AsyncGenerator[Orchestrator]:
    runtime = MemoryRuntime(look, approve, read_only={"look", "approve"})
    plugin = await load_plugin(MANIFEST)
    async with Orchestrator(plugins=[plugin], model=model, runtimes={"x-python": runtime}) as host:
        yield host


async def test_an_action_that_names_no_function_is_told_to_the_model() -> None:
    model = Listening()
    async with requests(model) as host:
        chat = host.conversation()
        shown = await chat.ask("look")
        reply = await chat.ask(action_on(shown, "Approve"))
        assert reply.text == "heard"
        assert reply.calls == ()
        assert (await chat.ask("and then?")).text == "heard"
    told = [message for message in model.requests[-2].messages if isinstance(message, UserMessage)]
    note = (
        "[the person chose 'Approve' on the card that `requests-look` gave; "
        'the card sends, as data from outside: {"id":"r1"}]'
    )
    assert (told[-1].text, told[-1].note) == ("Approve", note)
    assert told[-1].fence
    assert told[-1] in model.requests[-1].messages


async def test_a_function_that_only_reads_is_called_at_once_and_the_model_has_its_result() -> None:
    model = Listening()
    async with requests(model) as host:
        chat = host.conversation()
        shown = await chat.ask("look")
        reply = await chat.ask(
            CardAction(call_id=shown.calls[0].call_id, title="Yes", verb="approve", data={"id": "r1"})
        )
    assert reply.text == "so: approved r1"
    assert [call.function for call in reply.calls] == ["approve"]
    assert len(model.requests) == 3


UNFIT: list[tuple[str, Json]] = [
    ("approve", None),
    ("approve", {"id": 7, "more": 1}),
    ("approve", "r1"),
    ("approve", ["r1"]),
    ("requests-approve", {"id": "r1"}),
    ("", {"id": "r1"}),
    ("withdraw", {}),
]


@pytest.mark.parametrize(("verb", "data"), UNFIT)
async def test_data_that_does_not_fit_calls_nothing(verb: str, data: Json) -> None:
    model = Listening()
    async with requests(model) as host:
        chat = host.conversation()
        shown = await chat.ask("look")
        reply = await chat.ask(CardAction(call_id=shown.calls[0].call_id, title="Yes", verb=verb, data=data))
    assert reply.calls == ()
    assert reply.text == "heard"


async def test_an_action_on_a_card_that_nobody_gave_is_refused() -> None:
    async with requests(Listening()) as host:
        chat = host.conversation()
        await chat.ask("look")
        with pytest.raises(UnknownName, match="there is no call 'nobody'"):
            await chat.ask(CardAction(call_id="nobody", title="Yes"))
        assert len([fact for fact in await chat.facts() if isinstance(fact, TurnStarted)]) == 1


def protect(id: str, password: str) -> str:
    """Protects a request."""
    return f"protected {id}, {len(password)} characters"


@pytest.mark.parametrize("verb", ["protect", ""])
async def test_what_was_typed_unseen_reaches_the_plugin_and_neither_the_model_nor_the_person(verb: str) -> None:
    model = Listening()
    confirmation = {"title": "Protect?", "body": "with {{ function.parameters.password }} or {{ password }}"}
    functions: list[Json] = [
        {"name": "look"},
        {"name": "protect", "capabilities": {"confirmation": {"type": "AdaptiveCard", **confirmation}}},
    ]
    plugin = await load_plugin({**MANIFEST, "functions": functions})
    runtime = MemoryRuntime(look, protect, read_only={"look"})
    async with Orchestrator(plugins=[plugin], model=model, runtimes={"x-python": runtime}) as host:
        chat = host.conversation()
        shown = await chat.ask("look")
        data: JsonObject = {"id": "r1", "password": "hunter2"}
        action = CardAction(
            call_id=shown.calls[0].call_id, title="Go", verb=verb, data=data, secret=("password", "not there")
        )
        reply = await chat.ask(action)
        for question in reply.pending:
            assert question.body == "with ••• or •••"
            assert (question.arguments, question.secret) == (data, ("password",))
            await chat.decide(question.call_id, True)
            reply = await chat.resume()
            assert reply.text == "so: protected r1, 7 characters"
        assert bool(reply.calls) == bool(verb)
        transcript = as_markdown(await chat.facts(), {})
        styled = {("requests", "protect"): CallLabel(plugin="", function="", progress_style="ShowUsageWithInput")}
        assert "hunter2" not in transcript + as_markdown(await chat.facts(), styled)
    assert "hunter2" not in repr(model.requests)
    assert "•••" in repr(model.requests)


UNSENDABLE: list[tuple[CardAction, str]] = [
    (CardAction(call_id="c", title="x" * 201), "the title of the action has 201 characters"),
    (CardAction(call_id="c", title="x", verb="v" * 201), "the verb of the action has 201 characters"),
    (CardAction(call_id="c", title="x", data="d" * MAX_DATA), "the data of the action has more than"),
    (CardAction(call_id="c", title="\ud800"), "cannot be written as JSON"),
    (CardAction(call_id="c", title="x", data={"a": [float("nan")]}), "cannot be written as JSON"),
    (CardAction(call_id="c", title="x", data=float("inf")), "cannot be written as JSON"),
    (CardAction(call_id="c", title=" "), "the message is empty"),
]


@pytest.mark.parametrize(("action", "why"), UNSENDABLE)
async def test_an_action_that_nothing_can_be_made_of_is_refused(action: CardAction, why: str) -> None:
    async with requests(Listening()) as host:
        with pytest.raises(UsageError, match=why):
            await host.conversation().ask(action)
