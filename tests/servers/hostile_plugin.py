"""The local plugin of `tests.servers.local_plugin` with a method for each way of misbehaving.

Further flags: `--dies` leaves before it is asked anything, `--silent` neither reads nor writes a byte, `--late` starts
once somebody has opened the pipe that the last argument names.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

from tests.servers import local_plugin
from tests.servers.local_plugin import NoAnswer, Params, read, send, write

GIANT_BYTES = 2 * 1024 * 1024
DEEP = 10_000
HUGE_BYTES = 1024 * 1024 * 1024

_PAUSES = "import signal; signal.pause()"


def _garbage(request_id: object, params: Params) -> object:
    write('starting up …\n{"half":\n[1, 2]\n\n{"jsonrpc": "2.0"}\n')
    return "after garbage"


def _only_garbage(request_id: object, params: Params) -> object:
    write("this is not JSON-RPC\n")
    raise NoAnswer


def _binary(request_id: object, params: Params) -> object:
    sys.stdout.buffer.write(bytes(range(256)) * 512 + b"\n")
    return "after binary"


def _giant(request_id: object, params: Params) -> object:
    write("x" * GIANT_BYTES)
    raise NoAnswer


def _huge(request_id: object, params: Params) -> object:
    """Writes 1 GB without a line feed, as far as it is read."""
    piece = b"x" * GIANT_BYTES
    for _ in range(HUGE_BYTES // GIANT_BYTES):
        sys.stdout.buffer.write(piece)
    raise NoAnswer


def _deep(request_id: object, params: Params) -> object:
    write(f'{{"jsonrpc": "2.0", "id": {request_id}, "result": {"[" * DEEP}{"]" * DEEP}}}\n')
    raise NoAnswer


def _wide(request_id: object, params: Params) -> object:
    """Has too many notes for any person to read."""
    note = json.dumps({"jsonrpc": "2.0", "method": "$/progress", "params": {"id": request_id, "message": "n"}}) + "\n"
    write(note * int(str(params["count"])))
    return "done"


def _lying_header(request_id: object, params: Params) -> object:
    """Claims the length of `length` for its answer."""
    text = json.dumps({"jsonrpc": "2.0", "id": request_id, "result": "short"})
    write(f"Content-Length: {params['length']}\r\n\r\n{text}")
    raise NoAnswer


def _die(request_id: object, params: Params) -> NoReturn:
    sys.stderr.write("Traceback (most recent call last):\n  …\nKeyError: \x1b[31m'theme'\n")
    sys.stderr.flush()
    os._exit(3)


def _answer_and_die(request_id: object, params: Params) -> NoReturn:
    send({"id": request_id, "result": "goodbye"})
    os._exit(0)


def _half(request_id: object, params: Params) -> NoReturn:
    write('{"jsonrpc": "2.0", "id": ')
    os._exit(0)


def _wrong_id(request_id: object, params: Params) -> object:
    send({"id": 999_999, "result": "for somebody else"})
    raise NoAnswer


def _twice(request_id: object, params: Params) -> object:
    send({"id": request_id, "result": "first"})
    return "second"


def _not_version_2(request_id: object, params: Params) -> object:
    write(json.dumps({"id": request_id, "result": "old"}) + "\n")
    raise NoAnswer


def _demands(request_id: object, params: Params) -> object:
    """Sends `count` requests and reads `answered` answers."""
    for number in range(int(str(params["count"]))):
        send({"id": number, "method": "host/obey", "params": {}})
    return [json.loads(read())["id"] for _ in range(int(str(params["answered"])))]


def _questions(request_id: object, params: Params) -> object:
    """Asks `count` questions at once and answers what it was answered."""
    count = int(str(params["count"]))
    for number in range(count):
        send({"id": number, "method": "host/confirm", "params": {"text": f"Question {number}?"}})
    return [json.loads(read()) for _ in range(count)]


def _demand_and_die(request_id: object, params: Params) -> NoReturn:
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "host/confirm"}) + "\n"
    write(line * int(str(params["count"])))
    os._exit(0)


def _write_line(request_id: object, params: Params) -> object:
    """Writes `line`, with our id in the place of `ID`, instead of an answer."""
    write(str(params["line"]).replace("ID", str(request_id)) + "\n")
    raise NoAnswer


def _flood_stderr(request_id: object, params: Params) -> object:
    """Writes `megabytes` beside the protocol."""
    line = "noise " * 1024 + "\n"
    for _ in range(int(str(params["megabytes"])) * 1024 * 1024 // len(line)):
        sys.stderr.write(line)
    return "quiet again"


def _flood(request_id: object, params: Params) -> NoReturn:
    """Writes `line` without end."""
    lines = (str(params["line"]) + "\n") * 1000
    while True:
        write(lines)


def _half_and_hang(request_id: object, params: Params) -> object:
    write('{"jsonrpc": "2.0", "id": ')
    return _stop_reading(request_id, params)


def _close(request_id: object, params: Params) -> object:
    """Closes one of its pipes and stays."""
    os.close(int(str(params["number"])))
    return _stop_reading(request_id, params)


def _busy(request_id: object, params: Params) -> object:
    """Reads nothing more until somebody opens the pipe `gate`."""
    Path(str(params["gate"])).open("rb").close()
    return "done"


def _fork(request_id: object, params: Params) -> object:
    """Leaves a child behind that holds our output open."""
    return subprocess.Popen([sys.executable, "-S", "-c", _PAUSES]).pid


def _fork_away(request_id: object, params: Params) -> object:
    """Leaves a child behind that is in no group of ours."""
    return subprocess.Popen([sys.executable, "-S", "-c", _PAUSES, str(params["word"])], start_new_session=True).pid


def _fork_and_die(request_id: object, params: Params) -> NoReturn:
    subprocess.Popen([sys.executable, "-S", "-c", _PAUSES])
    os._exit(1)


def _stop_reading(request_id: object, params: Params) -> object:
    while True:
        signal.pause()


def _open_files(request_id: object, params: Params) -> object:
    """How many files it can open."""
    count = 0
    try:
        while True:
            os.open(os.devnull, os.O_RDONLY)
            count += 1
    except OSError as error:
        return [count, error.strerror]


def _burn(request_id: object, params: Params) -> object:
    if params.get("catches"):
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


def _swallow(request_id: object, params: Params) -> object:
    held = bytearray(int(str(params["size"])))
    return len(held)


def _limits(request_id: object, params: Params) -> object:
    return {
        "cpu": list(resource.getrlimit(resource.RLIMIT_CPU)),
        "memory": list(resource.getrlimit(resource.RLIMIT_AS)),
        "files": list(resource.getrlimit(resource.RLIMIT_NOFILE)),
    }


local_plugin.METHODS.update(
    {
        "garbage": _garbage,
        "only_garbage": _only_garbage,
        "binary": _binary,
        "giant": _giant,
        "huge": _huge,
        "deep": _deep,
        "wide": _wide,
        "lying_header": _lying_header,
        "die": _die,
        "answer_and_die": _answer_and_die,
        "half": _half,
        "wrong_id": _wrong_id,
        "twice": _twice,
        "not_version_2": _not_version_2,
        "demands": _demands,
        "questions": _questions,
        "demand_and_die": _demand_and_die,
        "write_line": _write_line,
        "flood_stderr": _flood_stderr,
        "flood": _flood,
        "half_and_hang": _half_and_hang,
        "close": _close,
        "busy": _busy,
        "fork": _fork,
        "fork_away": _fork_away,
        "fork_and_die": _fork_and_die,
        "stop_reading": _stop_reading,
        "open_files": _open_files,
        "burn": _burn,
        "swallow": _swallow,
        "limits": _limits,
    }
)


def main() -> None:
    if "--dies" in sys.argv:
        sys.exit("it has nothing to say")
    if "--late" in sys.argv:
        Path(sys.argv[-1]).open("rb").close()
    while "--silent" in sys.argv:
        time.sleep(60)
    local_plugin.main()


if __name__ == "__main__":
    main()
