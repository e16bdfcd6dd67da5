"""A local plugin for tests: JSON-RPC over stdio, with a method for each way of misbehaving. Needs nothing but Python.

`echo`, `fail` and `wait` are the functions of the contract over all executors; `--stubborn` ignores SIGTERM and the
end of its input.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

GIANT_BYTES = 2 * 1024 * 1024

Params = dict[str, object]

_cancelled: list[object] = []
_held: list[object] = []


class _NoAnswer(Exception):
    """The method does not answer, or has done so itself."""


class _Failure(Exception):
    """The method answers with an error object."""


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _send(message: Params) -> None:
    _write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")


def _echo(request_id: object, params: Params) -> object:
    return {"text": params["text"]}


def _fail(request_id: object, params: Params) -> object:
    raise _Failure("out of order")


def _wait(request_id: object, params: Params) -> object:
    raise _NoAnswer


def _hold(request_id: object, params: Params) -> object:
    """Answers when `release` is called, in reverse order."""
    _held.append(request_id)
    raise _NoAnswer


def _release(request_id: object, params: Params) -> object:
    count = len(_held)
    while _held:
        held = _held.pop()
        _send({"id": held, "result": {"held": held}})
    return count


def _surroundings(request_id: object, params: Params) -> object:
    return {
        "pid": os.getpid(),
        "leads_its_group": os.getpgid(0) == os.getpid(),
        "directory": os.getcwd(),
        "files": os.listdir(),
        "environment": dict(os.environ),
        "arguments": sys.argv[1:],
    }


def _cancellations(request_id: object, params: Params) -> object:
    return list(_cancelled)


def _garbage(request_id: object, params: Params) -> object:
    _write('starting up …\n{"half":\n[1, 2]\n\n{"jsonrpc": "2.0"}\n')
    return "after garbage"


def _only_garbage(request_id: object, params: Params) -> object:
    _write("this is not JSON-RPC\n")
    raise _NoAnswer


def _giant(request_id: object, params: Params) -> object:
    _write("x" * GIANT_BYTES)
    raise _NoAnswer


def _die(request_id: object, params: Params) -> object:
    sys.stderr.write("Traceback (most recent call last):\n  …\nKeyError: \x1b[31m'theme'\n")
    sys.stderr.flush()
    os._exit(3)


def _answer_and_die(request_id: object, params: Params) -> object:
    _send({"id": request_id, "result": "goodbye"})
    os._exit(0)


def _half(request_id: object, params: Params) -> object:
    _write('{"jsonrpc": "2.0", "id": ')
    os._exit(0)


def _wrong_id(request_id: object, params: Params) -> object:
    _send({"id": 999_999, "result": "for somebody else"})
    raise _NoAnswer


def _twice(request_id: object, params: Params) -> object:
    _send({"id": request_id, "result": "first"})
    return "second"


def _not_version_2(request_id: object, params: Params) -> object:
    _write(json.dumps({"id": request_id, "result": "old"}) + "\n")
    raise _NoAnswer


def _progress(request_id: object, params: Params) -> object:
    for number in range(int(str(params["count"]))):
        _send({"method": "$/progress", "params": {"id": request_id, "message": f"step {number}"}})
    return "done"


def _ask_host(request_id: object, params: Params) -> object:
    _send({"id": "mine", "method": "host/confirm", "params": {}})
    return json.loads(sys.stdin.readline())


def _demands(request_id: object, params: Params) -> object:
    """Sends `count` requests and reads `answered` answers."""
    for number in range(int(str(params["count"]))):
        _send({"id": number, "method": "host/confirm", "params": {}})
    return [json.loads(sys.stdin.readline())["id"] for _ in range(int(str(params["answered"])))]


def _demand_and_die(request_id: object, params: Params) -> object:
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "host/confirm"}) + "\n"
    _write(line * int(str(params["count"])))
    os._exit(0)


def _write_line(request_id: object, params: Params) -> object:
    """Writes `line`, with our id in the place of `ID`, instead of an answer."""
    _write(str(params["line"]).replace("ID", str(request_id)) + "\n")
    raise _NoAnswer


def _flood_stderr(request_id: object, params: Params) -> object:
    for _ in range(64):
        sys.stderr.write("noise " * 1024 + "\n")
    return "quiet again"


def _fork(request_id: object, params: Params) -> object:
    """Leaves a child behind that holds our output open."""
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    return child.pid


def _fork_and_die(request_id: object, params: Params) -> object:
    subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    os._exit(1)


def _stop_reading(request_id: object, params: Params) -> object:
    while True:
        signal.pause()


METHODS: dict[str, Callable[[object, Params], object]] = {
    "echo": _echo,
    "fail": _fail,
    "wait": _wait,
    "hold": _hold,
    "release": _release,
    "surroundings": _surroundings,
    "cancellations": _cancellations,
    "garbage": _garbage,
    "only_garbage": _only_garbage,
    "giant": _giant,
    "die": _die,
    "answer_and_die": _answer_and_die,
    "half": _half,
    "wrong_id": _wrong_id,
    "twice": _twice,
    "not_version_2": _not_version_2,
    "progress": _progress,
    "ask_host": _ask_host,
    "demands": _demands,
    "demand_and_die": _demand_and_die,
    "write_line": _write_line,
    "flood_stderr": _flood_stderr,
    "fork": _fork,
    "fork_and_die": _fork_and_die,
    "stop_reading": _stop_reading,
}


def _take(line: str) -> None:
    message = json.loads(line)
    if message["method"] == "$/cancelRequest":
        _cancelled.append(message["params"]["id"])
        return
    try:
        result = METHODS[message["method"]](message["id"], message["params"])
    except _NoAnswer:
        return
    except _Failure as error:
        _send({"id": message["id"], "error": {"code": -32000, "message": str(error)}})
        return
    _send({"id": message["id"], "result": result})


def main() -> None:
    is_stubborn = "--stubborn" in sys.argv
    if is_stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin:
        _take(line)
    while is_stubborn:
        time.sleep(60)


if __name__ == "__main__":
    main()
