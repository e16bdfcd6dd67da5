"""The process that commands are forked from, with every module of the program loaded; `tests.servers.warm` starts it.

It never runs anything of the program itself and has one thread, so that each command finds it as it was at the start.
"""

from __future__ import annotations

import array
import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
from typing import NoReturn

PACKAGES = ("auth", "runtimes", "orchestrator")
LIBRARIES = (
    "alembic.command",
    "anyio._backends._asyncio",
    "httpx2",
    "openai",
    "prompt_toolkit",
    "rich",
    "sqlalchemy.dialects.sqlite.aiosqlite",
)
"""What commands load when they need it."""

LEFT_OUT = ("__main__", ".migrations", "pytest_plugin", "lint_child")
"""Modules that do something when they are loaded."""

HEADER_BYTES = 4
STANDARD_STREAMS = 3


def _load() -> None:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not any(part in found.name for part in LEFT_OUT):
                try:
                    importlib.import_module(found.name)
                except ImportError:  # of an extra that is not installed
                    continue
    for library in LIBRARIES:
        importlib.import_module(library)


def _received(connection: socket.socket) -> tuple[dict[str, object], list[int]]:
    streams = array.array("i")
    data, ancillary, _, _ = connection.recvmsg(HEADER_BYTES, socket.CMSG_SPACE(STANDARD_STREAMS * streams.itemsize))
    for _, _, sent in ancillary:
        streams.frombytes(sent)
    left = int.from_bytes(data, "big")
    text = bytearray()
    while len(text) < left:
        text += connection.recv(left - len(text))
    return json.loads(text), list(streams)


def _stream(descriptor: int, mode: str, errors: str) -> io.TextIOWrapper:
    raw = os.fdopen(descriptor, mode, closefd=False)
    return io.TextIOWrapper(raw, "utf-8", errors, line_buffering=mode == "wb" and os.isatty(descriptor))


def _become(wanted: dict[str, object], streams: list[int]) -> None:
    """The surroundings of the command."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    environ, arguments = wanted["environ"], wanted["arguments"]
    assert isinstance(environ, dict)
    assert isinstance(arguments, list)
    os.environ.clear()
    os.environ.update({str(name): str(value) for name, value in environ.items()})
    os.chdir(str(wanted["folder"]))
    sys.path[1:1] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.argv = ["orchestrator", *map(str, arguments)]
    sys.stdin = _stream(0, "rb", "strict")
    sys.stdout = _stream(1, "wb", "strict")
    sys.stderr = _stream(2, "wb", "backslashreplace")
    sys.stderr.reconfigure(write_through=True)


def _in_a_command(connection: socket.socket) -> bool:
    """Forks once more: True in the command, and where it is waited for no return at all."""
    wanted, streams = _received(connection)
    command = os.fork()
    if not command:
        connection.close()
        _become(wanted, streams)
        return True
    for descriptor in streams:
        os.close(descriptor)
    connection.sendall(command.to_bytes(HEADER_BYTES, "big"))
    _, status = os.waitpid(command, 0)
    connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(HEADER_BYTES, "big", signed=True))
    os._exit(0)


def wait(path: str) -> None:
    """Forks for each connection to the socket, and returns in the commands alone."""
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        connection, _ = listener.accept()
        if not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            if _in_a_command(connection):
                return
        connection.close()


def _leave(code: int) -> NoReturn:
    """Ends the command without taking apart all that is loaded, which takes longer than most of them."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main(path: str) -> None:
    """Where commands are forked, and then a command."""
    wait(path)
    try:
        runpy.run_module("orchestrator", run_name="__main__")
    except SystemExit as error:
        if error.code is not None and not isinstance(error.code, int):
            raise
        _leave(error.code or 0)


if __name__ == "__main__":
    main(sys.argv[1])
