"""A host over Python functions, and a model that goes by single words: what a terminal is tried out on.

`python -m tests.servers.talking` is the loop over it, for tests with a real terminal.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import anyio

from orchestrator.errors import ModelError
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import load_plugin
from orchestrator.model.base import (
    ModelCall,
    ModelDelta,
    PhraseRequest,
    ReasoningRequest,
    ReplyEnd,
    RespondingRequest,
    RetryNotice,
    TextPart,
    ToolMessage,
    Usage,
    UserMessage,
)
from orchestrator.repl.session import run_repl
from runtimes.memory import MemoryRuntime
from runtimes.values import JsonObject

MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Home Finder",
    "namespace": "homes",
    "description_for_human": "Finds homes and keeps searches",
    "description_for_model": "Finds homes.",
    "contact_email": "homes@example.test",
    "legal_info_url": "https://example.test/legal",
    "privacy_policy_url": "https://example.test/privacy",
    "logo_url": "https://example.test/logo.png",
    "capabilities": {
        "conversation_starters": [{"title": "Look", "text": "find homes"}, {"text": "save a search for Seattle"}]
    },
    "functions": [
        {
            "name": "find_homes",
            "description": "Finds homes in a city",
            "states": {"disengaging": {"instructions": "Say good-bye."}},
        },
        {
            "name": "save_search",
            "description": "Keeps a search",
            "capabilities": {"confirmation": {"title": "Save it?", "body": "It is kept\x1b[2J for you."}},
        },
        {"name": "burn_down"},
    ],
    "runtimes": [
        {
            "type": "x-functions",
            "run_for_functions": ["find_homes", "save_search"],
            "spec": {"progress_style": "ShowUsageWithInputAndOutput"},
        }
    ],
}

USAGE = Usage(input_tokens=10, output_tokens=2)


def find_homes(city: str) -> JsonObject:
    """Finds homes in a city."""
    return {"city": city, "homes": 3}


def save_search(city: str) -> JsonObject:
    """Keeps a search."""
    return {"saved": city}


def _call(tool: str) -> ReplyEnd:
    return ReplyEnd(calls=(ModelCall(id="m1", tool=tool, arguments='{"city": "Seattle"}'),), usage=USAGE)


class WordModel:
    """Calls, talks, lingers or fails, as a word of the message says."""

    name = "words"

    async def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        last = request.messages[-1]
        if isinstance(last, ToolMessage):
            yield TextPart(
                text="There are **three homes**.\n\n- a\n- b\n" if "homes" in last.text else f"I got: {last.text}"
            )
            yield ReplyEnd(usage=USAGE)
            return
        said = last.text if isinstance(last, UserMessage) else ""
        if "homes" in said:
            yield _call("find_homes")
        elif "save" in said:
            yield _call("save_search")
        elif "goodbye" in said:
            yield ReplyEnd(calls=(ModelCall(id="m1", tool="withdraw", arguments="{}"),))
        elif "linger" in said:
            yield TextPart(text="thinking about it ")
            await anyio.sleep_forever()
        elif "fail" in said:
            yield RetryNotice(attempt=2, delay=0.0, reason="HTTP 503")
            raise ModelError("the model is away")
        else:
            yield TextPart(text="you said ")
            yield TextPart(text=said)
            yield ReplyEnd(usage=USAGE)

    async def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        del request
        yield TextPart(text="that is all")
        yield ReplyEnd(usage=USAGE)

    async def phrase(self, request: PhraseRequest, /) -> str:
        del request
        return "May it be done?"


async def talking_host() -> Orchestrator:
    """The host, still to be entered."""
    functions = MemoryRuntime(find_homes, save_search, read_only=("find_homes",))
    return Orchestrator(plugins=[await load_plugin(MANIFEST)], model=WordModel(), runtimes={"x-functions": functions})


async def _main() -> int:
    async with await talking_host() as host:
        return await run_repl(host, banner="Home Finder at your service")


if __name__ == "__main__":
    sys.exit(anyio.run(_main))
