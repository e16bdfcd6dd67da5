"""Citations through a conversation: numbered for the model, matched with its marks, told in the reply."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest

from orchestrator import Limits, NumberedCitation, Orchestrator, Redaction, UsageError, load_plugin
from orchestrator.conversation import Conversation
from orchestrator.event_json import decode, encode
from orchestrator.events import CallReturned
from orchestrator.model.base import (
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    RespondingRequest,
    ToolMessage,
)
from orchestrator.model.scripted import Call, Calls, Say, ScriptedModel, ScriptTurn, Step
from runtimes.memory import MemoryRuntime
from runtimes.values import Json, JsonObject, dump_json

BOOKS: Json = {
    "total": 2,
    "books": [
        {"title": "Walden", "url": "https://books.example/1", "ssn": "123-45-6789"},
        {"title": "Emma", "url": "https://books.example/2", "label": "Internal"},
    ],
}
FILMS: Json = [{"name": "Emma", "link": "https://films.example/e"}, {"title": "no link"}]


def books() -> Json:
    """Finds books."""
    return BOOKS


def films() -> Json:
    """Finds films."""
    return FILMS


def weather() -> str:
    """Says what the weather is."""
    return "sun"


def manifest(*, responding: bool = False) -> JsonObject:
    states: JsonObject = {"responding": {"instructions": ["Be brief."]}} if responding else {}
    properties: JsonObject = {"title": "$.title", "url": "$.url", "information_protection_label": "$.label"}
    return {
        "schema_version": "v2.2",
        "name_for_human": "Library",
        "namespace": "library",
        "description_for_human": "Finds books and films.",
        "functions": [
            {
                "name": "books",
                "states": states,
                "capabilities": {"response_semantics": {"data_path": "$.books", "properties": properties}},
            },
            {"name": "films", "capabilities": {"response_semantics": {"data_path": "$"}}},
            {"name": "weather"},
        ],
        "runtimes": [{"type": "x-python", "run_for_functions": ["*"]}],
    }


class Recorded:
    """A scripted model that remembers what it was sent."""

    name = "recorded"

    def __init__(self, *turns: tuple[str, Sequence[Step]]) -> None:
        self._model = ScriptedModel(turns=[ScriptTurn(user=user, steps=tuple(steps)) for user, steps in turns])
        self.requests: list[ReasoningRequest | RespondingRequest] = []

    def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        self.requests.append(request)
        return self._model.reason(request)

    def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        self.requests.append(request)
        return self._model.respond(request)

    async def phrase(self, request: PhraseRequest, /) -> str:
        return await self._model.phrase(request)

    def results(self, at: int = -1) -> list[str]:
        return [message.text for message in self.requests[at].messages if isinstance(message, ToolMessage)]


@asynccontextmanager
async def library(
    model: Recorded,
    *functions: Callable[..., object],
    responding: bool = False,
    limits: Limits | None = None,
    redactions: tuple[Redaction, ...] = (),
) -> AsyncGenerator[Orchestrator]:
    plugin = await load_plugin(manifest(responding=responding))
    runtime = MemoryRuntime(*(functions or (books, films, weather)), read_only={"books", "films", "weather"})
    async with Orchestrator(
        plugins=[plugin], runtimes={"x-python": runtime}, model=model, limits=limits, redactions=redactions
    ) as host:
        with anyio.fail_after(20):
            yield host


WALDEN = NumberedCitation(title="Walden", url="https://books.example/1", number=1, is_cited=False)
EMMA = NumberedCitation(
    title="Emma",
    url="https://books.example/2",
    information_protection_label="Internal",
    number=2,
    is_cited=True,
)
FILM = NumberedCitation(title="Emma", url="https://films.example/e", number=3, is_cited=True)


async def test_the_model_is_given_numbers_and_its_marks_are_matched() -> None:
    """Issue 5, line 2: unused ones are still listed, a mark of nothing stays text."""
    both = Calls((Call("books", {}), Call("films", {}), Call("weather", {})))
    model = Recorded(("find", [both, Say("Emma is a book [2] and a film 【3】, so says [9].")]))
    async with library(model) as host:
        reply = await host.conversation().ask("find")
    results: Json = BOOKS["books"] if isinstance(BOOKS, dict) else None
    assert model.results() == [
        f"{dump_json(results)}\n[sources: [1] Walden; [2] Emma]",
        f"{dump_json(FILMS)}\n[sources: [3] Emma]",
        "sun",
    ]
    assert reply.citations == (WALDEN, EMMA, FILM)
    assert reply.text == "Emma is a book [2] and a film 【3】, so says [9]."


async def test_numbers_are_those_of_the_calls_whatever_returns_first() -> None:
    """They are a function of the facts, and stay when another call follows."""
    chats: list[Conversation] = []

    async def books() -> Json:
        """Finds books, as soon as the films are kept."""
        while not any(isinstance(fact, CallReturned) for fact in await chats[0].facts()):
            await anyio.lowlevel.checkpoint()
        return BOOKS

    async def films() -> Json:
        """Finds films."""
        return FILMS

    again: list[Step] = [Calls((Call("books", {}), Call("films", {}))), Call("films", {}), Say("[1]")]
    model = Recorded(("find", again))
    async with library(model, books, films, weather) as host:
        chat = host.conversation()
        chats.append(chat)
        reply = await chat.ask("find")
        facts = await chat.facts()
    assert [fact.shown.citations[0].title for fact in facts if isinstance(fact, CallReturned)] == [
        "Emma",
        "Walden",
        "Emma",
    ]
    assert [citation.number for citation in reply.citations] == [1, 2, 3]
    assert [citation.title for citation in reply.citations] == ["Walden", "Emma", "Emma"]
    assert model.results(-1)[:2] == model.results(-2)
    assert model.results(-1)[2].endswith("[sources: [3] Emma]")
    assert all(decode(encode(fact)) == fact for fact in facts)


async def test_each_turn_counts_from_one_and_earlier_lists_are_not_sent_again() -> None:
    model = Recorded(("one", [Call("films", {}), Say("[1]")]), ("two", [Call("books", {}), Say("Both: [1, 2]")]))
    async with library(model) as host:
        chat = host.conversation()
        await chat.ask("one")
        reply = await chat.ask("two")
    assert [(citation.number, citation.is_cited) for citation in reply.citations] == [(1, True), (2, True)]
    first, second = model.results()
    assert first == dump_json(FILMS)
    assert second.endswith("\n[sources: [1] Walden; [2] Emma]")


async def test_how_to_cite_is_told_where_there_is_something_to_cite() -> None:
    """Issue 5, line 2: only when there are citations."""
    script: list[Step] = [Calls((Call("books", {}), Call("weather", {}))), Say(""), Say("Emma [2]")]
    model = Recorded(("find", script), ("and the weather", [Call("weather", {}), Say("sun")]))
    async with library(model, responding=True) as host:
        chat = host.conversation()
        reply = await chat.ask("find")
        await chat.ask("and the weather")
    assert [citation.is_cited for citation in reply.citations] == [False, True]
    responding = [request for request in model.requests if isinstance(request, RespondingRequest)]
    assert ["write `[1]`" in request.system for request in responding] == [True]
    assert model.results(2)[0].endswith("[sources: [1] Walden; [2] Emma]")


async def test_without_response_semantics_nobody_speaks_of_sources() -> None:
    document = manifest()
    document["functions"] = [{"name": "books"}]
    model = Recorded(("find", [Call("books", {}), Say("[1]")]))
    plugin = await load_plugin(document)
    runtime = MemoryRuntime(books, read_only={"books"})
    async with Orchestrator(plugins=[plugin], runtimes={"x-python": runtime}, model=model) as host:
        reply = await host.conversation().ask("find")
    assert reply.citations == ()
    assert model.results() == [dump_json(BOOKS)]
    assert not any("sources" in request.system for request in model.requests)


async def test_the_budget_of_a_result_is_the_hosts() -> None:
    """Issue 5, line 7."""

    def films() -> Json:
        """Finds films."""
        return [{"name": f"Film {index}", "plot": "x" * 100} for index in range(100)]

    model = Recorded(("find", [Call("films", {}), Say("many")]))
    async with library(model, books, films, weather, limits=Limits(result_budget=1000)) as host:
        await host.conversation().ask("find")
    (result,) = model.results()
    assert len(result) < 1100
    assert result.endswith("[cut: 93 of 100 results are not shown]")


RULES = (
    Redaction(path="$..ssn"),
    Redaction(path="$..title", action="hash", function="library-films"),
    Redaction(path="$..title", action="drop", function="other-*"),
)


async def test_what_is_redacted_reaches_neither_model_nor_journal_nor_citations() -> None:
    """Issue 5, line 7."""
    model = Recorded(("find", [Call("books", {}), Say("[1]")]))
    rules = (*RULES, Redaction(pattern="Walden"), Redaction(path="$..url"))
    async with library(model, redactions=rules) as host:
        chat = host.conversation()
        reply = await chat.ask("find")
        facts = await chat.facts()
        outcome = await host.call("books")
    everything = repr((model.requests, reply, facts, outcome))
    assert not any(secret in everything for secret in ("123-45-6789", "Walden", "books.example"))
    assert [(citation.title, citation.url) for citation in reply.citations] == [("***", None), ("Emma", None)]
    assert "Emma" in everything


async def test_an_answer_that_cannot_be_redacted_is_withheld_from_everybody() -> None:
    def books() -> Json:
        """Finds books."""
        return ["a" * 60 + "!"]

    model = Recorded(("find", [Call("books", {}), Say("none")]))
    async with library(model, books, films, weather, redactions=(Redaction(pattern="(a|aa)+$"),)) as host:
        reply = await host.conversation().ask("find")
    assert reply.calls[0].is_error
    (told,) = model.results()
    assert told.startswith("error: the call was carried out, and its answer is withheld by the host's redaction rules")
    assert not any("aaa" in repr((request.system, request.messages)) for request in model.requests)


async def test_a_rule_that_cannot_be_read_is_refused_with_the_host() -> None:
    plugin = await load_plugin(manifest())
    with pytest.raises(UsageError, match=r"redaction path '\$\.a b' cannot be read: Parse error at 1:4 near token b"):
        Orchestrator(plugins=[plugin], model="offline", redactions=[Redaction(path="$.a b")])
