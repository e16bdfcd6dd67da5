"""`orchestrator test`: plays conversation files, and says what is not as they expect."""

from __future__ import annotations

import argparse
import os

from orchestrator.cli.running import run_command
from orchestrator.cli.testing.collecting import collected_for, refuse
from orchestrator.cli.testing.options import is_github, refuse_contradictions
from orchestrator.cli.testing.outputs import refuse_unwritable


async def _test(options: argparse.Namespace) -> int:
    refuse_contradictions(options)
    refuse_unwritable(options)
    options.github = options.github or (is_github(os.environ) and not options.json)
    if options.watch:
        from orchestrator.cli.testing.watching import watch

        return await watch(options)
    collected = collected_for(options)
    is_paid = options.live is not None or options.record
    if collected.problems and (is_paid or not collected.conversations):
        return refuse(collected.problems, options)
    if options.live is not None:
        from orchestrator.cli.testing.live import play_with_live_model

        return await play_with_live_model(collected, options)
    if options.record:
        from orchestrator.cli.testing.recording import record

        return await record(collected, options)
    from orchestrator.cli.testing.offline import play_offline

    return await play_offline(collected, options)


def run(options: argparse.Namespace) -> int:
    return run_command(_test, options)
