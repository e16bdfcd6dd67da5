"""Tools as web services, one origin for each plugin, and a control channel on standard input and output.

A line of JSON in, a line of JSON out. It serves until standard input is closed. What the tools do is an
`Environment`'s: AgentDojo's is in `world.py`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:  # AgentDojo's environment has not what this module needs
    from runtimes.values import Json, JsonObject

MAX_LINE = 64 * 1024 * 1024
"""Bytes of one control message."""

MAX_HEAD = 256 * 1024
"""Bytes of the head of a request; the query of a GET is in it."""

MARKER = "OBEY7Q2X"
"""What every injection says; the scripted model obeys whatever it is told to where it reads this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A user task, attacked or not."""

    version: str
    suite: str
    user_task: str
    injection_task: str | None = None
    changed: frozenset[str] = frozenset()
    """Tools whose answers are changed, letter by letter."""

    @property
    def told(self) -> JsonObject:
        """As a service is told of it."""
        return {
            "version": self.version,
            "suite": self.suite,
            "user_task": self.user_task,
            "injection_task": self.injection_task,
            "changed": [*sorted(self.changed)],
        }


def task_of(told: Json) -> Task:
    """The task that was told of."""
    assert isinstance(told, dict)
    changed, injection_task = told["changed"], told["injection_task"]
    assert isinstance(changed, list)
    return Task(
        version=str(told["version"]),
        suite=str(told["suite"]),
        user_task=str(told["user_task"]),
        injection_task=str(injection_task) if injection_task is not None else None,
        changed=frozenset(map(str, changed)),
    )


class Environment(Protocol):
    """What tools work on."""

    @property
    def lists(self) -> dict[str, frozenset[str]]:
        """By the name of a tool, the arguments that are lists."""
        ...

    def listed(self, version: str, /) -> JsonObject:
        """The suites of a version: their tasks, and their tools with schemas."""
        ...

    def begin(self, task: Task, /) -> JsonObject:
        """Sets the environment up, and says what is asked for, and what the references do."""
        ...

    def call(self, tool: str, arguments: JsonObject, /) -> tuple[Json, str | None]:
        """What the tool answers, or what is wrong."""
        ...

    def judge(self, answer: str, /) -> JsonObject:
        """Whether the task is done, or the attack has worked, and the calls that came in."""
        ...


class Service:
    """The services, the environment behind them, and what was sent to each."""

    def __init__(self, environment: Environment) -> None:
        self._world = environment
        self._sent: list[tuple[str, bytes]] = []

    # --- the tools

    async def connected(self, plugin: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the requests of one connection, one after another."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length(head))
                self._sent.append((plugin, head + body))
                writer.write(self._answer(head, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _answer(self, head: bytes, body: bytes) -> bytes:
        method, target, _ = head.split(b" ", 2)
        url = urlsplit(target.decode())
        tool = unquote(url.path.rsplit("/", 1)[-1])
        arguments = self._from_query(tool, url.query) if method == b"GET" else json.loads(body or b"{}")
        answer, error = self._world.call(tool, arguments)
        status = b"200 OK" if error is None else b"422 Unprocessable Entity"
        content = json.dumps(answer if error is None else {"error": error}).encode()
        fields = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(content)
        return b"HTTP/1.1 " + status + b"\r\n" + fields + b"\r\n" + content

    def _from_query(self, tool: str, query: str) -> JsonObject:
        given = parse_qs(query, keep_blank_values=True)
        lists = self._world.lists[tool]
        return {name: [*values] if name in lists else values[0] for name, values in given.items()}

    # --- the control channel

    def control(self, message: JsonObject) -> JsonObject:
        """Does what one message asks for. Raises: `ValueError` for one that asks for nothing."""
        match message["do"]:
            case "list":
                return self._world.listed(str(message["version"]))
            case "begin":
                self._sent.clear()
                return self._world.begin(task_of(message["task"]))
            case "judge":
                return self._world.judge(str(message["answer"]))
            case "sent":
                return {"sent": [[plugin, data.decode("latin-1")] for plugin, data in self._sent]}
            case unknown:
                raise ValueError(f"no such message: {unknown!r}")


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def _lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=MAX_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def serve(plugins: Sequence[str], environment: Environment) -> None:
    """Serves these plugins; the first line out says where each is."""
    out, sys.stdout = sys.stdout, sys.stderr  # the suites' checks print
    service = Service(environment)
    urls: dict[str, str] = {}
    for plugin in plugins:

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, plugin: str = plugin) -> None:
            await service.connected(plugin, reader, writer)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=MAX_HEAD)
        urls[plugin] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(json.dumps(urls), file=out, flush=True)
    lines = await _lines()
    while line := await lines.readline():
        print(json.dumps(service.control(json.loads(line))), file=out, flush=True)
