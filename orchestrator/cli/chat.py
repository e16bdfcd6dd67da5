"""`orchestrator chat`: plugins, a model, and a person."""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.idle import warn_of_idle_rules
from orchestrator.cli.kept_chats import find_kept, lasting_sources, newest_kept, sources_of
from orchestrator.cli.options import (
    Loaded,
    Setting,
    http_client,
    load_all,
    read_setting,
    warn_if_unwatched,
    warn_of_problems,
)
from orchestrator.cli.remembered import person_answers, remembered_tools
from orchestrator.cli.running import run_command
from orchestrator.cli.store import opened_store, store_option
from orchestrator.cli.vault import opened_stored_vault, opened_vault
from orchestrator.errors import FunctionUnavailable, UsageError
from orchestrator.host import DEFAULT_PERSON, Orchestrator
from orchestrator.journal.base import Journal, Kept
from orchestrator.journal.memory import MemoryJournal
from orchestrator.model.base import ChatModel
from orchestrator.model.open import default_model_name, open_model
from orchestrator.paths import typed_path
from orchestrator.testing.chats.chat_start import ChatStart, NotedVariables, is_conversation
from orchestrator.testing.chats.kept_answers import KeptAnswers
from runtimes.base import RuntimeFactory
from runtimes.fetch import SharedClient
from runtimes.local_endpoint import LocalEndpoint

if TYPE_CHECKING:
    from orchestrator.repl.signing_in import SignsIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a conversation is kept, and how somebody comes back to it."""

    journal: Journal
    sources: Sequence[str] = ()
    """Its plugins, as they can be named from any folder; empty where they cannot be had again."""
    option: str | None = None
    """The option that names the store to other commands, empty where they find it; None where nothing is kept."""
    resumed: Kept | None = None
    """The conversation that is gone on with; None for a new one."""


def _refuse_nothing_to_call(host: Orchestrator) -> None:
    if host.plugins and not host.toolbox.functions:
        names: dict[str, list[str]] = {}
        for skipped in host.toolbox.skipped:
            names.setdefault(skipped.reason, []).append(skipped.function)
        reasons = "; ".join(f"{', '.join(functions)}: {reason}" for reason, functions in names.items())
        raise FunctionUnavailable(f"no function can be called: {reasons or 'the plugins have none'}")


@asynccontextmanager
async def hosting(
    loaded: Loaded,
    model: ChatModel,
    setting: Setting,
    local: Mapping[str, LocalEndpoint],
    http: SharedClient,
    runtimes: Mapping[str, RuntimeFactory] | None,
    place: Place,
) -> AsyncGenerator[Orchestrator]:
    """An open host over what was loaded, which has something to call."""
    async with (
        opened_vault(setting.configuration, http=http, person=DEFAULT_PERSON) as vault,
        Orchestrator(
            plugins=loaded.plugins,
            model=model,
            instructions=loaded.instructions,
            local=local,
            runtimes=runtimes,
            http=http,
            locale=setting.locale,
            servers=setting.servers_of(loaded.plugins),
            cache=setting.cache,
            redactions=setting.configuration.redactions,
            card_templates=setting.configuration.card_templates,
            inline_schemas=setting.inline_schemas,
            policy=setting.policy,
            answers=await person_answers(),
            store=place.journal,
            sources=place.sources,
            vault=vault,
        ) as host,
    ):
        _refuse_nothing_to_call(host)
        warn_if_unwatched(setting.policy)
        warn_of_idle_rules(host)
        warn_of_problems(host.plugins)
        yield host


def _signs_in(setting: Setting, http: SharedClient) -> SignsIn:
    """Leads the person through the sign-ins that calls wait for."""
    from orchestrator.cli.logins.signing_in import ChatSignIn

    opened = partial(opened_stored_vault, setting.configuration, http=http, creates=False)
    return ChatSignIn(opened, http.secrets)


async def talk(
    loaded: Loaded,
    options: argparse.Namespace,
    setting: Setting,
    local: Mapping[str, LocalEndpoint],
    http: SharedClient,
    place: Place,
    runtimes: Mapping[str, RuntimeFactory] | None = None,
    start: ChatStart | None = None,
) -> int:
    """Opens a host over what was loaded and holds the conversation that the options ask for; returns the exit code.

    `runtimes` stand in for those that types of runtimes usually mean. `start` is how the chat can be had again, where
    it can.
    """
    from orchestrator.repl.attaching import read_attachment
    from orchestrator.repl.going_on import Revisit
    from orchestrator.repl.session import run_message, run_repl

    save = typed_path(options.save, "--save: ") if options.save else None
    attachments = [read_attachment(path) for path in options.attach]
    name = options.model or default_model_name(os.environ, otherwise=setting.configuration.model)
    model = open_model(name, plain_results=setting.configuration.plain_results)
    async with hosting(loaded, model, setting, local, http, runtimes, place) as host:
        start = replace(start, remembered=await remembered_tools(host)) if start is not None else None
        revisit = Revisit(store=place.option, resumed=place.resumed)
        if options.message is not None:
            return await run_message(
                host,
                options.message,
                attachments=attachments,
                approve_all=options.yes,
                json_lines=options.json,
                save=save,
                start=start,
                revisit=revisit,
            )
        return await run_repl(
            host,
            approve_all=options.yes,
            save=save,
            starters=loaded.conversation_starters,
            start=start,
            revisit=revisit,
            signs_in=_signs_in(setting, http),
        )


def _start(sources: Sequence[str], setting: Setting, answers: KeptAnswers | None) -> tuple[ChatStart, Setting]:
    """How a chat is started, and the setting that tells it which variables are asked for."""
    variables = NotedVariables(setting.environment.given)
    start = ChatStart(
        sources=sources,
        allowed_hosts=setting.allowed_hosts,
        variables=variables,
        local=setting.local,
        answers=answers,
        policy=setting.policy,
        is_redacted=bool(setting.configuration.redactions),
    )
    return start, replace(setting, environment=replace(setting.environment, given=variables))


def _answers(options: argparse.Namespace, setting: Setting) -> KeptAnswers | None:
    """Keeps what APIs answer, where a file may be made of it; None where a mock answers, and where it is redacted."""
    is_wanted = options.message is None or (options.save is not None and is_conversation(Path(options.save)))
    is_kept = is_wanted and not options.mock and not setting.configuration.redactions
    return KeptAnswers() if is_kept else None


def refuse_misuse(options: argparse.Namespace) -> None:
    """Raises: `UsageError` for options that do not go together, before anything is opened."""
    if options.json and options.message is None:
        raise UsageError("--json goes with -m TEXT: it prints one turn's events")
    if options.attach and options.message is None:
        raise UsageError("--attach goes with -m TEXT; in a chat /attach FILE does the same")


def resume_command(options: argparse.Namespace) -> str:
    """What goes on with a conversation of that store, but for its id."""
    return " ".join(part for part in ("orchestrator chat", store_option(options), "--resume") if part)


async def _resumed(options: argparse.Namespace, journal: Journal) -> Kept | None:
    """The conversation to go on with. Raises: `OrchestratorError`."""
    if options.resume is not None:
        return await find_kept(journal, options.resume)
    return await newest_kept(journal) if options.goes_on else None


def _named_sources(options: argparse.Namespace, setting: Setting) -> Sequence[str]:
    """The plugins that are named. Raises: `UsageError` where there are none."""
    if sources := tuple(options.plugins) or setting.configuration.plugins:
        return sources
    raise UsageError("name a plugin: a path or URL of its manifest, or an app package (or try `orchestrator demo`)")


async def _sources(options: argparse.Namespace, setting: Setting, place: Place) -> Sequence[str]:
    """The plugins: those that are named, else those of the conversation. Raises: `UsageError`."""
    if options.plugins or place.resumed is None:
        return _named_sources(options, setting)
    if sources := await sources_of(place.journal, place.resumed) or setting.configuration.plugins:
        return sources
    raise UsageError(f"conversation {place.resumed.conversation!r} does not say where its plugins are; name them")


async def _chat(options: argparse.Namespace) -> int:
    setting = read_setting(options)
    refuse_misuse(options)
    goes_on = options.goes_on or options.resume is not None
    if goes_on and options.no_store:
        raise UsageError("--no-store goes without --continue and --resume: what is gone on with is in a store")
    if not goes_on:
        _named_sources(options, setting)
    async with opened_store(options, setting.configuration, creates=not goes_on) as journal:
        option = None if isinstance(journal, MemoryJournal) else store_option(options)
        place = Place(journal=journal, option=option, resumed=await _resumed(options, journal))
        sources = await _sources(options, setting, place)
        return await _chat_with(sources, options, setting, replace(place, sources=lasting_sources(sources)))


async def _chat_with(sources: Sequence[str], options: argparse.Namespace, setting: Setting, place: Place) -> int:
    answers = _answers(options, setting) if place.resumed is None else None
    start, setting = _start(sources, setting, answers)
    async with http_client(options, setting) as http:
        loaded = await load_all(sources, setting, http)
        if not options.mock:
            runtimes = answers.factories(loaded.plugins) if answers is not None else None
            return await talk(loaded, options, setting, setting.local, http, place, runtimes, start)
        from orchestrator.cli.mock import over_mock

        async with over_mock(loaded, http) as (over, runtimes):
            return await talk(over, options, setting, setting.local, http, place, runtimes, start)


def run(options: argparse.Namespace) -> int:
    return run_command(_chat, options)
