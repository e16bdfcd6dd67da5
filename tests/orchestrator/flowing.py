"""Plugins with APIs of their own on loopback, and a model behind the client that is used in earnest."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from orchestrator import Orchestrator, Policy, load_plugin
from orchestrator.manifest.load import Plugin
from orchestrator.model.chat_completions import ChatCompletionsModel
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve
from tests.servers.openai_server import OpenAIServer, Script, openai_server


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A plugin with an API: `read` is a GET with a query, `item` one with a path, `send` a POST with a body."""

    name: str
    says: str = "nothing"
    """What every answer holds."""
    handling: Sequence[str] | None = None
    """What `read` and `item` say of how they handle data; None for nothing at all."""

    def declared(self) -> list[Json]:
        """Its functions."""
        functions: list[Json] = []
        for name in ("read", "item", "send"):
            function: JsonObject = {"name": name, "description": f"{name} of {self.name}"}
            if self.handling is not None:
                words = ["ResourceStateUpdate"] if name == "send" else [*self.handling]
                function["capabilities"] = {"security_info": {"data_handling": [*words]}}
            functions.append(function)
        return functions

    def document(self, url: str) -> JsonObject:
        """Its description."""
        text: JsonObject = {"type": "string"}
        answers: JsonObject = {"200": {"description": "ok", "content": {"application/json": {"schema": {}}}}}
        body: JsonObject = {"application/json": {"schema": {"type": "object", "properties": {"text": text}}}}
        return {
            "openapi": "3.0.4",
            "info": {"title": self.name, "version": "1"},
            "servers": [{"url": url}],
            "paths": {
                "/read": {
                    "get": {
                        "operationId": "read",
                        "parameters": [{"name": "q", "in": "query", "schema": text}],
                        "responses": answers,
                    }
                },
                "/item/{id}": {
                    "get": {
                        "operationId": "item",
                        "parameters": [{"name": "id", "in": "path", "required": True, "schema": text}],
                        "responses": answers,
                    }
                },
                "/send": {
                    "post": {"operationId": "send", "requestBody": {"content": body}, "responses": answers},
                },
            },
        }


@dataclass(slots=True, kw_only=True)
class World:
    """A host, and what reached everybody."""

    host: Orchestrator
    model: OpenAIServer
    apis: Mapping[str, LoopbackServer]

    def wire(self, name: str) -> list[tuple[str, str, bytes]]:
        """What reached an API, without its document: the method, the target and the body of every request."""
        requests = self.apis[name].requests
        return [(one.method, one.target, one.body) for one in requests if one.path != "/openapi.json"]

    @property
    def told(self) -> str:
        """The last request of the model, as JSON."""
        return dump_json(self.model.requests[-1].body)


@asynccontextmanager
async def _serving(api: Api) -> AsyncGenerator[tuple[Plugin, LoopbackServer]]:
    known: list[str] = []

    async def handler(request: Request) -> Answer:
        if request.path == "/openapi.json":
            return json_response(api.document(known[0]))
        return json_response({"says": api.says})

    async with serve(handler) as server:
        known.append(server.url)
        spec: JsonObject = {"url": f"{server.url}/openapi.json"}
        manifest: JsonObject = {
            "schema_version": "v2.2",
            "namespace": api.name,
            "name_for_human": api.name,
            "description_for_human": api.name,
            "functions": api.declared(),
            "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": spec}],
        }
        yield await load_plugin(manifest, allowed_hosts=["127.0.0.1"]), server


@asynccontextmanager
async def world(
    script: Script, *apis: Api, policy: Policy | None = None, discovered: Sequence[str] = ()
) -> AsyncGenerator[World]:
    """A host with these plugins and a model behind the client that is used in earnest."""
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(openai_server(script))
        served = [await stack.enter_async_context(_serving(api)) for api in apis]
        client = ChatCompletionsModel("fake", base_url=model.url, api_key="test", environ={})
        host = Orchestrator(
            plugins=[plugin for plugin, _ in served], model=client, policy=policy, discovered=discovered
        )
        await stack.enter_async_context(host)
        yield World(
            host=host, model=model, apis={api.name: server for api, (_, server) in zip(apis, served, strict=True)}
        )
