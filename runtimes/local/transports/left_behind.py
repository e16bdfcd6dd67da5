"""Ends what a program has started and left behind where its group does not reach: in sessions of its own.

Linux alone tells who is whose child and what was in whose environment; elsewhere nothing is found. Whoever starts the
program puts a mark into its environment, which what it starts inherits, and keeps when its parent has left.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread

from runtimes.local.transports.process_group import KILL

MARK = "ORCHESTRATOR_LOCAL"
"""The environment variable with the mark; in a host that is such a program itself it has that host's, too."""

MAX_ENVIRONMENT = 256 * 1024
"""Bytes of a process's environment in which the mark is looked for."""

ROUNDS = 100
"""How often what is left is looked for and killed: what is killed may have started something just before."""

PAUSE = 0.01
"""Seconds between two rounds, for the system to clear away what was killed."""

_PROCESSES = Path("/proc")
_ENDED = "ZX"


@dataclass(frozen=True, slots=True)
class Process:
    """A process that cannot be mistaken for a later one with its number."""

    pid: int
    started: int
    """When, as the system counts."""


@dataclass(frozen=True, slots=True)
class _Line:
    process: Process
    parent: int


def new_mark() -> str:
    """A mark that no other program has."""
    return secrets.token_hex(16)


def marked(environment: Mapping[str, str], mark: str) -> dict[str, str]:
    """The environment with the mark in it."""
    return {**environment, MARK: f"{os.environ.get(MARK, '')} {mark}".strip()}


def _line(pid: int) -> _Line | None:
    """None for what has ended."""
    try:
        text = (_PROCESSES / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, parent, *others = text.rpartition(")")[2].split()  # before it stands a name with any characters
    return None if state in _ENDED else _Line(Process(pid, int(others[17])), int(parent))


def identified(pid: int) -> Process | None:
    """The process with that number; None where it has ended, or the system does not tell."""
    line = _line(pid) if sys.platform == "linux" else None
    return line.process if line is not None else None


def _lines() -> list[_Line]:
    if sys.platform != "linux":
        return []
    numbers = (int(entry) for entry in os.listdir(_PROCESSES) if entry.isdecimal())
    return [line for number in numbers if number != os.getpid() and (line := _line(number)) is not None]


def _below(roots: Set[Process], lines: list[_Line]) -> frozenset[Process]:
    """Those of the roots that still run, and all that descend from them."""
    children: dict[int, list[Process]] = {}
    for line in lines:
        children.setdefault(line.parent, []).append(line.process)
    found: set[Process] = set()
    waiting = [line.process for line in lines if line.process in roots]
    while waiting:
        process = waiting.pop()
        if process not in found:
            found.add(process)
            waiting += children.get(process.pid, ())
    return frozenset(found)


def _has_mark(process: Process, mark: bytes) -> bool:
    with suppress(OSError), (_PROCESSES / str(process.pid) / "environ").open("rb") as file:
        return mark in file.read(MAX_ENVIRONMENT)
    return False


def _kill_round(mark: str, known: Set[Process]) -> bool:
    """Kills what is left; true where something was that may be killed."""
    lines, has_killed = _lines(), False
    roots = {line.process for line in lines if _has_mark(line.process, mark.encode())}
    for process in _below(roots | known, lines):
        if identified(process.pid) == process:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, KILL)
                has_killed = True
    return has_killed


async def family_of(program: Process | None) -> frozenset[Process]:
    """The process, where it still runs, and all that descend from it, whatever their environment."""
    if program is None:
        return frozenset()
    roots = {program}
    return await anyio.to_thread.run_sync(lambda: _below(roots, _lines()), limiter=anyio.CapacityLimiter(1))


async def end_left(mark: str, known: Set[Process]) -> None:
    """Ends all that has the mark or is known, with what descends from it, and waits until it is gone."""
    if sys.platform != "linux":
        return
    limiter = anyio.CapacityLimiter(1)
    for _ in range(ROUNDS):
        if not await anyio.to_thread.run_sync(_kill_round, mark, known, limiter=limiter):
            return
        await anyio.sleep(PAUSE)
