"""A conversation that is recorded with a real client: its plugin, its API and its model on loopback."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from orchestrator.model.scripted import ScriptedModel, ScriptTurn
from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.recorder import Recorder, is_recordable
from orchestrator.testing.playing.stages import Stages
from runtimes.values import JsonObject
from tests.orchestrator.testing.playing import API, write_conversation, write_plugin
from tests.servers import warm
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve
from tests.servers.openai_server import OpenAIServer, Reply, call, openai_server

REPLIES = (
    Reply(calls=(call("homes-getHome", {"id": "1"}, id="call_random_1"),)),
    Reply(text="Home 1 is\nin Oak Street."),
    Reply(text="You are welcome."),
)
TURNS = """
turns:
  - say: Find home 1
    expect:
      calls: getHome
      requests: GET /v1/homes/1
      text: Oak Street
      tokens: {input: 22, output: 14}
  - say: Thank you
    expect: {text: welcome, calls: []}
"""


def home(request: Request) -> Answer:
    """What the API answers."""
    return json_response({"name": "Oak Street", "path": request.path})


def write_files(folder: Path, api_url: str, conversation: str) -> Path:
    """Writes the plugin, the description of its API at that address, and the conversation; the path of that."""
    description: JsonObject = {**API, "servers": [{"url": f"{api_url}/v1"}]}
    write_plugin(folder, api=description)
    host = api_url.removeprefix("http://")
    plugins = f"plugins: {{source: plugin.json, allow_hosts: [{host}]}}\n"
    return write_conversation(folder, plugins + conversation, "homes")


def orchestrator_test(*arguments: str | Path, environ: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Runs `orchestrator test`: how it leaves, and what it prints on both streams."""
    command = [sys.executable, "-W", "error", "-m", "orchestrator", "test", *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "ORCHESTRATOR_"))}
    done = warm.run(command, environ={**clean, **(environ or {})})
    return done.returncode, done.stdout, done.stderr


async def in_a_thread(*arguments: str | Path, environ: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """The same, while servers of the test answer."""
    return await anyio.to_thread.run_sync(lambda: orchestrator_test(*arguments, environ=environ))


def model_at(server: OpenAIServer) -> Mapping[str, str]:
    """The variables that name the model."""
    return {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test-key-of-the-model"}


@asynccontextmanager
async def loopback_servers(
    replies: tuple[Reply, ...] = REPLIES, api: Callable[[Request], Answer] = home
) -> AsyncGenerator[tuple[OpenAIServer, LoopbackServer]]:
    """The model and the API."""

    async def handler(request: Request) -> Answer:
        return api(request)

    async with openai_server(replies) as model, serve(handler) as server:
        yield model, server


async def record(path: Path, *turns: ScriptTurn, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Records the conversations of a file with a scripted model: what failed, and nothing where all is well."""
    recorder = Recorder(ScriptedModel(turns=turns, name="scripted:test"), environ or {})
    collected = collect([path], Choice())
    assert collected.problems == ()
    failures: list[str] = []
    async with Stages(casting=recorder) as stages:
        for file, placed in collected.conversations:
            played = await stages.play(placed, file)
            failures += [failure.text for failure in played.failures]
            if is_recordable(placed.conversation) and not played.failures:
                await recorder.keep(placed, file)
    return tuple(failures)
