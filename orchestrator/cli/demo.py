"""`orchestrator demo`: a chat over the bundled example plugins and their services."""

from __future__ import annotations

import argparse
import sys

from orchestrator.cli.chat import Place, refuse_misuse, talk
from orchestrator.cli.options import Loaded, http_client, read_setting
from orchestrator.cli.running import run_command
from orchestrator.cli.store import opened_store
from orchestrator.demo import running_examples
from orchestrator.manifest.load import load_plugin


def _progress(text: str) -> None:
    print(text, file=sys.stderr)


async def _demo(options: argparse.Namespace) -> int:
    setting = read_setting(options)
    refuse_misuse(options)
    async with (
        opened_store(options, setting.configuration) as journal,
        running_examples(progress=_progress) as running,
        http_client(options, setting) as http,
    ):
        plugins = [
            await load_plugin(
                source.source,
                allowed_hosts=(*source.allowed_hosts, *setting.allowed_hosts),
                http=http.allowing(source.allowed_hosts),
            )
            for source in running.sources
        ]
        local = {**setting.local, **running.local}
        return await talk(Loaded(plugins=plugins), options, setting, local, http, Place(journal=journal))


def run(options: argparse.Namespace) -> int:
    return run_command(_demo, options)
