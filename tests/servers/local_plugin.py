"""A local plugin for tests: JSON-RPC over stdio, with a method for each thing a program may do. Needs only Python.

`echo`, `fail` and `wait` are the functions of the contract over all executors. The flags say how it behaves as a
program: `--stubborn` ignores SIGTERM and the end of its input, `--headers` speaks and understands nothing but
`Content-Length`, `--polite` knows `initialize` and `shutdown` and notes them in the file `LOG`, `--deaf` does not
answer what it does not know, `--brittle` dies of it. What misbehaves more is in `tests.servers.hostile_plugin`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeGuard

Params = dict[str, object]

_cancelled: list[object] = []
_held: list[tuple[object, Params]] = []
_farewells: list[str] = []


def _is_object(value: object) -> TypeGuard[Params]:
    return isinstance(value, dict)


class NoAnswer(Exception):
    """The method does not answer, or has done so itself."""


class Failure(Exception):
    """The method answers with an error object."""


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def send(message: Params) -> None:
    text = json.dumps({"jsonrpc": "2.0", **message})
    write(f"Content-Length: {len(text.encode())}\r\n\r\n{text}" if "--headers" in sys.argv else text + "\n")


def read() -> str:
    """The next message, empty at the end."""
    stdin = sys.stdin.buffer
    if "--headers" not in sys.argv:
        return stdin.readline().decode()
    length = 0
    while (line := stdin.readline()).strip():
        name, _, value = line.partition(b":")
        if name == b"Content-Length":
            length = int(value)
    return stdin.read(length).decode()


def _echo(request_id: object, params: Params) -> object:
    return {"text": params["text"]}


def _fail(request_id: object, params: Params) -> object:
    raise Failure("out of order")


def _wait(request_id: object, params: Params) -> object:
    raise NoAnswer


def _hold(request_id: object, params: Params) -> object:
    """Answers when `release` is called, in reverse order."""
    _held.append((request_id, params))
    raise NoAnswer


def _release(request_id: object, params: Params) -> object:
    count = len(_held)
    while _held:
        held, given = _held.pop()
        send({"id": held, "result": {"held": held, **given}})
    return count


def _surroundings(request_id: object, params: Params) -> object:
    return {
        "pid": os.getpid(),
        "leads_its_group": os.getpgid(0) == os.getpid(),
        "directory": os.getcwd(),
        "files": os.listdir(),
        "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd")),
        "environment": dict(os.environ),
        "arguments": sys.argv[1:],
    }


def _cancellations(request_id: object, params: Params) -> object:
    return list(_cancelled)


def _progress(request_id: object, params: Params) -> object:
    for number in range(int(str(params["count"]))):
        send({"method": "$/progress", "params": {"id": request_id, "message": f"step {number}\x1b[31m"}})
    return "done"


def _ask_host(request_id: object, params: Params) -> object:
    """Asks the host for `method` with `params`, and answers what it answered."""
    demand: Params = {"id": "mine", "method": params["method"], "params": params.get("params", {})}
    send(demand)
    while True:
        message = json.loads(read())
        if "method" not in message:
            return message


def _ask_and_withdraw(request_id: object, params: Params) -> object:
    send({"id": "mine", "method": "host/confirm", "params": {"text": "Really?"}})
    send({"method": "$/cancelRequest", "params": {"id": "mine"}})
    return json.loads(read())


def _ask_and_answer(request_id: object, params: Params) -> object:
    """Asks, does not wait for it, and tells later what it was answered."""
    send({"id": "late", "method": "host/confirm", "params": {"text": "Really?"}})
    send({"id": request_id, "result": "has not waited"})
    _farewells.append(read())
    raise NoAnswer


def _told(request_id: object, params: Params) -> object:
    return [json.loads(text) for text in _farewells]


def _write_file(request_id: object, params: Params) -> object:
    Path(str(params["path"])).write_text("written", encoding="utf-8")
    return "written"


def _list(request_id: object, params: Params) -> object:
    return sorted(os.listdir(str(params["path"])))


def _connect(request_id: object, params: Params) -> object:
    import socket

    socket.create_connection((str(params["host"]), 9), timeout=5)
    return "connected"


METHODS: dict[str, Callable[[object, Params], object]] = {
    "echo": _echo,
    "fail": _fail,
    "wait": _wait,
    "hold": _hold,
    "release": _release,
    "surroundings": _surroundings,
    "cancellations": _cancellations,
    "progress": _progress,
    "ask_host": _ask_host,
    "ask_and_withdraw": _ask_and_withdraw,
    "ask_and_answer": _ask_and_answer,
    "told": _told,
    "write_file": _write_file,
    "list": _list,
    "connect": _connect,
}


def _unknown(message: Params) -> None:
    if "--polite" in sys.argv and message["method"] in ("initialize", "shutdown"):
        with Path(os.environ["LOG"]).open("a", encoding="utf-8") as log:
            log.write(f"{message['method']}\n")
        send({"id": message["id"], "result": {}})
    elif "--brittle" in sys.argv:
        raise KeyError(message["method"])
    elif "--deaf" not in sys.argv:
        send({"id": message["id"], "error": {"code": -32601, "message": "Method not found"}})


def _take(text: str) -> None:
    message: object = json.loads(text)
    if not _is_object(message) or "method" not in message:
        return
    name, params = str(message["method"]), message.get("params")
    assert _is_object(params)
    if name == "$/cancelRequest":
        _cancelled.append(params["id"])
        return
    method = METHODS.get(name)
    if method is None:
        _unknown(message)
        return
    try:
        result = method(message["id"], params)
    except NoAnswer:
        return
    except Failure as error:
        send({"id": message["id"], "error": {"code": -32000, "message": str(error)}})
        return
    send({"id": message["id"], "result": result})


def main() -> None:
    is_stubborn = "--stubborn" in sys.argv
    if is_stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while text := read():
        _take(text)
    while is_stubborn:
        time.sleep(60)


if __name__ == "__main__":
    main()
