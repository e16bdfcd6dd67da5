"""`orchestrator tools`: exactly what the model is told of plugins, and what it is not told and why."""

from __future__ import annotations

import argparse

from orchestrator.cli.options import http_client, load_all, read_setting, warn_of_problems
from orchestrator.cli.running import run_command
from orchestrator.cli.vault import opened_vault
from orchestrator.host import Orchestrator
from orchestrator.model.base import ToolDefinition
from orchestrator.render.sanitize import clean, plain_json
from orchestrator.turn.prompts import with_language
from runtimes.values import Json, pretty_json


def _as_json(host: Orchestrator) -> str:
    skipped: list[Json] = [{"function": item.function, "reason": item.reason} for item in host.toolbox.skipped]
    left_out: list[Json] = [
        {"function": function.tool_name, "argument": argument, "reason": reason}
        for function in host.toolbox.functions
        for argument, reason in function.signature.left_out.items()
    ]
    document: Json = {
        "tools": [definition.as_tool() for definition in host.toolbox.tools.definitions],
        "reasoning": with_language(host.requests.reasoning_system, host.locale),
        "responding": with_language(host.requests.responding_system, host.locale),
        "skipped": skipped,
        "left_out": left_out,
    }
    return pretty_json(document)


def _tool_text(definition: ToolDefinition) -> str:
    schema = pretty_json(definition.parameters)
    return f"## {definition.name}\n{definition.description}\n{schema}\n"


def _left_out(host: Orchestrator) -> list[str]:
    return [
        f"{function.tool_name}, argument {argument!r}: {reason}"
        for function in host.toolbox.functions
        for argument, reason in function.signature.left_out.items()
    ]


def _as_text(host: Orchestrator) -> str:
    parts = ["# Tools\n", *(_tool_text(definition) for definition in host.toolbox.tools.definitions)]
    if host.toolbox.skipped:
        parts.append("# Not offered\n")
        parts += [f"{item.plugin}.{item.function}: {item.reason}" for item in host.toolbox.skipped]
        parts.append("")
    if left_out := _left_out(host):
        parts += ["# Arguments left out\n", *left_out, ""]
    parts += ["# Reasoning prompt\n", with_language(host.requests.reasoning_system, host.locale), ""]
    responding = with_language(host.requests.responding_system, host.locale)
    parts += ["# Responding prompt, if every function were called\n", responding]
    return "\n".join(parts)


async def _tools(options: argparse.Namespace) -> int:
    setting = read_setting(options)
    async with http_client(options, setting) as http:
        loaded = await load_all(options.plugins, setting, http)
        async with (
            opened_vault(setting.configuration, http=http) as vault,
            Orchestrator(
                plugins=loaded.plugins,
                model="offline",
                instructions=loaded.instructions,
                local=setting.local,
                http=http,
                locale=setting.locale,
                servers=setting.servers_of(loaded.plugins),
                cache=setting.cache,
                redactions=setting.configuration.redactions,
                card_templates=setting.configuration.card_templates,
                inline_schemas=setting.inline_schemas,
                vault=vault,
            ) as host,
        ):
            warn_of_problems(host.plugins)
            print(plain_json(_as_json(host)) if options.json else clean(_as_text(host)))
            return 0 if host.toolbox.functions else 1


def run(options: argparse.Namespace) -> int:
    return run_command(_tools, options)
