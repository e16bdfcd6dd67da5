"""What a person allows for always outlives the host, in a file, and ends with what it was given for. Issue 7."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from orchestrator import FileAnswers, Orchestrator, load_plugin
from orchestrator.conversation import Conversation
from orchestrator.model.scripted import Call, Say, ScriptedModel, ScriptTurn
from orchestrator.policy.answers import Grant, MemoryAnswers
from runtimes.values import JsonObject, dump_json
from tests.servers.loopback import Answer, Request, json_response, serve


def write_rooms(folder: Path, url: str, title: str = "Look?", summary: str = "") -> Path:
    """A plugin with one GET, before which it asks."""
    operation: JsonObject = {
        "operationId": "look",
        "summary": summary,
        "responses": {"200": {"description": "A room", "content": {"application/json": {}}}},
    }
    described: JsonObject = {
        "openapi": "3.1.0",
        "info": {"title": "Rooms", "version": "1"},
        "servers": [{"url": url}],
        "paths": {"/rooms": {"get": operation}},
    }
    confirmation: JsonObject = {"confirmation": {"type": "AdaptiveCard", "title": title}}
    manifest: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "Rooms",
        "namespace": "rooms",
        "description_for_human": "Rooms",
        "functions": [{"name": "look", "description": "Looks", "capabilities": confirmation}],
        "runtimes": [
            {
                "type": "OpenApi",
                "auth": {"type": "None"},
                "spec": {"url": "openapi.json"},
                "run_for_functions": ["look"],
            }
        ],
    }
    (folder / "openapi.json").write_text(dump_json(described), encoding="utf-8")
    (folder / "plugin.json").write_text(dump_json(manifest), encoding="utf-8")
    return folder / "plugin.json"


async def rooms(request: Request) -> Answer:
    return json_response({"path": request.path})


async def look(path: Path, answers: FileAnswers, person: str = "ada", *, always: bool = False) -> str:
    """Where a call stands that is asked about; with `always`, after it was allowed."""
    steps = (Call("look"), Say("so"), Say("so"))
    model = ScriptedModel(turns=[ScriptTurn(user="turn 1", steps=steps)])
    loaded = await load_plugin(str(path), allowed_hosts=["127.0.0.1"])
    async with Orchestrator(plugins=[loaded], model=model, answers=answers) as host:
        chat = host.conversation(person=person)
        reply = await chat.ask("turn 1")
        if always:
            [question] = reply.pending
            assert question.may_always
            await chat.decide(question.call_id, approve=True, always=True)
            reply = await chat.resume()
    return reply.calls[0].status


async def test_always_outlives_the_host_and_ends_with_the_manifest_or_the_description(tmp_path: Path) -> None:
    """Issue 7, line 2: per person, plugin hash and function; void when the manifest changes."""
    answers = tmp_path / "data" / "answers.json"
    async with serve(rooms) as server:
        path = write_rooms(tmp_path, server.url)
        assert await look(path, FileAnswers(answers)) == "asked"
        assert await look(path, FileAnswers(answers), always=True) == "returned"
        assert await look(path, FileAnswers(answers)) == "returned"
        assert await look(path, FileAnswers(answers), person="bob") == "asked"
        assert await look(write_rooms(tmp_path, server.url, title="Really?"), FileAnswers(answers)) == "asked"
        assert await look(write_rooms(tmp_path, f"{server.url}/v2"), FileAnswers(answers)) == "asked"
        assert await look(write_rooms(tmp_path, server.url, summary="Moves in"), FileAnswers(answers)) == "asked"
        assert await look(write_rooms(tmp_path, server.url), FileAnswers(answers)) == "returned"
    assert len(server.requests) == 3


class Late:
    """`Answers` in memory, before each of which somebody else may answer."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self.kept = MemoryAnswers()
        self._meanwhile = meanwhile

    async def of(self, person: str, /) -> frozenset[Grant]:
        return await self.kept.of(person)

    async def remember(self, person: str, grant: Grant, /) -> None:
        await self._meanwhile()
        await self.kept.remember(person, grant)

    async def forget(self, person: str, grant: Grant | None = None, /) -> None:
        await self.kept.forget(person, grant)


async def test_an_always_that_comes_second_allows_nothing(tmp_path: Path) -> None:
    """Issue 7, line 3: the first answer counts, and the second leaves nothing behind."""
    chats: list[Conversation] = []

    async def say_no() -> None:
        [chat] = chats
        await chat.decide(chat.pending[0].call_id, False)

    answers = Late(say_no)
    async with serve(rooms) as server:
        loaded = await load_plugin(str(write_rooms(tmp_path, server.url)), allowed_hosts=["127.0.0.1"])
        model = ScriptedModel(turns=[ScriptTurn(user="turn 1", steps=(Call("look"), Say("so"), Say("so")))])
        async with Orchestrator(plugins=[loaded], model=model, answers=answers) as host:
            chat = host.conversation(person="ada")
            chats.append(chat)
            reply = await chat.ask("turn 1")
            assert await chat.decide(reply.pending[0].call_id, True, always=True) == "already_answered"
    assert await answers.kept.of("ada") == frozenset()
    assert server.requests == []
