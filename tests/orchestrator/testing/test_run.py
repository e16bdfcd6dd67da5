"""Conversation files are played against a real host, and judged (issue 6)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.testing.playing.outcome import Outcome
from runtimes.values import JsonObject
from tests.orchestrator.testing.playing import API, DROP, FIND, PLUGIN, play, played, write_conversation, write_plugin
from tests.servers.example_service import EXAMPLES
from tests.servers.loopback import Answer, Request, json_response, serve


async def test_a_mock_answers_what_no_stub_does_and_needs_no_credential(tmp_path: Path) -> None:
    expect = """
    expect:
      calls: {call: getHome, with: {id: "1"}}
      requests: GET /homes/1
      citations: Oak Street
      cards: Oak Street
      prompts: {request: 2, contains: Oak Street}
      model_requests: 2
      state: reasoning
"""
    assert await played(tmp_path, FIND + expect) == ""


async def test_what_differs_is_said_at_its_place(tmp_path: Path) -> None:
    told = await played(tmp_path, FIND + "    expect: {requests: POST /homes/1}\n")
    assert told.startswith("8:24: requests: the request has another method\n")
    assert "GET" in told


async def test_a_step_that_nobody_asks_for_fails(tmp_path: Path) -> None:
    told = await played(tmp_path, FIND + "      - And one more.\n")
    assert told == '8:9: model: step 3 was not asked for\n    step: "And one more."'


async def test_a_request_without_a_step_fails(tmp_path: Path) -> None:
    told = await played(tmp_path, 'turns: [{say: Hi, model: [{call: getHome, with: {id: "1"}}]}]')
    assert "model: request 2 (reasoning) finds no step; there are 1" in told
    assert "the turn has no step left for request 2" in told


async def test_a_phrase_is_no_reply(tmp_path: Path) -> None:
    told = await played(tmp_path, "turns: [{say: Hi, model: [{phrase: Shall I?}]}]")
    assert "step 1 is a phrase, but a reply was asked for" in told
    assert "step 1 was not asked for" in told


async def test_states_are_those_that_the_replies_were_asked_for_in(tmp_path: Path) -> None:
    story = """
turns:
  - say: Keep Oak Street
    model:
      - {call: putHome, with: {name: Oak Street}, tokens: {input: 10, output: 5}}
      - {text: Kept., in: reasoning}
      - {text: It is kept., in: responding, tokens: {input: 20}}
    decide: approve
    expect:
      requests: {method: POST, path: /homes, json: {name: Oak Street}}
      text: {is: It is kept.}
      tokens: {input: 30, output: 5}
      prompts: {state: responding, contains: Say that it is kept.}
"""
    assert await played(tmp_path, story) == ""


async def test_the_question_is_phrased_and_answered(tmp_path: Path) -> None:
    expect = """
    decide: [{call: dropHome, answer: approve}]
    expect:
      questions: {call: dropHome, title: "Drop it?", body: {is: "Shall I drop it?"}, answer: approve}
      requests: DELETE /homes/1
      events: [call_asked, {kind: call_decided, by: ada}, call_dispatched]
"""
    assert await played(tmp_path, DROP + expect) == ""


async def test_the_person_declines_with_a_note(tmp_path: Path) -> None:
    expect = """
    decide: [{answer: decline, note: not now}]
    expect: {calls: {call: dropHome, status: declined}, requests: [], prompts: {contains: not now}}
"""
    assert await played(tmp_path, DROP + expect) == ""


async def test_the_persons_own_arguments_are_sent(tmp_path: Path) -> None:
    expect = """
    decide: [{answer: edit, with: {id: "2"}}]
    expect: {requests: DELETE /homes/2, questions: {call: dropHome, answer: edit}}
"""
    assert await played(tmp_path, DROP + expect) == ""


async def test_arguments_of_the_person_that_do_not_fit_fail_the_turn(tmp_path: Path) -> None:
    told = await played(tmp_path, DROP + "    decide: [{answer: edit, with: {}}]\n")
    assert told.startswith("9:13: decide: ")
    assert '"id" is a required property' in told


async def test_a_question_that_is_left_open_fails(tmp_path: Path) -> None:
    told = await played(tmp_path, DROP.replace("      - Done.\n", ""))
    assert "a question about dropHome is open" in told


async def test_a_turn_without_words_answers_the_question_of_the_turn_before(tmp_path: Path) -> None:
    rest = """
    expect: {end: waiting, requests: []}
  - decide: approve
    model: Done.
    expect: {calls: dropHome, requests: DELETE /homes/1, model_requests: 1, text: Done}
"""
    assert await played(tmp_path, DROP.replace("      - Done.\n", "") + rest) == ""


async def test_other_words_supersede_a_question(tmp_path: Path) -> None:
    rest = """
    expect: {end: waiting}
  - say: Never mind
    model: Well then.
    expect: {calls: [], text: Well then}
"""
    assert await played(tmp_path, DROP.replace("      - Done.\n", "") + rest) == ""


async def test_what_comes_after_a_turn_that_fails_is_not_played(tmp_path: Path) -> None:
    told = await played(tmp_path, FIND + "    expect: {text: Elm}\n  - {say: Bye, model: [Bye, Bye]}\n")
    assert told.count("text: ") == 1
    assert "step 2" not in told


async def test_a_choice_on_a_card_is_what_the_person_says(tmp_path: Path) -> None:
    rest = """
  - say: {choose: Rename it}
    model: [Kept., It is kept.]
    decide: approve
    expect: {requests: {method: POST, json: {name: Elm Road}}}
"""
    assert await played(tmp_path, FIND + rest) == ""


@pytest.mark.parametrize(
    ("say", "why"),
    [
        ("{choose: Sell it}", "there is no action 'Sell it'; did you mean 'Rename it'?"),
        ("{choose: Rename it, card: 2}", "there is no card 2; the turn before has 1"),
        ("{choose: Rename it, inputs: {name: x}}", "there is no input 'name'"),
        ("{text: Look, attachments: nowhere.png}", "cannot read"),
    ],
)
async def test_what_cannot_be_said_fails_at_its_place(tmp_path: Path, say: str, why: str) -> None:
    told = await played(tmp_path, f"{FIND}  - say: {say}\n")
    assert told.startswith("8:10: say: ")
    assert why in told


async def test_files_go_with_the_words(tmp_path: Path) -> None:
    (tmp_path / "plan.png").write_bytes(b"\x89PNG")
    story = "turns: [{say: {text: Look, attachments: plan.png}, model: Nice., expect: {prompts: plan.png}}]"
    assert await played(tmp_path, story) == ""


async def test_snapshots_are_written_by_update_and_compared_without(tmp_path: Path) -> None:
    story = FIND + "    expect: {cards: {snapshot: cards/home.json}}\n"
    assert "there is no snapshot 'cards/home.json'" in await played(tmp_path, story)
    assert await played(tmp_path, story, update=True) == ""
    snapshot = tmp_path / "cards" / "home.json"
    assert json.loads(snapshot.read_text())["body"] == [{"type": "TextBlock", "text": "Oak Street"}]
    assert await played(tmp_path, story) == ""
    snapshot.write_text(snapshot.read_text().replace("Oak", "Elm"))
    assert "the card is not the one in" in await played(tmp_path, story)
    snapshot.write_text("{")
    assert "is no JSON" in await played(tmp_path, story)


async def test_a_snapshot_is_not_written_out_of_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    victim = tmp_path / "victim.json"
    for number, place in enumerate((tmp_path, victim)):
        (tmp_path / "here" / f"link{number}").symlink_to(place)
    for name, told in (("link0/new.json", "leads out of the folder"), ("link1", "is a symbolic link")):
        story = FIND + f"    expect: {{cards: {{snapshot: {name}}}}}\n"
        assert told in await played(tmp_path / "here", story, update=True)
        assert told in await played(tmp_path / "here", story)
    assert not (tmp_path / "new.json").exists()
    assert not victim.exists()


async def test_the_real_service_is_called_and_its_requests_are_seen(tmp_path: Path) -> None:
    async def handler(request: Request) -> Answer:
        return json_response({"name": request.path})

    async with serve(handler) as server:
        anonymous: JsonObject = {**PLUGIN, "runtimes": [{"type": "OpenApi", "spec": {"url": "openapi.json"}}]}
        write_plugin(tmp_path, {**API, "servers": [{"url": f"{server.url}/v1"}]}, anonymous)
        host = server.url.removeprefix("http://")
        settings = f"plugins: {{source: plugin.json, allow_hosts: '{host}'}}\napi: real"
        expect = "    expect: {requests: GET /v1/homes/1, citations: /v1/homes/1}\n"
        assert await played(tmp_path, settings + FIND + expect) == ""


async def test_a_local_plugin_is_started_and_its_frames_are_seen(tmp_path: Path) -> None:
    service, plugin = EXAMPLES / "windows_settings" / "service.py", EXAMPLES / "windows_settings" / "plugin.json"
    story = f"""
plugins: {plugin}
local:
  WindowsSettingsPlugin:
    command: [python, {service}]
    environment: {{WINDOWS_SETTINGS_FILE: {tmp_path / "settings.json"}}}
turns:
  - say: Turn Bluetooth off
    model:
      - {{call: change_bluetooth, with: {{requestedState: "off"}}}}
      - {{phrase: Shall I turn Bluetooth off?}}
      - Bluetooth is off.
      - I turned Bluetooth off.
    decide: approve
    expect:
      requests: {{rpc: change_bluetooth, params: {{$subset: {{requestedState: "off"}}}}}}
"""
    assert await played(tmp_path, story) == ""
    assert json.loads((tmp_path / "settings.json").read_text())["bluetooth"] == "off"


async def test_a_plugin_that_cannot_be_loaded_is_the_failure(tmp_path: Path) -> None:
    told = await played(tmp_path, f"plugins: nowhere.json{FIND}")
    assert told.startswith("1:10: plugins: ")
    assert "nowhere.json" in told


async def test_a_plugin_without_a_function_that_can_be_called_is_the_failure(tmp_path: Path) -> None:
    write_plugin(tmp_path, {"openapi": "3.1.0"})
    told = await played(tmp_path, FIND)
    assert told.startswith("1:10: plugins: no function can be called: ")


async def test_a_host_that_cannot_be_allowed_is_the_failure(tmp_path: Path) -> None:
    told = await played(tmp_path, f"plugins: {{source: plugin.json, allow_hosts: 'a b'}}{FIND}")
    assert told.startswith("1:10: plugins: 'allow_hosts': ")


async def test_a_locale_that_is_none_is_the_failure_also_where_it_is_shared(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    text = "locale: '??'\nconversations: [{turns: [{say: Hi, model: Hello}]}]"
    [outcome] = await play(write_conversation(tmp_path, text))
    assert [failure.text for failure in outcome.failures] == [
        "2:9: locale: '??' is no language tag; write one such as 'fr' or 'fr-CA'"
    ]


async def test_a_turn_without_words_cannot_be_the_first(tmp_path: Path) -> None:
    assert (await played(tmp_path, "turns: [{decide: approve, model: Hi}]")).endswith("the turn did not start")


async def test_nothing_is_said_after_the_model_has_disengaged(tmp_path: Path) -> None:
    plugin: JsonObject = {**PLUGIN, "functions": [{"name": "getHome", "states": {"disengaging": {}}}]}
    write_plugin(tmp_path, plugin=plugin)
    told = await played(tmp_path, "turns: [{say: a, model: [{call: withdraw}, Bye]}, {say: b, model: c}]")
    assert told.endswith("say: this conversation has ended; start a new one")


async def test_a_conversation_needs_no_plugin(tmp_path: Path) -> None:
    assert await played(tmp_path, "plugins: []\nturns: [{say: Hi, model: Hello, expect: {text: {is: Hello}}}]") == ""


async def test_conversations_of_a_file_share_nothing_but_what_is_written(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    one = FIND.replace("\n", "\n    ").rstrip(" ")
    text = f"""
plugins: plugin.json
api: {{stubs: [{{operation: getHome, times: 1, answer: {{json: {{name: Elm Road}}}}}}]}}
conversations:
  - name: first
{one}        expect: {{citations: Elm Road}}
  - name: second
{one}        expect: {{citations: Elm Road}}
"""
    outcomes = await play(write_conversation(tmp_path, text))
    assert [(one.name, one.is_passed) for one in outcomes] == [("first", True), ("second", True)]


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.conversation.yaml")), ids=lambda path: path.name)
async def test_the_conversations_of_the_examples_pass(path: Path) -> None:
    outcomes: tuple[Outcome, ...] = await play(path)
    assert [failure.text for outcome in outcomes for failure in outcome.failures] == []
    assert outcomes
