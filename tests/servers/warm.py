"""Runs `orchestrator` in processes forked from one that has its modules loaded: a start takes 30 ms, not a second.

Each command is a process of its own, with its own streams, folder, environment and exit code. What is about how a
process starts, or needs a terminal, starts one anew: `subprocess` stays for those. With `WARM=0` in the environment of
the tests every command does.
"""

from __future__ import annotations

import array
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio.to_thread

from tests.servers import warm_program
from tests.servers.warm_program import HEADER_BYTES

SECONDS = 60.0
"""How long a command may take."""


@cache
def _listening() -> str:
    """Where the process listens that commands are forked from; it ends with this one."""
    folder = TemporaryDirectory(prefix="warm-")
    path = str(Path(folder.name) / "socket")
    command = [sys.executable, "-W", "error", str(warm_program.__file__), path]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environ, start_new_session=True
    )
    assert process.stdout is not None

    def end() -> None:
        process.kill()
        process.wait()
        folder.cleanup()

    atexit.register(end)
    assert process.stdout.readline() == "ready\n"
    process.stdout.close()
    return path


def _arguments(command: Sequence[str]) -> list[str]:
    """Those of a command line `PYTHON [-W error] -m orchestrator ARGUMENTS`."""
    start = command.index("-m")
    assert command[0] == sys.executable
    assert command[1:start] in ([], ["-W", "error"])
    assert command[start + 1] == "orchestrator"
    return [*command[start + 2 :]]


def _number(connection: socket.socket) -> int:
    """Raises: `TimeoutError`; `ConnectionError` where the process that waits for the command has died."""
    data = bytearray()
    while len(data) < HEADER_BYTES:
        if not (more := connection.recv(HEADER_BYTES - len(data))):
            raise ConnectionError("the process that waits for the command has died, and how it left is not known")
        data += more
    return int.from_bytes(data, "big", signed=True)


def ended(connection: socket.socket, seconds: float, command: Sequence[str]) -> int:
    """How the command left. Raises: `subprocess.TimeoutExpired`, `ConnectionError`."""
    pid = 0
    connection.settimeout(seconds)
    try:
        pid = _number(connection)
        return _number(connection)
    except (TimeoutError, ConnectionError) as error:
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if isinstance(error, TimeoutError):
            raise subprocess.TimeoutExpired(command, seconds) from None
        raise


def run_bytes(
    command: Sequence[str],
    *,
    said: bytes = b"",
    folder: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> subprocess.CompletedProcess[bytes]:
    """Runs a command line `PYTHON [-W error] -m orchestrator ARGUMENTS` to its end.

    Raises: `subprocess.TimeoutExpired`; `ConnectionError` where it takes the process that waits for it along.
    """
    if os.environ.get("WARM") == "0":
        return subprocess.run(
            command, input=said, cwd=folder, env=environ, timeout=seconds, capture_output=True, check=False
        )
    wanted = {
        "arguments": _arguments(command),
        "environ": dict(os.environ if environ is None else environ),
        "folder": os.path.abspath(folder or os.getcwd()),
    }
    text = json.dumps(wanted).encode()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, socket.socket(socket.AF_UNIX) as connection:
        reading, writing = os.pipe()
        connection.connect(_listening())
        streams = array.array("i", [reading, out.fileno(), err.fileno()])
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)]
        connection.sendmsg([len(text).to_bytes(HEADER_BYTES, "big")], rights)
        connection.sendall(text)
        os.close(reading)
        saying = threading.Thread(target=_say, args=(writing, said))
        saying.start()
        try:
            code = ended(connection, seconds, command)
        finally:
            saying.join()
        return subprocess.CompletedProcess([*command], code, _all(out.fileno()), _all(err.fileno()))


def _say(descriptor: int, said: bytes) -> None:
    try:
        with open(descriptor, "wb") as stream:
            stream.write(said)
    except BrokenPipeError:  # it has left without reading
        return


def _all(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def run(
    command: Sequence[str],
    *,
    said: str = "",
    folder: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> subprocess.CompletedProcess[str]:
    """As `run_bytes`, with text; line ends are as `subprocess` has them."""
    done = run_bytes(command, said=said.encode(), folder=folder, environ=environ, seconds=seconds)
    out, err = (data.decode().replace("\r\n", "\n") for data in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


async def run_process(
    command: Sequence[str],
    *,
    folder: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    said: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """As `run_bytes`, while servers of the test answer."""
    return await anyio.to_thread.run_sync(partial(run_bytes, command, said=said, folder=folder, environ=environ))
