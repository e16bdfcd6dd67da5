"""The local plugin of the Windows settings example, spoken to as a host would (issue 2, item 11; spec 13.2.1)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runtimes.values import Json, JsonObject
from tests.servers.example_service import EXAMPLES

SERVICE = EXAMPLES / "windows_settings" / "service.py"
TIMEOUT = 10.0


def _speak(file: Path, *messages: bytes) -> list[JsonObject]:
    """What the program answers to those lines, after which its input ends."""
    command = [sys.executable, "-I", str(SERVICE), "--file", str(file)]
    done = subprocess.run(command, input=b"\n".join([*messages, b""]), capture_output=True, check=True, timeout=TIMEOUT)
    assert done.stderr == b""
    answers: list[Json] = [json.loads(line) for line in done.stdout.splitlines()]
    return [answer for answer in answers if isinstance(answer, dict)]


def _request(method: str, params: Json = None, **more: Json) -> bytes:
    given = {} if params is None else {"params": params}
    return json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, **given, **more}).encode()


def _error_code(answer: JsonObject) -> Json:
    error = answer["error"]
    assert isinstance(error, dict)
    return error["code"]


def test_a_change_answers_a_text_for_the_model_and_a_card_for_the_person(tmp_path: Path) -> None:
    [answer] = _speak(tmp_path / "settings.json", _request("set_windows_theme", {"themeName": "dark"}))
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
    results = answer["result"]
    assert isinstance(results, list)
    text, card = results
    assert isinstance(text, dict)
    assert isinstance(card, dict)
    assert (text["type"], text["data"]) == ("text/plain", "theme changed from light to dark")
    assert card["type"] == "text/adaptivecard"
    assert card["description_for_model"]
    assert json.loads(str(card["data"])) == {
        "template": "https://copilot.microsoft.com/schemas/visual-templates/windows_settings_v1.0.json",
        "data": {"cardContent": {"theme": "dark", "bluetooth": "on", "do not disturb": "off"}},
    }


def test_settings_outlive_the_program(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    _speak(file, _request("change_bluetooth", {"requestedState": "off"}))
    _speak(file, _request("toggle_do_not_disturb", {"requestedState": "on"}))
    [answer] = _speak(file, _request("get_settings"))
    assert "theme: light; bluetooth: off; do not disturb: on" in json.dumps(answer)
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"{", -32700),
        (b"[" * 60_000, -32700),
        (b"[]", -32600),
        (b'{"id": 1, "method": "get_settings"}', -32600),
        (_request("format_disk"), -32601),
        (b'{"jsonrpc": "2.0", "id": 7, "method": 3}', -32601),
        (_request("set_windows_theme", ["dark"]), -32602),
        (_request("set_windows_theme", {}), -32602),
        (_request("set_windows_theme", {"themeName": "pink"}), -32602),
        (_request("set_windows_theme", {"themeName": ["dark"]}), -32602),
        (_request("set_windows_theme", {"themeName": "dark", "wallpaper": "x"}), -32602),
    ],
)
def test_a_message_that_makes_no_sense_is_answered_with_its_code_and_the_next_one_is_served(
    tmp_path: Path, message: bytes, code: int
) -> None:
    refused, served = _speak(tmp_path / "settings.json", message, _request("get_settings"))
    assert _error_code(refused) == code
    assert "result" in served
    assert list(tmp_path.iterdir()) == []


def test_a_notification_is_carried_out_and_not_answered(tmp_path: Path) -> None:
    notice = b'{"jsonrpc": "2.0", "method": "change_bluetooth", "params": {"requestedState": "off"}}'
    [answer] = _speak(tmp_path / "settings.json", notice, _request("get_settings"))
    assert "bluetooth: off" in json.dumps(answer)


def test_a_settings_file_that_is_broken_is_an_error_of_the_server(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text("{", encoding="utf-8")
    [answer] = _speak(file, _request("get_settings"))
    assert _error_code(answer) == -32000
    assert str(tmp_path) not in json.dumps(answer)


def test_the_file_can_come_from_the_environment_and_must_come_from_somewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-I", str(SERVICE)]
    line = _request("change_bluetooth", {"requestedState": "off"}) + b"\n"
    file = tmp_path / "settings.json"
    environment = {"WINDOWS_SETTINGS_FILE": str(file)}
    subprocess.run(command, input=line, capture_output=True, check=True, timeout=TIMEOUT, env=environment)
    assert json.loads(file.read_bytes())["bluetooth"] == "off"
    refused = subprocess.run(command, input=line, capture_output=True, check=False, timeout=TIMEOUT, env={})
    assert (refused.returncode, refused.stdout) == (2, b"")
    assert b"WINDOWS_SETTINGS_FILE" in refused.stderr


def test_a_message_without_an_end_stops_the_program(tmp_path: Path) -> None:
    command = [sys.executable, "-I", str(SERVICE), "--file", str(tmp_path / "settings.json")]
    done = subprocess.run(command, input=b"x" * 70_000, capture_output=True, check=False, timeout=TIMEOUT)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"longer than 65536 bytes" in done.stderr
