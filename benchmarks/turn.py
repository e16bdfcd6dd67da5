"""CPU time per turn beside hand-written code: two model requests and one call, against the same servers.

    python benchmarks/turn.py [--part adapter|turn|all] [--tools 10|100] [--repetitions N] [--turns N] [--profile]

`adapter` is the two model requests alone, both streaming; `turn` is a whole turn beside the loop by hand, which does
not stream. Both contenders run in this process and the servers in another, so that only the client's CPU time counts.
In each repetition every contender runs the same number of turns, in alternating order, and the ratio is taken inside
the repetition; what is printed is the median. Nothing is asserted on the clock, only that the servers saw what a turn
is.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import pstats
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager

import httpx2

from benchmarks.by_hand import HandWritten
from benchmarks.contenders import CONTENDERS
from benchmarks.place import ANSWER, QUESTION, SYSTEM, Counts, Place, counts, running_servers
from orchestrator.model.base import (
    AssistantMessage,
    ModelCall,
    ReasoningRequest,
    ReplyEnd,
    TextPart,
    ToolMessage,
    ToolSet,
    UserMessage,
)
from orchestrator.model.chat_completions import ChatCompletionsModel

WARM_UP_TURNS = 10
"""Turns of each contender before anything is measured."""

PROFILED_TURNS = 200
"""Turns of ours that `--profile` looks at."""

PROFILE_LINES = 45
"""How many functions a profile prints."""

Turn = Callable[[], Awaitable[str]]
Contenders = Callable[[Place], AbstractAsyncContextManager[tuple[Turn, Turn]]]


class Adapter:
    """Our model adapter alone."""

    def __init__(self, model: ChatCompletionsModel, place: Place) -> None:
        self._model = model
        self._tools = ToolSet(place.tools)

    async def two_requests(self) -> str:
        """The model requests of a turn, with a result that is at hand."""
        user = UserMessage(text=QUESTION)
        _, calls = await self._reply(ReasoningRequest(system=SYSTEM, messages=(user,), tools=self._tools))
        result = ToolMessage(call_id=calls[0].id, text="five parts")
        messages = (user, AssistantMessage(calls=calls), result)
        return (await self._reply(ReasoningRequest(system=SYSTEM, messages=messages, tools=self._tools)))[0]

    async def _reply(self, request: ReasoningRequest) -> tuple[str, tuple[ModelCall, ...]]:
        text: list[str] = []
        async for delta in self._model.reason(request):
            if isinstance(delta, TextPart):
                text.append(delta.text)
            elif isinstance(delta, ReplyEnd):
                return "".join(text), delta.calls
        raise AssertionError("the reply has no end")


@asynccontextmanager
async def _adapter_contenders(place: Place) -> AsyncGenerator[tuple[Turn, Turn]]:
    async with (
        httpx2.AsyncClient(base_url=place.api_url) as api,
        aclosing(HandWritten(place, api)) as by_hand,
        ChatCompletionsModel("fake", base_url=f"{place.model_url}/v1", api_key="x") as model,
    ):
        yield Adapter(model, place).two_requests, by_hand.two_requests


@asynccontextmanager
async def _turn_contenders(place: Place) -> AsyncGenerator[tuple[Turn, Turn]]:
    async with CONTENDERS["by hand"](place) as by_hand, CONTENDERS["fast"](place) as ours:
        yield ours.turn, by_hand.turn


PARTS: dict[str, Contenders] = {"adapter": _adapter_contenders, "turn": _turn_contenders}


async def _cpu_per_turn(turn: Turn, turns: int) -> float:
    """Milliseconds of this process's CPU time."""
    gc.collect()
    start = time.process_time()
    for _ in range(turns):
        answer = await turn()
        assert answer == ANSWER, answer
    return (time.process_time() - start) / turns * 1000


async def _compare(part: str, place: Place, repetitions: int, turns: int) -> None:
    samples: list[tuple[float, float]] = []
    before = counts(place.api_url)
    async with PARTS[part](place) as (ours, by_hand):
        for contender in (ours, by_hand):
            await _cpu_per_turn(contender, WARM_UP_TURNS)
        for repetition in range(repetitions):
            if repetition % 2:
                mine = await _cpu_per_turn(ours, turns)
                samples.append((mine, await _cpu_per_turn(by_hand, turns)))
            else:
                theirs = await _cpu_per_turn(by_hand, turns)
                samples.append((await _cpu_per_turn(ours, turns), theirs))
    made = 2 * (WARM_UP_TURNS + repetitions * turns)
    seen, expected = counts(place.api_url).since(before), Counts(model=2 * made, api=made if part == "turn" else 0)
    assert seen == expected, f"{made} turns made {seen} instead of {expected}"
    ratios = sorted(ours / by_hand for ours, by_hand in samples)
    mine, theirs = (statistics.median(column) for column in zip(*samples, strict=True))
    print(
        f"{part:8} {len(place.tools):4} tools   ours {mine:6.2f} ms   by hand {theirs:6.2f} ms"
        f"   ratio {statistics.median(ratios):5.3f}  ({ratios[0]:.3f} to {ratios[-1]:.3f}, {repetitions} x {turns})"
    )


async def _profile(part: str, place: Place) -> None:
    async with PARTS[part](place) as (ours, _):
        await _cpu_per_turn(ours, WARM_UP_TURNS)
        profile = cProfile.Profile()
        profile.enable()
        await _cpu_per_turn(ours, PROFILED_TURNS)
        profile.disable()
    for order in ("tottime", "cumulative"):
        pstats.Stats(profile).sort_stats(order).print_stats(PROFILE_LINES)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=[*PARTS, "all"], default="all", help="the adapter alone, or whole turns")
    parser.add_argument("--tools", type=int, action="append", help="how many functions the plugin has; 10 and 100")
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--turns", type=int, default=40, help="turns of each contender in a repetition")
    parser.add_argument("--profile", action="store_true", help="print where our turns spend their time instead")
    return parser.parse_args(arguments)


async def _measure(arguments: argparse.Namespace) -> None:
    for part in PARTS if arguments.part == "all" else [arguments.part]:
        for tools in arguments.tools or [10, 100]:
            with running_servers() as servers:
                place = servers.with_tools(tools)
                if arguments.profile:
                    await _profile(part, place)
                else:
                    await _compare(part, place, arguments.repetitions, arguments.turns)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the comparisons."""
    asyncio.run(_measure(_arguments(arguments)))


if __name__ == "__main__":
    main()
