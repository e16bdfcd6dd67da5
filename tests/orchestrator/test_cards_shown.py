"""Cards through a host: a real API, templates in files, local plugins, and what commands print (issue 5)."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from orchestrator import Card, Orchestrator, UsageError, load_plugin
from orchestrator.cli.configuration import parse_configuration
from orchestrator.cli.main import main
from orchestrator.content import shown_card
from orchestrator.event_json import decode, encode
from orchestrator.events import CallReturned
from orchestrator.model.scripted import Call, Say, ScriptedModel, ScriptTurn
from orchestrator.response.local_result import TEMPLATES
from runtimes.local_endpoint import LocalEndpoint
from runtimes.values import Json, JsonObject
from tests.servers.loopback import LoopbackServer, Request, Response, json_response, serve

SETTINGS = Path(__file__).resolve().parents[2] / "examples" / "windows_settings"
HOMES: Json = {"homes": [{"name": "Brick bungalow", "price": 760000, "id": 1}, {"name": "Loft", "price": 5, "id": 2}]}
TEMPLATE: JsonObject = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "${name}: ${formatNumber(price, 0)}"}],
    "actions": [{"type": "Action.OpenUrl", "title": "See", "url": "${{SHOP}}/homes/${id}"}],
}


def description(url: str) -> JsonObject:
    operation: JsonObject = {"operationId": "find", "responses": {"200": {"description": "fine"}}}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Homes", "version": "1"},
        "servers": [{"url": url}],
        "paths": {"/homes": {"get": operation}},
    }


def manifest(**semantics: Json) -> JsonObject:
    return {
        "schema_version": "v2.4",
        "name_for_human": "Homes",
        "namespace": "homes",
        "description_for_human": "Homes for sale",
        "functions": [
            {
                "name": "find",
                "description": "Finds homes",
                "capabilities": {
                    "response_semantics": {"data_path": "$.homes", "properties": {"title": "$.name"}, **semantics}
                },
            }
        ],
        "runtimes": [{"type": "OpenApi", "spec": {"url": "openapi.json"}}],
    }


def package(folder: Path, server: LoopbackServer, document: JsonObject) -> str:
    (folder / "cards").mkdir(exist_ok=True)
    (folder / "cards" / "home.json").write_text(json.dumps(TEMPLATE), encoding="utf-8")
    (folder / "openapi.json").write_text(json.dumps(description(server.url)), encoding="utf-8")
    (folder / "plugin.json").write_text(json.dumps(document), encoding="utf-8")
    return str(folder / "plugin.json")


async def homes(request: Request) -> Response:
    del request
    return json_response(HOMES)


@asynccontextmanager
async def hosting(folder: Path, document: JsonObject) -> AsyncGenerator[Orchestrator]:
    async with serve(homes) as server:
        source = package(folder, server, document)
        plugin = await load_plugin(source, allowed_hosts=["127.0.0.1"], environment={"SHOP": "https://shop.example"})
        model = ScriptedModel(turns=[ScriptTurn(user="homes", steps=(Call("homes-find", {}), Say("Two.")))])
        async with Orchestrator(plugins=[plugin], model=model) as host:
            yield host


def cards_of(names_and_prices: list[tuple[str, str, int]]) -> list[Json]:
    return [
        {
            "type": "AdaptiveCard",
            "version": "1.5",
            "body": [{"type": "TextBlock", "text": f"{name}: {price}"}],
            "actions": [{"type": "Action.OpenUrl", "title": "See", "url": f"https://shop.example/homes/{number}"}],
        }
        for name, price, number in names_and_prices
    ]


BOTH = cards_of([("Brick bungalow", "760,000", 1), ("Loft", "5", 2)])


@pytest.mark.parametrize("template", [TEMPLATE, {"file": "cards/home.json"}])
async def test_results_are_shown_by_the_static_template(tmp_path: Path, template: JsonObject) -> None:
    """Inline or in a file; the environment is filled in before the card language sees the template."""
    async with hosting(tmp_path, manifest(static_template=template)) as host:
        outcome = await host.call("find")
        assert [shown_card(card) for card in outcome.cards] == BOTH
        assert {card.origin for card in outcome.cards} == {"static"}

        reply = await host.conversation().ask("homes")
        assert [card.body for card in reply.cards] == BOTH
        assert {card.call_id for card in reply.cards} == {reply.calls[0].call_id}


async def test_a_card_is_a_fact_that_is_kept(tmp_path: Path) -> None:
    async with hosting(tmp_path, manifest(static_template=TEMPLATE)) as host:
        chat = host.conversation()
        await chat.ask("homes")
        (returned,) = [fact for fact in await chat.facts() if isinstance(fact, CallReturned)]
    assert [card.body for card in returned.shown.cards] == BOTH
    assert decode(encode(returned)) == returned


@pytest.mark.parametrize("locale", ["de-DE", "de"])
async def test_the_language_of_a_conversation_is_that_of_its_cards(tmp_path: Path, locale: str) -> None:
    async with hosting(tmp_path, manifest(static_template=TEMPLATE)) as host:
        reply = await host.conversation(locale=locale).ask("homes")
    assert [card.body for card in reply.cards] == cards_of([("Brick bungalow", "760.000", 1), ("Loft", "5", 2)])


async def test_a_dear_query_holds_up_nobody_else(tmp_path: Path) -> None:
    """Queries come from a manifest: they are evaluated beside the event loop, and end."""
    zeros: list[Json] = [0] * 50_000
    rows: Json = {"homes": zeros}
    lag = 0.0

    async def many(_: Request) -> Response:
        return json_response(rows)

    document = manifest(data_path="$.homes[?" + "||".join(["@==2"] * 160) + "]")

    async def beat() -> None:
        nonlocal lag
        while True:
            before = time.perf_counter()
            await anyio.lowlevel.checkpoint()
            lag = max(lag, time.perf_counter() - before)

    async with serve(many) as server:
        plugin = await load_plugin(package(tmp_path, server, document), allowed_hosts=["127.0.0.1"])
        async with Orchestrator(plugins=[plugin], model="offline") as host, anyio.create_task_group() as group:
            group.start_soon(beat)
            started = time.process_time()
            assert (await host.call("find")).payload == rows
            await anyio.lowlevel.checkpoint()
            assert lag < (time.process_time() - started) / 2
            group.cancel_scope.cancel()


UNREADABLE: list[tuple[JsonObject, str]] = [
    ({"file": "cards/none.json"}, "none.json"),
    ({"file": "openapi.yaml"}, "openapi.yaml"),
    ({"file": "cards/broken.json"}, "is not JSON or YAML"),
    ({"file": "cards/list.json"}, "holds no object"),
    ({"file": ["cards/home.json"]}, "is no string"),
]


@pytest.mark.parametrize(("template", "why"), UNREADABLE)
async def test_a_card_that_cannot_be_read_costs_the_card_alone(tmp_path: Path, template: JsonObject, why: str) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "broken.json").write_text('{"type": ', encoding="utf-8")
    (tmp_path / "cards" / "list.json").write_text("[]", encoding="utf-8")
    async with hosting(tmp_path, manifest(static_template=template)) as host:
        outcome = await host.call("find")
    assert outcome.payload == HOMES
    assert [card.origin for card in outcome.cards] == ["plain", "plain"]
    assert "static_template is not used: " in outcome.cards[0].notes[0]
    assert why in outcome.cards[0].notes[0]
    assert str(tmp_path) not in outcome.cards[0].notes[0], "notes become facts"


async def test_a_card_in_a_file_is_read_once_and_from_the_manifests_own_server(tmp_path: Path) -> None:
    """A relative reference of a manifest from a URL is a URL (spec 3.1)."""

    async def handler(request: Request) -> Response:
        names: dict[str, Json] = {
            "/p/plugin.json": {
                **manifest(),
                "functions": [
                    {"name": name, "capabilities": {"response_semantics": {"static_template": {"file": "home.json"}}}}
                    for name in ("find", "other")
                ],
            },
            "/p/openapi.json": {
                **description(server.url),
                "paths": {
                    f"/{name}": {"get": {"operationId": name, "responses": {"200": {"description": "fine"}}}}
                    for name in ("find", "other")
                },
            },
            "/p/home.json": TEMPLATE,
            "/find": {"name": "Cabin", "price": 1, "id": 3},
        }
        return json_response(names[request.path])

    async with serve(handler) as server:
        plugin = await load_plugin(f"{server.url}/p/plugin.json", allowed_hosts=["127.0.0.1"])
        async with Orchestrator(plugins=[plugin], model="offline") as host:
            (card,) = (await host.call("find")).cards
        assert [request.path for request in server.requests].count("/p/home.json") == 1
    body = card.body["body"]
    assert isinstance(body, list)
    assert body[0] == {"type": "TextBlock", "text": "Cabin: 1"}


def settings_endpoint(folder: Path) -> LocalEndpoint:
    command = (sys.executable, str(SETTINGS / "service.py"), "--file", str(folder / "settings.json"))
    return LocalEndpoint(command=command)


@asynccontextmanager
async def windows(folder: Path, card_templates: Path | None = None) -> AsyncGenerator[Orchestrator]:
    plugin = await load_plugin(SETTINGS / "plugin.json")
    local = {"WindowsSettingsPlugin": settings_endpoint(folder)}
    async with Orchestrator(plugins=[plugin], model="offline", local=local, card_templates=card_templates) as host:
        yield host


async def test_a_bundled_template_shows_what_a_local_plugin_sends(tmp_path: Path) -> None:
    """Spec 13.2.2: the template is a URL that names one which the host has."""
    async with windows(tmp_path) as host:
        (card,) = (await host.call("get_settings")).cards
    assert (card.template, card.result_id, card.origin, card.notes) == (None, "card", "local", ())
    assert card.body["type"] == "AdaptiveCard"
    assert '"value": "light"' in json.dumps(card.body)


async def test_a_template_of_the_persons_own_stands_for_a_bundled_one(tmp_path: Path) -> None:
    own = tmp_path / "templates"
    own.mkdir()
    mine = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "My ${theme} screen"}]}
    (own / "windows_settings_v1.0.json").write_text(json.dumps(mine), encoding="utf-8")
    (own / "notes.txt").write_text("not a template", encoding="utf-8")
    async with windows(tmp_path, own) as host:
        (card,) = (await host.call("get_settings")).cards
    assert card.body["body"] == [{"type": "TextBlock", "text": "My light screen"}]


async def test_a_template_that_fails_leaves_the_data_and_says_why(tmp_path: Path) -> None:
    own = tmp_path / "templates"
    own.mkdir()
    broken = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "${nope(theme)}"}]}
    (own / "windows_settings_v1.0.json").write_text(json.dumps(broken), encoding="utf-8")
    async with windows(tmp_path, own) as host:
        (card,) = (await host.call("get_settings")).cards
    assert card == Card(
        body={"theme": "light", "bluetooth": "on", "do not disturb": "off"},
        template=f"{TEMPLATES}windows_settings_v1.0.json",
        result_id="card",
        notes=(
            "the template 'windows_settings_v1.0.json' cannot be expanded: "
            "there is no function 'nope', in '${nope(theme)}' at /body/0/text",
        ),
    )
    assert shown_card(card) == {"template": card.template, "data": card.body}


@pytest.mark.parametrize("content", ["{", "[]", '{"type": "TextBlock"}', " " * (256 * 1024 + 1)])
async def test_a_template_of_the_persons_own_that_is_none_is_a_mistake(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.json").write_text(content, encoding="utf-8")
    plugin = await load_plugin(SETTINGS / "plugin.json")
    with pytest.raises(UsageError, match=r"card template '.*t\.json'"):
        Orchestrator(plugins=[plugin], model="offline", card_templates=tmp_path)


async def test_a_folder_of_templates_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    plugin = await load_plugin(SETTINGS / "plugin.json")
    with pytest.raises(UsageError, match="cannot read the card templates"):
        Orchestrator(plugins=[plugin], model="offline", card_templates=tmp_path / "none")


def test_the_configuration_names_the_folder_from_where_it_lies(tmp_path: Path) -> None:
    read = parse_configuration(tmp_path / "orchestrator.toml", b'card_templates = "cards"')
    assert read.card_templates == tmp_path / "cards"
    with pytest.raises(UsageError, match="card_templates must be a string"):
        parse_configuration(tmp_path / "orchestrator.toml", b"card_templates = 7")


def test_commands_print_the_cards_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Design 5: the shape of `call --json` is a contract."""
    command = f"{sys.executable} {SETTINGS / 'service.py'} --file {tmp_path / 'settings.json'}"
    arguments = ["call", str(SETTINGS / "plugin.json"), "get_settings", "--local", f"WindowsSettingsPlugin={command}"]
    assert main([*arguments, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"status", "payload", "is_error", "citations", "cards"}
    assert [card["type"] for card in printed["cards"]] == ["AdaptiveCard"]
