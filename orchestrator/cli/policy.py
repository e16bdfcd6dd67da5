"""`orchestrator policy`: what would be asked before functions are called, and why; and what is remembered."""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Collection

from orchestrator.cli.idle import notes_on
from orchestrator.cli.options import http_client, load_all, read_setting, warn_if_unwatched, warn_of_problems
from orchestrator.cli.outlook import outlook_of
from orchestrator.cli.outlook_report import as_json, as_lines
from orchestrator.cli.remembered import forget_answers, list_answers, person_answers
from orchestrator.cli.running import run_command
from orchestrator.errors import UsageError
from orchestrator.host import DEFAULT_PERSON, Orchestrator
from orchestrator.policy.answers import Grant
from orchestrator.policy.rules import Policy
from orchestrator.render.sanitize import clean, plain_json
from runtimes.values import pretty_json


def _print(host: Orchestrator, options: argparse.Namespace, granted: Collection[Grant], policy: Policy) -> None:
    now, functions, skipped = time.time(), host.toolbox.functions, host.toolbox.skipped
    outlooks = [outlook_of(function, policy, granted, DEFAULT_PERSON, now=now) for function in functions]
    idle = tuple(notes_on(host))
    if options.json:
        print(plain_json(pretty_json(as_json(host.plugins, outlooks, skipped, policy, idle))))
        return
    width = shutil.get_terminal_size().columns
    print(clean("\n".join(as_lines(host.plugins, outlooks, skipped, policy, idle, width))))


async def _show(options: argparse.Namespace) -> int:
    setting = read_setting(options)
    granted = await (await person_answers()).of(DEFAULT_PERSON)
    async with http_client(options, setting) as http:
        loaded = await load_all(options.plugins, setting, http)
        async with Orchestrator(
            plugins=loaded.plugins,
            model="offline",
            local=setting.local,
            http=http,
            locale=setting.locale,
            servers=setting.servers_of(loaded.plugins),
            cache=setting.cache,
            policy=setting.policy,
        ) as host:
            warn_of_problems(host.plugins)
            warn_if_unwatched(setting.policy)
            _print(host, options, granted, setting.policy)
            return 0 if host.toolbox.functions else 1


async def _policy(options: argparse.Namespace) -> int:
    is_about_answers = options.answers or options.forget is not None
    if is_about_answers and options.plugins:
        wanted = "--answers" if options.answers else "--forget"
        raise UsageError(f"{wanted} goes without a PLUGIN to load: it is about what you have answered")
    if options.answers:
        return await list_answers(json_wanted=options.json)
    if options.forget is not None:
        return await forget_answers(options.forget, json_wanted=options.json)
    if not options.plugins:
        raise UsageError("name a plugin: a path or URL of its manifest, or an app package (or --answers, --forget)")
    return await _show(options)


def run(options: argparse.Namespace) -> int:
    return run_command(_policy, options)
