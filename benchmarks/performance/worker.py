"""One contender in a process of its own: measures what it is told to, and prints the figures as a line of JSON.

    python -m benchmarks.performance.worker NAME TASK SERVERS

`TASK` and `SERVERS` are JSON. CPU time is that of this process alone. The run fails if the servers saw anything but
what was to be done.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import httpx2
import openai
import orjson
from pydantic import TypeAdapter

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.performance.task import Figures, Kind, Name, Task
from benchmarks.place import ANSWER, QUESTION, Addresses, Counts, counts
from benchmarks.servers import allow_many_connections
from orchestrator.errors import OrchestratorError

REQUESTS: dict[Kind, Counts] = {
    "turns": Counts(model=2, api=1),
    "burst": Counts(model=2, api=1),
    "words": Counts(model=1, api=0),
    "answer": Counts(model=2, api=1),
}
"""What the servers are to see of each."""


class WrongAnswer(Exception):
    """A contender has said something else than the model; the message is what it said."""


FAILURES = (OrchestratorError, openai.OpenAIError, httpx2.HTTPError, TimeoutError, WrongAnswer)
"""What a conversation of a burst may end with."""

_MEMORY = Path("/proc/self/status")


def _memory(member: str) -> float:
    """Kilobytes of this process, as Linux tells them: `VmRSS` at the moment, `VmHWM` at most; 0 elsewhere."""
    if not _MEMORY.is_file():
        return 0.0
    for line in _MEMORY.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{member}:"):
            return float(line.split()[1])
    return 0.0


async def _turn(contender: Contender) -> None:
    """Raises: `WrongAnswer`."""
    answer = await contender.turn()
    if answer != ANSWER:
        raise WrongAnswer(answer)


async def _repeated(once: Callable[[], Awaitable[None]], times: int, at_once: int = 1) -> None:
    left = times

    async def some() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await once()

    await asyncio.gather(*(some() for _ in range(at_once)))


async def _turns(contender: Contender, task: Task) -> Figures:
    async def turn() -> None:
        await _turn(contender)

    gc.collect()
    start = time.process_time()
    await _repeated(turn, task.turns, task.at_once)
    return {"cpu ms": (time.process_time() - start) / task.turns * 1000}


async def _burst(contender: Contender, task: Task) -> Figures:
    failures: list[Exception] = []

    async def conversation() -> None:
        try:
            await _turn(contender)
        except FAILURES as error:
            failures.append(error)

    gc.collect()
    before = _memory("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(conversation() for _ in range(task.turns)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if failures:
        print(f"{len(failures)} failed, the first with {failures[0]!r}", file=sys.stderr)
    ideal = (2 * task.latency.model + task.latency.api) / 1000
    return {
        "times ideal": wall / ideal if ideal else 0.0,
        "cpu ms": cpu / task.turns * 1000,
        "failed": len(failures),
        "KB": (_memory("VmHWM") - before) / task.turns,
    }


async def _streamed(contender: Contender, question: str, words: int) -> float:
    """Milliseconds until the first text. Raises: `WrongAnswer`."""
    asked, first, pieces = time.perf_counter(), 0.0, list[str]()
    async with aclosing(contender.stream(question)) as stream:
        async for piece in stream:
            first = first or time.perf_counter() - asked
            pieces.append(piece)
    text = "".join(pieces)
    if text != ANSWER and len(text.split()) != words:
        raise WrongAnswer(text)
    return first * 1000


async def _streams(contender: Contender, task: Task) -> Figures:
    gc.collect()
    start = time.process_time()
    firsts = [await _streamed(contender, _question(task), task.words) for _ in range(task.turns)]
    cpu = time.process_time() - start
    figures = {"first ms": statistics.median(firsts), "cpu ms": cpu / task.turns * 1000}
    return figures | ({"us a word": figures["cpu ms"] / task.words * 1000} if task.kind == "words" else {})


def _question(task: Task) -> str:
    return f"say {task.words} words" if task.kind == "words" else QUESTION


MEASURES: dict[Kind, Callable[[Contender, Task], Awaitable[Figures]]] = {
    "turns": _turns,
    "burst": _burst,
    "words": _streams,
    "answer": _streams,
}


async def _warm(contender: Contender, task: Task) -> None:
    async def once() -> None:
        if task.kind in {"words", "answer"}:
            await _streamed(contender, _question(task), task.words)
        else:
            await _turn(contender)

    await _repeated(once, task.warm_up, task.at_once)


async def measured(contender: Contender, task: Task, servers: Addresses) -> Figures:
    """Raises: `WrongAnswer`; `AssertionError` where the servers saw anything but what was to be done."""
    servers.take()
    await _warm(contender, task)
    servers.take(model=task.latency.model, api=task.latency.api, event=task.latency.event)
    before = counts(servers.api)
    figures = await MEASURES[task.kind](contender, task)
    seen, each = counts(servers.api).since(before), REQUESTS[task.kind]
    wanted = Counts(model=each.model * task.turns, api=each.api * task.turns)
    assert figures.get("failed") or seen == wanted, f"the servers saw {seen} instead of {wanted}"
    return figures


async def _work(name: Name, task: Task, servers: Addresses) -> Figures:
    async with CONTENDERS[name](servers.with_tools(task.tools)) as contender:
        return await measured(contender, task, servers)


def main(name: Name, task: Task, servers: Addresses) -> None:
    """Prints the figures."""
    allow_many_connections()
    print(orjson.dumps(asyncio.run(_work(name, task, servers))).decode())


if __name__ == "__main__":
    main(
        TypeAdapter(Name).validate_json(sys.argv[1]),
        TypeAdapter(Task).validate_json(sys.argv[2]),
        TypeAdapter(Addresses).validate_json(sys.argv[3]),
    )
