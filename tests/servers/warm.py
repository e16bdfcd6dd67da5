"""Runs commands in processes forked from one that has the program's modules loaded: a start takes 30 ms, not a second.

Each command is a process of its own, with its own streams, folder, environment and exit code. What is about how a
process starts starts one anew. With `WARM=0` in the environment of the tests every command does.
"""

from __future__ import annotations

import atexit
import os
import shlex
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

from tests.servers import warm_client, warm_program
from tests.servers.warm_client import hand_over, number

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


def _command(command: Sequence[str]) -> list[str]:
    """What a command line `PYTHON [-W error] (-m MODULE | -c PROGRAM) ARGUMENTS` has after its options."""
    start = 3 if command[1] == "-W" else 1
    assert command[0] == sys.executable
    assert command[1:start] in ([], ["-W", "error"])
    assert command[start] in ("-m", "-c")
    return [*command[start:]]


def line(command: Sequence[str]) -> list[str]:
    """Another command line for the same command, which has it forked; for `subprocess`, or a terminal, to start.

    The process that it starts has the command's streams and terminal, passes signals on and leaves as the command does.
    """
    if os.environ.get("WARM") == "0":
        return [*command]
    return [sys.executable, "-I", "-S", str(warm_client.__file__), _listening(), *_command(command)]


def script(folder: Path) -> None:
    """Writes a program `orchestrator` into the folder, for the search path of a shell."""
    file = folder / "orchestrator"
    file.write_text(f'#!/bin/sh\nexec {shlex.join(line([sys.executable, "-m", "orchestrator"]))} "$@"\n', "utf-8")
    file.chmod(0o700)


def ended(connection: socket.socket, seconds: float, command: Sequence[str]) -> int:
    """How the command left. Raises: `subprocess.TimeoutExpired`, `ConnectionError`."""
    pid = 0
    connection.settimeout(seconds)
    try:
        pid = number(connection)
        return number(connection)
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
    """Runs a command line `PYTHON [-W error] (-m MODULE | -c PROGRAM) ARGUMENTS` to its end.

    Raises: `subprocess.TimeoutExpired`; `ConnectionError` where it takes the process that waits for it along.
    """
    if os.environ.get("WARM") == "0":
        return subprocess.run(
            command, input=said, cwd=folder, env=environ, timeout=seconds, capture_output=True, check=False
        )
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, socket.socket(socket.AF_UNIX) as connection:
        reading, writing = os.pipe()
        connection.connect(_listening())
        hand_over(
            connection,
            _command(command),
            (reading, out.fileno(), err.fileno()),
            environ=os.environ if environ is None else environ,
            folder=os.path.abspath(folder or os.getcwd()),
            has_terminal=False,
        )
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
