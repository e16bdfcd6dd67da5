"""Chats that are kept play again without whoever answered in them, and no secret is in what was written."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.content import CardAction
from orchestrator.errors import UsageError
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import load_plugin
from orchestrator.policy.rules import Policy, Rule
from orchestrator.response.card_forms import choices_of, submitted
from orchestrator.response.card_standing import standing
from orchestrator.testing.chats.chat_start import ChatStart, NotedVariables
from orchestrator.testing.chats.kept_answers import MAX_KEPT_BYTES, KeptAnswers, described_path
from orchestrator.testing.chats.saving import Saved, save_chats
from runtimes.base import Attachment
from runtimes.local_endpoint import LocalEndpoint
from runtimes.values import Json, JsonObject
from tests.orchestrator.testing.chatting import Improvising
from tests.orchestrator.testing.playing import API, CARD, PLUGIN, play, write_plugin
from tests.servers import albums
from tests.servers.loopback import Answer, Handler, LoopbackServer, Request, json_response, serve, text_response

CANARY = "canary-5f3c9a7e1b"


async def failures(path: Path) -> list[str]:
    return [failure.text for outcome in await play(path) for failure in outcome.failures]


@asynccontextmanager
async def talking(
    folder: Path, answers: Handler, plugin: JsonObject = PLUGIN, room: int = MAX_KEPT_BYTES
) -> AsyncGenerator[tuple[Orchestrator, ChatStart, LoopbackServer]]:
    """A host over the plugin, whose API is a real one with a path of its own."""
    async with serve(answers) as server:
        write_plugin(folder, api={**API, "servers": [{"url": f"{server.url}/v1"}]}, plugin=bare(plugin))
        loaded = await load_plugin(str(folder / "plugin.json"), allowed_hosts=["127.0.0.1"])
        kept = KeptAnswers(room)
        async with Orchestrator(
            plugins=[loaded], model=Improvising([]), runtimes=kept.factories([loaded]), locale="en-GB"
        ) as host:
            yield host, ChatStart(sources=[str(folder / "plugin.json")], answers=kept), server


def bare(plugin: JsonObject) -> JsonObject:
    """The plugin without the need for a credential."""
    [runtime] = runtimes if isinstance(runtimes := plugin["runtimes"], list) else []
    assert isinstance(runtime, dict)
    return {**plugin, "runtimes": [{**runtime, "auth": {"type": "None"}}]}


async def say(host: Orchestrator, *calls: tuple[str, JsonObject]) -> str:
    """A chat of a turn for each call; its id."""
    chat = host.conversation()
    for name, arguments in calls:
        await host.use_model(Improvising([((name, json.dumps(arguments)),)]))
        reply = await chat.ask(f"Please call {name}")
        for question in reply.pending:
            await chat.decide(question.call_id, True)
        await chat.resume()
    return chat.id


async def numbered(request: Request) -> Answer:
    if request.method == "DELETE":
        return text_response("gone", status=410)
    return json_response({"name": f"Home at {request.target}"})


async def test_a_chat_in_which_nobody_could_be_asked_plays_so_and_without_rules_for_other_plugins(
    tmp_path: Path,
) -> None:
    path = tmp_path / "homes.conversation.yaml"
    rules = (Rule(effect="deny", plugin="elsewhere"), Rule(effect="ask", function="GETHOME"))
    async with talking(tmp_path, numbered) as (host, start, _):
        chat = host.conversation(attended=False)
        await host.use_model(Improvising([(("dropHome", json.dumps({"id": "7"})),)]))
        assert (await chat.ask("Please call dropHome")).calls[0].status == "denied"
        await save_chats(path, [chat], host, replace(start, policy=Policy(rules=rules)))
    text = path.read_text()
    assert "attended: false" in text
    assert "elsewhere" not in text
    assert "GETHOME" in text
    assert await failures(path) == []


async def test_what_an_api_answered_becomes_stubs_and_the_api_is_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "homes.conversation.yaml"
    async with talking(tmp_path, numbered) as (host, start, server):
        chat = await say(
            host, ("getHome", {"id": "a/b"}), ("getHome", {"id": "1", "view": "all"}), ("dropHome", {"id": "7"})
        )
        assert await save_chats(path, [host.conversation(id=chat)], host, start) == Saved(conversations=1)
        asked = len(server.requests)
    text = path.read_text()
    assert 'path: "/homes/a/b"' in text
    assert "Home at /v1/homes/1?view=all" in text
    assert "status: 410" in text
    assert "status: error" in text
    assert "locale: en-GB" in text
    assert "/v1/homes" not in text.replace("Home at /v1/homes", "")
    assert await failures(path) == []
    assert len(server.requests) == asked


async def test_the_same_request_is_answered_as_it_was_each_time(tmp_path: Path) -> None:
    path, times = tmp_path / "homes.conversation.yaml", iter(range(10))

    async def counting(request: Request) -> Answer:
        del request
        return json_response({"name": f"home {next(times)}"})

    async with talking(tmp_path, counting) as (host, start, _):
        chat = await say(host, ("getHome", {"id": "1"}), ("getHome", {"id": "1"}))
        await save_chats(path, [host.conversation(id=chat)], host, start)
    assert path.read_text().count("times: 1") == 1
    assert await failures(path) == []


async def test_a_connection_that_is_refused_is_refused_again(tmp_path: Path) -> None:
    path = tmp_path / "homes.conversation.yaml"
    write_plugin(tmp_path, api={**API, "servers": [{"url": "http://127.0.0.1:9"}]}, plugin=bare(PLUGIN))
    plugin = await load_plugin(str(tmp_path / "plugin.json"), allowed_hosts=["127.0.0.1"])
    kept = KeptAnswers()
    async with Orchestrator(plugins=[plugin], model=Improvising([]), runtimes=kept.factories([plugin])) as host:
        chat = await say(host, ("putHome", {"name": "Elm Road"}))
        start = ChatStart(sources=[str(tmp_path / "plugin.json")], answers=kept)
        await save_chats(path, [host.conversation(id=chat)], host, start)
    assert "fault: refuse" in path.read_text()
    assert "status: failed" in path.read_text()
    assert await failures(path) == []


async def test_files_that_were_sent_and_received_lie_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "albums.conversation.yaml"
    async with serve(albums.answer) as server:
        (tmp_path / "plugin.json").write_text(json.dumps(albums.manifest(server.url)))
        plugin = await load_plugin(str(tmp_path / "plugin.json"), allowed_hosts=["127.0.0.1"])
        kept = KeptAnswers()
        async with Orchestrator(plugins=[plugin], model=Improvising([]), runtimes=kept.factories([plugin])) as host:
            chat = host.conversation()
            await host.use_model(Improvising([(("upload", '{"photo": "attachment:1"}'),)]))
            photo = Attachment(media_type="image/png", data=albums.PNG, name="cat.png")
            note = Attachment(media_type="", data=b"by hand", name="")
            reply = await chat.ask("Keep this", attachments=[photo, note])
            await chat.decide(reply.pending[0].call_id, True)
            await chat.resume()
            await host.use_model(Improvising([(("download", "{}"),)]))
            await chat.ask("Show it")
            start = ChatStart(sources=[str(tmp_path / "plugin.json")], answers=kept)
            assert await save_chats(path, [chat], host, start) == Saved(conversations=1, files=2)
    assert sorted(one.name for one in (tmp_path / "albums.files").iterdir()) == ["1-cat.png", "2-file"]
    assert (tmp_path / "albums.files" / "1-cat.png").read_bytes() == albums.PNG
    assert await failures(path) == []


async def test_a_choice_on_a_card_is_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "card.conversation.yaml"
    async with talking(tmp_path, numbered) as (host, start, _):
        await host.use_model(Improvising([(("getHome", '{"id": "1"}'),)]))
        chat = host.conversation()
        reply = await chat.ask("Find home 1")
        [card] = reply.cards
        chosen = CardAction(call_id=card.call_id, title="Rename it", verb="putHome", data={"name": "Elm Road"})
        await host.use_model(Improvising([]))
        reply = await chat.ask(chosen)
        await chat.decide(reply.pending[0].call_id, False, note="no")
        await chat.resume()
        await save_chats(path, [chat], host, start)
    assert "choose: Rename it" in path.read_text()
    assert await failures(path) == []


def with_fields(plugin: JsonObject) -> JsonObject:
    """The plugin with a card on which a home gets another name."""
    fields: Json = [
        {"type": "Input.Text", "id": "name", "value": "${name}"},
        {"type": "Input.Toggle", "id": "sure", "title": "Sure?", "value": "false"},
    ]
    shown = json.dumps(CARD["body"])
    assert shown in json.dumps(plugin)
    found: Json = json.loads(json.dumps(plugin).replace(shown, json.dumps(fields)))
    assert isinstance(found, dict)
    return found


async def test_what_was_put_into_the_fields_of_a_second_card_is_put_there_again(tmp_path: Path) -> None:
    path = tmp_path / "card.conversation.yaml"
    async with talking(tmp_path, numbered, with_fields(PLUGIN)) as (host, start, _):
        await host.use_model(Improvising([(("getHome", '{"id": "1"}'), ("getHome", '{"id": "2"}'))]))
        chat = host.conversation()
        reply = await chat.ask("Find two homes")
        card = reply.cards[1]
        [choice] = choices_of(standing(card.body))
        values = {"name": "Birch Lane", "sure": "true"}
        await host.use_model(Improvising([]))
        await chat.ask(submitted(choice, values, call_id=card.call_id))
        await chat.ask("Never mind", supersede=True)
        gone = CardAction(call_id=card.call_id, title="Rename it", verb="putHome", data={"name": "Birch Lane"})
        await chat.ask(gone)
        saved = await save_chats(path, [chat], host, start)
    assert saved.left_out == ("turn 4: what was chosen in it is not on a card of the turn before",)
    said = "choose: Rename it\n      card: 2\n      inputs:\n        name: Birch Lane\n"
    assert said in path.read_text()
    assert await failures(path) == []


async def test_what_there_is_no_room_for_is_left_to_the_mock(tmp_path: Path) -> None:
    path = tmp_path / "full.conversation.yaml"
    async with talking(tmp_path, numbered, room=40) as (host, start, _):
        chat = await say(host, ("getHome", {"id": "1"}), ("getHome", {"id": "2"}))
        saved = await save_chats(path, [host.conversation(id=chat)], host, start)
    assert saved.left_out == ("answers for which there was no room; a mock gives others in their place",)
    assert path.read_text().count("method: GET") == 1
    assert await failures(path) == []


async def test_what_was_typed_unseen_is_in_no_file(tmp_path: Path) -> None:
    path = tmp_path / "card.conversation.yaml"
    async with talking(tmp_path, numbered) as (host, start, _):
        await host.use_model(Improvising([(("getHome", '{"id": "1"}'),)]))
        chat = host.conversation()
        reply = await chat.ask("Find home 1")
        action = CardAction(
            call_id=reply.cards[0].call_id, title="Rename it", verb="putHome", data={"name": "1234"}, secret=("name",)
        )
        await chat.ask(action)
        saved = await save_chats(path, [chat], host, start)
    assert saved.left_out == ("turn 2: something was typed unseen in it",)
    assert "1234" not in path.read_text()
    assert await failures(path) == []


def all_names(folder: Path) -> list[str]:
    return sorted(str(one) for one in folder.rglob("*"))


def all_bytes(folder: Path) -> list[bytes]:
    return [one.read_bytes() for one in folder.rglob("*") if one.is_file()]


async def test_no_known_secret_is_written(tmp_path: Path) -> None:
    path = tmp_path / "secret.conversation.yaml"

    async def echoing(request: Request) -> Answer:
        del request
        value: Json = {"name": f"{CANARY}-given", "more": [f"Bearer {CANARY}-local"]}
        return json_response(value)

    async with talking(tmp_path, echoing) as (host, start, _):
        chat = host.conversation()
        await host.use_model(Improvising([(("putHome", f'{{"name": "{CANARY}-given"}}'),), f"It is {CANARY}-given."]))
        reply = await chat.ask(f"My password is {CANARY}-given")
        await chat.decide(reply.pending[0].call_id, True, note=f"{CANARY}-given")
        await chat.resume()
        given = NotedVariables({"HOME_PASSWORD": f"{CANARY}-given", "HOME_SUFFIX": "dev", "UNUSED": "x"})
        assert [given[name] for name in ("HOME_PASSWORD", "HOME_SUFFIX")] == [f"{CANARY}-given", "dev"]
        local = {"one": LocalEndpoint(command=("one",), environment={"ONE_TOKEN": f"{CANARY}-local"})}
        started = ChatStart(sources=start.sources, answers=start.answers, variables=given, local=local)
        await save_chats(path, [chat], host, started)
    assert [data for data in all_bytes(tmp_path) if CANARY.encode() in data] == []
    assert "environment:\n  HOME_SUFFIX: dev\nlocale: en-GB\n" in path.read_text()
    assert await failures(path) == []


async def test_several_chats_are_several_conversations_and_those_without_words_are_none(tmp_path: Path) -> None:
    path = tmp_path / "two.conversation.yaml"
    async with talking(tmp_path, numbered) as (host, start, _):
        first, second = host.conversation(), host.conversation()
        await first.ask("Hello")
        await second.ask("Hello")
        assert (await save_chats(path, [first, host.conversation(), second], host, start)).conversations == 2
        nothing = await save_chats(tmp_path / "none.conversation.yaml", [host.conversation()], host, start)
    assert [path.read_text().count(name) for name in ("name: Hello\n", 'name: "Hello (2)"\n')] == [1, 1]
    assert nothing == Saved(conversations=0)
    assert list(nothing.lines(Path("none"))) == ["there is nothing to keep; none is not written"]
    assert not (tmp_path / "none.conversation.yaml").exists()
    assert await failures(path) == []


async def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "kept.conversation.yaml"
    path.write_text("mine")
    async with talking(tmp_path, numbered) as (host, start, _):
        chat = host.conversation()
        await chat.ask("Hello")
        with pytest.raises(UsageError, match="file exists"):
            await save_chats(path, [chat], host, start)
    assert path.read_text() == "mine"


async def test_what_lies_where_its_files_would_go_is_left_alone_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "homes.conversation.yaml"
    (tmp_path / "homes.files").write_text("mine")
    (tmp_path / "homes.files.2").symlink_to("nowhere")
    async with talking(tmp_path, numbered) as (host, start, _):
        chat = host.conversation()
        note = Attachment(media_type="text/plain", data=b"by hand", name="note.txt")
        await chat.ask("Keep this", attachments=[note])
        assert (await save_chats(path, [chat], host, start)).files == 1
    assert (tmp_path / "homes.files").read_text() == "mine"
    assert [one.name for one in (tmp_path / "homes.files.3").iterdir()] == ["1-note.txt"]
    assert await failures(path) == []


async def test_where_something_cannot_be_written_nothing_is(tmp_path: Path) -> None:
    path = tmp_path / "homes.conversation.yaml"
    path.write_text("mine")
    async with talking(tmp_path, numbered) as (host, start, _):
        before = all_names(tmp_path)
        chat = host.conversation()
        await chat.ask("Keep this", attachments=[Attachment(media_type="text/plain", data=b"by hand", name="a.txt")])
        with pytest.raises(UsageError, match="file exists"):
            await save_chats(path, [chat], host, start)
    assert all_names(tmp_path) == before
    assert path.read_text() == "mine"


@pytest.mark.parametrize("is_full", [False, True])
async def test_hosts_are_allowed_where_something_is_fetched_from_them(tmp_path: Path, is_full: bool) -> None:
    path = tmp_path / "homes.conversation.yaml"
    async with talking(tmp_path, numbered) as (host, start, server):
        chat = await say(host, ("getHome", {"id": "1"}))
        sources = [f"{server.url}/plugin.json"] if is_full else start.sources
        started = ChatStart(sources=sources, answers=start.answers, allowed_hosts=["127.0.0.1"])
        await save_chats(path, [host.conversation(id=chat)], host, started)
    assert ("allow_hosts" in path.read_text()) is is_full
    assert is_full or await failures(path) == []


def test_it_says_which_programs_run_again() -> None:
    lines = list(Saved(conversations=1, programs=("Settings",)).lines(Path("a.conversation.yaml")))
    assert lines[1] == (
        "playing it runs 'Settings' again, which changes what it changed in the chat; "
        "put ${{TEMPORARY_FOLDER}} in 'local' where it writes to files of yours"
    )


def test_a_path_of_the_description_is_found_at_the_end_of_the_url() -> None:
    assert described_path("https://x.example/v1/homes/a%2Fb?c=d", "/homes/{id}") == "/homes/a/b"
    assert described_path("https://x.example/api/homes/", "/homes/") == "/homes/"
