"""`orchestrator chat`: plugins, a model, and a person."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence

from orchestrator.cli.options import Loaded, Setting, http_client, load_all, read_setting, warn_of_problems
from orchestrator.cli.running import run_command
from orchestrator.errors import FunctionUnavailable, UsageError
from orchestrator.host import Orchestrator
from orchestrator.model.open import default_model_name, open_model
from orchestrator.paths import typed_path
from runtimes.base import LocalEndpoint, RuntimeFactory
from runtimes.fetch import SharedClient


def _refuse_nothing_to_call(host: Orchestrator) -> None:
    if host.plugins and not host.toolbox.functions:
        reasons = "; ".join(f"{skipped.function}: {skipped.reason}" for skipped in host.toolbox.skipped)
        raise FunctionUnavailable(f"no function can be called: {reasons or 'the plugins have none'}")


async def talk(
    loaded: Loaded,
    options: argparse.Namespace,
    setting: Setting,
    local: Mapping[str, LocalEndpoint],
    http: SharedClient,
    runtimes: Mapping[str, RuntimeFactory] | None = None,
) -> int:
    """Opens a host over what was loaded and holds the conversation that the options ask for; returns the exit code.

    `runtimes` stand in for those that types of runtimes usually mean.
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
    ) as host:
        _refuse_nothing_to_call(host)
        warn_of_problems(host.plugins)
        if options.message is not None:
            return await run_message(
                host,
                options.message,
                attachments=attachments,
                approve_all=options.yes,
                json_lines=options.json,
                save=save,
            )
        return await run_repl(host, approve_all=options.yes, save=save, starters=loaded.conversation_starters)


async def _chat(options: argparse.Namespace) -> int:
    setting = read_setting(options)
    sources: Sequence[str] = options.plugins or setting.configuration.plugins
    if not sources:
        raise UsageError("name a plugin: a path or URL of its manifest, or an app package (or try `orchestrator demo`)")
    async with http_client(options, setting) as http:
        loaded = await load_all(sources, setting, http)
        if not options.mock:
            return await talk(loaded, options, setting, setting.local, http)
        from orchestrator.cli.mock import over_mock

        async with over_mock(loaded, http) as (over, runtimes):
            return await talk(over, options, setting, setting.local, http, runtimes)


def run(options: argparse.Namespace) -> int:
    return run_command(_chat, options)
