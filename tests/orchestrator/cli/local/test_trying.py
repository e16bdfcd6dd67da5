"""`orchestrator local test`: what it says of a program, and how it leaves (issue 10, item 2)."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import anyio
import pytest

from orchestrator.cli.local.trial import ENDED_EARLY, NOBODY, Trial, Wanted, tried
from runtimes.local.messages import Answer, Fault
from runtimes.local.programs import Timing
from runtimes.local.transports.stdio import open_stdio
from runtimes.local_endpoint import Framing, LocalEndpoint
from tests.orchestrator.cli.local.commands import Place

CANARY = "sk-canary1234567890"
PROGRAM = """
import json, os, sys

def send(**message):
    text = json.dumps({"jsonrpc": "2.0", **message})
    print(f"Content-Length: {len(text)}\\r\\n\\r\\n{text}" if "headers" in sys.argv else text,
          end="" if "headers" in sys.argv else "\\n", flush=True)

def receive():
    line = sys.stdin.readline()
    if not line.lower().startswith("content-length"):
        return json.loads(line) if line else sys.exit()
    sys.stdin.readline()
    return json.loads(sys.stdin.read(int(line.split(":")[1])))

print("it starts", os.environ.get("API_KEY"), file=sys.stderr, flush=True)
while True:
    message = receive()
    method, number = message["method"], message.get("id")
    if method == "initialize":
        send(id=number, result={"name": "zoo"})
    elif method == "echo":
        send(method="$/progress", params={"id": number, "message": "echoing"})
        send(id=number, result=message["params"])
    elif method == "confirm":
        send(id="q", method="host/confirm", params={"call": number, "text": "Shall I?"})
        send(id=number, result=receive()["result"])
    elif method == "die":
        sys.exit("it is too much")
    elif number is not None:
        send(id=number, error={"code": -32601, "message": "no such method"})
"""
SILENT = "import sys\nfor line in sys.stdin: pass\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "zoo.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "silent.py").write_text(SILENT, encoding="utf-8")
    command = f'["{sys.executable}", "-S", "zoo.py"]'
    text = f'[local."Z*"]\ncommand = {command}\nenvironment = {{ API_KEY = "{CANARY}" }}\n'
    (tmp_path / "orchestrator.toml").write_text(text, encoding="utf-8")
    return Place(tmp_path)


async def trial(place: Place, *words: str, call: str | None = None, framing: Framing = "auto") -> Trial:
    endpoint = LocalEndpoint(command=(sys.executable, "-S", *words), directory=str(place.folder), framing=framing)
    wanted = None if call is None else Wanted(function=call, arguments={"a": 1})
    with anyio.fail_after(60):
        return await tried(
            endpoint,
            lambda: open_stdio(endpoint),
            wanted,
            lambda text: None,
            timing=Timing(initialize_seconds=0.2 if words[0] == "silent.py" else 20),
            seconds=30,
        )


def test_a_program_is_started_called_and_stopped(place: Place) -> None:
    done = place.run("test", "Zoo", "echo", '{"a": "\\u001b[1m"}')
    assert (done.returncode, CANARY in done.stdout + done.stderr) == (0, False)
    assert done.stderr.splitlines()[-1] == "… echoing"
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0].endswith("zoo.py")
    assert [line.split()[0] for line in lines[1:7]] == ["ready", "speaks", "initialize", "echo", "stopped", "stderr"]
    assert lines[2:4] == ["speaks lines: one message each", 'initialize {"name":"zoo"}']
    assert lines[7].startswith("it starts [")
    assert "\x1b" not in done.stdout


def test_machines_are_told_the_same(place: Place) -> None:
    told = place.told("test", "Zoo", "nope")
    called = told["call"]
    assert isinstance(called, dict)
    assert (called["payload"], called["is_error"]) == ({"code": -32601, "message": "no such method"}, True)
    assert {name: told[name] for name in ("id", "framing", "initialize", "questions", "problem")} == {
        "id": "Zoo",
        "framing": "lines",
        "initialize": {"result": {"name": "zoo"}},
        "questions": [],
        "problem": None,
    }


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["Zoo", "nope"], 1, ""),
        (
            ["Zoo", "die"],
            1,
            "orchestrator: Zoo: it gave no answer to 'die': it ended before it answered; its last words: ",
        ),
        (["Q"], 2, "orchestrator: there is no local plugin 'Q'; known: Z*"),
        (["YYZ*"], 2, "orchestrator: there is no local plugin 'YYZ*'; did you mean 'Z*'?"),
        (["Zoo", "echo", "[]"], 2, "orchestrator: the arguments must be a JSON object"),
        (["Zoo", "echo", "{"], 2, "orchestrator: the arguments are not JSON: "),
        (
            ["Q", "--local", "Q=no-such-program"],
            1,
            "orchestrator: Q: it cannot be started: 'no-such-program': No such file",
        ),
    ],
)
def test_how_it_leaves_says_what_came_of_it(place: Place, arguments: list[str], code: int, told: str) -> None:
    done = place.run("test", *arguments)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr


def test_an_address_where_nobody_listens_is_a_problem(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for address in (f"tcp:127.0.0.1:{port}", f"http://127.0.0.1:{port}/rpc"):
        done = place.run("test", "X", "--local", f"X={address}")
        assert (done.returncode, "refused" in done.stderr) == (1, True), done.stderr


async def test_what_it_speaks_shows(place: Place) -> None:
    lines, headers = (
        await trial(place, "zoo.py", call="echo"),
        await trial(place, "zoo.py", "headers", framing="headers"),
    )
    assert (lines.seen.spoken, headers.seen.spoken) == ("lines", "headers")
    assert isinstance(lines.outcome, Answer)
    assert lines.outcome.result == {"a": 1}


async def test_a_silent_program_is_no_problem_until_it_is_called(place: Place) -> None:
    seen = await trial(place, "silent.py")
    assert (seen.problem, seen.seen.has_spoken, seen.seen.introduction) == ("", False, None)
    assert seen.started is not None


async def test_a_program_that_ends_at_once_is_one(place: Place) -> None:
    seen = await trial(place, "-c", "raise SystemExit('no display')")
    assert (seen.started, seen.problem) == (None, "it ended before it answered; its last words: no display")


CRASH = """
import sys
print("booting", file=sys.stderr, flush=True)
line = sys.stdin.readline()
sys.exit("no database" if line.startswith("{") else "no json")
"""


@pytest.mark.parametrize(("framing", "starts"), [("auto", 3), ("lines", 2)])
async def test_a_program_that_ends_when_it_is_spoken_to_is_one_and_its_first_words_say_why(
    place: Place, framing: Framing, starts: int
) -> None:
    seen = await trial(place, "-c", CRASH, framing=framing)
    assert (seen.started, seen.problem, seen.seen.starts) == (None, ENDED_EARLY, starts)
    assert seen.stderr.decode().split() == ["booting", "no", "database"]


def test_how_often_it_was_started_is_told(place: Place) -> None:
    (place.folder / "crash.py").write_text(CRASH, encoding="utf-8")
    crash = ("--local", f"C={sys.executable} -S crash.py", "C")
    done = place.run("test", *crash)
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()[1:]]
    assert lines == ["started 3 times: it ended when it was asked 'initialize'", "stderr", "booting", "no database"]
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"orchestrator: C: {ENDED_EARLY}")


def test_a_secret_in_an_address_is_told_nowhere_and_the_rest_of_it_is(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    address = f"http://127.0.0.1:{port}/rpc?api_key={CANARY}"
    for command in (("test", "X"), ("test", "X", "--json"), ("list",), ("list", "--json")):
        done = place.run(*command, "--local", f"X={address}", COLUMNS="200")
        assert CANARY not in done.stdout + done.stderr
        assert f"http://127.0.0.1:{port}/rpc?" in done.stdout


def test_a_variable_that_is_not_set_is_told(place: Place) -> None:
    place.project.write_text(
        f'[local.P]\ncommand = ["{sys.executable}", "-S", "zoo.py"]\ninherit = ["THIS"]\n', encoding="utf-8"
    )
    done = place.run("test", "P")
    assert (done.returncode, "note: it is to inherit THIS: not set here" in done.stderr) == (0, True)


async def test_a_question_is_declined_and_told(place: Place) -> None:
    seen = await trial(place, "zoo.py", call="confirm")
    assert [question.text for question in seen.questions] == ["Shall I?"]
    assert isinstance(seen.outcome, Answer)
    assert seen.outcome.result == {"approved": False, "reason": NOBODY}


async def test_a_call_that_is_not_known_is_an_error(place: Place) -> None:
    seen = await trial(place, "zoo.py", call="nope")
    assert isinstance(seen.outcome, Fault)
    assert seen.problem == ""
