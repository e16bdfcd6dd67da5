"""`orchestrator chat`: plugins, a model, and a person."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio

from orchestrator.cli.options import Setting, http_client, load_all, read_setting
from orchestrator.errors import UsageError
from orchestrator.host import Orchestrator
from orchestrator.manifest.load import Plugin
from orchestrator.model.open import default_model_name, open_model
from runtimes.base import LocalEndpoint
from runtimes.fetch import SharedClient


def _explain_nothing_to_call(host: Orchestrator) -> None:
    reasons = "; ".join(f"{skipped.function}: {skipped.reason}" for skipped in host.toolbox.skipped)
    raise UsageError(f"no function can be called: {reasons or 'the plugins have none'}")


async def talk(
    plugins: Sequence[Plugin],
    options: argparse.Namespace,
    setting: Setting,
    local: Mapping[str, LocalEndpoint],
    http: SharedClient,
) -> int:
    """Opens a host over the plugins and holds the conversation that the options ask for; returns the exit code."""
    from orchestrator.repl.session import run_message, run_repl

    save = Path(options.save) if options.save else None
    name = options.model or setting.configuration.model or default_model_name(os.environ)
    model = open_model(name, plain_results=setting.configuration.plain_results)
    async with Orchestrator(plugins=plugins, model=model, local=local, http=http) as host:
        if plugins and not host.toolbox.functions:
            _explain_nothing_to_call(host)
        if options.message is not None:
            return await run_message(host, options.message, approve_all=options.yes, json_lines=options.json, save=save)
        return await run_repl(host, approve_all=options.yes, save=save)


async def _chat(options: argparse.Namespace) -> int:
    setting = read_setting(options)
    sources: Sequence[str] = options.plugins or setting.configuration.plugins
    if not sources:
        raise UsageError("name a plugin: a path or URL of its manifest (or try `orchestrator demo`)")
    async with http_client(options, setting) as http:
        plugins = await load_all(sources, setting, http)
        return await talk(plugins, options, setting, setting.local, http)


def run(options: argparse.Namespace) -> int:
    return anyio.run(_chat, options)
