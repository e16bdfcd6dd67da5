"""`orchestrator test`: plays conversation files, and says what is not as they expect."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from orchestrator.cli.running import run_command
from orchestrator.cli.testing.options import refuse_contradictions
from orchestrator.errors import Problem, UsageError
from orchestrator.testing.collect import Choice, Collected, collect, conversation_files
from orchestrator.testing.reading import SUFFIX
from orchestrator.testing.reports import as_json, problem_line
from runtimes.values import pretty_json

WRONG_USE = 2
"""Exit code: a file has mistakes."""


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
    refuse_contradictions(options)
    collected = _collected(options)
    if collected.problems:
        return _refuse(collected.problems, json=options.json)
    from orchestrator.cli.testing.offline import play_offline

    return await play_offline(collected, options)


def run(options: argparse.Namespace) -> int:
    return run_command(_test, options)
