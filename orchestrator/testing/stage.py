"""The host that conversations are played on: their plugins, loaded and opened, over whoever answers the calls."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.load_agent import load_agent
from orchestrator.manifest.localize import checked_locale
from orchestrator.testing.answering import Body
from orchestrator.testing.api import Apis
from orchestrator.testing.said import read_limited
from orchestrator.testing.scripted import SteppedModel
from orchestrator.testing.settings import Settings, StubAnswer
from runtimes.base import LocalEndpoint
from runtimes.errors import InvocationError, RuntimeProblem
from runtimes.fetch import SharedClient
from runtimes.http import MAX_RESPONSE_BYTES, HttpClient, is_url
from runtimes.values import dump_json


class Unplayable(OrchestratorError):
    """A conversation cannot begin."""

    def __init__(self, member: str, message: str) -> None:
        self.member = member
        """The setting that it is about."""
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """An open host, and what answers its calls; one conversation is played on it at a time."""

    host: Orchestrator
    apis: Apis


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agents:
    plugins: tuple[Plugin, ...]
    instructions: str


def stub_body(folder: Path) -> Body:
    """Reads the bodies of stubs, whose files lie in a folder."""

    def body(answer: StubAnswer) -> bytes:
        if answer.file is None:
            return dump_json(answer.json_).encode() if answer.json_ is not None else (answer.body or "").encode()
        try:
            return read_limited(folder / answer.file, MAX_RESPONSE_BYTES)
        except UsageError as error:
            raise InvocationError(f"the answer of a stub: {error}", is_unsent=True) from None

    return body


def _local(settings: Settings, folder: Path) -> Mapping[str, LocalEndpoint]:
    return {
        name: LocalEndpoint(
            command=tuple(
                sys.executable if not index and word == "python" else word for index, word in enumerate(program.command)
            ),
            directory=str(folder / (program.directory or ".")),
            environment=program.environment,
        )
        for name, program in settings.local.items()
    }


def _allowing(http: SharedClient, hosts: Sequence[str]) -> HttpClient:
    """Raises: `UsageError`."""
    try:
        return http.allowing(hosts)
    except ValueError as error:
        raise UsageError(f"'allow_hosts': {error}") from None


async def _load(settings: Settings, folder: Path, http: SharedClient) -> _Agents:
    """Raises: `OrchestratorError`."""
    agents = [
        await load_agent(
            one.source if is_url(one.source) else str(folder / one.source),
            allowed_hosts=one.allow_hosts,
            http=_allowing(http, one.allow_hosts),
            environment=settings.environment,
            locale=settings.locale,
        )
        for one in settings.plugins
    ]
    return _Agents(
        plugins=tuple(plugin for agent in agents for plugin in agent.plugins),
        instructions="\n\n".join(agent.instructions for agent in agents if agent.instructions),
    )


def _nothing_to_call(host: Orchestrator) -> str:
    """Why no function can be called; empty where one can, or none is wanted."""
    if not host.plugins or host.toolbox.functions:
        return ""
    reasons = "; ".join(dict.fromkeys(skipped.reason for skipped in host.toolbox.skipped))
    return f"no function can be called: {reasons or 'the plugins have none'}"


async def _opened(
    settings: Settings, folder: Path, apis: Apis, http: SharedClient, stack: AsyncExitStack
) -> Orchestrator:
    """Raises: `Unplayable`."""
    try:
        loaded = await _load(settings, folder, http)
        plugins = apis.plugins(loaded.plugins)
        return await stack.enter_async_context(
            Orchestrator(
                plugins=plugins,
                model=SteppedModel(),
                instructions=loaded.instructions,
                local=_local(settings, folder),
                runtimes=apis.factories(plugins),
                http=http,
                locale=settings.locale,
            )
        )
    except (OrchestratorError, InvocationError, RuntimeProblem) as error:
        raise Unplayable("plugins", str(error)) from error


@asynccontextmanager
async def staged(settings: Settings, folder: Path, apis: Apis) -> AsyncGenerator[Stage]:
    """Opens the host of conversations with these settings; paths are relative to the folder.

    Raises: `Unplayable`.
    """
    try:
        checked_locale(settings.locale)
    except UsageError as error:
        raise Unplayable("locale", str(error)) from None
    async with AsyncExitStack() as stack:
        http = SharedClient()
        stack.push_async_callback(http.aclose)
        host = await _opened(settings, folder, apis, http, stack)
        if reason := _nothing_to_call(host):
            raise Unplayable("plugins", reason)
        yield Stage(host=host, apis=apis)
