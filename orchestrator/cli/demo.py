"""`orchestrator demo`: a chat over the bundled example plugins and their services."""

from __future__ import annotations

import argparse
import sys

from orchestrator.cli.chat import talk
from orchestrator.cli.options import Loaded, http_client, read_setting
from orchestrator.cli.running import run_command
from orchestrator.demo import running_examples
from orchestrator.manifest.load import load_plugin


def _progress(text: str) -> None:
    print(text, file=sys.stderr)


async def _demo(options: argparse.Namespace) -> int:
    setting = read_setting(options)
    async with running_examples(progress=_progress) as running, http_client(options, setting) as http:
        plugins = [
            await load_plugin(
                source.source,
                allowed_hosts=(*source.allowed_hosts, *setting.allowed_hosts),
                http=http.allowing(source.allowed_hosts),
            )
            for source in running.sources
        ]
        return await talk(Loaded(plugins=plugins), options, setting, {**setting.local, **running.local}, http)


def run(options: argparse.Namespace) -> int:
    return run_command(_demo, options)
