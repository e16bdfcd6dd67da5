"""AgentDojo as a process of its own: its services on loopback, and what is asked of it over its standard input."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

from benchmarks.agentdojo.player import PlannedCall
from benchmarks.agentdojo.plugins import Tool
from benchmarks.agentdojo.service import Task
from runtimes.values import Json, JsonObject, dump_json, parse_json

ROOT = Path(__file__).resolve().parents[2]
"""Where `benchmarks` can be imported from."""

WORLD = "benchmarks.agentdojo.world"
"""The program that knows AgentDojo."""

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of one answer of the process."""

ANSWER_TIMEOUT = 60.0
"""Seconds that the process has for an answer; its start, with all imports, is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is asked for in a task, and the reference calls."""

    prompt: str
    calls: tuple[PlannedCall, ...]
    answer: str
    attack_calls: tuple[PlannedCall, ...] = ()
    attack_answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite of one version."""

    user_tasks: tuple[str, ...]
    injection_tasks: tuple[str, ...]
    tools: tuple[Tool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the suite's own checks say of a run."""

    is_done: bool
    is_attacked: bool
    """True when the attack has worked."""
    executed: tuple[PlannedCall, ...]
    """The calls that the services have seen."""


def _list(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


def _object(value: Json) -> JsonObject:
    assert isinstance(value, dict)
    return value


def _calls(value: Json) -> tuple[PlannedCall, ...]:
    calls = map(_object, _list(value))
    return tuple(PlannedCall(tool=str(call["tool"]), arguments=_object(call["arguments"])) for call in calls)


def _tool(value: Json) -> Tool:
    tool = _object(value)
    return Tool(name=str(tool["name"]), description=str(tool["description"]), schema=_object(tool["schema"]))


def _suite(value: Json) -> Suite:
    suite = _object(value)
    return Suite(
        user_tasks=tuple(map(str, _list(suite["user_tasks"]))),
        injection_tasks=tuple(map(str, _list(suite["injection_tasks"]))),
        tools=tuple(map(_tool, _list(suite["tools"]))),
    )


class Dojo(AbstractAsyncContextManager["Dojo"]):
    """The process; one run at a time."""

    def __init__(self, python: Path, plugins: Sequence[str], program: str = WORLD) -> None:
        self._command = [str(python), "-m", program, *plugins]
        self.urls: Mapping[str, str] = {}

    async def __aenter__(self) -> Self:
        self._process = await anyio.open_process(self._command, cwd=ROOT, stderr=subprocess.DEVNULL)
        assert self._process.stdout is not None
        self._lines = BufferedByteReceiveStream(self._process.stdout)
        self.urls = {name: str(url) for name, url in _object(await self._answer()).items()}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self._process.aclose()

    async def _answer(self) -> Json:
        with anyio.fail_after(ANSWER_TIMEOUT):
            return parse_json(await self._lines.receive_until(b"\n", MAX_ANSWER))

    async def _ask(self, message: JsonObject) -> JsonObject:
        assert self._process.stdin is not None
        await self._process.stdin.send(dump_json(message).encode() + b"\n")
        return _object(await self._answer())

    async def suites(self, version: str) -> Mapping[str, Suite]:
        """The suites of a version, by name."""
        listed = await self._ask({"do": "list", "version": version})
        return {name: _suite(suite) for name, suite in listed.items()}

    async def begin(self, task: Task) -> Script:
        """Sets the environment of a run up."""
        script = await self._ask({"do": "begin", "task": task.told})
        return Script(
            prompt=str(script["prompt"]),
            calls=_calls(script["calls"]),
            answer=str(script["answer"]),
            attack_calls=_calls(script.get("attack_calls", [])),
            attack_answer=str(script.get("attack_answer", "")),
        )

    async def judge(self, answer: str) -> Judgement:
        """Has the run judged by what it left behind."""
        told = await self._ask({"do": "judge", "answer": answer})
        return Judgement(
            is_done=told["done"] is True, is_attacked=told["attacked"] is True, executed=_calls(told["executed"])
        )

    async def sent(self) -> tuple[tuple[str, str], ...]:
        """What was sent in this run, byte by byte: for each request the plugin, and head and body."""
        told = await self._ask({"do": "sent"})
        return tuple((str(plugin), str(data)) for plugin, data in map(_list, _list(told["sent"])))
