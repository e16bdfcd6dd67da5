"""A shop with an API on loopback, and a model that calls whatever the message says, all of it in one reply.

`python -m tests.servers.asking FILE` is the loop over it, for tests with a real terminal; each request that reaches the
API is a line of the file. `order {"item": "tea"} & find {"id": "7"}` is a message.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import anyio

from orchestrator.host import Orchestrator
from orchestrator.manifest.load import load_plugin
from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    TextPart,
    ToolMessage,
    UserMessage,
)
from orchestrator.repl.session import run_repl
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.loopback import Request, Response, json_response, serve

_ID: Json = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_ORDER: Json = {
    "type": "object",
    "required": ["item"],
    "properties": {
        "item": {"type": "string"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "note": {"type": "string"},
    },
}


def description(url: str) -> JsonObject:
    """The API at that address."""
    body: Json = {"required": True, "content": {"application/json": {"schema": _ORDER}}}
    done: Json = {"200": {"description": "done"}}
    one: Json = {
        "get": {"operationId": "find", "parameters": [_ID], "responses": done},
        "delete": {"operationId": "cancel", "parameters": [_ID], "responses": done},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": url}],
        "paths": {
            "/orders": {"post": {"operationId": "order", "requestBody": body, "responses": done}},
            "/orders/{id}": one,
        },
    }


def _confirmed(title: str, body: str) -> Json:
    return {"confirmation": {"type": "AdaptiveCard", "title": title, "body": body}}


def manifest(url: str) -> JsonObject:
    """The plugin, whose functions are all asked about."""
    return {
        "schema_version": "v2.2",
        "name_for_human": "Tea Shop",
        "namespace": "shop",
        "description_for_human": "Orders tea",
        "functions": [
            {
                "name": "order",
                "description": "Orders something",
                "capabilities": _confirmed("Order it?", "{{ function.parameters.item }} will be on its way."),
            },
            {"name": "cancel", "description": "Cancels an order"},
            {
                "name": "find",
                "description": "Looks an order up",
                "capabilities": _confirmed("Look it up?", "Only looks."),
            },
        ],
        "runtimes": [
            {
                "type": "OpenApi",
                "auth": {"type": "None"},
                "run_for_functions": ["order", "cancel", "find"],
                "spec": {"api_description": dump_json(description(url))},
            }
        ],
    }


class ObedientModel:
    """Calls what the message says; of the results it says how many there are."""

    name = "obedient"

    async def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        last = request.messages[-1]
        if isinstance(last, UserMessage) and "{" in last.text:
            parts = [part.strip().partition(" ") for part in last.text.split("&")]
            yield ReplyEnd(
                calls=tuple(
                    ModelCall(id=f"m{number}", tool=tool, arguments=text)
                    for number, (tool, _, text) in enumerate(parts)
                )
            )
            return
        results = [message.text for message in request.messages if isinstance(message, ToolMessage)]
        yield TextPart(text=f"DONE WITH {len(results)}")
        yield ReplyEnd()

    async def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        del request
        yield ReplyEnd()

    async def phrase(self, request: PhraseRequest, /) -> str:
        del request
        return ""


async def asking_host(url: str, *, allowed_hosts: Sequence[str] = ()) -> Orchestrator:
    """The host over the API at that address, still to be entered."""
    plugin = await load_plugin(manifest(url), allowed_hosts=list(allowed_hosts))
    return Orchestrator(plugins=[plugin], model=ObedientModel())


async def _main(file: Path) -> int:
    async def answer(request: Request) -> Response:
        with file.open("a", encoding="utf-8") as log:
            log.write(f"{request.method} {request.target} {request.body.decode()}".rstrip() + "\n")
        return json_response({"ok": True})

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serve(answer))
        host = await stack.enter_async_context(await asking_host(server.url, allowed_hosts=["127.0.0.1"]))
        return await run_repl(host, banner="The shop is open")


if __name__ == "__main__":
    sys.exit(anyio.run(_main, Path(sys.argv[1])))
