"""What the options of `orchestrator test` have played, and what is said of files with mistakes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from orchestrator.errors import Problem, UsageError
from orchestrator.testing.format.finding import SUFFIX, conversation_files
from orchestrator.testing.playing.annotations import problem_annotations
from orchestrator.testing.playing.collect import Choice, Collected, collect
from orchestrator.testing.playing.reports import as_json, problem_line
from runtimes.values import pretty_json

WRONG_USE = 2
"""Exit code: a file has mistakes."""


def choice_of(options: argparse.Namespace) -> Choice:
    """Which conversations the options ask for."""
    return Choice(text=options.keyword, tags=tuple(options.tag))


def collected_for(options: argparse.Namespace) -> Collected:
    """Raises: `UsageError` where there is nothing to play and no mistake either."""
    files = conversation_files(options.paths)
    if not files:
        raise UsageError(f"there is no conversation file in {', '.join(map(repr, options.paths))}: *{SUFFIX}")
    collected = collect(files, choice_of(options))
    if not collected.conversations and not collected.problems:
        raise UsageError("no conversation has what -k and --tag ask for")
    return collected


def refuse(problems: Sequence[Problem], options: argparse.Namespace) -> int:
    """Tells of mistakes; the exit code."""
    if options.json:
        print(pretty_json(as_json([], problems, 0)))
        return WRONG_USE
    for problem in problems:
        print(problem_line(problem), file=sys.stderr)
    for line in problem_annotations(problems) if options.github else ():
        print(line)
    return WRONG_USE
