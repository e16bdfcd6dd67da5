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
import pytest

from tests.canaries import canary, found_in, left_in
from tests.servers import warm
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


ALLOWED = ("--allow-host", "127.0.0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the commands run, and all they leave."""

    folder: Path
    server: LoopbackServer
    key: str
    is_kept: bool
    """True where the key is in the vault; else it is in a variable."""

    async def run(self, *arguments: str, said: str = "") -> bytes:
        """What the command printed, on both streams."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        given = {"ORCHESTRATOR_AUTH_QUERY": self.key, "ORCHESTRATOR_AUTH_QUERY_ORIGINS": self.server.url}
        environ = {
            **kept,
            **({} if self.is_kept else given),
            "XDG_DATA_HOME": str(self.folder / "left"),
            "XDG_CONFIG_HOME": str(self.folder / "left"),
            "PYTHONFAULTHANDLER": "1",
        }
        command = [sys.executable, "-W", "error", "-c", LOGGING, str(self.folder / "left" / "debug.log"), *arguments]
        with anyio.fail_after(90):
            done = await warm.run_process(command, environ=environ, said=said.encode(), folder=self.folder / "left")
        return done.stdout + done.stderr

    async def run_all(self, *commands: Sequence[str]) -> bytes:
        """The same for commands that know nothing of each other, two at a time."""
        printed, turn = list[bytes](), anyio.CapacityLimiter(2)

        async def run(command: Sequence[str]) -> None:
            async with turn:
                printed.append(await self.run(*command))

        async with anyio.create_task_group() as tasks:
            for command in commands:
                tasks.start_soon(run, command)
        return b"\n".join(printed)

    @property
    def name(self) -> str:
        """What stands in the place of the key."""
        return "query" if self.is_kept else "ORCHESTRATOR_AUTH_QUERY"

    @property
    def canaries(self) -> dict[str, str]:
        return {"query": self.key}


@asynccontextmanager
async def placed(folder: Path, *, is_kept: bool = False) -> AsyncGenerator[Place]:
    (folder / "left").mkdir()
    async with serve(echo) as server:
        await anyio.Path(folder / "plugin.json").write_text(json.dumps(echo_plugin(server.url, "query")))
        place = Place(folder=folder, server=server, key=canary("k &", '"é/'), is_kept=is_kept)
        if is_kept:
            adding = ("auth", "add", "query", "../plugin.json", *ALLOWED, "--secret-stdin", "--yes")
            printed = await place.run(*adding, said=f"{place.key}\n")
            assert found_in(printed, place.canaries) == []
        yield place


def script(key: str, cases: Sequence[str], name: str) -> str:
    """A model that has got hold of the key."""
    turns = [
        {
            "user": f"call {case} with [secret {name}]",  # as it is told what the person says
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
        calling = ("call", "../plugin.json", *ALLOWED, "--log-http", "http.log")
        text = await place.run_all(
            (*calling, function_of("query", "s200"), "--json"),
            (*calling, function_of("query", "s401")),
            (*calling, function_of("query", "cut"), "--json"),
            (*calling, function_of("query", "file")),
            (*calling, function_of("query", "s200"), "--curl"),
            ("tools", "../plugin.json", "--json", *ALLOWED),
        )
        assert len(place.server.requests) >= 4
        assert found_in(repr(place.server.requests), place.canaries), "the service was not sent it"
    assert found_in(text, place.canaries) == []
    assert left_in(tmp_path / "left", place.canaries) == []
    assert b"[secret" in text
    assert (tmp_path / "left" / "http.log").stat().st_size > 0
    assert (tmp_path / "left" / "debug.log").stat().st_size > 0


@pytest.mark.parametrize(("is_kept", "cases"), [(False, CALLED), (True, CALLED[:3])])
async def test_a_chat_tells_no_secret_whoever_says_it(tmp_path: Path, cases: Sequence[str], *, is_kept: bool) -> None:
    """Nor does what is kept of it, exported, or made into a conversation file; the person says it before it is used."""
    async with placed(tmp_path, is_kept=is_kept) as place:
        (tmp_path / "script.json").write_text(script(place.key, cases, place.name))
        options = (*ALLOWED, "--model", "scripted:../script.json", "--store", "chats.db")
        said = "".join(f"call {case} with {place.key}\n" for case in cases)
        text = await place.run("chat", "../plugin.json", *options, "--log-http", "http.log", said=said)
        text += await place.run("history", "--store", "chats.db", "--export", "chats.jsonl")
        if not is_kept:
            text += await place.run_all(
                ("chat", "../plugin.json", *options, "-m", f"call s200 with {place.key}", "--json"),
                ("history", "--store", "chats.db", "--all", "--json"),
            )
        assert found_in(repr(place.server.requests), place.canaries), "the service was not sent it"
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
