"""`orchestrator validate` names the mistakes of conversation files, each at its place (issue 6)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from orchestrator.check.codes import ALL_CODES
from orchestrator.check.report import Checked
from orchestrator.check.validation import Reading
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.playing.checking import check_conversations
from runtimes.fetch import SharedClient
from runtimes.values import JsonObject
from tests.orchestrator.testing.playing import FIND, PLUGIN, write_conversation, write_plugin

Http = SharedClient


@pytest.fixture
async def http() -> AsyncGenerator[SharedClient]:
    client = SharedClient()
    yield client
    await client.aclose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plugin(tmp_path)
    return tmp_path


async def _checked(folder: Path, text: str, http: SharedClient, reading: Reading | None = None) -> Checked:
    return await check_conversations(str(write_conversation(folder, text)), reading or Reading(), http)


def _told(checked: Checked) -> list[str]:
    return [f"{one.place[1:]} {one.severity} {one.code}: {one.message}; {one.hint}" for one in checked.problems]


async def test_a_file_without_mistakes_has_no_problems(folder: Path, http: Http) -> None:
    checked = await _checked(folder, FIND, http)
    assert checked.problems == ()
    assert checked.text.startswith("plugins:")


async def test_mistakes_of_form_are_named_first(folder: Path, http: Http) -> None:
    told = _told(await _checked(folder, "plugins: nowhere.json\nturns: [{sya: Hi}]\n", http))
    assert told[0] == "2:10 error unknown-member: there is no member 'sya' here; did you mean 'say'?"
    assert not [line for line in told if "nowhere" in line]


@pytest.mark.parametrize(
    ("turn", "place"),
    [
        ("{say: Hi, model: {call: getHom}}", "2:33"),
        ("{say: Hi, model: [Hello, {calls: [{call: getHome}, {call: getHom}]}]}", "2:67"),
        ("{say: Hi, decide: [{call: getHom, answer: approve}]}", "2:35"),
        ("{say: Hi, expect: {calls: getHom}}", "2:35"),
        ("{say: Hi, expect: {calls: [{call: getHome}, {call: getHom, status: any}]}}", "2:60"),
        ("{say: Hi, expect: {questions: {include: [{call: getHom}]}}}", "2:57"),
    ],
)
async def test_a_function_that_no_plugin_has_is_named_where_it_stands(
    folder: Path, http: Http, turn: str, place: str
) -> None:
    words = "no plugin of the conversation has a function 'getHom'; did you mean 'getHome'?"
    path = write_conversation(folder, f"plugins: plugin.json\nturns: [{turn}]\n")
    checked = await check_conversations(str(path), Reading(), http)
    assert _told(checked) == [f"{place} warning conversation-function: {words}"]
    strict = await check_conversations(str(path), Reading(is_strict=True), http)
    assert not strict.is_valid


async def test_functions_are_known_by_the_names_of_their_tools_too(folder: Path, http: Http) -> None:
    model = "[{call: homes-getHome}, {call: withdraw}]"
    assert _told(await _checked(folder, f"turns: [{{say: Hi, model: {model}}}]", http)) == []


async def test_a_name_that_is_expected_to_be_refused_is_no_mistake(folder: Path, http: Http) -> None:
    turn = "{say: Hi, model: {call: nothing}, expect: {calls: {call: nothing, status: refused}}}"
    assert _told(await _checked(folder, f"turns: [{turn}]", http)) == []


async def test_a_name_that_resembles_none_is_told_with_those_that_there_are(folder: Path, http: Http) -> None:
    [told] = _told(await _checked(folder, "turns: [{say: Hi, model: {call: zzz}}]", http))
    assert told.endswith("known: getHome, putHome, dropHome, withdraw, homes-getHome, homes-putHome, homes-dropHome")


async def test_names_are_not_looked_at_where_the_plugin_does_not_list_them(folder: Path, http: Http) -> None:
    plugin: JsonObject = {name: value for name, value in PLUGIN.items() if name != "functions"}
    runtimes: JsonObject = {"runtimes": [{"type": "OpenApi", "spec": {"url": "openapi.json"}}]}
    (folder / "plugin.json").write_text(json.dumps({**plugin, **runtimes}))
    assert _told(await _checked(folder, "turns: [{say: Hi, model: {call: zzz}}]", http)) == []


async def test_a_plugin_at_a_url_is_left_alone(folder: Path, http: Http) -> None:
    text = "plugins: [plugin.json, 'https://homes.example/plugin.json']\nturns: [{say: Hi, model: {call: zzz}}]"
    assert _told(await _checked(folder, text, http)) == []


async def test_a_plugin_that_cannot_be_loaded_is_named_where_it_is_written(folder: Path, http: Http) -> None:
    (folder / "broken.json").write_text("{")
    text = """plugins: [plugin.json, {source: nowhere.json}, broken.json]
conversations:
- turns: [{say: Hi, model: {call: zzz}}]
- turns: [{say: Hi}]
  plugins: gone.json
"""
    told = [line.partition(": ")[0] for line in _told(await _checked(folder, text, http))]
    assert told == [
        "1:33 error conversation-plugin",
        "1:48 error conversation-plugin",
        "5:12 error conversation-plugin",
    ]


async def test_addresses_of_services_fill_placeholders_without_being_there(folder: Path, http: Http) -> None:
    text = """plugins: "${{PLACE}}.json"
services: {homes: {command: python, variable: HOMES}}
turns: [{say: Hi}]"""
    plugin = json.dumps(PLUGIN).replace('"Homes"', '"${{HOMES}}"')
    (folder / "plugin.json").write_text(plugin)
    assert _told(await _checked(folder, text.replace('"${{PLACE}}.json"', "plugin.json"), http)) == []


async def test_files_that_are_needed_must_be_there(folder: Path, http: Http) -> None:
    (folder / "there.json").write_text("{}")
    text = """plugins: plugin.json
locale: "??"
api: {stubs: [{path: /homes, answer: {file: there.json}}, {path: /v1/homes/1, answer: {file: gone.json}}]}
turns: [{say: {text: Look, attachments: [there.json, gone.png]}}]
"""
    assert [line.partition(";")[0] for line in _told(await _checked(folder, text, http))] == [
        "2:9 error wrong-value: '??' is no language tag",
        "3:94 error conversation-file: there is no file 'gone.json'",
        "4:54 error conversation-file: there is no file 'gone.png'",
    ]


async def test_a_credential_that_no_runtime_asks_for_is_a_mistake(folder: Path, http: Http) -> None:
    text = "plugins: plugin.json\ncredentials: {key: test, kye: test}\nturns: [{say: Hi}]\n"
    [told] = _told(await _checked(folder, text, http))
    assert told.startswith("2:14 error wrong-value: no runtime asks for the credential 'kye'; the plugins refer to: ")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            "api: {stubs: [{operation: getHom, answer: 503}]}",
            "2:27 error unknown-operation: there is no operation 'getHom'; did you mean 'getHome'",
        ),
        (
            "api: {stubs: [{path: /home, answer: 503}]}",
            "2:22 warning conversation-path: no description has the path '/home'; did you mean '/homes'?",
        ),
        ("services: {it: {command: []}}", "2:16 error conversation-program: its command is empty"),
        (
            "services: {it: {command: python, directory: gone}}",
            "2:16 error conversation-program: its working directory",
        ),
        (
            "local: {it: {command: '${{GONE}}'}}",
            "2:13 error conversation-program: the placeholder '${{GONE}}' has no value",
        ),
        ("services: {it: {command: python}}", "2:16 warning unused-program: nothing calls the service 'it'"),
        (
            "local: {it: {command: python}}",
            "2:13 warning unused-program: no plugin of the conversation has a local endpoint 'it'; known: none",
        ),
    ],
)
async def test_what_nothing_would_use_or_start_is_named(folder: Path, http: Http, settings: str, told: str) -> None:
    found = _told(await _checked(folder, f"plugins: plugin.json\n{settings}\nturns: [{{say: Hi}}]", http))
    assert any(line.startswith(told) for line in found), found


async def test_programs_that_can_be_started_and_are_asked_for_are_no_mistakes(folder: Path, http: Http) -> None:
    (folder / "runs").mkdir()
    text = """plugins: {source: plugin.json, service: homes}
environment: {WORD: a}
services:
  homes: {command: [python, "${{WORD}}"], directory: runs}
  other: {command: [python, "${{TEMPORARY_FOLDER}}/a"], variable: OTHER}
turns: [{say: Hi}]"""
    assert _told(await _checked(folder, text, http)) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("environment: {TEMPORARY_FOLDER: /etc}", "is the name of a folder that the programs get"),
        ("services: {a: {command: a, variable: TEMPORARY_FOLDER}}", "is the name of a folder that the programs get"),
        ("services: {a: {command: a, variable: BAD NAME}}", "must be a name for"),
        ("services: {a: {command: a, within: 1000}}", "'within' must be less than or equal to 600"),
        ("api: {stubs: [{method: FETCH, path: /a, answer: 500}]}", "'method' must be 'GET', 'PUT'"),
        ("api: {stubs: [{path: /a, answer: {delay: 30}}]}", "'delay' must be less than or equal to 25"),
    ],
)
def test_values_that_would_do_nothing_are_mistakes(settings: str, told: str) -> None:
    [found] = read_conversations(f"{settings}\nturns: [{{say: Hi}}]".encode(), "a").problems
    assert told in found.message


async def test_rows_of_a_table_have_one_mistake_in_common(folder: Path, http: Http) -> None:
    text = "parameters: [{id: 1}, {id: 2}]\nturns: [{say: $(id), model: {call: zzz}}]"
    assert len(_told(await _checked(folder, text, http))) == 1


async def test_without_references_nothing_is_opened(folder: Path, http: Http) -> None:
    checked = await _checked(folder, "plugins: gone.json\nturns: [{say: Hi}]", http, Reading(has_references=False))
    assert checked.problems == ()


async def test_a_file_that_is_not_there_is_the_problem(folder: Path, http: Http) -> None:
    checked = await check_conversations(str(folder / "gone.conversation.yaml"), Reading(), http)
    assert [problem.code for problem in checked.problems] == ["unreadable"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: [", "not-yaml"),
        ("[]", "not-an-object"),
        ("turns: []", "wrong-value"),
        ("{}", "missing"),
        ("x: 1\nturns: [{say: Hi}]", "unknown-member"),
        ("turns: [{say: Hi, expect: {calls: {call: f, with: {$regx: a}}}}]", "pattern"),
        ("parameters: [{a: 1}]\nturns: [{say: Hi}]", "parameter"),
        ("plugins: {source: a, service: b}\nturns: [{say: Hi}]", "unknown-service"),
    ],
)
def test_every_mistake_of_form_has_a_code_that_is_published(text: str, code: str) -> None:
    codes = {problem.code for problem in read_conversations(text.encode(), "a").problems}
    assert code in codes
    assert codes <= set(ALL_CODES)
