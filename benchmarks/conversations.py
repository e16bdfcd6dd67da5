"""Conversation files beside the bare turn machine: CPU for each conversation, and conversations in a second.

    python benchmarks/conversations.py [--conversations N] [--repetitions N] [--profile]

A conversation has three turns, each with one call. "bare" is the host alone: functions of this program as the runtime
(`runtimes.memory`), a scripted model, no file and no judge. "played" is what `orchestrator test` does with
conversations that it has read; "with reading" begins with the bytes of the files. All run in this process, in
alternating order, and the ratios are taken inside each repetition. Then the command itself plays the same files in one
process and in two, from its start to its end. Nothing is asserted on the clock; played should stay at or below 3.0.
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
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchmarks.homes import CITIES, answer, findHomes, manifest, question, rooms_of, write_files
from orchestrator import Orchestrator, load_plugin
from orchestrator.model.scripted import Call, Say, ScriptedModel, ScriptTurn
from orchestrator.testing.format.finding import conversation_files
from orchestrator.testing.playing.collect import Choice, Collected, collect
from orchestrator.testing.playing.stages import Stages
from runtimes.memory import MemoryRuntime

TARGET = 3.0
"""The ratio that played conversations are to stay below."""

PROCESSES = (1, 2)
"""In how many the command plays."""

PROFILE_LINES = 45
"""How many functions a profile prints."""

Work = Callable[[], Awaitable[None]]


def _script(number: int) -> ScriptedModel:
    rooms = rooms_of(number)
    turns = [
        ScriptTurn(
            user=question(city, rooms), steps=(Call("findHomes", {"city": city, "rooms": rooms}), Say(answer(city)))
        )
        for city in CITIES
    ]
    return ScriptedModel(turns=turns)


async def _bare(conversations: int) -> Work:
    """The turns alone; opening the host counts, as it does for those that are played."""
    plugin = await load_plugin(manifest({"type": "x-python"}))
    runtimes = {"x-python": MemoryRuntime(findHomes, read_only={"findHomes"})}

    async def work() -> None:
        async with Orchestrator(plugins=[plugin], model=ScriptedModel(turns=()), runtimes=runtimes) as host:
            for number in range(conversations):
                await host.use_model(_script(number))
                chat = host.conversation(person="ada")
                for city in CITIES:
                    reply = await chat.ask(question(city, rooms_of(number)))
                    assert reply.text == answer(city)
                    assert [call.status for call in reply.calls] == ["returned"]

    return work


async def _play(collected: Collected) -> None:
    async with Stages() as stages:
        for file, placed in collected.conversations:
            played = await stages.play(placed, file)
            assert not played.failures, played.failures


def _read(folder: Path) -> Collected:
    collected = collect(conversation_files([str(folder)]), Choice())
    assert not collected.problems, collected.problems
    return collected


async def _contenders(folder: Path, conversations: int) -> dict[str, Work]:
    collected = _read(folder)

    async def with_reading() -> None:
        await _play(_read(folder))

    return {
        "bare": await _bare(conversations),
        "played": lambda: _play(collected),
        "with reading": with_reading,
    }


async def _cpu(work: Work) -> float:
    """Seconds of this process's CPU time."""
    gc.collect()
    start = time.process_time()
    await work()
    return time.process_time() - start


async def _compare(folder: Path, conversations: int, repetitions: int) -> None:
    contenders = await _contenders(folder, conversations)
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for repetition in range(repetitions):
        for name in [*contenders][:: -1 if repetition % 2 else 1]:
            samples[name].append(await _cpu(contenders[name]))
    for name, taken in samples.items():
        ratios = sorted(mine / theirs for mine, theirs in zip(taken, samples["bare"], strict=True))
        print(
            f"{name:14} {statistics.median(taken) / conversations * 1000:6.2f} ms a conversation"
            f"   ratio {statistics.median(ratios):5.2f}  ({ratios[0]:.2f} to {ratios[-1]:.2f}, target {TARGET:g})"
        )


def _command(folder: Path, conversations: int, repetitions: int) -> None:
    """The command, from its start to its end."""
    seconds: dict[int, list[float]] = {jobs: [] for jobs in PROCESSES}
    for repetition in range(repetitions):
        for jobs in PROCESSES[:: -1 if repetition % 2 else 1]:
            start = time.perf_counter()
            command = [sys.executable, "-m", "orchestrator", "test", str(folder), "-j", str(jobs)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds[jobs].append(time.perf_counter() - start)
            assert f"{conversations} passed" in done.stdout.splitlines()[-1]
    for jobs, taken in seconds.items():
        rates = sorted(conversations / one for one in taken)
        print(
            f"-j {jobs:<12} {statistics.median(rates):5.0f} conversations a second  ({rates[0]:.0f} to {rates[-1]:.0f})"
        )


async def _profile(folder: Path) -> None:
    collected = _read(folder)
    await _play(collected)
    profile = cProfile.Profile()
    profile.enable()
    await _play(_read(folder))
    profile.disable()
    for order in ("tottime", "cumulative"):
        pstats.Stats(profile).sort_stats(order).print_stats(PROFILE_LINES)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="print where reading and playing spend their time")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """The benchmark."""
    options = _arguments(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, options.conversations)
        if options.profile:
            asyncio.run(_profile(folder))
            return
        asyncio.run(_compare(folder, options.conversations, options.repetitions))
        _command(folder, options.conversations, options.repetitions)


if __name__ == "__main__":
    main()
