"""From the file of a large description to callable tools, beside parsing that file alone.

    python benchmarks/description.py [--repetitions N] [--profile] [--file DESCRIPTION.json]

Every figure is a ratio inside one repetition of one process, and what is printed is the median. "parse" is orjson;
"linear pass" parses and makes tools in the least work there is (`benchmarks.linear_pass`); "parse safely" is within our
limits (`runtimes.limits`), which every document is held to, and so the fastest safe parser there is of it. Of all
tools, "definitions" is what the linear pass makes, "in a host" the same of a plugin in an open host, checked for what
hides in texts, and "in a request" its bytes as they are sent. Nothing is asserted on the clock.
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
from functools import partial
from pathlib import Path

import orjson
import yaml
from anyio.lowlevel import checkpoint

from benchmarks.large_description import large_description
from benchmarks.linear_pass import LinearPass
from orchestrator import Orchestrator, load_plugin
from orchestrator.model.scripted import ScriptedModel
from runtimes.base import RuntimeServices, RuntimeSpec
from runtimes.documents import parse_document
from runtimes.http import HttpRequest, HttpResponse
from runtimes.limits import MAX_YAML_BYTES
from runtimes.openapi import OpenApiExecutor, open_openapi
from runtimes.values import Json, JsonObject, dump_json

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


def _definitions(executor: OpenApiExecutor) -> list[JsonObject]:
    """What `LinearPass.tools` makes, of functions that can be called."""
    functions = executor.functions.values()
    return [{"name": one.name, "description": one.description, "parameters": one.parameters} for one in functions]


async def _in_a_host(file: Path, cache: Path | None = None, *, is_written: bool = False) -> object:
    """As a program would: from a manifest to the definitions of a host's tools, or to their bytes in a request."""
    manifest: JsonObject = {
        "schema_version": "v2.2",
        "namespace": "large",
        "name_for_human": "Large",
        "description_for_human": "A large API.",
        "description_for_model": "A large API.",
        "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": file.name}}],
    }
    (file.with_name("plugin.json")).write_text(dump_json(manifest), encoding="utf-8")
    plugin = await load_plugin(file.with_name("plugin.json"))
    async with Orchestrator(plugins=[plugin], model=ScriptedModel(turns=[]), cache=cache) as host:
        tools = host.toolbox.tools
        return host, tools.encoded if is_written else [definition.as_tool() for definition in tools.definitions]


async def _parse(file: Path) -> object:
    return _parsed(file)


async def _parse_safely(file: Path) -> object:
    return _parsed_safely(file)


async def _pass_through(file: Path) -> object:
    parsed = _parsed(file)
    return parsed, LinearPass(parsed).tools()


async def _define(file: Path) -> object:
    executor = await _opened(file, None)
    return executor, _definitions(executor)


def _contenders(file: Path, names: Sequence[str]) -> dict[str, Callable[[], Awaitable[object]]]:
    few, cache = names[:: max(1, len(names) // TEN)][:TEN], file.parent / "cache"
    yaml_file = file.with_suffix(".yaml")
    return {
        "parse": partial(_parse, file),
        "linear pass": partial(_pass_through, file),
        "parse safely": partial(_parse_safely, file),
        f"{TEN} tools": partial(_opened, file, few),
        f"{TEN} reloaded": partial(_opened, file, few, cache),
        f"{len(names)} definitions": partial(_define, file),
        f"{len(names)} reloaded": partial(_opened, file, None, cache),
        f"{len(names)} in a host": partial(_in_a_host, file),
        f"{len(names)} in a request": partial(_in_a_host, file, is_written=True),
        **({f"{len(names)} reloaded, YAML": partial(_opened, yaml_file, None, cache)} if yaml_file.exists() else {}),
    }


def _write_yaml(description: Json, file: Path) -> None:
    """Writes the same in YAML, where that is within its limit."""
    text = yaml.dump(description, Dumper=yaml.CSafeDumper, sort_keys=False, encoding="utf-8")
    if len(text) <= MAX_YAML_BYTES:
        file.write_bytes(text)


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
    for name in contenders:
        if "reloaded" in name:
            await contenders[name]()  # fills the cache
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repetitions):
        for name, contender in contenders.items():
            samples[name].append(await _seconds(contender))
    memory = {name: await _megabytes(contender) for name, contender in contenders.items()}
    for name, taken in samples.items():
        milliseconds = statistics.median(taken) * 1000
        print(
            f"{name:21} {milliseconds:8.1f} ms  {_ratio(taken, samples['parse']):6.2f} x parse"
            f"  {_ratio(taken, samples['linear pass']):6.2f} x linear pass"
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
        _write_yaml(_parsed(file), file.with_suffix(".yaml"))
        asyncio.run(_compare(file, arguments.repetitions, is_profiled=arguments.profile))


if __name__ == "__main__":
    main()
