"""Services are started for a conversation, called at their address, and stopped at its end (issue 6)."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from orchestrator.testing import Story
from orchestrator.testing.answering.relocation import ServicePlace, origin_of_service
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.format.settings import PluginSource
from orchestrator.testing.playing.surroundings import surrounded
from runtimes.values import JsonObject
from tests.orchestrator.testing.playing import API, FIND, PLUGIN, play, played, write_conversation, write_plugin

READY = r"listening on (http://127\.0\.0\.1:\d+)"
SERVICE = """
import http.server, json, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/moved":
            self.answer(200, {"name": "Elsewhere"})
        elif self.path == "/homes/moved":
            self.send_response(302)
            self.send_header("Location", "/moved")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.answer(200, {"name": self.path + os.environ.get("GREETING", "")})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print("some words first")
print(f"listening on http://127.0.0.1:{server.server_port}")
server.serve_forever()
"""
ANONYMOUS: JsonObject = {**PLUGIN, "runtimes": [{"type": "OpenApi", "spec": {"url": "openapi.json"}}]}
COUNTER: JsonObject = {
    **PLUGIN,
    "functions": [{"name": "count", "capabilities": {"security_info": {"data_handling": ["GetPrivateData"]}}}],
    "runtimes": [{"type": "LocalPlugin", "spec": {"local_endpoint": "Counter"}, "run_for_functions": ["count"]}],
}
CALLED = """
plugins: {source: plugin.json, service: homes}
services: {homes: {command: [python, service.py]}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plugin(tmp_path, API, ANONYMOUS)
    (tmp_path / "service.py").write_text(SERVICE)
    return tmp_path


async def test_a_plugin_with_a_service_is_called_there(folder: Path) -> None:
    expect = "    expect: {requests: GET /homes/1, citations: /homes/1}\n"
    assert await played(folder, CALLED + FIND + expect) == ""


async def test_stubs_come_before_a_service(folder: Path) -> None:
    api = "api: {stubs: [{operation: getHome, times: 1, answer: {json: {name: A stub}}}]}"
    again = "  - {say: Again, model: [{call: getHome, with: {id: '2'}}, Yes.], expect: {citations: /homes/2}}\n"
    expect = "    expect: {citations: A stub}\n"
    assert await played(folder, CALLED + api + FIND + expect + again) == ""


async def test_a_mock_that_is_asked_for_answers_in_the_place_of_a_service(folder: Path) -> None:
    expect = "    expect: {citations: Oak Street, requests: {url: 'http://mock.invalid/homes/1'}}\n"
    assert await played(folder, f"{CALLED}api: mock{FIND}{expect}") == ""


async def test_the_address_fills_placeholders_and_may_be_reached(folder: Path) -> None:
    write_plugin(folder, {**API, "servers": [{"url": "${{HOMES}}/v2"}]}, ANONYMOUS)
    settings = """
plugins: plugin.json
services: {homes: {command: [python, service.py], variable: HOMES}}
api: real
"""
    assert await played(folder, settings + FIND + "    expect: {citations: /v2/homes/1}\n") == ""


async def test_a_service_gets_its_own_environment_and_the_placeholders_of_the_file(folder: Path) -> None:
    settings = """
plugins: {source: plugin.json, service: homes}
environment: {WORD: welcome}
services: {homes: {command: [python, service.py], environment: {GREETING: "?${{WORD}}"}}}
"""
    assert await played(folder, settings + FIND + "    expect: {citations: /homes/1?welcome}\n") == ""


async def test_a_service_has_the_same_origin_in_every_run(folder: Path) -> None:
    story = (
        FIND.replace("getHome", "putHome").replace('{id: "1"}', "{name: Elm}").replace("It is in Oak Street.", "Hm.")
    )
    expect = """
    decide: decline
    expect: {questions: {call: putHome, destination: {is: http://homes.service.invalid}}}
"""
    replies = "      - {text: Hm., in: responding}"
    assert await played(folder, CALLED + story + replies + expect) == ""


async def test_a_redirect_to_its_own_address_stays_with_the_service(folder: Path) -> None:
    service = SERVICE.replace('"/moved")', 'f"http://127.0.0.1:{server.server_port}/moved")')
    (folder / "service.py").write_text(service)
    expect = "    expect: {requests: [GET /homes/moved, GET /moved], citations: Elsewhere, prompts: {not: came from}}\n"
    assert await played(folder, CALLED + FIND.replace('"1"', "moved") + expect) == ""


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("homes", "http://homes.service.invalid"),
        ("My API!", "http://my-api.service.invalid"),
        ("é", "http://it.service.invalid"),
    ],
)
def test_the_origin_of_a_service_comes_from_its_name(name: str, origin: str) -> None:
    assert origin_of_service(name) == origin


async def test_what_is_replayed_starts_no_service_that_nothing_would_ask(tmp_path: Path) -> None:
    text = b"""
services:
  homes: {command: nowhere}
  other: {command: [python, -c, "print('listening on http://127.0.0.1:9')"], variable: A}
turns: [{say: Hi}]
"""
    [placed] = read_conversations(text, "a").conversations
    async with surrounded(placed.conversation, tmp_path, is_replayed=True) as around:
        assert around.environment == {"A": "http://127.0.0.1:9"}
        assert around.place("homes") == ServicePlace(origin="http://homes.service.invalid", address="")
        assert around.allowed_hosts(PluginSource(source="a", service="homes", allow_hosts=("b",))) == (
            "b",
            "127.0.0.1:9",
        )


async def test_each_request_of_a_redirect_is_seen(folder: Path) -> None:
    story = CALLED + FIND.replace('"1"', "moved")
    expect = "    expect: {requests: [GET /homes/moved, GET /moved], citations: Elsewhere}\n"
    assert await played(folder, story + expect) == ""


async def test_a_service_that_ends_too_early_is_the_failure_with_its_last_words(folder: Path) -> None:
    (folder / "service.py").write_text("print('one')\nraise SystemExit('the port is taken')")
    assert await played(folder, CALLED + FIND) == (
        "3:19: services/homes: the service ended before it was ready\n    output: one\n    output: the port is taken"
    )


@pytest.mark.parametrize(
    ("service", "why"),
    [
        ("{command: nowhere-to-be-found}", "the service cannot be started: 'nowhere-to-be-found': No such file"),
        ("{command: python, directory: nowhere}", "its working directory"),
        ("{command: []}", "its command is empty"),
        ("{command: [python, '${{NOWHERE}}']}", "the placeholder '${{NOWHERE}}' has no value"),
        ("{command: [python, -c, print(1)], ready: (.)}", "the first group of 'ready' found '1', and no http"),
    ],
)
async def test_a_service_that_cannot_be_used_is_the_failure(folder: Path, service: str, why: str) -> None:
    told = await played(folder, f"plugins: plugin.json\nservices: {{homes: {service}}}{FIND}")
    assert told.startswith(f"2:19: services/homes: {why}")


async def test_a_shared_service_that_fails_is_named_where_it_stands(folder: Path) -> None:
    text = """plugins: plugin.json
services: {homes: {command: nowhere}}
conversations: [{services: {}, turns: [{say: Hi, model: Hello}]}]"""
    assert (await played(folder, text)).startswith("2:19: services/homes: ")


def test_an_expression_without_an_address_is_a_mistake() -> None:
    text = b"services: {homes: {command: python, ready: listening}}\nturns: [{say: Hi}]\n"
    [problem] = read_conversations(text, "a").problems
    assert (problem.place, problem.pointer) == (":1:44", "/services/homes/ready")
    assert "has no group for the address" in problem.message


async def test_a_local_program_keeps_its_state_in_a_folder_that_goes_away(tmp_path: Path) -> None:
    program = """
import json, pathlib, sys
for line in sys.stdin:
    request = json.loads(line)
    if request["method"] != "count":
        error = {"code": -32601, "message": "there is no such method"}
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "error": error}), flush=True)
        continue
    file = pathlib.Path(sys.argv[1]) / "count"
    count = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(count))
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": f"{count} {sys.argv[1]}"}), flush=True)
"""
    (tmp_path / "counter.py").write_text(program)
    (tmp_path / "plugin.json").write_text(json.dumps(COUNTER))
    story = """
plugins: plugin.json
local: {Counter: {command: [python, counter.py, "${{TEMPORARY_FOLDER}}"]}}
conversations:
  - turns: &turns
    - {say: Count, model: [{call: count}, One.], expect: {calls: {call: count, result: "1 /"}}}
    - say: Count
      model: [{call: count}, Two.]
      expect: {calls: {call: count, result: "2 /"}, requests: {rpc: count, params: {}}}
  - turns: *turns
"""
    outcomes = await play(write_conversation(tmp_path, story))
    assert [failure.text for outcome in outcomes for failure in outcome.failures] == []


async def test_a_frame_that_never_went_out_is_not_among_the_requests(tmp_path: Path) -> None:
    (tmp_path / "plugin.json").write_text(json.dumps(COUNTER))
    story = """
plugins: plugin.json
local: {Counter: {command: nowhere-to-be-found}}
turns:
  - {say: Count, model: [{call: count}, No.], expect: {calls: {call: count, status: failed}, requests: []}}
"""
    assert await played(tmp_path, story) == ""


DYING = """
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("what went wrong in it", flush=True)
        os._exit(3)

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
"""


async def test_a_service_that_ends_in_a_conversation_is_told_with_its_last_words_and_no_port(folder: Path) -> None:
    (folder / "service.py").write_text(DYING)
    expect = "    expect: {calls: {call: getHome, result: cannot connect to http://homes.service.invalid/homes/1}}\n"
    told = await played(folder, CALLED + FIND + expect)
    assert "cannot connect to http://homes.service.invalid/homes/1" in told
    assert "\n3:19: services/homes: the service 'homes' ended with 3\n    output: " in told
    assert told.endswith("what went wrong in it")
    assert "cannot connect to http://127" not in told


async def test_a_service_that_ends_is_told_to_a_story_too(folder: Path) -> None:
    (folder / "service.py").write_text(DYING)
    settings = {"command": ["python", "service.py"]}
    async with Story(
        folder=folder, plugins={"source": "plugin.json", "service": "homes"}, services={"homes": settings}
    ) as chat:
        turn = await chat.say("Find home 1", model=[{"call": "getHome", "with": {"id": "1"}}, "There."])
        with pytest.raises(AssertionError, match=r"(?s)the service 'homes' ended with 3\n.*what went wrong in it"):
            turn.expect(calls="getHome")


async def test_a_request_that_a_stub_has_answered_is_repeated_without_a_pause(folder: Path) -> None:
    api = "api: {stubs: [{operation: getHome, times: 1, answer: {status: 503, headers: {Retry-After: '20'}}}]}"
    expect = "    expect: {requests: [GET /homes/1, GET /homes/1], citations: /homes/1}\n"
    with anyio.fail_after(10):
        assert await played(folder, CALLED + api + FIND + expect) == ""
