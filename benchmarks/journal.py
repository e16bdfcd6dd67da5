"""What keeping a conversation costs: each turn, taking it up again, and while it waits.

    python benchmarks/journal.py [--part turn|resume|memory|all] [--turns N] [--repetitions N] [--profile ENGINE]

"turn": the time that a store adds to a turn with one call, beside the same rows inserted through SQLAlchemy Core, in
the same commits, on the same engine. A turn is driven once with the journal in memory and once with each store; the
difference is what the store adds. PostgreSQL waits for the disk, as SQLite does. All run in this process, in
alternating order, and the ratio is taken inside each repetition. "resume": the time from a host that knows nothing of a
conversation to its next model request. "memory": what a process holds for each conversation that waits for an answer.
Nothing is asserted on the clock; the ratio of "turn" should stay at or below 2.0.
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
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from orchestrator import Journal, MemoryJournal, Orchestrator, open_journal
from orchestrator.journal.sql.engine import engine_of, url_of
from orchestrator.journal.sql.tables import conversations, facts
from orchestrator.manifest.load import Plugin, load_plugin
from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    UserMessage,
)
from runtimes.memory import MemoryRuntime
from runtimes.values import JsonObject, dump_json
from tests.servers.postgres import missing, postgres_server

TARGET = 2.0
"""The ratio that what a store adds is to stay below."""

SIZES = (10, 100, 1000)
"""Turns of the conversations that are taken up again."""

WAITING = 2000
"""Conversations that wait for an answer."""

COMMITS = (1, 3, 1, 2)
"""The facts of a turn with one call, as they are kept together: what was said; the reply, the verdict and the dispatch;
the result; the answer and the end."""

PROFILE_LINES = 45
"""How many functions a profile prints."""

MANIFEST: JsonObject = {
    "schema_version": "v2.4",
    "namespace": "homes",
    "name_for_human": "Homes",
    "description_for_human": "Finds homes.",
    "functions": [{"name": "findHomes"}, {"name": "buyHome"}],
    "runtimes": [{"type": "x-python", "spec": {}}],
}

Work = Callable[[], Awaitable[None]]


def findHomes(city: str) -> str:
    """Homes in a city."""
    return f"three homes in {city}, each with a garden"


def buyHome(city: str) -> str:
    """Buys a home."""
    return f"bought in {city}"


class Model:
    """Calls the function that the message names, then answers."""

    name = "benchmark"

    async def reason(self, request: ReasoningRequest | RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        last = request.messages[-1]
        if isinstance(last, UserMessage):
            call = ModelCall(id="call_1", tool=f"homes-{last.text}", arguments=dump_json({"city": "Seattle"}))
            yield ReplyEnd(calls=(call,))
            return
        yield TextPart(text="There are three homes in Seattle.")
        yield ReplyEnd()

    def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        return self.reason(request)

    async def phrase(self, request: PhraseRequest, /) -> str:
        raise LookupError(request)


@asynccontextmanager
async def hosting(journal: Journal) -> AsyncGenerator[Orchestrator]:
    plugin: Plugin = await load_plugin(MANIFEST)
    runtimes = {"x-python": MemoryRuntime(findHomes, buyHome, read_only={"findHomes"})}
    async with Orchestrator(plugins=[plugin], model=Model(), runtimes=runtimes, store=journal) as host:
        yield host


# --- a turn


class Core:
    """The rows of a turn, inserted by hand."""

    def __init__(self, engine: AsyncEngine, rows: Sequence[dict[str, object]], turns: int) -> None:
        self._engine = engine
        self._rows = rows
        self._turns = turns
        self._number = 0

    async def turns(self) -> None:
        self._number += 1
        conversation, sequence = f"by-hand-{self._number}", 0
        row = {"conversation": conversation, "sequence": 0, "turns": 0, "created": 0.0, "updated": 0.0}
        async with self._engine.begin() as connection:
            await connection.execute(insert(conversations), row)
        for _ in range(self._turns):
            at = 0
            for size in COMMITS:
                rows = [
                    {**one, "conversation": conversation, "sequence": sequence + index}
                    for index, one in enumerate(self._rows[at : at + size])
                ]
                at, sequence = at + size, sequence + size
                async with self._engine.begin() as connection:
                    await connection.execute(insert(facts), rows)


def _talks(host: Orchestrator, turns: int) -> Work:
    async def talk() -> None:
        chat = host.conversation()
        for _ in range(turns):
            await chat.ask("findHomes")

    return talk


async def _rows_of_a_turn(engine: AsyncEngine, host: Orchestrator) -> Sequence[dict[str, object]]:
    chat = host.conversation(id="sample")
    await chat.ask("findHomes")
    async with engine.connect() as connection:
        found = await connection.execute(select(facts).where(facts.c.conversation == "sample").order_by("sequence"))
        rows = [dict(row) for row in found.mappings()]
    assert len(rows) == sum(COMMITS), rows
    return rows


async def _seconds(work: Work) -> float:
    gc.collect()
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


async def _turn(stores: dict[str, str], turns: int, repetitions: int, profiled: str | None) -> None:
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(hosting(MemoryJournal()))
        contenders: dict[str, Work] = {"memory": _talks(plain, turns)}
        for name, url in stores.items():
            host = await stack.enter_async_context(hosting(await stack.enter_async_context(open_journal(url))))
            engine = engine_of(url_of(url))
            stack.push_async_callback(engine.dispose)
            contenders[name] = _talks(host, turns)
            contenders[f"{name} core"] = Core(engine, await _rows_of_a_turn(engine, host), turns).turns
        for work in contenders.values():
            await work()
        if profiled is not None:
            await _profile(contenders[profiled])
            return
        samples: dict[str, list[float]] = {name: [] for name in contenders}
        for repetition in range(repetitions):
            for name in [*contenders][:: -1 if repetition % 2 else 1]:
                samples[name].append(await _seconds(contenders[name]))
    for name, taken in samples.items():
        print(f"{name:18} {statistics.median(taken) / turns * 1000:7.2f} ms a turn")
    for name in stores:
        columns = zip(samples[name], samples["memory"], samples[f"{name} core"], strict=True)
        ratios = sorted((mine - memory) / core for mine, memory, core in columns)
        low, high = ratios[0], ratios[-1]
        print(f"{name} adds {statistics.median(ratios):.2f} times Core  ({low:.2f} to {high:.2f}, target {TARGET:g})")


async def _profile(work: Work) -> None:
    profile = cProfile.Profile()
    with profile:
        await work()
    pstats.Stats(profile).sort_stats("tottime").print_stats(PROFILE_LINES)


# --- taking a conversation up again


async def _resume(stores: dict[str, str], repetitions: int) -> None:
    for name, url in stores.items():
        async with open_journal(url) as journal:
            async with hosting(journal) as host:
                for size in SIZES:
                    chat = host.conversation(id=f"long-{size}")
                    for _ in range(size):
                        await chat.ask("findHomes")
            for size in SIZES:
                taken: list[float] = []
                for _ in range(repetitions):
                    async with hosting(journal) as host:
                        taken.append(await _seconds(_resumes(host, f"long-{size}")))
                median = statistics.median(taken) * 1000
                print(f"{name:12} {size:5} turns resume in {median:8.1f} ms, {median / size:6.3f} ms a turn")


def _resumes(host: Orchestrator, id: str) -> Work:
    async def resume() -> None:
        await host.conversation(id=id).resume()

    return resume


# --- what waits


async def _memory(stores: dict[str, str]) -> None:
    for name, url in stores.items():
        async with open_journal(url) as journal, hosting(journal) as host:
            for number in range(64):
                await _asked(host, f"first-{number}")
            gc.collect()
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]
            for number in range(WAITING):
                await _asked(host, f"waiting-{number}")
            gc.collect()
            held = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.stop()
            print(f"{name:12} holds {held / WAITING:6.0f} bytes for each of {WAITING} conversations that wait")


async def _asked(host: Orchestrator, id: str) -> None:
    reply = await host.conversation(id=id).ask("buyHome")
    assert len(reply.pending) == 1


async def _main(options: argparse.Namespace, stores: dict[str, str]) -> None:
    if options.part in ("turn", "all"):
        await _turn(stores, options.turns, options.repetitions, options.profile)
    if options.part in ("resume", "all") and options.profile is None:
        await _resume(stores, options.repetitions)
    if options.part in ("memory", "all") and options.profile is None:
        await _memory(stores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["turn", "resume", "memory", "all"], default="all")
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--profile", metavar="ENGINE", help="where the turns of sqlite or postgresql spend their time")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stores = {"sqlite": f"sqlite:///{folder / 'journal.db'}"}
        if reason := missing():
            print(f"without PostgreSQL: {reason}")
        else:
            server = stack.enter_context(postgres_server(durable=True))
            stores["postgresql"] = stack.enter_context(server.database())
        asyncio.run(_main(options, stores))


if __name__ == "__main__":
    main()
