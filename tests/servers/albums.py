"""A plugin that takes and gives files: `upload` and `annotate` take one, `download` answers one; and who plays it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from orchestrator import Orchestrator, load_plugin
from orchestrator.journal.base import Journal
from orchestrator.model.scripted import Call, Calls, Phrase, Say, ScriptedModel, ScriptTurn
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.loopback import Answer, LoopbackServer, Request, Response, json_response, serve

PNG = b"\x89PNG\r\n\x1a\n\x00\xff"
"""A file that is no text."""

_BINARY: JsonObject = {"type": "string", "format": "binary"}
_UPLOAD: JsonObject = {
    "operationId": "upload",
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "photo": _BINARY,
                        "more": {"type": "array", "items": _BINARY},
                        "title": {"type": "string"},
                    },
                }
            }
        }
    },
}
_ANNOTATE: JsonObject = {
    "operationId": "annotate",
    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}},
}
_SCHEMAS: JsonObject = {
    "Note": {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "scan": {"$ref": "#/components/schemas/Scan"},
            "again": {"$ref": "#/components/schemas/Scan"},
        },
    },
    "Scan": {"type": "object", "properties": {"content": {"type": "string", "format": "byte"}}},
}


def manifest(server: str) -> JsonObject:
    """The plugin, over an API at that URL."""
    description: JsonObject = {
        "openapi": "3.0.4",
        "info": {"title": "Albums", "version": "1"},
        "servers": [{"url": server}],
        "paths": {
            "/photos": {"post": _UPLOAD, "get": {"operationId": "download"}},
            "/notes": {"post": _ANNOTATE},
        },
        "components": {"schemas": _SCHEMAS},
    }
    confirmation: JsonObject = {"title": "Upload?", "body": "It sends {{ function.parameters.photo }} away."}
    functions: list[Json] = [
        {"name": "upload", "capabilities": {"confirmation": confirmation}},
        {"name": "annotate"},
        {"name": "download"},
    ]
    return {
        "schema_version": "v2.2",
        "name_for_human": "Albums",
        "namespace": "albums",
        "description_for_human": "Keeps photos.",
        "functions": functions,
        "runtimes": [
            {
                "type": "OpenApi",
                "auth": {"type": "None"},
                "spec": {"api_description": dump_json(description)},
                "run_for_functions": ["*"],
            }
        ],
    }


async def answer(request: Request) -> Answer:
    """A photo for whoever asks, a word of thanks for whoever sends one."""
    if request.method == "GET":
        headers = (("Content-Type", "image/png"), ("Content-Disposition", 'attachment; filename="../cat.png"'))
        return Response(headers=headers, body=PNG)
    return json_response({"received": len(request.body)})


Played = tuple[str, Sequence[Say | Call | Calls | Phrase]]
"""What the person says, and what the model does."""


@asynccontextmanager
async def album_host_at(url: str, *turns: Played, store: str | Journal | None = None) -> AsyncGenerator[Orchestrator]:
    """A host over the plugin of the server at that URL, with a model that plays these turns."""
    model = ScriptedModel(turns=[ScriptTurn(user=user, steps=tuple(steps)) for user, steps in turns])
    plugin = await load_plugin(manifest(url), allowed_hosts=["127.0.0.1"])
    async with Orchestrator(plugins=[plugin], model=model, store=store) as host:
        yield host


@asynccontextmanager
async def album_host(*turns: Played) -> AsyncGenerator[tuple[Orchestrator, LoopbackServer]]:
    """As `album_host_at`, with a server of its own."""
    async with serve(answer) as server, album_host_at(server.url, *turns) as host:
        yield host, server
