"""What many turns leave behind in one process: its memory every thousand turns, and the cyclic garbage of a turn.

    python benchmarks/memory.py [--turns N] [--every N] [--in one|many] [--store URL]

A turn is that of `benchmarks/own_share.py`: two model requests and one call, answered from memory. "many" begins a
conversation with each turn, "one" goes on with the same. Memory is what the process holds of the machine's after a
collection, in MB; its growth is told against the end of the warm-up. Then turns are made with the collector of cycles
off, and what it finds afterwards is counted: objects that only it can free. Last, conversations are held while they
wait for the model, and what each holds is measured. Nothing is asserted on either.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.own_share import QUESTION, Model, asked, hosting
from orchestrator import Conversation, Orchestrator
from orchestrator.model.base import ModelDelta, ReasoningRequest, RespondingRequest

WARM_UP_TURNS = 2_000
"""Turns before the growth counts: until the journal in memory is full."""

COUNTED_TURNS = 100
"""Turns whose cyclic garbage is counted."""

KINDS = 8
"""How many types of garbage are told."""

WAITING = 1_000
"""Conversations that wait for the model at once."""

KIB = 1024


def _resident() -> float:
    """MB of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / KIB / KIB


async def _grow(host: Orchestrator, options: argparse.Namespace) -> None:
    chat: Conversation | None = host.conversation(person="ada") if options.within == "one" else None
    after_warm_up = 0.0
    for turn in range(1, options.turns + 1):
        await asked(chat or host.conversation(person="ada"))
        if turn % options.every and turn != WARM_UP_TURNS:
            continue
        gc.collect()
        resident = _resident()
        after_warm_up = resident if turn == WARM_UP_TURNS else after_warm_up
        growth = f"   {(resident / after_warm_up - 1) * 100:+5.1f} %" if after_warm_up else ""
        print(f"{turn:7} turns  {resident:7.1f} MB{growth}", flush=True)


async def _garbage(host: Orchestrator) -> None:
    """Counts what only the collector of cycles frees."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(COUNTED_TURNS):
            await asked(host.conversation(person="ada"))
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found = Counter(type(one).__qualname__ for one in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    kinds = ", ".join(f"{name} {number / COUNTED_TURNS:g}" for name, number in found.most_common(KINDS))
    print(f"cyclic garbage: {found.total() / COUNTED_TURNS:.2f} objects a turn  {kinds}")


class _Held(Model):
    """A model that answers once it may."""

    def __init__(self, all_ask: asyncio.Barrier, may_answer: asyncio.Event) -> None:
        self._all_ask = all_ask
        self._may_answer = may_answer

    async def reason(self, request: ReasoningRequest | RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        if not self._may_answer.is_set():
            await self._all_ask.wait()
            await self._may_answer.wait()
        async for delta in super().reason(request):
            yield delta


async def _waiting(host: Orchestrator) -> None:
    """What a conversation holds in its first turn, while the model is asked; with no connection to a server."""
    all_ask, may_answer = asyncio.Barrier(WAITING + 1), asyncio.Event()
    await host.use_model(_Held(all_ask, may_answer))
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tasks = [asyncio.create_task(host.conversation(person="ada").ask(QUESTION)) for _ in range(WAITING)]
    await all_ask.wait()
    gc.collect()
    now, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"waiting for the model: {(now - before) / WAITING / KIB:.1f} KB for each of {WAITING} conversations")
    may_answer.set()
    await asyncio.gather(*tasks)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=1_000, help="turns between two looks at the memory")
    parser.add_argument("--in", dest="within", choices=["one", "many"], default="many", help="conversations")
    parser.add_argument("--store", help="where the conversations are kept, as a URL; in memory without one")
    return parser.parse_args()


async def _main(options: argparse.Namespace) -> None:
    async with hosting(10, options.store) as host:
        await _grow(host, options)
        await _garbage(host)
        await _waiting(host)


if __name__ == "__main__":
    asyncio.run(_main(_arguments()))
