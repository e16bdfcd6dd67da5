"""What the options of `orchestrator test` have played, and what is said of files with mistakes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from orchestrator.cli.testing.exit_codes import WRONG_USE
from orchestrator.cli.testing.marking import Marking
from orchestrator.cli.testing.outputs import write_junit
from orchestrator.errors import Problem, UsageError
from orchestrator.render.workflow import json_without_commands
from orchestrator.testing.format.finding import SUFFIX, conversation_files
from orchestrator.testing.playing.collect import Choice, Collected, collect
from orchestrator.testing.playing.reports import as_json, problem_line
from runtimes.values import pretty_json


def choice_of(options: argparse.Namespace) -> Choice:
    """Which conversations the options ask for, and how."""
    return Choice(text=options.keyword, tags=tuple(options.tag), mode=options.policy)


def collected_for(options: argparse.Namespace) -> Collected:
    """Raises: `UsageError` where there is nothing to play and no mistake either."""
    files = conversation_files(options.paths)
    if not files:
        raise UsageError(f"there is no conversation file in {', '.join(map(repr, options.paths))}: *{SUFFIX}")
    collected = collect(files, choice_of(options))
    if not collected.conversations and not collected.problems:
        raise UsageError("no conversation has what -k and --tag ask for")
    return collected


def tell_problems(problems: Sequence[Problem], options: argparse.Namespace) -> None:
    """Tells people of mistakes."""
    if options.json:
        return
    marking = Marking(is_wanted=options.github)
    for problem in problems:
        print(marking.plain(problem_line(problem)), file=sys.stderr)
    for line in marking.problems(problems):
        print(line, flush=True)


def refuse(problems: Sequence[Problem], options: argparse.Namespace) -> int:
    """Tells of mistakes where nothing is played; the exit code."""
    tell_problems(problems, options)
    if options.json:
        print(json_without_commands(pretty_json(as_json([], problems, 0))))
    write_junit(options, [], problems)
    return WRONG_USE
