"""A host over a function that answers with a card to fill in, and a model that says what came of it.

`python -m tests.servers.carding` is the loop over it, for tests with a real terminal.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

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
from runtimes.memory import MemoryRuntime
from runtimes.values import Json, JsonObject

CARD: JsonObject = {
    "type": "AdaptiveCard",
    "version": "1.6",
    "body": [
        {"type": "TextBlock", "text": "A table for you", "weight": "Bolder"},
        {"type": "Input.Text", "id": "name", "label": "Name", "isRequired": True},
        {"type": "Input.Number", "id": "guests", "label": "Guests", "min": 1, "max": 8, "value": 2},
        {
            "type": "Input.ChoiceSet",
            "id": "room",
            "label": "Room",
            "value": "i",
            "choices": [{"title": "Inside", "value": "i"}, {"title": "Garden", "value": "g"}],
        },
        {"type": "Input.Text", "id": "pin", "label": "PIN", "style": "password", "value": "0000"},
        {"type": "Input.Text", "id": "token", "isVisible": False, "value": "t-1"},
    ],
    "actions": [
        {"type": "Action.Submit", "title": "Reserve", "data": {"kind": "reserve"}},
        {"type": "Action.Submit", "title": "No, thanks", "data": {"kind": "none"}, "associatedInputs": "none"},
    ],
}

MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Tables",
    "namespace": "tables",
    "description_for_human": "Finds tables",
    "functions": [{"name": "find_table", "description": "Finds a table"}],
    "runtimes": [{"type": "LocalPlugin", "run_for_functions": ["find_table"], "spec": {"local_endpoint": "tables"}}],
}


def find_table() -> list[Json]:
    """Finds a table."""
    return [
        {"id": "r1", "type": "text/adaptivecard", "data": CARD},
        {"id": "r2", "type": "text/adaptivecard", "data": {"type": "AdaptiveCard", "actions": [_again()]}},
    ]


def _again() -> JsonObject:
    return {"type": "Action.Execute", "title": "Search again", "verb": "again"}


class TableModel:
    """Calls the function when tables are mentioned; to anything else it says what it was told."""

    name = "tables"

    def __init__(self, end: str) -> None:
        self._end = end

    async def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        last = request.messages[-1]
        if isinstance(last, ToolMessage):
            yield TextPart(text=self._end)
            yield ReplyEnd()
            return
        said = f"{last.text} {last.note}".strip() if isinstance(last, UserMessage) else ""
        if "a table please" in said:
            yield ReplyEnd(calls=(ModelCall(id="m1", tool="find_table", arguments="{}"),))
            return
        yield TextPart(text=f"TOLD {said}")
        yield ReplyEnd()

    async def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        del request
        yield ReplyEnd()

    async def phrase(self, request: PhraseRequest, /) -> str:
        del request
        return ""


async def carding_host(end: str = "Here is a table.") -> Orchestrator:
    """The host, still to be entered; `end` is what is said beside the card."""
    functions = MemoryRuntime(find_table, read_only=("find_table",))
    return Orchestrator(
        plugins=[await load_plugin(MANIFEST)], model=TableModel(end), runtimes={"LocalPlugin": functions}
    )


async def _main() -> int:
    async with await carding_host() as host:
        return await run_repl(host, banner="Tables at your service")


if __name__ == "__main__":
    sys.exit(anyio.run(_main))
