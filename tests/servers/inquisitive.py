"""A plugin that asks the person while its calls run, and a model that calls what the message says.

`python -m tests.servers.inquisitive chat FILE` is the loop over it, `python -m tests.servers.inquisitive call FUNCTION`
one call without a model, for tests with a real terminal; `forget FILE` withdraws its question. `drop {} & book {}`
is a message.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from auth import SignIn
from orchestrator.cli.call import asks_at_terminal
from orchestrator.cli.running import run_command
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import load_plugin
from orchestrator.repl.session import run_repl
from orchestrator.repl.streams import INTERRUPTED
from orchestrator.turn.live_questions import Asks, PluginQuestion
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.questions import Ask, LiveAnswer, LiveQuestion
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.asking import ObedientModel

MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Inquisitive",
    "namespace": "curious",
    "description_for_human": "Asks back.",
    "runtimes": [{"type": "x-curious"}],
}

FORM: JsonObject = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Your name", "minLength": 2},
        "nights": {"type": "integer", "minimum": 1, "maximum": 9, "default": 2},
        "view": {"type": "string", "enum": ["sea", "hill"], "enumNames": ["Sea view", "Hill view"]},
        "breakfast": {"type": "boolean", "default": True},
        "mail": {"type": "string", "format": "email"},
    },
    "required": ["name"],
}

Behaviour = Callable[[Ask, CallContext], Awaitable[Json]]
"""What a function does: it may ask, and its answer is returned."""


YES = LiveAnswer(action="accept")


def answering(answer: LiveAnswer, seen: list[PluginQuestion] | None = None) -> Asks:
    async def asks(asked: PluginQuestion) -> LiveAnswer:
        if seen is not None:
            seen.append(asked)
        return answer

    return asks


def waiting(begun: anyio.Event, ended: list[str]) -> Asks:
    """Never answers, and says when it is cancelled."""

    async def asks(asked: PluginQuestion) -> LiveAnswer:
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(asked.question.text)
        return YES

    return asks


def said(answer: LiveAnswer) -> Json:
    """An answer as the plugin got it."""
    return {"action": answer.action, "content": answer.content, "reason": answer.reason}


class Curious:
    """A runtime whose functions do what they are told to."""

    def __init__(self, **behaviours: Behaviour) -> None:
        self._behaviours = behaviours
        self.results: list[Json] = []

    @asynccontextmanager
    async def __call__(self, spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[Curious]:
        """Itself."""
        del spec, services
        yield self

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        """They change nothing, so that they run at once."""
        return {
            name: FunctionSignature(
                name=name, description=f"Does {name}.", destination="here", method="GET", repeatable=True
            )
            for name in self._behaviours
        }

    @property
    def unusable(self) -> Mapping[str, str]:
        """None."""
        return {}

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        """Nobody has to."""
        del function, person
        return None

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        """Not needed."""
        raise NotImplementedError

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """Does it."""
        payload = await self._behaviours[call.function](context.ask, context)
        self.results.append(payload)
        return CallResult(payload=payload)


async def curious_host(runtime: Curious) -> Orchestrator:
    """A host over it, still to be entered."""
    plugin = await load_plugin(MANIFEST)
    return Orchestrator(plugins=[plugin], model=ObedientModel(), runtimes={"x-curious": runtime})


def asking(question: LiveQuestion) -> Behaviour:
    """Asks that one thing, and answers with what came of it."""

    async def ask_it(ask: Ask, context: CallContext) -> Json:
        del context
        return said(await ask(question))

    return ask_it


DROP = asking(LiveQuestion(text="Delete 3 files?\x1b[2J"))
BOOK = asking(LiveQuestion(text="Whom is it for?", form=FORM))
VISIT = asking(LiveQuestion(text="Pay there.", url="https://pay.example.com/order?n=7"))


async def nag(ask: Ask, context: CallContext) -> Json:
    """Asks again and again."""
    del context
    return [(await ask(LiveQuestion(text=f"Sure, {number}?"))).reason for number in range(50)]


def forgetting(signal: Path) -> Behaviour:
    """Asks, and withdraws that as soon as the file can be read to its end."""

    async def forget(ask: Ask, context: CallContext) -> Json:
        async def ask_it() -> None:
            await ask(LiveQuestion(text="Never mind?"))

        del context
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask_it)
            await anyio.Path(signal).read_text(encoding="utf-8")
            tasks.cancel_scope.cancel()
        return "forgotten"

    return forget


async def _main(options: argparse.Namespace) -> int:
    mode, what = options.mode, options.what
    runtime = Curious(drop=DROP, book=BOOK, visit=VISIT, nag=nag, forget=forgetting(Path(what)))
    async with await curious_host(runtime) as host:
        if mode == "chat":
            return await run_repl(host, banner="Ask me")
        function = mode if mode == "forget" else what
        outcome = await host.call(function, asks=asks_at_terminal(host))
        sys.stdout.write(f"PAYLOAD {dump_json(outcome.payload)}\n")
        return 0


if __name__ == "__main__":
    try:
        sys.exit(run_command(_main, argparse.Namespace(mode=sys.argv[1], what=sys.argv[2])))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
