"""`orchestrator test` as it is without a network: the files say what the model replies."""

from __future__ import annotations

import argparse

from orchestrator.cli.sources import write_text
from orchestrator.testing.collect import Collected
from orchestrator.testing.outcome import Outcome
from orchestrator.testing.reports import as_json, as_junit, as_lines, summary
from orchestrator.testing.run import run_conversation
from runtimes.values import pretty_json

FAILED = 1
"""Exit code: an expectation was not met."""


async def play_offline(collected: Collected, options: argparse.Namespace) -> int:
    """Plays the conversations and tells how they went; the exit code."""
    outcomes: list[Outcome] = []
    for file, placed in collected.conversations:
        outcome = await run_conversation(placed, file, update=options.update)
        outcomes.append(outcome)
        for line in () if options.json else as_lines(outcome):
            print(line, flush=True)
        if options.exitfirst and not outcome.is_passed:
            break
    left = len(collected.conversations) - len(outcomes)
    print(pretty_json(as_json(outcomes, (), left)) if options.json else summary(outcomes, left))
    if options.junit:
        write_text(options.junit, as_junit(outcomes), option="--junit", force=True)
    return 0 if all(outcome.is_passed for outcome in outcomes) else FAILED
