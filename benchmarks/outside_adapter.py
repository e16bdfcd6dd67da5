"""Orchestrator as the outside harness runs it: its adapter `ours`, as a program has it that has installed `[fast]`.

`python -m benchmarks.outside HARNESS` puts this file into a copy of the harness, as `adapters/ours.py`; it needs
nothing but Orchestrator. Policy, response semantics and events are on, the journal is in memory,
and as many connections are open as are without being told.

* `ours`: as it is installed.
* `ours:plain`: over `httpx2`, although `aiohttp` is installed.
* `ours:sqlite`: with an SQLite journal.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Protocol

from orchestrator import Orchestrator, load_plugin
from orchestrator.manifest.load import Plugin
from orchestrator.model.chat_completions import ChatCompletionsModel
from orchestrator.signals import TextDelta
from runtimes.fetch import SharedClient
from runtimes.values import Json, JsonObject

ABOUT = "You are a helpful assistant for a product catalog. Use the tools when needed."

CALLED = "getItem"
QUESTION = f"call {CALLED} {json.dumps({'itemId': '42', 'verbose': True})}"
"""What the harness's model takes for a call of this function."""

METHODS = frozenset({"get", "put", "post", "patch", "delete"})


class Setting(Protocol):
    """What the harness tells an adapter."""

    @property
    def llm(self) -> str:
        """Where its model is."""
        ...

    @property
    def api(self) -> str:
        """Where its API is."""
        ...

    @property
    def spec(self) -> JsonObject:
        """The OpenAPI description of it."""
        ...


class Ours:
    """A host; each turn is in a conversation of its own."""

    def __init__(self, host: Orchestrator, stack: AsyncExitStack) -> None:
        self._host = host
        self._stack = stack

    async def turn(self) -> str:
        """Two model requests and one call."""
        return (await self._host.conversation(person="bench").ask(QUESTION)).text

    async def stream(self, text: str) -> AsyncGenerator[str]:
        """The answer as it comes."""
        async with aclosing(self._host.conversation(person="bench").send(text)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    yield event.text

    def stream_turn(self) -> AsyncGenerator[str]:
        """The answer after a call, as it comes."""
        return self.stream(QUESTION)

    async def close(self) -> None:
        """Closes the host."""
        await self._stack.aclose()


def _names(spec: JsonObject) -> list[str]:
    paths = spec["paths"]
    assert isinstance(paths, dict)
    operations = [
        operation
        for item in paths.values()
        if isinstance(item, dict)
        for method, operation in item.items()
        if method in METHODS
    ]
    return [str(operation["operationId"]) for operation in operations if isinstance(operation, dict)]


def _function(name: str) -> JsonObject:
    if name != CALLED:
        return {"name": name}
    semantics: JsonObject = {"data_path": "$", "properties": {"title": "$.name", "subtitle": "$.id"}}
    return {"name": name, "capabilities": {"response_semantics": semantics}}


async def _plugin(setting: Setting, folder: Path) -> Plugin:
    functions: list[Json] = [_function(name) for name in _names(setting.spec)]
    manifest: JsonObject = {
        "schema_version": "v2.2",
        "namespace": "items",
        "name_for_human": "Items",
        "description_for_human": "A catalogue",
        "description_for_model": ABOUT,
        "functions": functions,
        "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": "openapi.json"}}],
    }
    (folder / "openapi.json").write_text(json.dumps(setting.spec), encoding="utf-8")
    (folder / "plugin.json").write_text(json.dumps(manifest), encoding="utf-8")
    return await load_plugin(str(folder / "plugin.json"), allowed_hosts=["127.0.0.1"])


async def setup(setting: Setting, variant: str) -> Ours:
    """What the harness calls, once in each process."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        is_plain = variant == "plain"
        model = ChatCompletionsModel(
            "fake",
            base_url=f"{setting.llm}/v1",
            api_key="x",
            carrier="httpx2" if is_plain else None,
        )
        client = SharedClient(carrier="httpcore2" if is_plain else None)
        await stack.enter_async_context(aclosing(client))
        store = f"sqlite:///{folder}/store.db" if variant == "sqlite" else None
        plugin = await _plugin(setting, folder)
        host = await stack.enter_async_context(Orchestrator(plugins=[plugin], model=model, http=client, store=store))
        return Ours(host, stack.pop_all())
    raise AssertionError("a context of the stack swallowed an error")


class Described:
    """An OpenAPI description in a folder of its own, with a manifest that names it; what the suite `spec` loads."""

    def __init__(self, document: str) -> None:
        path = Path(document)
        manifest: JsonObject = {
            "schema_version": "v2.2",
            "namespace": "api",
            "name_for_human": "An API",
            "description_for_human": "What is described",
            "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": path.name}}],
        }
        self._folder = tempfile.TemporaryDirectory()
        shutil.copy(path, self._folder.name)
        self._manifest = Path(self._folder.name, "plugin.json")
        self._manifest.write_text(json.dumps(manifest), encoding="utf-8")

    async def tools(self) -> list[JsonObject]:
        """Every operation as a request to a model carries it; once."""
        with self._folder:
            plugin = await load_plugin(str(self._manifest))
            async with Orchestrator(plugins=[plugin], model="offline") as host:
                return [tool.as_tool() for tool in host.toolbox.tools.definitions]
