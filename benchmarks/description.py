"""From the file of a large description to callable tools, beside parsing that file alone.

    python benchmarks/description.py [--repetitions N] [--profile] [--file DESCRIPTION.json]

Every figure is a ratio inside one repetition of one process, and what is printed is the median. "parse" is orjson;
"parse safely" is the same within our limits (`runtimes.limits`), which every document is held to, and so the fastest
safe parser there is of it. Nothing is asserted on the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import pstats
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import orjson
from anyio.lowlevel import checkpoint

from benchmarks.large_description import large_description
from runtimes.base import RuntimeServices, RuntimeSpec
from runtimes.documents import parse_document
from runtimes.http import HttpRequest, HttpResponse
from runtimes.openapi import OpenApiExecutor, open_openapi
from runtimes.values import Json

TEN = 10
"""How many tools a small plugin binds."""

PROFILE_LINES = 40
"""How many functions a profile prints."""

MEGABYTE = 1_000_000


class _Offline:
    async def send(self, request: HttpRequest, /) -> HttpResponse:
        raise NotImplementedError(request)


def _parsed(file: Path) -> Json:
    value: Json = orjson.loads(file.read_bytes())
    return value


def _parsed_safely(file: Path) -> Json:
    return parse_document(file.read_bytes(), file.name)


async def _opened(file: Path, functions: Sequence[str] | None, cache: Path | None = None) -> OpenApiExecutor:
    spec = RuntimeSpec(
        plugin="large",
        type="OpenApi",
        spec={"url": file.name},
        location=str(file.with_name("plugin.json")),
        functions=None if functions is None else tuple(functions),
    )
    async with open_openapi(spec, RuntimeServices(http=_Offline(), cache=cache)) as executor:
        assert not executor.unusable, next(iter(executor.unusable.items()))
        return executor


async def _seconds(contender: Callable[[], Awaitable[object]]) -> float:
    """CPU time of this process; what was made is thrown away outside of it."""
    gc.collect()
    start = time.process_time()
    made = await contender()
    elapsed = time.process_time() - start
    del made
    return elapsed


async def _megabytes(contender: Callable[[], Awaitable[object]]) -> float:
    """What a contender leaves behind in memory."""
    gc.collect()
    tracemalloc.start()
    made = await contender()
    await checkpoint()  # the loop holds what was awaited last until its next round
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del made
    return size / MEGABYTE


def _contenders(file: Path, names: Sequence[str]) -> dict[str, Callable[[], Awaitable[object]]]:
    async def parse() -> object:
        return _parsed(file)

    async def ten() -> object:
        return await _opened(file, names[:: len(names) // TEN][:TEN])

    async def all_tools() -> object:
        return await _opened(file, None)

    async def reloaded() -> object:
        return await _opened(file, names[:: len(names) // TEN][:TEN], file.parent / "cache")

    async def parse_safely() -> object:
        return _parsed_safely(file)

    return {
        "parse": parse,
        "parse safely": parse_safely,
        f"{TEN} tools": ten,
        f"{TEN} reloaded": reloaded,
        f"{len(names)} tools": all_tools,
    }


async def _profile(contender: Callable[[], Awaitable[object]]) -> None:
    profile = cProfile.Profile()
    profile.enable()
    await contender()
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(PROFILE_LINES)


def _ratio(taken: Sequence[float], beside: Sequence[float]) -> float:
    return statistics.median(mine / other for mine, other in zip(taken, beside, strict=True))


def _shown_size(file: Path) -> str:
    return f"{file.stat().st_size / MEGABYTE:.1f} MB"


async def _compare(file: Path, repetitions: int, *, is_profiled: bool) -> None:
    everything = await _opened(file, None)
    names = list(everything.functions)
    sizes = sorted(len(orjson.dumps(one.parameters)) for one in everything.functions.values())
    print(f"file {_shown_size(file)}, {len(names)} operations")
    print(f"tool schemas: median {sizes[len(sizes) // 2]} B, largest {sizes[-1]} B")
    del everything
    contenders = _contenders(file, names)
    await contenders[f"{TEN} reloaded"]()  # fills the cache
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repetitions):
        for name, contender in contenders.items():
            samples[name].append(await _seconds(contender))
    memory = {name: await _megabytes(contender) for name, contender in contenders.items()}
    for name, taken in samples.items():
        milliseconds = statistics.median(taken) * 1000
        print(
            f"{name:12} {milliseconds:8.1f} ms  {_ratio(taken, samples['parse']):6.2f} x parse"
            f"  {_ratio(taken, samples['parse safely']):6.2f} x parse safely"
            f"   {memory[name]:7.1f} MB  {memory[name] / memory['parse']:5.2f} x parsed"
        )
    if is_profiled:
        for contender in list(contenders.values())[1:]:
            await _profile(contender)


def main() -> None:
    """Takes or generates the description, and compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--file", type=Path, help="a description in JSON; without it one is generated")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.json"
        file.write_bytes(arguments.file.read_bytes() if arguments.file else orjson.dumps(large_description()))
        asyncio.run(_compare(file, arguments.repetitions, is_profiled=arguments.profile))


if __name__ == "__main__":
    main()
