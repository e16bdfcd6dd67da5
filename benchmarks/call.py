"""CPU time of one call over loopback beside the bare `httpx2` call that it is: the same URL, the same answer, parsed.

    python benchmarks/call.py [--carrier NAME] [--at-once N] [--repetitions N] [--calls N] [--profile]

Both contenders run in this process and the server in another. In each repetition both make the same number of calls, in
alternating order, and the ratio is taken inside the repetition; what is printed is the median. A call should cost at
most 1.3 times what the bare one costs, and 0.6 times where `aiohttp` carries it. Nothing is asserted on the clock, only
that both hear the same. Without `--carrier` each library that carries calls has its line; `--at-once` makes so many
calls at the same time, over as many connections.
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
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx2
import orjson

from runtimes.base import CallContext, FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.fetch import SharedClient
from runtimes.openapi import open_openapi
from runtimes.transport import CarrierName, HttpLimits
from runtimes.values import Json

CARRIERS: tuple[CarrierName, ...] = ("aiohttp", "httpcore2")
"""The libraries that carry calls."""

FUNCTION = "getItem3"
"""The operation that is called."""

OPERATIONS = 10
"""How many the description has."""

WARM_UP_CALLS = 20
"""Calls of each contender before anything is measured."""

PROFILE_LINES = 40
"""How many functions a profile prints."""

Call = Callable[[], Awaitable[Json]]


@contextmanager
def _api() -> Generator[str]:
    program = [sys.executable, str(Path(__file__).with_name("servers.py"))]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield orjson.loads(process.stdout.readline())["api"]
        process.communicate()


@asynccontextmanager
async def _contenders(api: str, carrier: CarrierName, at_once: int) -> AsyncGenerator[tuple[Call, Call]]:
    client = SharedClient(carrier=carrier, limits=HttpLimits(connections=at_once, per_origin=at_once))
    by_hand_limits = httpx2.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    spec = RuntimeSpec(
        plugin="items",
        type="OpenApi",
        spec={"url": f"{api}/openapi/{OPERATIONS}.json"},
        location=f"{api}/plugin.json",
        functions=(FUNCTION,),
    )
    services = RuntimeServices(http=client.allowing(["127.0.0.1"]))
    context = CallContext(person="bench")
    async with httpx2.AsyncClient(limits=by_hand_limits) as bare, open_openapi(spec, services) as executor:

        async def ours() -> Json:
            call = FunctionCall(id="call-1", function=FUNCTION, arguments={"itemId": "42", "limit": 5})
            return (await executor.invoke(call, context)).payload

        async def by_hand() -> Json:
            response = await bare.get(f"{api}/items3/42", params={"limit": 5})
            response.raise_for_status()
            value: Json = orjson.loads(response.content)
            return value

        yield ours, by_hand
    await client.aclose()


async def _cpu_per_call(call: Call, calls: int, at_once: int) -> float:
    """Microseconds of this process's CPU time."""

    async def one_after_the_other() -> None:
        for _ in range(calls // at_once):
            await call()

    gc.collect()
    start = time.process_time()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return (time.process_time() - start) / (calls // at_once * at_once) * 1e6


async def _compare(carrier: CarrierName, ours: Call, by_hand: Call, arguments: argparse.Namespace) -> None:
    repetitions, calls, at_once = arguments.repetitions, arguments.calls, arguments.at_once
    assert await ours() == await by_hand()
    samples: list[tuple[float, float]] = []
    for contender in (ours, by_hand):
        await _cpu_per_call(contender, max(WARM_UP_CALLS, at_once), at_once)
    for repetition in range(repetitions):
        if repetition % 2:
            mine = await _cpu_per_call(ours, calls, at_once)
            samples.append((mine, await _cpu_per_call(by_hand, calls, at_once)))
        else:
            theirs = await _cpu_per_call(by_hand, calls, at_once)
            samples.append((await _cpu_per_call(ours, calls, at_once), theirs))
    ratios = sorted(mine / theirs for mine, theirs in samples)
    mine, theirs = (statistics.median(column) for column in zip(*samples, strict=True))
    ratio = statistics.median(ratios)
    print(
        f"call over {carrier:9} {at_once:4} at once  ours {mine:5.0f} us   httpx2 {theirs:6.0f} us   ratio {ratio:5.3f}"
        f"  ({ratios[0]:.3f} to {ratios[-1]:.3f}, {repetitions} x {calls})"
    )


async def _profile(ours: Call, calls: int) -> None:
    await _cpu_per_call(ours, WARM_UP_CALLS, 1)
    profile = cProfile.Profile()
    profile.enable()
    await _cpu_per_call(ours, calls, 1)
    profile.disable()
    for order in ("tottime", "cumulative"):
        pstats.Stats(profile).sort_stats(order).print_stats(PROFILE_LINES)


async def _main(arguments: argparse.Namespace) -> None:
    with _api() as api:
        for carrier in CARRIERS if arguments.carrier is None else (arguments.carrier,):
            async with _contenders(api, carrier, arguments.at_once) as (ours, by_hand):
                if arguments.profile:
                    await _profile(ours, arguments.calls)
                else:
                    await _compare(carrier, ours, by_hand, arguments)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--carrier", choices=CARRIERS, help="the library that carries our calls; each without it")
    parser.add_argument("--at-once", type=int, default=1, help="calls at the same time")
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--calls", type=int, default=200, help="calls of each contender in a repetition")
    parser.add_argument("--profile", action="store_true", help="print where our calls spend their time instead")
    asyncio.run(_main(parser.parse_args()))
