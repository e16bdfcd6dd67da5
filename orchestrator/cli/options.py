"""What several commands do with their options: local plugins, configuration, the HTTP log, the loaded plugins."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from orchestrator.cli.configuration import Configuration, read_configuration
from orchestrator.cli.configured_local import typed_local
from orchestrator.cli.environment import read_environment
from orchestrator.cli.servers import servers_of
from orchestrator.errors import ManifestError, Problem, UsageError
from orchestrator.manifest.agent import NOTHING_TO_CALL
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.load_agent import load_agent
from orchestrator.manifest.localize import checked_locale
from orchestrator.manifest.model import ConversationStarter
from orchestrator.policy.rules import Policy
from orchestrator.render.sanitize import clean_line
from runtimes.fetch import HttpExchange, SharedClient
from runtimes.http import shown_url
from runtimes.local_endpoint import LocalEndpoint
from runtimes.network import AddressRules
from runtimes.placeholders import Environment
from runtimes.proxy import checked_proxy

UNWATCHED = "data flow is not watched (policy off): what one plugin answers may reach another"
"""What a person is told whose policy is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The options and the configuration of one run, put together."""

    configuration: Configuration
    allowed_hosts: tuple[str, ...]
    local: Mapping[str, LocalEndpoint]
    proxy: str | None
    environment: Environment
    """What fills the placeholders of documents."""
    locale: str | None
    """The language that the person asked for, as a tag such as `fr-CA`."""
    servers: Sequence[str] = ()
    """What `--server` says, as it is written."""
    cache: Path | None = None
    """The folder for parts of large descriptions; None keeps nothing."""
    inline_schemas: bool = False
    """Tell the model schemas without references."""
    policy: Policy = field(default_factory=Policy)
    """What the owner lays down, in the mode that was asked for."""

    def servers_of(self, plugins: Sequence[Plugin]) -> Mapping[str, str]:
        """The server that is wanted of each plugin, by namespace. Raises: `UsageError`."""
        return servers_of(self.servers, self.configuration.servers, plugins)


def _cache(options: argparse.Namespace) -> Path | None:
    import platformdirs

    is_wanted = vars(options).get("cache", False)  # a command that calls nothing keeps nothing
    return platformdirs.user_cache_path("orchestrator") / "descriptions" if is_wanted else None


def _servers(options: argparse.Namespace) -> Sequence[str]:
    """Raises: `UsageError`."""
    given: Sequence[str] = vars(options).get("server", ())
    if given and vars(options).get("mock"):
        raise UsageError("--server goes without --mock: a mock stands for all servers of a description")
    return given


def _policy(options: argparse.Namespace, configured: Policy) -> Policy:
    """A command that holds no conversation has no mode of its own."""
    mode = vars(options).get("policy")
    return configured if mode is None else replace(configured, mode=mode)


def read_setting(options: argparse.Namespace) -> Setting:
    """Raises: `UsageError` for an option or a configuration that makes no sense."""
    configuration = read_configuration()
    given: Sequence[str] = vars(options).get("local", ())  # a command that only reads has no local plugins
    hosts = (*configuration.allowed_hosts, *options.allow_host)
    try:
        AddressRules(hosts)
    except ValueError as error:
        raise UsageError(f"--allow-host: {error}") from None
    proxy: str | None = options.proxy or configuration.proxy
    try:
        proxy = checked_proxy(proxy) if proxy is not None else None
    except ValueError as error:
        raise UsageError(f"--proxy: {error}") from None
    try:
        locale = checked_locale(options.locale)
    except UsageError as error:
        raise UsageError(f"--locale: {error}") from None
    return Setting(
        configuration=configuration,
        allowed_hosts=hosts,
        local={**configuration.local, **dict(typed_local(text) for text in given)},
        proxy=proxy,
        environment=read_environment(options.env, os.environ),
        locale=locale,
        servers=_servers(options),
        cache=_cache(options),
        inline_schemas=configuration.inline_schemas or bool(vars(options).get("inline_schemas")),
        policy=_policy(options, configuration.policy),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What the sources of a command line have become, all of them together."""

    plugins: Sequence[Plugin]
    instructions: str = ""
    """Those of the agents, in order."""
    conversation_starters: Sequence[ConversationStarter] = ()
    """Those of the agents, besides their plugins'."""


def _warn(source: str, problems: Sequence[Problem]) -> None:
    if not problems:
        return
    first, more = problems[0], len(problems) - 1
    rest = f" ({more} more: see `orchestrator validate`)" if more else ""
    text = f"{first.file or source}{first.place}: {first.message}{rest}"
    print(f"warning: {clean_line(text)}", file=sys.stderr)


def warn_of_problems(plugins: Sequence[Plugin]) -> None:
    """Says on the error stream that something was taken another way than a manifest writes it; one line a plugin."""
    for plugin in plugins:
        _warn(shown_url(plugin.location), plugin.problems)


def warn_if_unwatched(policy: Policy) -> None:
    """Says on the error stream that nothing keeps the data of one plugin from another, where that is so."""
    if policy.mode == "off":
        print(f"warning: {UNWATCHED}", file=sys.stderr)


async def load_all(sources: Sequence[str], setting: Setting, http: SharedClient) -> Loaded:
    """The plugins and agents, in order; says on the error stream what is odd about an agent, in one line.

    Raises: `ManifestError` for the first that cannot be loaded, and for an agent that has nothing to call.
    """
    hosts = setting.allowed_hosts
    lent, environment = http.allowing(hosts), setting.environment
    agents = [
        await load_agent(source, allowed_hosts=hosts, http=lent, environment=environment, locale=setting.locale)
        for source in sources
    ]
    for agent in agents:
        if not agent.plugins:
            raise ManifestError(agent.location, [found for found in agent.problems if found.code == NOTHING_TO_CALL])
        _warn(agent.location, agent.problems)
    return Loaded(
        plugins=[plugin for agent in agents for plugin in agent.plugins],
        instructions="\n\n".join(agent.instructions for agent in agents if agent.instructions),
        conversation_starters=[starter for agent in agents for starter in agent.conversation_starters],
    )


@contextmanager
def _log(path: str | None) -> Generator[Callable[[HttpExchange], None] | None]:
    if path is None:
        yield None
        return
    try:
        file = open(path, "ab")  # noqa: SIM115  # closed below; a `with` would take errors of the body for its own
    except OSError as error:
        raise UsageError(f"cannot open {path!r} for the HTTP log: {error.strerror}") from None

    def log(exchange: HttpExchange) -> None:
        file.write(orjson.dumps(exchange) + b"\n")
        file.flush()

    try:
        yield log
    finally:
        file.close()


@asynccontextmanager
async def http_client(options: argparse.Namespace, setting: Setting) -> AsyncGenerator[SharedClient]:
    """The client for all that a command fetches and calls; `--log-http` gets one JSON line for each exchange.

    Raises: `UsageError` when the log cannot be opened.
    """
    with _log(vars(options).get("log_http")) as log:
        client = SharedClient(log=log, proxy=setting.proxy, secrets=vars(options).get("secrets"))
        try:
            yield client
        finally:
            await client.aclose()
