"""The host that conversations are played on: their plugins, loaded and opened, over whoever answers the calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from auth import Vault
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.load_agent import LoadedAgent, load_agent
from orchestrator.manifest.localize import checked_locale
from orchestrator.testing.answering.api import Apis
from orchestrator.testing.answering.in_memory import Body
from orchestrator.testing.answering.relocation import ServicePlace
from orchestrator.testing.answering.scripted import SteppedModel
from orchestrator.testing.format.files import read_limited
from orchestrator.testing.format.policy_setting import misfits, policy_of
from orchestrator.testing.format.settings import Settings, Stub, StubAnswer
from orchestrator.testing.playing.clock import Clock
from orchestrator.testing.playing.credentials import check_credentials, given_references, vault_of
from orchestrator.testing.playing.described import unknown_operations
from orchestrator.testing.playing.opening_chat import check_discovered, grants_of
from orchestrator.testing.playing.programs import ProgramFailed
from orchestrator.testing.playing.surroundings import Surroundings, surrounded
from runtimes.errors import InvocationError, RuntimeProblem
from runtimes.fetch import SharedClient
from runtimes.http import MAX_RESPONSE_BYTES, HttpClient, is_url
from runtimes.values import dump_json


class Unplayable(OrchestratorError):
    """A conversation cannot begin."""

    def __init__(self, member: str, message: str, details: tuple[tuple[str, str], ...] = ()) -> None:
        self.member = member
        """The setting that it is about: the steps of a pointer."""
        self.details = details
        """As those of a failure."""
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """An open host, and what answers its calls; one conversation is played on it at a time."""

    host: Orchestrator
    apis: Apis
    clock: Clock
    ended: Callable[[], Sequence[ProgramFailed]]
    """Tells which services have ended by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agents:
    plugins: tuple[Plugin, ...]
    instructions: str
    services: Mapping[str, ServicePlace]
    """Those at which they are called, by where their manifests lie."""


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


def check_stubs(stubs: Sequence[Stub], apis: Apis) -> None:
    """Raises: `Unplayable` for one whose operation no description has: it would answer nothing."""
    for pointer, message in unknown_operations(stubs, apis.operations):
        raise Unplayable(pointer.removeprefix("/"), message)


def _allowing(http: SharedClient, hosts: Sequence[str]) -> HttpClient:
    """Raises: `UsageError`."""
    try:
        return http.allowing(hosts)
    except ValueError as error:
        raise UsageError(f"'allow_hosts': {error}") from None


async def _load(settings: Settings, folder: Path, http: SharedClient, around: Surroundings) -> _Agents:
    """Raises: `OrchestratorError`."""
    agents: list[LoadedAgent] = []
    services: dict[str, ServicePlace] = {}
    for one in settings.plugins:
        hosts = around.allowed_hosts(one)
        agent = await load_agent(
            one.source if is_url(one.source) else str(folder / one.source),
            allowed_hosts=hosts,
            http=_allowing(http, hosts),
            environment=around.environment,
            locale=settings.locale,
        )
        agents.append(agent)
        if one.service is not None:
            services |= {plugin.location: around.place(one.service) for plugin in agent.plugins}
    return _Agents(
        plugins=tuple(plugin for agent in agents for plugin in agent.plugins),
        instructions="\n\n".join(agent.instructions for agent in agents if agent.instructions),
        services=services,
    )


def _nothing_to_call(host: Orchestrator) -> str:
    """Why no function can be called; empty where one can, or none is wanted."""
    if not host.plugins or host.toolbox.functions:
        return ""
    reasons = "; ".join(dict.fromkeys(skipped.reason for skipped in host.toolbox.skipped))
    return f"no function can be called: {reasons or 'the plugins have none'}"


def _vault(settings: Settings, plugins: Sequence[Plugin]) -> Vault:
    """Raises: `Unplayable`."""
    try:
        check_credentials(settings.credentials, plugins)
        return vault_of(settings.credentials)
    except UsageError as error:
        raise Unplayable("credentials", str(error)) from None


def _check_named(settings: Settings, plugins: Sequence[Plugin]) -> None:
    """Raises: `Unplayable` for plugins that are named and not there."""
    try:
        check_discovered(settings, plugins)
    except UsageError as error:
        raise Unplayable("discovered", str(error)) from None
    for index, reason in misfits(settings.policy, plugins):
        raise Unplayable(f"policy/rules/{index}", reason)


def _check_consent(settings: Settings, host: Orchestrator) -> None:
    """Raises: `Unplayable` for a function that is remembered and not there, or asked about each time."""
    for index, name in enumerate(settings.remembered):
        try:
            grants_of([name], host.toolbox)
        except OrchestratorError as error:
            raise Unplayable(f"remembered/{index}", str(error)) from None


async def _surrounded(settings: Settings, folder: Path, stack: AsyncExitStack, *, is_replayed: bool) -> Surroundings:
    """Raises: `Unplayable`."""
    try:
        return await stack.enter_async_context(surrounded(settings, folder, is_replayed=is_replayed))
    except ProgramFailed as error:
        details = tuple(("output", line) for line in error.output)
        raise Unplayable(error.pointer.removeprefix("/"), str(error), details) from error


async def _opened(
    settings: Settings,
    folder: Path,
    around: Surroundings,
    apis: Apis,
    http: SharedClient,
    clock: Clock,
    stack: AsyncExitStack,
) -> Orchestrator:
    """Raises: `Unplayable`."""
    try:
        loaded = await _load(settings, folder, http, around)
        vault = _vault(settings, loaded.plugins)
        plugins = apis.plugins(loaded.plugins, loaded.services, given_references(settings.credentials))
        _check_named(settings, plugins)
        return await stack.enter_async_context(
            Orchestrator(
                plugins=plugins,
                model=SteppedModel(),
                instructions=loaded.instructions,
                local=around.local,
                runtimes=apis.factories(plugins, loaded.services),
                http=http,
                clock=clock,
                locale=settings.locale,
                vault=vault,
                policy=policy_of(settings.policy, plugins),
                discovered=settings.discovered,
            )
        )
    except Unplayable:
        raise
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
    clock = Clock()
    clock.set(settings.clock)
    async with AsyncExitStack() as stack:
        http = SharedClient()
        stack.push_async_callback(http.aclose)
        around = await _surrounded(settings, folder, stack, is_replayed=apis.is_replayed)
        host = await _opened(settings, folder, around, apis, http, clock, stack)
        if reason := _nothing_to_call(host):
            raise Unplayable("plugins", reason)
        _check_consent(settings, host)
        check_stubs(settings.api.stubs, apis)
        yield Stage(host=host, apis=apis, clock=clock, ended=around.ended)
