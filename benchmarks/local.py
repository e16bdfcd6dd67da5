"""Calls of a local plugin over stdio beside a bare pipe echo of asyncio, and beside the client of `mcp`.

    python -m benchmarks.local [--repetitions N] [--calls N] [--profile]

The contenders take turns in this process, and the ratio is taken inside each repetition; what is printed is the
median. The program on the other side is the same for both of a comparison, so that the host's share is what differs.
Nothing is asserted on the clock, only that every answer is the right one.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import pstats
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio.lowlevel

from runtimes.base import CallContext, FunctionCall, RuntimeExecutor, RuntimeServices, RuntimeSpec
from runtimes.local import open_local
from runtimes.local_endpoint import LocalEndpoint
from runtimes.values import Json, JsonObject
from tests.servers.no_http import NoHttp

PROGRAM = str(Path(__file__).with_name("local_program.py"))
TEXT: JsonObject = {"text": "hello"}
LINE = b'{"jsonrpc":"2.0","id":1,"method":"echo","params":{"text":"hello"}}\n'
ECHOED = b'{"jsonrpc":"2.0","id":1,"result":{"text":"hello"}}\n'

WARM_UP_CALLS = 300
"""Calls of each contender before anything is measured."""
AT_ONCE = 64
"""How many calls are in flight where it is more than one."""
HELD_CALLS = 1000
"""How many calls wait at once for answers that come in another order."""
PROFILED_CALLS = 20_000
PROFILE_LINES = 40

Call = Callable[[], Awaitable[None]]


@asynccontextmanager
async def _opened(mode: str) -> AsyncGenerator[RuntimeExecutor]:
    endpoint = LocalEndpoint(command=(sys.executable, PROGRAM, mode))
    spec = RuntimeSpec(
        plugin="bench",
        type="LocalPlugin",
        spec={"local_endpoint": "bench"},
        location="",
        functions=("echo", "hold", "release"),
    )
    async with open_local(spec, RuntimeServices(http=NoHttp(), local_endpoints={"bench": endpoint})) as executor:
        yield executor


@asynccontextmanager
async def _ours(mode: str) -> AsyncGenerator[Call]:
    """A call through the executor, from arguments to payload."""
    context = CallContext(person="bench")
    echo = FunctionCall(id="c", function="echo", arguments=TEXT)
    async with _opened(mode) as executor:

        async def call() -> None:
            assert (await executor.invoke(echo, context)).payload == TEXT

        yield call


@asynccontextmanager
async def _bare() -> AsyncGenerator[Call]:
    """A line there and a line back, whose turn it is by order: the least that lets several wait at once."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, "echo", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None
    waiting: deque[asyncio.Future[bytes]] = deque()
    loop = asyncio.get_running_loop()

    async def read() -> None:
        while line := await stdout.readline():
            waiting.popleft().set_result(line)

    async def call() -> None:
        answer: asyncio.Future[bytes] = loop.create_future()
        waiting.append(answer)
        stdin.write(LINE)
        await stdin.drain()
        assert await answer == ECHOED

    reader = asyncio.create_task(read())
    try:
        yield call
    finally:
        stdin.close()
        await process.wait()
        await reader


@asynccontextmanager
async def _mcp() -> AsyncGenerator[Call]:
    """A tool through the official client, from arguments to structured content."""
    from mcp import Client, StdioServerParameters

    async with Client(StdioServerParameters(command=sys.executable, args=[PROGRAM, "plugin"])) as client:

        async def call() -> None:
            result = await client.call_tool("echo", {"text": "hello"})
            assert result.structured_content == TEXT

        yield call


Contender = Callable[[], AbstractAsyncContextManager[Call]]

COMPARISONS: dict[str, tuple[Contender, Contender, float]] = {
    "bare echo": (lambda: _ours("echo"), _bare, 2.5),
    "mcp client": (lambda: _ours("plugin"), _mcp, 1.0),
}
"""By what ours is compared with, and the ratio that it is to stay at or below."""


@dataclass(frozen=True, slots=True)
class _Took:
    """What one call takes, in microseconds."""

    wall: float
    """What the program on the other side takes counts as well."""
    processor: float
    """Of this process alone."""


async def _measured(call: Call, calls: int, at_once: int) -> _Took:
    left = calls

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await call()

    gc.collect()
    start, processor = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(at_once)))
    wall, processor = time.perf_counter() - start, time.process_time() - processor
    return _Took(wall / calls * 1e6, processor / calls * 1e6)


def _compared(what: str, name: str, pairs: Sequence[tuple[float, float]], target: float | None) -> str:
    """One line of what is printed; of processor time there is no target."""
    ratios = sorted(mine / its for mine, its in pairs)
    mine, its = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(ratios)
    verdict = "" if target is None else f"  {'OVER the target' if ratio > target else 'within'} {target:g}"
    rate = f"{1e6 / mine:6.0f} calls/s" if target is not None else " " * len("123456 calls/s")
    return (
        f"{what:9}  ours {mine:6.1f} us {rate}   {name} {its:6.1f} us   ratio {ratio:5.2f}"
        f"  ({ratios[0]:.2f} to {ratios[-1]:.2f}){verdict}"
    )


async def _compare(name: str, repetitions: int, calls: int) -> None:
    async with AsyncExitStack() as stack:
        one, other, target = COMPARISONS[name]
        ours, theirs = await stack.enter_async_context(one()), await stack.enter_async_context(other())
        for at_once in (1, AT_ONCE):
            samples: list[tuple[_Took, _Took]] = []
            for contender in (ours, theirs):
                await _measured(contender, WARM_UP_CALLS, at_once)
            for repetition in range(repetitions):
                if repetition % 2:
                    mine = await _measured(ours, calls, at_once)
                    samples.append((mine, await _measured(theirs, calls, at_once)))
                else:
                    its = await _measured(theirs, calls, at_once)
                    samples.append((await _measured(ours, calls, at_once), its))
            walls = [(mine.wall, its.wall) for mine, its in samples]
            processors = [(mine.processor, its.processor) for mine, its in samples]
            print(
                f"{at_once:3} at once   {_compared('wall', name, walls, target)}"
                f"\n              {_compared('processor', name, processors, None)}"
            )


async def _out_of_order() -> None:
    """Many calls that wait together, answered in the reverse order of their coming."""
    context = CallContext(person="bench")
    answers: dict[int, Json] = {}
    async with _opened("plugin") as executor:

        async def hold(number: int) -> None:
            call = FunctionCall(id="c", function="hold", arguments={"number": number})
            answers[number] = (await executor.invoke(call, context)).payload

        await executor.invoke(FunctionCall(id="c", function="echo", arguments=TEXT), context)
        start = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(HELD_CALLS):
                tasks.create_task(hold(number))
            await anyio.lowlevel.checkpoint()
            await executor.invoke(FunctionCall(id="r", function="release", arguments={}), context)
        took = time.perf_counter() - start
    assert answers == {number: {"number": number} for number in range(HELD_CALLS)}
    print(f"{HELD_CALLS} calls at once, answered in reverse order: all right, in {took * 1000:.0f} ms")


async def _profile() -> None:
    async with _ours("echo") as call:
        await _measured(call, WARM_UP_CALLS, 1)
        for at_once in (1, AT_ONCE):
            profile = cProfile.Profile()
            profile.enable()
            await _measured(call, PROFILED_CALLS, at_once)
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(PROFILE_LINES)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--calls", type=int, default=2000, help="calls of each contender in a repetition")
    parser.add_argument("--profile", action="store_true", help="print where our calls spend their time instead")
    return parser.parse_args(arguments)


async def _measure(repetitions: int, calls: int) -> None:
    for name in COMPARISONS:
        await _compare(name, repetitions, calls)
    await _out_of_order()


def main(arguments: list[str] | None = None) -> None:
    """Prints the comparisons."""
    parsed = _arguments(arguments)
    asyncio.run(_profile() if parsed.profile else _measure(parsed.repetitions, parsed.calls))


if __name__ == "__main__":
    main()
