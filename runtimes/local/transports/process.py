"""Starts a local plugin's program and sees to its end.

The program is a stranger: it gets no shell, few environment variables, no files of ours, a session of its own and a
directory of its own, and when its context ends nothing is left running of its process group, nor, where the system
tells (Linux), of what it has started elsewhere.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import anyio

from runtimes.local.transports.base import CannotStart
from runtimes.local.transports.confinement import confined, limit
from runtimes.local.transports.left_behind import Process, end_left, family_of, identified, marked, new_mark
from runtimes.local.transports.program import Program
from runtimes.local.transports.sandbox import SANDBOX
from runtimes.local_endpoint import LocalEndpoint

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")
"""The environment variables that every local plugin gets from ours; all others are its endpoint's own."""


def inherited_environment(also: tuple[str, ...] = ()) -> dict[str, str]:
    """The variables of ours that every local plugin gets, and those named in `also`."""
    return {name: value for name in (*INHERITED, *also) if (value := os.environ.get(name)) is not None}


@contextmanager
def _working_directory(directory: str | None) -> Generator[str, None, None]:
    if directory is not None:
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="orchestrator-local-", ignore_cleanup_errors=True) as private:
        yield private


async def _start(endpoint: LocalEndpoint, directory: str, mark: str) -> Program:
    if not endpoint.command:
        raise CannotStart("its command is empty")
    if not await anyio.Path(directory).is_dir():
        raise CannotStart(f"its working directory {directory!r} is not there")
    environment = inherited_environment(endpoint.inherited) | dict(endpoint.environment)
    command, limits = confined(endpoint, directory, path=environment.get("PATH"), sandbox=shutil.which(SANDBOX))
    program: Program | None = None
    try:
        with anyio.CancelScope(shield=True):  # a start that is cancelled half-way would leave a program to nobody
            _, program = await asyncio.get_running_loop().subprocess_exec(
                lambda: Program(endpoint),
                *command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=directory,
                env=marked(environment, mark),
                start_new_session=True,
            )
    except OSError as error:
        raise CannotStart(f"{endpoint.command[0]!r}: {error.strerror}") from error
    except ValueError as error:
        raise CannotStart(f"its command, directory or environment is not usable: {error}") from error
    assert program is not None
    try:
        limit(program.pid, limits)
    except CannotStart:
        with anyio.CancelScope(shield=True):
            await _end(program, mark, identified(program.pid))
        raise
    return program


async def _end(program: Program, mark: str, process: Process | None) -> None:
    family = await family_of(process)
    await program.shut_down()
    await end_left(mark, family)


@asynccontextmanager
async def running(endpoint: LocalEndpoint) -> AsyncGenerator[Program, None]:
    """Runs the endpoint's program for as long as the context lasts.

    Entering raises: `CannotStart`.
    """
    with _working_directory(endpoint.directory) as directory:
        mark = new_mark()
        program = await _start(endpoint, directory, mark)
        process = identified(program.pid)
        try:
            yield program
        finally:
            with anyio.CancelScope(shield=True):
                await _end(program, mark, process)
