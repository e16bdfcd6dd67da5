"""What is recorded replays where nothing secret is known; what would not is refused, and says why (issue 6)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from orchestrator.model.scripted import Call, Say, ScriptTurn, Step
from orchestrator.testing.playing.casting import Replaying
from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.recorder import Unkeepable
from orchestrator.testing.playing.stages import Stages
from runtimes.values import Json, JsonObject
from tests.orchestrator.testing.playing import API, write_conversation, write_plugin
from tests.orchestrator.testing.recorded import in_a_thread, orchestrator_test, record
from tests.servers.loopback import Answer, Request, Response, json_response, serve

BIG = 12345678901234567890123
HEAD = "name: A\ncredentials: {key: a-test-key-1}\n"
ENTER: Mapping[str, str] = {"MY_SECRET": "environment-1"}
TOKEN = "handed-out-token-1"


def _api(url: str) -> JsonObject:
    """The description at that address, with parameters that are called like secrets."""
    api: JsonObject = json.loads(json.dumps(API))
    paths = api["paths"]
    assert isinstance(paths, dict)
    names = ("sort_key", "session", "page_token", "access_token", "code")
    own: list[Json] = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]
    get = json.loads(json.dumps(paths))["/homes/{id}"]["get"]
    paths["/homes/{id}"] = {"get": {**get, "parameters": [*get["parameters"], *own]}}
    return {**api, "servers": [{"url": f"{url}/v1"}]}


def _named(request: Request) -> Answer:
    return json_response({"name": "Oak Street", "path": request.path})


def _redirecting(request: Request) -> Answer:
    if request.path.endswith("/1"):
        location = f"/v1/homes/2?access_token={TOKEN}&sig=handed-out-sign-1&page=1#code=handed-out-code"
        return Response(status=302, headers=(("Location", location),))
    assert TOKEN in request.query
    return json_response({"name": "Oak Street"})


def _precise(request: Request) -> Answer:
    body = f'{{"name": "Oak", "number": {BIG}, "share": 2.50, "name": "Elm", "{"k" * 2000}": {{"a": [1]}}}}'.encode()
    return Response(status=200, headers=(("Content-Type", "application/json"),), body=body)


def _deep(request: Request) -> Answer:
    body = b'{"name": "Oak", "deep": ' + b"[" * 120 + b"]" * 120 + b"}"
    return Response(status=200, headers=(("Content-Type", "application/json"),), body=body)


def _telling(request: Request) -> Answer:
    """Answers with a secret of the environment, as one that lists what it has."""
    return json_response({"name": f"Oak {ENTER['MY_SECRET']}", "token": TOKEN})


def _get(**arguments: str) -> Call:
    return Call("getHome", {"id": "1", **arguments})


async def _recorded(
    folder: Path,
    text: str,
    *steps: Step,
    api: Callable[[Request], Answer] = _named,
    environ: Mapping[str, str] | None = None,
    say: str = "Find",
) -> Path:
    """Records a conversation, with a model that takes these steps where it has none of its own."""

    async def handler(request: Request) -> Answer:
        return api(request)

    async with serve(handler) as server:
        write_plugin(folder, api=_api(server.url))
        host = server.url.removeprefix("http://")
        head = f"plugins: {{source: plugin.json, allow_hosts: ['{host}']}}\napi: recorded\n"
        path = write_conversation(folder, head + HEAD + text, "homes")
        assert await record(path, ScriptTurn(user=say, steps=steps), environ=environ) == ()
    return path


async def _failures(path: Path) -> list[str]:
    collected = collect([path], Choice())
    assert collected.problems == ()
    async with Stages(casting=Replaying({})) as stages:
        return [
            failure.text for file, one in collected.conversations for failure in (await stages.play(one, file)).failures
        ]


@pytest.mark.parametrize(
    ("steps", "api"),
    [
        pytest.param((_get(sort_key="bedrooms"),), _named, id="a parameter that is called like a secret"),
        pytest.param((_get(page_token=TOKEN), _get(view=TOKEN)), _named, id="its value elsewhere"),
        pytest.param((_get(),), _redirecting, id="a redirect with tokens"),
        pytest.param((_get(), _get(access_token=TOKEN)), _telling, id="a token of an answer that is sent"),
        pytest.param((_get(), _get(view=ENTER["MY_SECRET"])), _telling, id="a secret of an answer that is sent"),
        pytest.param((_get(), _get(session=ENTER["MY_SECRET"])), _telling, id="the same in a parameter named so"),
        pytest.param((_get(), _get(id=ENTER["MY_SECRET"])), _telling, id="the same in the path"),
        pytest.param((_get(),), _precise, id="numbers and names that are too long"),
        pytest.param((_get(),), _deep, id="a deep answer"),
        pytest.param((Call("getHome", f'{{"id": "1", "number": {BIG}}}'), _get()), _named, id="a number in arguments"),
        pytest.param((Call("getHome", '{"view": "a b&c=d+e", "id": "1"}'),), _named, id="members in another order"),
    ],
)
async def test_what_is_recorded_replays_where_no_secret_is_known(
    tmp_path: Path, steps: tuple[Step, ...], api: Callable[[Request], Answer]
) -> None:
    path = await _recorded(tmp_path, "turns: [{say: Find}]\n", *steps, Say("Found."), api=api, environ=ENTER)
    assert await _failures(path) == []
    assert ENTER["MY_SECRET"] not in (tmp_path / "homes.cassette.yaml").read_text(encoding="utf-8")


async def test_what_a_redirect_leads_to_is_hidden_where_it_stands(tmp_path: Path) -> None:
    await _recorded(tmp_path, "turns: [{say: Find}]\n", _get(), Say("Found."), api=_redirecting)
    tape = (tmp_path / "homes.cassette.yaml").read_text(encoding="utf-8")
    assert "access_token=hidden-" in tape
    assert "page=1" in tape
    assert "handed-out" not in tape


async def test_another_value_of_a_hidden_parameter_is_another_request(tmp_path: Path) -> None:
    text = "turns: [{say: Find, model: [{call: getHome, with: {id: '1', page_token: '2'}}, Found.]}]\n"
    path = await _recorded(tmp_path, text)
    assert await _failures(path) == []
    path.write_text(path.read_text(encoding="utf-8").replace("page_token: '2'", "page_token: '7'"), encoding="utf-8")
    [failure] = [one for one in await _failures(path) if "was not recorded" in one]
    assert "+request: " in failure


async def test_a_value_that_is_common_is_not_hidden_elsewhere(tmp_path: Path) -> None:
    arguments = "{id: monday-morning, session: monday-morning}"
    path = await _recorded(tmp_path, f"turns: [{{say: Hi, model: [{{call: getHome, with: {arguments}}}, Done.]}}]\n")
    assert "/homes/monday-morning?session=hidden-" in (tmp_path / "homes.cassette.yaml").read_text(encoding="utf-8")
    assert await _failures(path) == []


@pytest.mark.parametrize("value", ["conversations", "media_type"])
async def test_a_variable_that_is_a_word_of_cassettes_does_not_matter(tmp_path: Path, value: str) -> None:
    path = await _recorded(tmp_path, "turns: [{say: Find}]\n", _get(), Say("Found."), environ={"MY_SECRET": value})
    assert await _failures(path) == []


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("Find home 1", id="what the person says"),
        pytest.param("homes-getHome", id="a tool"),
        pytest.param("Finds a home", id="a description"),
    ],
)
async def test_a_variable_that_is_told_to_the_model_is_named_and_nothing_is_kept(tmp_path: Path, value: str) -> None:
    with pytest.raises(
        Unkeepable, match="the value of the variable 'MY_SECRET' stands in what the model is told"
    ) as found:
        await _recorded(
            tmp_path,
            "turns: [{say: Find home 1}]\n",
            Say("Found."),
            environ={"MY_SECRET": value},
            say="Find home 1",
        )
    assert value not in str(found.value)
    assert not (tmp_path / "homes.cassette.yaml").exists()


async def test_a_secret_in_the_name_of_a_member_is_named_and_nothing_is_kept(tmp_path: Path) -> None:
    def keyed(request: Request) -> Answer:
        return json_response({"name": "Oak", ENTER["MY_SECRET"]: 1})

    with pytest.raises(Unkeepable, match="the secret 'MY_SECRET' would be in it"):
        await _recorded(tmp_path, "turns: [{say: Find}]\n", _get(), Say("Found."), api=keyed, environ=ENTER)
    assert not (tmp_path / "homes.cassette.yaml").exists()


async def test_what_would_not_replay_is_not_kept_and_the_difference_is_told(tmp_path: Path) -> None:
    text = f"turns: [{{say: Hi, model: [{{call: getHome, with: {{id: {ENTER['MY_SECRET']}}}}}, Done.]}}]\n"
    with pytest.raises(Unkeepable, match="it does not replay") as found:
        await _recorded(tmp_path, text, environ=ENTER)
    said = str(found.value)
    assert "was not recorded" in said
    assert "hint: values of these variables are hidden in it; record without them: 'MY_SECRET'" in said
    assert ENTER["MY_SECRET"] not in said
    assert not (tmp_path / "homes.cassette.yaml").exists()


async def test_the_command_says_so_and_leaves_with_1(tmp_path: Path) -> None:
    async def handler(request: Request) -> Answer:
        return _named(request)

    text = f"turns: [{{say: Hi, model: [{{call: getHome, with: {{id: {ENTER['MY_SECRET']}}}}}, Done.]}}]\n"
    async with serve(handler) as server:
        write_plugin(tmp_path, api=_api(server.url))
        host = server.url.removeprefix("http://")
        head = f"plugins: {{source: plugin.json, allow_hosts: ['{host}']}}\napi: recorded\n"
        path = write_conversation(tmp_path, head + HEAD + text, "homes")
        code, _, err = await in_a_thread(path, "--record", environ=ENTER)
    assert code == 1, err
    assert err.splitlines()[0] == f"{path}: 'A' was not recorded: it does not replay"
    assert "    hint: values of these variables are hidden in it; record without them: 'MY_SECRET'" in err.splitlines()


async def test_turns_that_are_recorded_and_gone_fail_at_the_last_one(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, "plugins: []\nname: A\nturns:\n  - say: A\n  - say: B\n", "talk")
    turns = [ScriptTurn(user=one, steps=(Say(f"{one}!"),)) for one in "AB"]
    assert await record(path, *turns) == ()
    path.write_text(path.read_text(encoding="utf-8").replace("  - say: B\n", ""), encoding="utf-8")
    [failure] = await _failures(path)
    assert failure.startswith("4:5: model: the recording goes on after this turn, for 1 more")


async def test_requests_that_are_recorded_and_not_sent_fail_at_the_last_turn(tmp_path: Path) -> None:
    one, two = (f"{{call: getHome, with: {{id: '{number}'}}}}" for number in (1, 2))
    text = (
        f"turns: [{{say: Hi, model: [{one}, Done.]}}, {{say: Hi, model: [{two}, Done.]}}, {{say: Bye, model: Bye}}]\n"
    )
    path = await _recorded(tmp_path, text)
    assert await _failures(path) == []
    path.write_text(
        path.read_text(encoding="utf-8").replace(f"model: [{two}, Done.]", "model: Done."), encoding="utf-8"
    )
    [failure] = await _failures(path)
    assert "1 recorded request was not sent" in failure
    assert "/v1/homes/2" in failure


async def test_local_programs_are_not_run_again_to_see_whether_it_replays(tmp_path: Path) -> None:
    started = tmp_path / "started.txt"
    program = (
        "import http.server, pathlib, sys\n"
        f"path = pathlib.Path({str(started)!r})\n"
        "path.write_text((path.read_text() if path.exists() else '') + 'x')\n"
        "server = http.server.HTTPServer(('127.0.0.1', 0), http.server.BaseHTTPRequestHandler)\n"
        "print(f'listening on http://127.0.0.1:{server.server_port}', flush=True)\n"
        "server.serve_forever()\n"
    )
    (tmp_path / "service.py").write_text(program, encoding="utf-8")
    text = (
        f"services: {{own: {{command: ['{sys.executable}', service.py], variable: ADDRESS}}}}\nturns: [{{say: Find}}]\n"
    )
    await _recorded(tmp_path, text, _get(), Say("Found."))
    assert started.read_text(encoding="utf-8") == "x"
    assert orchestrator_test(tmp_path / "homes.conversation.yaml")[0] == 0
    assert started.read_text(encoding="utf-8") == "xx"
