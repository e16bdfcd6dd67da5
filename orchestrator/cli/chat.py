"""`orchestrator chat`: plugins, a model, and a person."""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from orchestrator.cli.idle import warn_of_idle_rules
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
from orchestrator.errors import FunctionUnavailable, UsageError
from orchestrator.host import Orchestrator
from orchestrator.model.base import ChatModel
from orchestrator.model.open import default_model_name, open_model
from orchestrator.paths import typed_path
from orchestrator.testing.chats.chat_start import ChatStart, NotedVariables, is_conversation
from orchestrator.testing.chats.kept_answers import KeptAnswers
from runtimes.base import LocalEndpoint, RuntimeFactory
from runtimes.fetch import SharedClient


def _refuse_nothing_to_call(host: Orchestrator) -> None:
    if host.plugins and not host.toolbox.functions:
        reasons = "; ".join(f"{skipped.function}: {skipped.reason}" for skipped in host.toolbox.skipped)
        raise FunctionUnavailable(f"no function can be called: {reasons or 'the plugins have none'}")


@asynccontextmanager
async def _hosting(
    loaded: Loaded,
    model: ChatModel,
    setting: Setting,
    local: Mapping[str, LocalEndpoint],
    http: SharedClient,
    runtimes: Mapping[str, RuntimeFactory] | None,
) -> AsyncGenerator[Orchestrator]:
    """An open host over what was loaded, which has something to call."""
    async with Orchestrator(
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
    ) as host:
        _refuse_nothing_to_call(host)
        warn_if_unwatched(setting.policy)
        warn_of_idle_rules(host)
        warn_of_problems(host.plugins)
        yield host


async def talk(
    loaded: Loaded,
    options: argparse.Namespace,
    setting: Setting,
    local: Mapping[str, LocalEndpoint],
    http: SharedClient,
    runtimes: Mapping[str, RuntimeFactory] | None = None,
    start: ChatStart | None = None,
) -> int:
    """Opens a host over what was loaded and holds the conversation that the options ask for; returns the exit code.

    `runtimes` stand in for those that types of runtimes usually mean. `start` is how the chat can be had again, where
    it can.
    """
    from orchestrator.repl.attaching import read_attachment
    from orchestrator.repl.session import run_message, run_repl

    save = typed_path(options.save, "--save: ") if options.save else None
    if options.json and options.message is None:
        raise UsageError("--json goes with -m TEXT: it prints one turn's events")
    if options.attach and options.message is None:
        raise UsageError("--attach goes with -m TEXT; in a chat /attach FILE does the same")
    attachments = [read_attachment(path) for path in options.attach]
    name = options.model or default_model_name(os.environ, otherwise=setting.configuration.model)
    model = open_model(name, plain_results=setting.configuration.plain_results)
    async with _hosting(loaded, model, setting, local, http, runtimes) as host:
        start = replace(start, remembered=await remembered_tools(host)) if start is not None else None
        if options.message is not None:
            return await run_message(
                host,
                options.message,
                attachments=attachments,
                approve_all=options.yes,
                json_lines=options.json,
                save=save,
                start=start,
            )
        starters = loaded.conversation_starters
        return await run_repl(host, approve_all=options.yes, save=save, starters=starters, start=start)


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


async def _chat(options: argparse.Namespace) -> int:
    setting = read_setting(options)
    sources: Sequence[str] = options.plugins or setting.configuration.plugins
    if not sources:
        raise UsageError("name a plugin: a path or URL of its manifest, or an app package (or try `orchestrator demo`)")
    answers = _answers(options, setting)
    start, setting = _start(sources, setting, answers)
    async with http_client(options, setting) as http:
        loaded = await load_all(sources, setting, http)
        if not options.mock:
            runtimes = answers.factories(loaded.plugins) if answers is not None else None
            return await talk(loaded, options, setting, setting.local, http, runtimes, start)
        from orchestrator.cli.mock import over_mock

        async with over_mock(loaded, http) as (over, runtimes):
            return await talk(over, options, setting, setting.local, http, runtimes, start)


def run(options: argparse.Namespace) -> int:
    return run_command(_chat, options)
