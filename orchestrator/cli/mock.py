"""`orchestrator mock`: the APIs of plugins served on loopback, made up from their descriptions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio

from orchestrator.cli.options import Loaded, http_client, load_all, read_setting
from orchestrator.cli.running import run_command
from orchestrator.mock.plugin import Mock, mocked, needs_credential
from orchestrator.mock.server import Served
from orchestrator.render.sanitize import clean_line
from runtimes.base import RuntimeFactory
from runtimes.fetch import SharedClient

MAX_LOGGED = 300
"""Characters of what was wrong with a request, in the log."""


def _say(text: str) -> None:
    print(clean_line(text), file=sys.stderr, flush=True)


def log_line(served: Served) -> str:
    """One line for one request: no query, no header, no body."""
    answer = served.answer
    words = [served.method, served.path, str(answer.status)]
    if answer.operation:
        words.append(answer.operation)
    wrong = "; ".join(answer.complaints)
    complaint = f" - {wrong[:MAX_LOGGED]}" if wrong else ""
    return f"{' '.join(words)} {served.seconds * 1000:.0f} ms{complaint}"


def _tell(mock: Mock, address: str) -> None:
    for problem in mock.problems:
        _say(f"warning: {problem}")
    for mocked_api in mock.apis:
        api = mocked_api.api
        title = f" ({api.title})" if api.title else ""
        where = f"http://{address}{mocked_api.prefix}"
        _say(f"mocking {api.operations} operations of {mocked_api.plugin!r}{title} on {where}")


@asynccontextmanager
async def over_mock(loaded: Loaded, http: SharedClient) -> AsyncGenerator[tuple[Loaded, Mapping[str, RuntimeFactory]]]:
    """What `--mock` asks for: the same plugins over a mock of their APIs, and the runtimes that lead there.

    Says on the error stream what is mocked, and what needs no credential for that reason.
    """
    lent = [(plugin, http.allowing(plugin.allowed_hosts)) for plugin in loaded.plugins]
    async with mocked(lent) as found:
        _tell(found.mock, found.address)
        for plugin in loaded.plugins:
            if needs_credential(plugin):
                _say(f"{plugin.namespace!r} is called without its credential: the mock asks for none")
        yield replace(loaded, plugins=found.plugins), found.runtimes


async def _mock(options: argparse.Namespace) -> int:
    setting = read_setting(options)
    async with http_client(options, setting) as http:
        loaded = await load_all(options.plugins, setting, http)
        lent = [(plugin, http.allowing(plugin.allowed_hosts)) for plugin in loaded.plugins]
        running = mocked(lent, seed=options.seed, port=options.port, log=lambda served: _say(log_line(served)))
        async with running as found:
            _tell(found.mock, found.address)
            _say("Ctrl-C ends it")
            print(f"listening on http://{found.address}", flush=True)
            await anyio.sleep_forever()
    return 0


def run(options: argparse.Namespace) -> int:
    try:
        return run_command(_mock, options)
    except KeyboardInterrupt:
        return 0
