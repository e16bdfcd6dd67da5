"""A shop with an API on loopback, a store file, and the program over both, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from anyio.from_thread import start_blocking_portal

from orchestrator.cli.slow_store import WAITING
from orchestrator.host import DEFAULT_PERSON, Orchestrator
from orchestrator.manifest.load import load_plugin
from runtimes.values import JsonObject, dump_json
from tests.servers import warm
from tests.servers.asking import ObedientModel, manifest
from tests.servers.loopback import LoopbackServer, Request, Response, json_response, serve

ORDER = 'order {"item": "tea"}'
"""What makes the model ask for an order."""


@dataclass(slots=True, kw_only=True)
class Shop:
    """One for a test."""

    folder: Path
    server: LoopbackServer
    is_held: bool = False
    """While it is true, requests that arrive are never answered."""
    has_order: threading.Event = field(default_factory=threading.Event)
    """Set when the first order arrives."""
    store: str = "chats.db"
    environment: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def plugin(self) -> Path:
        return self.folder / "plugin.json"

    @property
    def orders(self) -> int:
        """How many have arrived."""
        return sum(request.path == "/orders" for request in self.server.requests)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-W", "error", "-m", "orchestrator", *arguments, "--store", self.store]

    @property
    def surroundings(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder / "data"), **self.environment}

    def run(self, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return warm.run(self.command(*arguments), said=said, environ=self.surroundings, folder=self.folder)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """A process that goes on."""
        return subprocess.Popen(
            warm.line(self.command(*arguments)),
            env=self.surroundings,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    @staticmethod
    def lines(told: Iterable[str]) -> Iterator[str]:
        """What a process tells in its error stream but that its store is slow, which on a busy machine it is."""
        return (line for line in told if line != f"{WAITING.format(what='the store')}\n")

    def worker(self, *arguments: str) -> list[str]:
        """The command line of a worker for this shop."""
        return ["worker", "plugin.json", "--allow-host", "127.0.0.1", *arguments]

    def asked(self) -> list[JsonObject]:
        """What waits, as `orchestrator pending --json` tells it."""
        done = self.run("pending", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        questions: list[JsonObject] = json.loads(done.stdout)["questions"]
        return questions

    def listed(self) -> list[JsonObject]:
        """What is kept, as `orchestrator history --json` tells it."""
        done = self.run("history", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        conversations: list[JsonObject] = json.loads(done.stdout)["conversations"]
        return conversations

    def say(self, *messages: str, person: str = DEFAULT_PERSON) -> list[str]:
        """Holds a conversation for each message in a host that is closed again; returns their ids."""
        return anyio.run(self._say, messages, person)

    async def _say(self, messages: Sequence[str], person: str) -> list[str]:
        plugin = await load_plugin(self.plugin, allowed_hosts=["127.0.0.1"])
        url = self.store if "://" in self.store else f"sqlite:///{self.folder / self.store}"
        ids: list[str] = []
        async with Orchestrator(plugins=[plugin], model=ObedientModel(), store=url) as host:
            for message in messages:
                chat = host.conversation(person=person)
                await chat.ask(message)
                ids.append(chat.id)
        return ids

    def facts_of(self, conversation: str, *, store: str | None = None) -> list[JsonObject]:
        """All that is kept of a conversation, as `orchestrator history ID --json` tells it."""
        done = self.run("history", conversation, "--json", *(["--store", store] if store else []))
        assert (done.returncode, done.stderr) == (0, "")
        return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def open_shop(folder: Path) -> Generator[Shop]:
    """The shop, whose API answers at once unless it is held."""

    async def answer(request: Request) -> Response:
        if request.path == "/orders":
            shop.has_order.set()
        if shop.is_held:
            await anyio.sleep_forever()
        return json_response({"done": True})

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serve(answer)) as server:
        shop = Shop(folder=folder, server=server)
        shop.plugin.write_text(dump_json(manifest(server.url)), encoding="utf-8")
        yield shop
