"""The other side of `benchmarks/local.py`: a program that answers line by line. Needs nothing but Python.

`echo` sends each line back with its `method` and `params` turned into a `result`, without reading it as JSON, so that
it costs both contenders the same. `plugin` reads JSON: it is a local plugin with `echo`, `hold` and `release`, and as
much of an MCP server as a client needs to call the tool `echo`.
"""

from __future__ import annotations

import json
import sys
from typing import TypeGuard

Message = dict[str, object]

_held: list[tuple[object, object]] = []


def _send(message: Message) -> None:
    sys.stdout.buffer.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    sys.stdout.buffer.flush()


def _echo() -> None:
    write, flush = sys.stdout.buffer.write, sys.stdout.buffer.flush
    for line in sys.stdin.buffer:
        write(line.replace(b'"method":"echo","params"', b'"result"'))
        flush()


def _result(method: object, params: Message) -> Message | None:
    match method:
        case "echo":
            return params
        case "initialize" if "protocolVersion" in params:
            return {
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "echo", "version": "1"},
            }
        case "tools/list":
            return {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}
        case "tools/call":
            arguments = params["arguments"]
            return {"content": [{"type": "text", "text": "hello"}], "structuredContent": arguments}
        case _:
            return None


def _is_object(value: object) -> TypeGuard[Message]:
    return isinstance(value, dict)


def _take(message: Message) -> None:
    number, method, params = message.get("id"), message["method"], message.get("params")
    if number is None:
        return
    if method == "hold":
        _held.append((number, params))
        return
    if method == "release":
        while _held:
            held, given = _held.pop()
            _send({"id": held, "result": given})
    result = {} if method == "release" else _result(method, params if _is_object(params) else {})
    if result is None:
        _send({"id": number, "error": {"code": -32601, "message": "Method not found"}})
    else:
        _send({"id": number, "result": result})


def main() -> None:
    if sys.argv[1:] == ["echo"]:
        _echo()
        return
    for line in sys.stdin.buffer:
        _take(json.loads(line))


if __name__ == "__main__":
    main()
