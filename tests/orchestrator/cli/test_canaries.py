"""What the commands print, log and keep tells no secret, in processes of their own (issue 9, "canary test")."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import anyio

from tests.canaries import canary, found_in, left_in
from tests.servers.echoing import echo, echo_plugin, function_of
from tests.servers.loopback import LoopbackServer, serve

LOGGING = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, filename=sys.argv.pop(1))
for name in ("httpcore2", "httpx2", "hpack", "sqlalchemy", "aiosqlite", "authlib", "openai"):
    logging.getLogger(name).setLevel(logging.DEBUG)
from orchestrator.cli.main import run
run()
"""
"""A start of the program by somebody who wants every library to log all it can."""

CALLED = ("s200", "s401", "s500", "cut", "status-line", "moved", "file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the commands run, and all they leave."""

    folder: Path
    server: LoopbackServer
    key: str

    async def run(self, *arguments: str, said: str = "") -> bytes:
        """What the command printed, on both streams."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environ = {
            **kept,
            "XDG_DATA_HOME": str(self.folder / "left"),
            "XDG_CONFIG_HOME": str(self.folder / "left"),
            "ORCHESTRATOR_AUTH_QUERY": self.key,
            "ORCHESTRATOR_AUTH_QUERY_ORIGINS": self.server.url,
            "PYTHONFAULTHANDLER": "1",
        }
        command = [sys.executable, "-W", "error", "-c", LOGGING, str(self.folder / "left" / "debug.log"), *arguments]
        with anyio.fail_after(90):
            done = await anyio.run_process(
                command, check=False, env=environ, input=said.encode(), cwd=self.folder / "left"
            )
        return done.stdout + done.stderr

    @property
    def canaries(self) -> dict[str, str]:
        return {"query": self.key}


@asynccontextmanager
async def placed(folder: Path) -> AsyncGenerator[Place]:
    (folder / "left").mkdir()
    async with serve(echo) as server:
        await anyio.Path(folder / "plugin.json").write_text(json.dumps(echo_plugin(server.url, "query")))
        yield Place(folder=folder, server=server, key=canary("k &", '"é/'))


def script(key: str, cases: Sequence[str]) -> str:
    """A model that has got hold of the key."""
    turns = [
        {
            "user": f"call {case} with [secret ORCHESTRATOR_AUTH_QUERY]",  # as it is told what the person says
            "model": [
                {
                    "say": f"I take {key} or {quote(key)}.",
                    "call": {"name": function_of("query", case), "arguments": {"q": key}},
                },
                {"say": f"It was {key}, {json.dumps(key)}."},
            ],
        }
        for case in cases
    ]
    return json.dumps({"turns": turns})


async def test_calls_tell_no_secret(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        allowed = ("--allow-host", "127.0.0.1", "--log-http", "http.log")
        printed = [
            await place.run("call", "../plugin.json", function_of("query", case), *allowed, *form)
            for case, form in zip(CALLED, [("--json",), (), ("--json",), (), ("--json",), (), ()], strict=True)
        ]
        printed.append(await place.run("call", "../plugin.json", function_of("query", "s200"), "--curl", *allowed))
        printed.append(await place.run("tools", "../plugin.json", "--json", *allowed))
        assert len(place.server.requests) >= len(CALLED)
        assert found_in(repr(place.server.requests), place.canaries), "the service was not sent it"
    text = b"\n".join(printed)
    assert found_in(text, place.canaries) == []
    assert left_in(tmp_path / "left", place.canaries) == []
    assert b"[secret" in text
    assert (tmp_path / "left" / "http.log").stat().st_size > 0
    assert (tmp_path / "left" / "debug.log").stat().st_size > 0


async def test_a_chat_tells_no_secret_whoever_says_it(tmp_path: Path) -> None:
    """Nor does what is kept of it, exported, or made into a conversation file."""
    async with placed(tmp_path) as place:
        (tmp_path / "script.json").write_text(script(place.key, CALLED))
        options = ("--allow-host", "127.0.0.1", "--model", "scripted:../script.json", "--store", "chats.db")
        said = "".join(f"call {case} with {place.key}\n" for case in CALLED)
        printed = [
            await place.run("chat", "../plugin.json", *options, "--log-http", "http.log", said=said),
            await place.run("chat", "../plugin.json", *options, "-m", f"call s200 with {place.key}", "--json"),
            await place.run("history", "--store", "chats.db", "--export", "chats.jsonl"),
            await place.run("history", "--store", "chats.db", "--all", "--json"),
        ]
        assert found_in(repr(place.server.requests), place.canaries), "the service was not sent it"
    text = b"\n".join(printed)
    (tmp_path / "text.txt").write_bytes(text)
    assert found_in(text, place.canaries) == []
    assert left_in(tmp_path / "left", place.canaries) == []
    assert b"[secret" in text
    assert (tmp_path / "left" / "chats.jsonl").stat().st_size > 0


async def test_the_end_of_a_command_by_an_error_of_ours_tells_no_secret(tmp_path: Path) -> None:
    """A traceback that nobody expects passes the same search as a message."""
    crash = LOGGING.replace(
        "run()",
        "import orchestrator.cli.call as command\n"
        "def fail(options):\n"
        "    from auth import Secret\n"
        "    import os\n"
        "    options.secrets.learn('key', Secret(os.environ['ORCHESTRATOR_AUTH_QUERY']))\n"
        "    raise RuntimeError('the key is ' + os.environ['ORCHESTRATOR_AUTH_QUERY'])\n"
        "command.run = fail\n"
        "run()",
    )
    key = canary("k &", '"')
    command = [sys.executable, "-c", crash, str(tmp_path / "debug.log"), "call", "plugin.json", "x"]
    done = await anyio.run_process(command, check=False, env={**os.environ, "ORCHESTRATOR_AUTH_QUERY": key})
    assert b"RuntimeError: the key is [secret key]" in done.stderr
    assert found_in(done.stdout + done.stderr, {"key": key}) == []
    assert done.returncode == 1
