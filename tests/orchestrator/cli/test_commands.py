"""The commands as processes: what they print, and how they leave."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from runtimes.values import JsonObject
from tests.servers import warm
from tests.servers.example_service import EXAMPLES, start_service

CONTOSO = EXAMPLES / "contoso_real_estate" / "plugin.json"
SETTINGS = EXAMPLES / "windows_settings"


def orchestrator(*arguments: str | Path, said: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    names = ("PATH", "HOME", "LANG", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    command = [sys.executable, "-W", "error", "-m", "orchestrator", *map(str, arguments)]
    return warm.run(command, said=said, environ={**kept, **environment})


def write(folder: Path, document: JsonObject | str) -> Path:
    path = folder / "plugin.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


MINIMAL: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Mine",
    "namespace": "mine",
    "description_for_human": "A plugin.",
    "functions": [{"name": "look"}],
}


def test_the_demo_answers_a_pipe_with_listings_that_came_over_http() -> None:
    """Issue 2: the README's first conversation."""
    done = orchestrator("demo", said="find 3 bedroom homes in Seattle\n")
    assert done.returncode == 0
    for title in ("Craftsman with a cedar porch", "Townhouse by the reservoir", "Brick bungalow"):
        assert title in done.stdout
    assert "[1] Craftsman" in done.stdout
    assert done.stdout.count("stand-in") == 1
    assert "\x1b" not in done.stdout


def test_the_demo_takes_one_message_and_leaves(tmp_path: Path) -> None:
    log, transcript = tmp_path / "http.jsonl", tmp_path / "talk.jsonl"
    done = orchestrator(
        "demo", "-m", "Find three-bedroom homes in Seattle", "--json", "--log-http", log, "--save", transcript
    )
    assert done.returncode == 0
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[-1]["kind"] == "turn_ended"
    assert "stand-in" in done.stderr
    exchanges = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert (exchanges[-1]["method"], exchanges[-1]["status"]) == ("GET", 200)
    assert "Seattle" not in exchanges[-1]["url"]
    assert transcript.exists()


def test_in_a_pipe_nobody_is_asked_and_the_output_says_so() -> None:
    """Issue 7, line 4: where nobody is, what would be a question is denied."""
    done = orchestrator("demo", "-m", "Turn bluetooth off")
    assert "not allowed" in done.stdout
    assert "not sent: " in done.stdout
    assert "nobody is here to ask; --yes says yes beforehand" in done.stdout


def test_yes_on_the_command_line_answers_questions() -> None:
    done = orchestrator("demo", "-m", "Turn bluetooth off", "--yes")
    assert done.returncode == 0
    assert "bluetooth changed from on to off" in done.stdout


def test_tools_prints_what_the_model_is_told() -> None:
    with start_service("contoso_real_estate") as service:
        host = f"127.0.0.1:{service.port}"
        url = f"http://{host}"
        done = orchestrator("tools", f"{url}/plugin.json", "--json", "--allow-host", host)
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert [tool["function"]["name"] for tool in document["tools"]] == [
        "contoso-getListings",
        "contoso-saveSearch",
        "contoso-deleteSavedSearch",
    ]
    assert "getListings" in document["reasoning"]
    assert "unique" in document["responding"] or "number" in document["responding"]
    assert document["skipped"] == []


def test_call_makes_one_call_and_a_dry_run_makes_none() -> None:
    arguments = '{"city": "Seattle", "bedrooms": 3}'
    with start_service("contoso_real_estate") as service:
        host = f"127.0.0.1:{service.port}"
        url = f"http://{host}"
        source = f"{url}/plugin.json"
        made = orchestrator("call", source, "getListings", arguments, "--json", "--allow-host", host)
        shown = orchestrator("call", source, "getListings", arguments, "--json", "--dry-run", "--allow-host", host)
        failed = orchestrator("call", source, "saveSearch", '{"city": " "}', "--json", "--allow-host", host)
    outcome = json.loads(made.stdout)
    assert set(outcome) == {"status", "payload", "is_error", "citations", "cards"}
    assert (outcome["status"], outcome["is_error"], len(outcome["citations"])) == (200, False, 3)
    (request,) = json.loads(shown.stdout)["requests"]
    assert set(request) == {"method", "url", "headers", "body"}
    assert request["url"] == f"{url}/listings?city=Seattle&bedrooms=3"
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["is_error"] is True


def test_a_local_plugin_is_named_on_the_command_line(tmp_path: Path) -> None:
    command = f"{sys.executable} {SETTINGS / 'service.py'} --file {tmp_path / 'settings.json'}"
    done = orchestrator(
        "call", SETTINGS / "plugin.json", "change_bluetooth", '{"requestedState": "off"}',
        "--local", f"WindowsSettingsPlugin={command}",
    )  # fmt: skip
    assert done.returncode == 0
    assert "bluetooth" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["chat", "no-such-file.json"], 1, "no-such-file.json"),
        (["chat", "."], 1, "directory"),
        (["tools", "no-such-file.json"], 1, "no-such-file.json"),
        (["chat"], 2, "name a plugin"),
        (["cha"], 2, "did you mean 'chat'?"),
        (["chat", str(CONTOSO), "--allow-host", "a b"], 2, "--allow-host"),
        (["chat", str(CONTOSO), "--proxy", "foo"], 2, "--proxy"),
        (["chat", str(CONTOSO), "--json"], 2, "-m TEXT"),
        (["demo", "-m", "list my songs", "--save", "/no/such/folder/x.md"], 2, "/no/such/folder"),
        (["chat", "http://user:s3cret@127.0.0.1:9/x.json?token=abc"], 1, "127.0.0.1:9/x.json"),
        (["chat", str(CONTOSO), "--model", "opnai:x"], 2, "openai"),
        (["chat", str(CONTOSO), "--local", "x"], 2, "ID=COMMAND"),
        (["chat", str(CONTOSO), "--log-http", "/no/such/folder/log", "-m", "hi"], 2, "HTTP log"),
        (["call", str(CONTOSO), "getListing", "{}"], 2, "did you mean 'getListings'"),
        (["call", str(CONTOSO), "getListings", "{"], 2, "not JSON"),
        (["call", str(CONTOSO), "getListings", '{"bedrooms": "many"}'], 2, "bedrooms"),
    ],
)
def test_bad_input_is_one_clear_line(arguments: list[str], code: int, told: str) -> None:
    done = orchestrator(*arguments)
    assert done.returncode == code
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not {"Traceback", "s3cret", "token"} & set(re.findall(r"\w+", done.stderr))


def test_escape_sequences_of_a_manifest_never_reach_the_terminal(tmp_path: Path) -> None:
    name = "f\u001b]0;pwned\u0007\u009bx\u202e"
    path = write(tmp_path, {**MINIMAL, "functions": [{"name": name}], "runtimes": [{"type": "x-none"}]})
    asked = [["chat", str(path), "-m", "hi"], ["tools", str(path)], ["tools", str(path), "--json"]]
    for arguments in (*asked, ["call", str(path), "nope"]):
        done = orchestrator(*arguments)
        assert not set("\x1b\x07\x9b\u202e") & set(done.stdout + done.stderr)
    assert json.loads(orchestrator("tools", path, "--json").stdout)["skipped"][0]["function"] == name


@pytest.mark.parametrize("redirection", [">&-", "> /dev/full", "2>&-"])
def test_an_output_that_cannot_be_written_is_no_crash(redirection: str) -> None:
    command = f"{sys.executable} -m orchestrator tools {SETTINGS / 'plugin.json'} --local x=y {redirection}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_poor_encoding_replaces_what_it_cannot_write(tmp_path: Path) -> None:
    path = write(tmp_path, {**MINIMAL, "name_for_human": "Ünï", "runtimes": [{"type": "x-none"}]})
    done = orchestrator("tools", path, PYTHONIOENCODING="ascii")
    assert "Traceback" not in done.stderr


def test_a_url_that_refuses_is_one_clear_line() -> None:
    url = f"http://127.0.0.1:{closed_port()}/plugin.json"
    done = orchestrator("chat", url, "--allow-host", "127.0.0.1")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1)
    assert "refused" in done.stderr


def test_a_private_address_that_nobody_allowed_is_one_clear_line() -> None:
    done = orchestrator("chat", f"http://127.0.0.1:{closed_port()}/plugin.json")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1)
    assert "--allow-host 127.0.0.1" in done.stderr


def test_broken_json_is_named_with_line_and_column(tmp_path: Path) -> None:
    path = write(tmp_path, '{\n  "name_for_human": "x",,\n}')
    done = orchestrator("chat", path)
    assert done.returncode == 1
    assert f"{path}:2:25: not JSON" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unknown_runtime_type_is_one_clear_line(tmp_path: Path) -> None:
    path = write(tmp_path, {**MINIMAL, "runtimes": [{"type": "OpenAppi", "spec": {}}]})
    done = orchestrator("chat", path, "-m", "hi")
    assert done.returncode == 1
    assert "OpenAppi" in done.stderr
    assert "did you mean 'OpenApi'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_function_that_needs_a_credential_is_not_offered_and_says_why(tmp_path: Path) -> None:
    auth: JsonObject = {"type": "OAuthPluginVault", "reference_id": "x"}
    path = write(tmp_path, {**MINIMAL, "runtimes": [{"type": "OpenApi", "auth": auth, "spec": {"url": "x.yaml"}}]})
    done = orchestrator("tools", path, "--json")
    assert done.returncode == 1
    (skipped,) = json.loads(done.stdout)["skipped"]
    assert skipped["function"] == "look"
    assert "OAuthPluginVault" in skipped["reason"]


def test_a_service_that_is_down_is_said_and_nothing_crashes(tmp_path: Path) -> None:
    description = {
        "openapi": "3.0.4",
        "info": {"title": "x", "version": "1"},
        "servers": [{"url": f"http://127.0.0.1:{closed_port()}"}],
        "paths": {"/look": {"get": {"operationId": "look", "responses": {"200": {"description": "ok"}}}}},
    }
    spec: JsonObject = {"api_description": json.dumps(description)}
    path = write(tmp_path, {**MINIMAL, "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": spec}]})
    done = orchestrator("call", path, "look", "--allow-host", "127.0.0.1")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1)
    assert "refused" in done.stderr
    chat = orchestrator("chat", path, "-m", "look", "--allow-host", "127.0.0.1")
    assert "refused" in chat.stdout
    assert "Traceback" not in chat.stderr


def test_a_model_without_a_key_is_one_clear_line() -> None:
    done = orchestrator("demo", "-m", "hi", "--model", "openai:gpt-5-mini")
    assert done.returncode == 1
    assert "OPENAI_API_KEY" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_completion_script_names_the_commands(shell: str) -> None:
    done = orchestrator("completion", shell)
    assert done.returncode == 0
    assert "--allow-host" in done.stdout
    assert "demo" in done.stdout


def test_the_version_is_printed() -> None:
    assert orchestrator("--version").stdout.startswith("orchestrator 0.")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_what_was_started_is_stopped_when_the_program_is_told_to_end(tmp_path: Path, number: signal.Signals) -> None:
    command = warm.line([sys.executable, "-m", "orchestrator", "demo"])
    environment = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert any("Ask something" in line for line in iter(process.stdout.readline, ""))
        assert list(tmp_path.glob("orchestrator-*"))
        process.send_signal(number)
        assert process.wait(timeout=20) == 130
        process.stdout.read()
    assert not list(tmp_path.glob("orchestrator-*"))


def test_a_reader_that_leaves_early_is_no_error() -> None:
    shell = f"{sys.executable} -m orchestrator tools {SETTINGS / 'plugin.json'} | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_numbers_of_any_size_are_printed(tmp_path: Path) -> None:
    parameters: JsonObject = {"properties": {"n": {"type": "integer", "maximum": 10**30}}}
    description = {
        "openapi": "3.0.4",
        "servers": [{"url": "https://api.example"}],
        "paths": {"/look": {"post": {"operationId": "look"}}},
    }
    runtime: JsonObject = {"type": "OpenApi", "spec": {"api_description": json.dumps(description)}}
    functions: JsonObject = {"functions": [{"name": "look", "parameters": parameters}], "runtimes": [runtime]}
    done = orchestrator("tools", write(tmp_path, {**MINIMAL, **functions}), "--json")
    assert str(10**30) in done.stdout
    assert "Traceback" not in done.stderr
