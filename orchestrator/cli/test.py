"""`orchestrator test`: plays conversation files, and says what is not as they expect."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from orchestrator.cli.running import run_command
from orchestrator.cli.sources import write_text
from orchestrator.errors import Problem, UsageError
from orchestrator.testing.collect import Choice, Collected, collect, conversation_files
from orchestrator.testing.outcome import Outcome
from orchestrator.testing.reading import SUFFIX
from orchestrator.testing.reports import as_json, as_junit, as_lines, problem_line, summary
from orchestrator.testing.run import run_conversation
from runtimes.values import pretty_json

FAILED, WRONG_USE = 1, 2
"""Exit codes: an expectation was not met; a file has mistakes."""


def _collected(options: argparse.Namespace) -> Collected:
    """Raises: `UsageError` where there is nothing to play and no mistake either."""
    files = conversation_files(options.paths)
    if not files:
        raise UsageError(f"there is no conversation file in {', '.join(map(repr, options.paths))}: *{SUFFIX}")
    collected = collect(files, Choice(text=options.keyword, tags=tuple(options.tag)))
    if not collected.conversations and not collected.problems:
        raise UsageError("no conversation has what -k and --tag ask for")
    return collected


def _refuse(problems: Sequence[Problem], *, json: bool) -> int:
    if json:
        print(pretty_json(as_json([], problems, 0)))
    for problem in () if json else problems:
        print(problem_line(problem), file=sys.stderr)
    return WRONG_USE


async def _test(options: argparse.Namespace) -> int:
    collected = _collected(options)
    if collected.problems:
        return _refuse(collected.problems, json=options.json)
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


def run(options: argparse.Namespace) -> int:
    return run_command(_test, options)
