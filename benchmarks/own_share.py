"""The host's own share of a turn: CPU time of a turn whose model and function answer from memory.

    python benchmarks/own_share.py [--tools 10|100] [--turns N] [--repetitions N] [--store URL] [--profile]

A turn is a model request, one call, a second model request and a text in eight pieces, with everything on that is on by
default. "in memory" is a loop of a few lines around the same model and function: what is taken off each figure. "new"
begins a conversation with each turn; "after N" goes on with one that has N turns already. "bare" is the hand-written
loop of `benchmarks/turn.py`, with its client and its servers; each share is told as a part of it. All run in one
process in alternating order, and ratios are taken inside each repetition. Nothing is asserted on the clock.
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
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import httpx2
import orjson

from benchmarks.by_hand import HandWritten
from benchmarks.place import Place, tools_of
from orchestrator import Conversation, Orchestrator
from orchestrator.manifest.load import load_plugin
from orchestrator.model.base import (
    AssistantMessage,
    Message,
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    ToolMessage,
    ToolSet,
    UserMessage,
)
from runtimes.memory import Function, MemoryRuntime
from runtimes.values import Json, JsonObject, dump_json, parse_json

EARLIER = (0, 200, 1000)
"""How many turns the conversations have that are gone on with."""

WARM_UP_TURNS = 10
"""Turns of each contender before anything is measured."""

PROFILED_TURNS = 300
"""Turns that `--profile` looks at."""

PROFILE_LINES = 60
"""How many functions a profile prints."""

QUESTION = "Which parts are there in the north, and how many?"
PIECES = ("There are ", "three parts ", "in the north: ", "a bolt, ", "a nut ", "and a ", "washer, ", "nine in all.")
FOUND: Json = [{"name": name, "count": 3, "url": f"https://parts.example/{name}"} for name in ("bolt", "nut", "washer")]
CALL = ModelCall(id="call_1", tool="parts-findParts1", arguments=dump_json({"place": "north", "limit": 3}))

Turn = Callable[[], Awaitable[str]]


async def _found(place: str, limit: int = 3) -> Json:
    return {"place": place, "parts": FOUND, "limit": limit}


def _function(number: int) -> Function:
    async def find(place: str, limit: int = 3) -> Json:
        """Finds the parts at a place."""
        return await _found(place, limit)

    find.__name__ = f"findParts{number}"
    return find


class Model:
    """Calls a function when the person has spoken, then answers."""

    name = "benchmark"

    async def reason(self, request: ReasoningRequest | RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        if isinstance(request.messages[-1], UserMessage):
            yield ReplyEnd(calls=(CALL,))
            return
        for piece in PIECES:
            yield TextPart(text=piece)
        yield ReplyEnd()

    def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        return self.reason(request)

    async def phrase(self, request: PhraseRequest, /) -> str:
        raise LookupError(request)


async def _in_memory() -> str:
    """The turn without a host."""
    model, messages, text = Model(), list[Message]([UserMessage(text=QUESTION)]), list[str]()
    while not text:
        async for delta in model.reason(ReasoningRequest(system="", messages=tuple(messages), tools=ToolSet(()))):
            if isinstance(delta, TextPart):
                text.append(delta.text)
            elif isinstance(delta, ReplyEnd):
                messages.append(AssistantMessage(calls=delta.calls))
                for call in delta.calls:
                    arguments = parse_json(call.arguments)
                    assert isinstance(arguments, dict)
                    found = await _found(str(arguments["place"]))
                    messages.append(ToolMessage(call_id=call.id, text=dump_json(found)))
    return "".join(text)


@asynccontextmanager
async def hosting(tools: int, store: str | None) -> AsyncGenerator[Orchestrator]:
    names = [f"findParts{number}" for number in range(1, tools + 1)]
    manifest: JsonObject = {
        "schema_version": "v2.4",
        "namespace": "parts",
        "name_for_human": "Parts",
        "description_for_human": "A catalogue of parts",
        "functions": [{"name": name} for name in names],
        "runtimes": [{"type": "x-python", "spec": {}}],
    }
    functions = [_function(number) for number in range(1, tools + 1)]
    runtimes = {"x-python": MemoryRuntime(*functions, read_only=set(names))}
    plugin = await load_plugin(manifest)
    async with Orchestrator(plugins=[plugin], model=Model(), runtimes=runtimes, store=store) as host:
        yield host


async def asked(chat: Conversation) -> str:
    reply = await chat.ask(QUESTION)
    assert [call.status for call in reply.calls] == ["returned"]
    return reply.text


async def _turns_of(host: Orchestrator) -> dict[str, Turn]:
    """What is measured of a host, with conversations that were gone on with for as long as that takes."""

    async def new() -> str:
        return await asked(host.conversation(person="ada"))

    turns: dict[str, Turn] = {"new": new}
    for earlier in EARLIER:
        chat = host.conversation(person="ada")
        for _ in range(earlier):
            await asked(chat)
        turns[f"after {earlier}"] = partial(asked, chat)
    return turns


@contextmanager
def _servers(tools: int) -> Generator[Place]:
    program = [sys.executable, str(Path(__file__).with_name("servers.py"))]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        urls = orjson.loads(process.stdout.readline())
        yield Place(model_url=urls["model"], api_url=urls["api"], tools=tools_of(urls["api"], tools))
        process.communicate()


async def _cpu(turn: Turn, turns: int) -> float:
    """Milliseconds of this process's CPU time for each turn, with what the collector of cycles takes."""
    gc.collect()
    start = time.process_time()
    for _ in range(turns):
        assert await turn()
    return (time.process_time() - start) / turns * 1000


async def _samples(contenders: Mapping[str, Turn], repetitions: int, turns: int) -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in contenders.values():
        await _cpu(turn, WARM_UP_TURNS)
    for repetition in range(repetitions):
        for name in [*contenders][:: -1 if repetition % 2 else 1]:
            samples[name].append(await _cpu(contenders[name], turns))
    return samples


async def _compare(place: Place, options: argparse.Namespace) -> None:
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(httpx2.AsyncClient(base_url=place.api_url))
        by_hand = HandWritten(place, api)
        stack.push_async_callback(by_hand.aclose)
        host = await stack.enter_async_context(hosting(len(place.tools), options.store))
        contenders = {"bare": by_hand.turn, "in memory": _in_memory, **await _turns_of(host)}
        samples = await _samples(contenders, options.repetitions, options.turns)
    in_memory = statistics.median(samples.pop("in memory"))
    bare = samples.pop("bare")
    print(f"{len(place.tools):4} tools   bare {statistics.median(bare):6.2f} ms   in memory {in_memory:.3f} ms")
    for name, taken in samples.items():
        ratios = sorted((mine - in_memory) / theirs for mine, theirs in zip(taken, bare, strict=True))
        own = statistics.median(taken) - in_memory
        print(
            f"    {name:12} own share {own:6.3f} ms   of bare {statistics.median(ratios):5.3f}"
            f"  ({ratios[0]:.3f} to {ratios[-1]:.3f}, {options.repetitions} x {options.turns})"
        )


async def _profile(tools: int, store: str | None) -> None:
    async with hosting(tools, store) as host:
        turn = (await _turns_of(host))["new"]
        await _cpu(turn, WARM_UP_TURNS)
        profile = cProfile.Profile()
        profile.enable()
        await _cpu(turn, PROFILED_TURNS)
        profile.disable()
    for order in ("tottime", "cumulative"):
        pstats.Stats(profile).sort_stats(order).print_stats(PROFILE_LINES)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tools", type=int, action="append", help="how many functions the plugin has; 10 and 100")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--turns", type=int, default=50, help="turns of each contender in a repetition")
    parser.add_argument("--store", help="where the conversations are kept, as a URL; in memory without one")
    parser.add_argument("--profile", action="store_true", help="print where a turn spends its time instead")
    return parser.parse_args()


async def _main(options: argparse.Namespace) -> None:
    for tools in options.tools or [10, 100]:
        if options.profile:
            await _profile(tools, options.store)
            continue
        with _servers(tools) as place:
            await _compare(place, options)


if __name__ == "__main__":
    asyncio.run(_main(_arguments()))
