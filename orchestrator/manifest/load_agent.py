"""Loads what a person names, an app package or a plugin manifest alone, as an agent with its plugins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike

from orchestrator.errors import Problem
from orchestrator.manifest.agent import MAX_INSTRUCTIONS
from orchestrator.manifest.load import Plugin, environment_of, load_plugin
from orchestrator.manifest.localize import Languages, Phrases, checked_locale
from orchestrator.manifest.model import ConversationStarter
from orchestrator.manifest.package import Agent, open_package
from runtimes.fetch import SharedClient
from runtimes.http import HttpClient
from runtimes.placeholders import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedAgent:
    """An agent with its plugins: what to open a host with, and what to offer a person first."""

    name: str
    """Its own; the plugin's, where a manifest alone was loaded."""
    description: str
    instructions: str
    """The agent's own words to the model; empty for a manifest alone."""
    conversation_starters: tuple[ConversationStarter, ...]
    """The agent's own, besides those of its plugins."""
    plugins: tuple[Plugin, ...]
    location: str
    problems: tuple[Problem, ...] = ()
    """Warnings about the package, each with its file; those about a plugin are with the plugin."""


def _of_plugin(plugin: Plugin, locale: str | None) -> LoadedAgent:
    manifest = plugin.in_language(locale).manifest
    return LoadedAgent(
        name=manifest.name_for_human,
        description=manifest.description_for_human or "",
        instructions="",
        conversation_starters=(),
        plugins=(plugin,),
        location=plugin.location,
    )


def _spoken(starter: ConversationStarter, phrases: Phrases) -> ConversationStarter:
    title = phrases.fill(starter.title) if starter.title is not None else None
    return ConversationStarter(title=title, text=phrases.fill(starter.text))


def _of_agent(agent: Agent, plugins: Iterable[Plugin], locale: str | None) -> LoadedAgent:
    phrases = Phrases(agent.languages, locale)
    has_languages = agent.languages is not None  # without, what looks like a key in a long text is none
    return LoadedAgent(
        name=phrases.fill(agent.name),
        description=phrases.fill(agent.description),
        instructions=phrases.fill(agent.instructions)[:MAX_INSTRUCTIONS] if has_languages else agent.instructions,
        conversation_starters=tuple(_spoken(starter, phrases) for starter in agent.conversation_starters),
        plugins=tuple(plugins),
        location=agent.location,
        problems=agent.problems,
    )


class _Loader:
    """Loads agents and plugins the same way."""

    def __init__(self, hosts: Sequence[str], http: HttpClient, environment: Environment) -> None:
        self._hosts = hosts
        self._http = http
        self._environment = environment

    async def _plugin(self, source: str, languages: Languages | None = None) -> Plugin:
        hosts, environment = self._hosts, self._environment
        return await load_plugin(
            source, allowed_hosts=hosts, http=self._http, environment=environment, languages=languages
        )

    async def agent(self, source: str, locale: str | None) -> LoadedAgent:
        """Raises: `ManifestError`."""
        agent = await open_package(source, http=self._http, environment=self._environment)
        if agent is None:
            return _of_plugin(await self._plugin(source), locale)
        return _of_agent(agent, [await self._plugin(action, agent.languages) for action in agent.actions], locale)


async def load_agent(
    source: str | PathLike[str],
    *,
    allowed_hosts: Sequence[str] = (),
    http: HttpClient | None = None,
    environment: Environment | Mapping[str, str] | None = None,
    locale: str | None = None,
) -> LoadedAgent:
    """Reads an app package (a folder, a zip archive, an app manifest or the document of an agent) and its plugins.

    A plugin manifest alone, from a path or an http(s) URL, becomes an agent that has this one plugin. `locale` chooses
    the language of the agent's own texts; the other options are those of `load_plugin`.

    Raises: `ManifestError` when the package or one of its plugins cannot be read or has errors; `UsageError` for a
    locale that is no language tag.
    """
    tag, client = checked_locale(locale), SharedClient()
    loader = _Loader(tuple(allowed_hosts), http or client.allowing(allowed_hosts), environment_of(environment))
    try:
        return await loader.agent(str(source), tag)
    finally:
        await client.aclose()
