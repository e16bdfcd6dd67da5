"""Who is measured on the same servers: Orchestrator as a program has it, in three forms, and the loop by hand."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx2

from benchmarks.by_hand import LIMITS, HandWritten
from benchmarks.performance.task import Name
from benchmarks.place import QUESTION, SYSTEM, Place
from benchmarks.servers import CALLED
from orchestrator import Orchestrator, load_plugin
from orchestrator.manifest.load import Plugin
from orchestrator.model.chat_completions import ChatCompletionsModel
from orchestrator.signals import TextDelta
from runtimes.fetch import SharedClient
from runtimes.values import Json, JsonObject

API_SECONDS = 60.0
"""How long the loop by hand waits for an answer of the API."""


@dataclass(frozen=True, slots=True)
class Contender:
    """What can be asked of each of them; each turn is in a conversation of its own."""

    turn: Callable[[], Awaitable[str]]
    """The whole answer to the question that makes the model call."""
    stream: Callable[[str], AsyncGenerator[str]]
    """The answer to any question, as it comes."""


Opened = Callable[[Place], AbstractAsyncContextManager[Contender]]


def _function(name: str) -> JsonObject:
    if name != CALLED:
        return {"name": name}
    semantics: JsonObject = {"data_path": "$.parts", "properties": {"title": "$.name", "subtitle": "$.date"}}
    return {"name": name, "capabilities": {"response_semantics": semantics}}


async def items_plugin(place: Place) -> Plugin:
    """The plugin of the servers' API, with response semantics for the function that is called."""
    functions: list[Json] = [_function(tool.name) for tool in place.tools]
    manifest: JsonObject = {
        "schema_version": "v2.2",
        "namespace": "items",
        "name_for_human": "Items",
        "description_for_human": "A catalogue of items",
        "description_for_model": SYSTEM,
        "functions": functions,
        "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": place.document_url}}],
    }
    return await load_plugin(manifest, allowed_hosts=["127.0.0.1"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """In what form Orchestrator is measured."""

    is_fast: bool = True
    """True for `aiohttp` below the model's client and below the calls."""
    is_kept: bool = False
    """True for an SQLite journal."""

    def model(self, place: Place) -> ChatCompletionsModel:
        return ChatCompletionsModel(
            "fake",
            base_url=f"{place.model_url}/v1",
            api_key="x",
            carrier="aiohttp" if self.is_fast else "httpx2",
        )

    def client(self) -> SharedClient:
        return SharedClient(carrier="aiohttp" if self.is_fast else "httpcore2")


@asynccontextmanager
async def _ours(form: _Form, place: Place) -> AsyncGenerator[Contender]:
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        store = f"sqlite:///{folder}/store.db" if form.is_kept else None
        client = await stack.enter_async_context(aclosing(form.client()))
        host = await stack.enter_async_context(
            Orchestrator(plugins=[await items_plugin(place)], model=form.model(place), http=client, store=store)
        )

        async def turn() -> str:
            return (await host.conversation(person="bench").ask(QUESTION)).text

        async def stream(question: str) -> AsyncGenerator[str]:
            async with aclosing(host.conversation(person="bench").send(question)) as signals:
                async for signal in signals:
                    if isinstance(signal, TextDelta):
                        yield signal.text

        yield Contender(turn, stream)


@asynccontextmanager
async def _by_hand(place: Place) -> AsyncGenerator[Contender]:
    async with (
        httpx2.AsyncClient(base_url=place.api_url, limits=LIMITS, timeout=API_SECONDS) as api,
        aclosing(HandWritten(place, api)) as loop,
    ):
        yield Contender(loop.turn, loop.stream)


CONTENDERS: dict[Name, Opened] = {
    "by hand": _by_hand,
    "fast": partial(_ours, _Form()),
    "plain": partial(_ours, _Form(is_fast=False)),
    "sqlite": partial(_ours, _Form(is_kept=True)),
}
