"""The local plugin of the Windows settings example: JSON-RPC 2.0, one message a line, on standard input and output."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TypeGuard

MAX_LINE_BYTES = 64 * 1024
"""How long one message may be; after a longer one the plugin stops, since it cannot tell where the next begins."""
DEFAULTS = {"theme": "light", "bluetooth": "on", "do not disturb": "off"}
CHANGES = {
    "set_windows_theme": ("theme", "themeName", ("dark", "light")),
    "change_bluetooth": ("bluetooth", "requestedState", ("on", "off")),
    "toggle_do_not_disturb": ("do not disturb", "requestedState", ("on", "off")),
}
"""By function: the setting, the argument with its new value, and the values it may have."""
CARD_TEMPLATE = "https://copilot.microsoft.com/schemas/visual-templates/windows_settings_v1.0.json"


class Refusal(Exception):
    """The message cannot be carried out; the arguments are the code of JSON-RPC and the reason."""


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _read(file: Path) -> dict[str, str]:
    stored: object = json.loads(file.read_bytes()) if file.exists() else {}
    known = stored if _is_object(stored) else {}
    return {name: str(known.get(name, default)) for name, default in DEFAULTS.items()}


def _write(file: Path, settings: dict[str, str]) -> None:
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    beside.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    beside.replace(file)  # a reader sees the old file or the new one, never half of one


def _results(sentence: str, settings: dict[str, str]) -> list[dict[str, str]]:
    card = {"template": CARD_TEMPLATE, "data": {"cardContent": settings}}
    about = "A card beside this answer lists all settings."
    return [
        {"id": "text", "type": "text/plain", "description_for_model": "", "data": sentence},
        {"id": "card", "type": "text/adaptivecard", "description_for_model": about, "data": json.dumps(card)},
    ]


def _call(file: Path, method: object, arguments: dict[str, object]) -> list[dict[str, str]]:
    settings = _read(file)
    if method == "get_settings":
        return _results("; ".join(f"{name}: {value}" for name, value in settings.items()), settings)
    if not isinstance(method, str) or method not in CHANGES:
        raise Refusal(-32601, f"there is no method {method!r}; known: get_settings, {', '.join(CHANGES)}")
    setting, argument, values = CHANGES[method]
    value = arguments.get(argument)
    if set(arguments) != {argument} or value not in values:
        raise Refusal(-32602, f"{method!r} takes {argument!r}, one of: {', '.join(values)}")
    was, settings[setting] = settings[setting], str(value)
    _write(file, settings)
    sentence = f"{setting} is {value} already" if was == value else f"{setting} changed from {was} to {value}"
    return _results(sentence, settings)


def _outcome(file: Path, message: object) -> dict[str, object]:
    try:
        if not _is_object(message) or message.get("jsonrpc") != "2.0":
            raise Refusal(-32600, "this is not a JSON-RPC 2.0 request")
        arguments = message.get("params", {})
        if not _is_object(arguments):
            raise Refusal(-32602, "give the arguments by name")
        return {"result": _call(file, message.get("method"), arguments)}
    except Refusal as refusal:
        return {"error": {"code": refusal.args[0], "message": refusal.args[1]}}
    except (OSError, ValueError) as error:
        return {"error": {"code": -32000, "message": f"the settings cannot be kept: {type(error).__name__}"}}


def _answer(file: Path, line: bytes) -> dict[str, object] | None:
    try:
        message: object = json.loads(line)
    except (ValueError, RecursionError):
        return {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "this is not JSON"}}
    answer = {"jsonrpc": "2.0", "id": message.get("id") if _is_object(message) else None, **_outcome(file, message)}
    return None if _is_object(message) and "method" in message and "id" not in message else answer


def run() -> None:
    """Answers messages until there are no more."""
    parser = argparse.ArgumentParser(description="the local plugin of the Windows settings example")
    parser.add_argument("--file", type=Path, default=os.environ.get("WINDOWS_SETTINGS_FILE"), help="keeps the settings")
    file: Path | None = parser.parse_args().file
    if file is None:
        parser.error("say where the settings are kept: --file PATH, or WINDOWS_SETTINGS_FILE")
    while line := sys.stdin.buffer.readline(MAX_LINE_BYTES):
        if not line.endswith(b"\n"):
            sys.exit(f"a message is longer than {MAX_LINE_BYTES} bytes, or was cut off")
        if answer := _answer(file, line):
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    run()
