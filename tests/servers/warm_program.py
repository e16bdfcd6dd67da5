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
import select
import signal
import socket
import sys
import tempfile
import threading
from contextlib import suppress
from types import ModuleType
from typing import NoReturn, TypedDict

from tests.servers.warm_client import HEADER_BYTES

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

STANDARD_STREAMS = 3


class Wanted(TypedDict):
    """A command that is to be run."""

    kind: str
    """`-m` for a module, `-c` for a program text."""
    name: str
    """Which one."""
    arguments: list[str]
    environ: dict[str, str]
    folder: str
    has_terminal: bool
    """Whether its streams are a terminal that it is to hold."""


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


def _all_of(connection: socket.socket, count: int) -> bytes:
    """Raises: `ConnectionError` where the other side leaves before."""
    data = bytearray()
    while len(data) < count:
        if not (more := connection.recv(count - len(data))):
            raise ConnectionError("whoever wanted a command has left")
        data += more
    return bytes(data)


def _received(connection: socket.socket) -> tuple[Wanted, list[int]]:
    """Raises: `ConnectionError`."""
    streams = array.array("i")
    data, ancillary, _, _ = connection.recvmsg(HEADER_BYTES, socket.CMSG_SPACE(STANDARD_STREAMS * streams.itemsize))
    for _, _, sent in ancillary:
        streams.frombytes(sent)
    data += _all_of(connection, HEADER_BYTES - len(data))
    wanted: Wanted = json.loads(_all_of(connection, int.from_bytes(data, "big")))
    return wanted, list(streams)


def _stream(descriptor: int, mode: str, errors: str) -> io.TextIOWrapper:
    raw = os.fdopen(descriptor, mode, closefd=False)
    return io.TextIOWrapper(raw, "utf-8", errors, line_buffering=mode == "wb" and os.isatty(descriptor))


def _become(wanted: Wanted, streams: list[int]) -> None:
    """The surroundings of the command."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if wanted["has_terminal"]:
        import fcntl
        import termios

        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.environ.clear()
    os.environ.update(wanted["environ"])
    tempfile.tempdir = None  # it was looked up in the environment of this process
    os.chdir(wanted["folder"])
    sys.path[0] = os.getcwd()  # as of `python -m`
    sys.path[1:1] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.argv = ["-c" if wanted["kind"] == "-c" else wanted["name"], *wanted["arguments"]]
    sys.stdin = _stream(0, "rb", "strict")
    sys.stdout = _stream(1, "wb", "strict")
    sys.stderr = _stream(2, "wb", "backslashreplace")
    sys.stderr.reconfigure(write_through=True)


def _status(command: int, connection: socket.socket) -> int:
    """How the command ends, which it is made to where nobody waits for it any more."""
    ending = os.pidfd_open(command)
    ready, _, _ = select.select([ending, connection.fileno()], [], [])
    if ending not in ready:
        os.kill(command, signal.SIGKILL)
    return os.waitpid(command, 0)[1]


def _in_a_command(connection: socket.socket) -> Wanted:
    """Forks once more: returns in the command what it is, and where it is waited for not at all."""
    try:
        wanted, streams = _received(connection)
    except ConnectionError:
        os._exit(1)
    command = os.fork()
    if not command:
        connection.close()
        _become(wanted, streams)
        return wanted
    for descriptor in streams:
        os.close(descriptor)
    with suppress(BrokenPipeError):  # nobody waits any more
        connection.sendall(command.to_bytes(HEADER_BYTES, "big"))
    code = os.waitstatus_to_exitcode(_status(command, connection))
    with suppress(BrokenPipeError):
        connection.sendall(code.to_bytes(HEADER_BYTES, "big", signed=True))
    os._exit(0)


def wait(path: str) -> Wanted:
    """Forks for each connection to the socket, and returns in the commands alone, with what is wanted."""
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
            return _in_a_command(connection)
        connection.close()


def _leave(code: int) -> NoReturn:
    """Ends the command without taking apart all that is loaded, which takes longer than most of them.

    Its threads are waited for, and what nobody refers to any more is let go, so that it can say what was left open.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter does: pools of threads end by it alone
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage]
    gc.collect()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(wanted: Wanted) -> None:
    if wanted["kind"] == "-m":
        runpy.run_module(wanted["name"], run_name="__main__", alter_sys=True)
        return
    sys.modules["__main__"] = module = ModuleType("__main__")
    exec(compile(wanted["name"], "<string>", "exec"), vars(module))


def main(path: str) -> None:
    """Where commands are forked, and then a command."""
    wanted = wait(path)
    try:
        _run(wanted)
    except SystemExit as error:
        if error.code is not None and not isinstance(error.code, int):
            raise
        _leave(error.code or 0)
    _leave(0)


if __name__ == "__main__":
    main(sys.argv[1])
