"""An MCP server as a program, by hand and without the package: it starts fast, and does what it must not where told so.

The name of the tool says what it does; `--dies-of-discovery` and `--silent` what it does at the start.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping

Object = dict[str, object]
TOOLS = (
    "echo",
    "die",
    "garbage",
    "odd",
    "binary",
    "huge",
    "flood",
    "ask",
    "hang",
    "twice",
    "wrong",
    "image",
    "change",
    "heard",
    "surrogate",
    "chatter",
    "pester",
    "stir",
)
HELLO: Object = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {"listChanged": True}},
    "serverInfo": {"name": "program", "version": "1"},
}
FORM: Object = {"type": "object", "properties": {"name": {"type": "string"}}}
description = "as it was"
cancelled: object = None


def write(message: Object) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def read() -> Object:
    line = sys.stdin.readline()
    if not line:
        raise SystemExit(0)
    message: Object = json.loads(line)
    return message


def answer(number: object, text: str) -> None:
    write({"id": number, "result": {"content": [{"type": "text", "text": text}]}})


def echo(number: object, arguments: Mapping[str, object]) -> None:
    answer(number, str(arguments.get("text")))


def die(number: object, arguments: Mapping[str, object]) -> None:
    sys.stderr.write("out of paper\x1b[2J\n")
    raise SystemExit(3)


def garbage(number: object, arguments: Mapping[str, object]) -> None:
    for junk in ("hello?", "{", "[1, 2", '{"jsonrpc": "1.0", "id": 1}', "null", "", "[" * 5000):
        sys.stdout.write(junk + "\n")
    answer(number, "done")


def odd(number: object, arguments: Mapping[str, object]) -> None:
    """What is JSON-RPC, and no MCP."""
    write({"method": "notifications/progress", "params": {"progress": "far"}})
    write({"method": "notifications/tools/list_changed", "params": [1]})
    write({"method": "notifications/unheard/of"})
    write({"id": "q", "method": "elicitation/create", "params": {"message": 1}})
    answer(number, "done")


def binary(number: object, arguments: Mapping[str, object]) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(bytes(range(256)) * 100 + b"\n")
    sys.stdout.buffer.flush()
    answer(number, "done")


def huge(number: object, arguments: Mapping[str, object]) -> None:
    for _ in range(400):
        sys.stdout.write("x" * 65536)
    answer(number, "done")


def flood(number: object, arguments: Mapping[str, object]) -> None:
    for _ in range(10_000):
        sys.stdout.write('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}\n')
    answer(number, "done")


def ask(number: object, arguments: Mapping[str, object]) -> None:
    write({"id": "q", "method": "elicitation/create", "params": {"message": "Your name?", "requestedSchema": FORM}})
    while (message := read()).get("id") != "q":
        pass
    answer(number, json.dumps(message.get("result") or message.get("error")))


def hang(number: object, arguments: Mapping[str, object]) -> None:
    """Until the call is cancelled."""
    global cancelled
    write({"method": "notifications/progress", "params": {"progressToken": number, "progress": 1}})
    while (message := read()).get("method") != "notifications/cancelled":
        pass
    cancelled = message.get("params")


def heard(number: object, arguments: Mapping[str, object]) -> None:
    answer(number, json.dumps(cancelled))


def twice(number: object, arguments: Mapping[str, object]) -> None:
    answer(number, "first")
    answer(number, "second")


def wrong(number: object, arguments: Mapping[str, object]) -> None:
    answer(4711, "not yours")
    answer(None, "nobody's")
    answer(number, "done")


def image(number: object, arguments: Mapping[str, object]) -> None:
    data = "A" * 2_000_000
    write({"id": number, "result": {"content": [{"type": "image", "mimeType": "image/png", "data": data}]}})


def change(number: object, arguments: Mapping[str, object]) -> None:
    global description
    description = "as it is"
    write({"method": "notifications/tools/list_changed"})
    answer(number, "changed")


def surrogate(number: object, arguments: Mapping[str, object]) -> None:
    answer(number, "half a character: \ud800")


def chatter(number: object, arguments: Mapping[str, object]) -> None:
    while True:
        write({"method": "notifications/message", "params": {"level": "info", "data": "x"}})


def pester(number: object, arguments: Mapping[str, object]) -> None:
    """Asks, and does not read the answers."""
    while True:
        write({"id": "p", "method": "ping"})


def stir(number: object, arguments: Mapping[str, object]) -> None:
    """Says that the tools have changed, and has the same."""
    write({"method": "notifications/tools/list_changed"})
    answer(number, "stirred")


def listed() -> list[Object]:
    return [{"name": name, "description": description, "inputSchema": {"type": "object"}} for name in TOOLS]


def take(message: Object) -> None:
    method, number = message.get("method"), message.get("id")
    if method == "initialize":
        write({"id": number, "result": HELLO})
    elif method == "server/discover":
        if "--dies-of-discovery" in sys.argv:
            raise SystemExit(1)
        write({"id": number, "error": {"code": -32601, "message": "no such method"}})
    elif method == "tools/list":
        write({"id": number, "result": {"tools": listed()}})
    elif method == "tools/call":
        params: Object = json.loads(json.dumps(message["params"]))
        arguments: Object = json.loads(json.dumps(params.get("arguments") or {}))
        tool: Callable[[object, Mapping[str, object]], None] = globals()[str(params["name"])]
        tool(number, arguments)


if __name__ == "__main__":
    if "--silent" in sys.argv:
        time.sleep(600)
    while True:
        take(read())
