"""What is recorded with the real client of a model and a real API replays when both are gone (issue 6)."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from runtimes.values import JsonObject
from tests.orchestrator.testing.playing import API, write_conversation, write_plugin
from tests.orchestrator.testing.recorded import (
    REPLIES,
    TURNS,
    in_a_thread,
    loopback_servers,
    model_at,
    orchestrator_test,
    write_files,
)
from tests.servers.loopback import Answer, Request, Response, json_response
from tests.servers.openai_server import Reply, call

HEAD = "name: Find homes\ncredentials: {key: a-test-key-1}\napi: recorded\n"
CANARIES = {
    "the key of the model": "canary-model-key-4Zt9",
    "the user of its URL": "canary-user-8Qw2",
    "the password in its URL": "canary-password/5Rt7",
    "the credential": "canary-credential+2Bn6",
    "a variable": "canary-variable-6Ju8",
    "a cookie": "canary-cookie-1Mk3",
}


async def test_a_recording_replays_without_the_model_and_the_api(tmp_path: Path) -> None:
    async with loopback_servers() as (model, api):
        path = write_files(tmp_path, api.url, HEAD + TURNS)
        code, out, err = await in_a_thread(path, "--record", "--model", "openai:fake", environ=model_at(model))
        assert (code, err) == (0, f"recorded 1 conversation in {tmp_path / 'homes.cassette.yaml'}\n")
        assert out.startswith(f"ok {path}: Find homes (")
        assert len(model.requests) == len(REPLIES)
        assert len(api.requests) == 1
    code, out, err = orchestrator_test(path)
    assert (code, err) == (0, "")


async def test_the_same_replies_are_recorded_as_the_same_bytes(tmp_path: Path) -> None:
    async with loopback_servers((*REPLIES, *REPLIES)) as (model, api):
        path = write_files(tmp_path, api.url, HEAD + TURNS)
        recordings: list[bytes] = []
        for _ in range(2):
            code, _, _ = await in_a_thread(path, "--record", "--model", "openai:fake", environ=model_at(model))
            assert code == 0
            recordings.append((tmp_path / "homes.cassette.yaml").read_bytes())
    assert recordings[0] == recordings[1]
    assert b"call_random_1" not in recordings[0]


def _echo(request: Request) -> Answer:
    """Answers with every secret that it could know, in several spellings."""
    known = [*CANARIES.values(), request.query]
    body: JsonObject = {
        "name": "Oak Street",
        "plain": " ".join(known),
        "quoted": " ".join(quote(one, safe="") for one in known),
        "encoded": [base64.b64encode(f"x{one}".encode()).decode() for one in known],
    }
    answer = json_response(body)
    cookie = ("Set-Cookie", f"session={CANARIES['a cookie']}; HttpOnly")
    return Response(status=200, headers=(*answer.headers, cookie, ("X-Request-Id", "volatile-1")), body=answer.body)


def _keyed_api(url: str) -> JsonObject:
    """The description with a key that goes in the query."""
    scheme: JsonObject = {"type": "apiKey", "in": "query", "name": "api_key"}
    components: JsonObject = {"securitySchemes": {"key": scheme}}
    return {**API, "servers": [{"url": f"{url}/v1"}], "components": components, "security": [{"key": []}]}


async def test_no_secret_gets_into_a_recording_or_onto_a_screen(tmp_path: Path) -> None:
    said = " ".join(CANARIES.values())
    replies = (Reply(calls=(call("homes-getHome", {"id": "1"}),)), Reply(text=f"It is in Oak Street. {said}"))
    async with loopback_servers(replies, _echo) as (model, api):
        write_plugin(tmp_path, api=_keyed_api(api.url))
        path = write_conversation(
            tmp_path,
            f"plugins: {{source: plugin.json, allow_hosts: ['{api.url.removeprefix('http://')}']}}\n"
            f"api: recorded\ncredentials: {{key: '{CANARIES['the credential']}'}}\n"
            "turns: [{say: Find home 1, expect: {calls: getHome, text: Oak Street}}]\n",
            "homes",
        )
        user, password = CANARIES["the user of its URL"], CANARIES["the password in its URL"]
        base_url = model.url.replace("http://", f"http://{user}:{quote(password, safe='')}@")
        key, variable = CANARIES["the key of the model"], CANARIES["a variable"]
        environ = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": key, "MY_SERVICE_TOKEN": variable}
        code, out, err = await in_a_thread(path, "--record", "--model", "openai:fake", environ=environ)
        assert code == 0, (out, err)
        [request] = api.requests
        assert request.query == f"api_key={quote(CANARIES['the credential'], safe='')}"
    recording = (tmp_path / "homes.cassette.yaml").read_text(encoding="utf-8")
    assert "Oak Street" in recording
    assert "[secret OPENAI_API_KEY]" in recording
    assert "volatile" not in recording
    replayed = orchestrator_test(path, "--explain")
    assert replayed[0] == 0, replayed
    for what, secret in CANARIES.items():
        spellings = (secret, quote(secret, safe=""), base64.b64encode(f"x{secret}".encode()).decode()[2:-4])
        for text in (recording, out, err, replayed[2]):
            assert not [one for one in spellings if one in text], what


async def test_a_conversation_that_fails_is_not_recorded(tmp_path: Path) -> None:
    replies = (*REPLIES, Reply(text="I do not know."))
    conversations = f"""
credentials: {{key: a-test-key-1}}
api: recorded
conversations:
  - name: Find homes{TURNS.replace(chr(10), chr(10) + "    ")}
  - name: Sell homes
    turns: [{{say: Sell home 1, expect: {{text: sold}}}}]
"""
    async with loopback_servers(replies) as (model, api):
        path = write_files(tmp_path, api.url, conversations)
        code, out, err = await in_a_thread(path, "--record", "--model", "openai:fake", environ=model_at(model))
    assert code == 1
    assert "1 passed, 1 failed" in out
    tape = tmp_path / "homes.cassette.yaml"
    assert err.splitlines() == [
        f"recorded 1 conversation in {tape}",
        f"{path}: 'Sell homes' failed and was not recorded; an earlier recording stays",
    ]
    assert "Sell homes" not in tape.read_text(encoding="utf-8")


def test_recording_needs_a_model_where_no_file_has_the_replies(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, "plugins: []\nturns: [{say: Hi}]\n")
    code, out, err = orchestrator_test(path, "--record")
    assert (code, out) == (2, "")
    assert "--record asks a live model: name it with --model" in err


def test_where_there_is_nothing_to_record_it_says_so(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, "plugins: []\nturns: [{say: Hi, model: Hello}]\n")
    code, _, err = orchestrator_test(path, "--record")
    assert (code, err) == (0, "nothing was recorded: the files say all replies, and no API is 'recorded'\n")
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_two_conversations_of_one_name_cannot_be_recorded(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, "plugins: []\nconversations: [" + "{name: A, turns: [{say: Hi}]}," * 2 + "]\n")
    code, _, err = orchestrator_test(path, "--record", "--model", "offline")
    assert code == 2
    assert "two conversations are called 'A'" in err


@pytest.mark.parametrize("options", [("--live", "offline"), ("--watch",), ("--jobs", "2")])
def test_recording_does_not_go_with_other_ways_to_play(tmp_path: Path, options: tuple[str, ...]) -> None:
    code, _, err = orchestrator_test(tmp_path, "--record", *options)
    assert code == 2
    assert "do not go together" in err


def test_a_recording_with_mistakes_leaves_with_2(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, "plugins: []\nturns: [{say: Hi}]\n")
    (tmp_path / "one.cassette.yaml").write_text("cassette: 1\nconversations: [{nam: x}]\n", encoding="utf-8")
    code, out, err = orchestrator_test(path)
    assert (code, out) == (2, "")
    assert "one.cassette.yaml:2:18: " in err
    assert "did you mean 'name'?" in err
