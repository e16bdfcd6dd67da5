"""The files that `orchestrator test` is asked to write: whether they can be, before anything is played."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from orchestrator.cli.sources import write_text
from orchestrator.errors import Problem, UsageError
from orchestrator.paths import holds_what_is_written, typed_path
from orchestrator.testing.playing.outcome import Outcome
from orchestrator.testing.playing.reports import as_junit


def _refuse_unwritable(target: str, option: str) -> None:
    """Raises: `UsageError`."""
    path = typed_path(target, f"{option}: ")
    try:
        is_there = path.exists()
        is_file = not path.is_dir() and holds_what_is_written(path)
        can_be = (
            is_file and (is_there or path.parent.is_dir()) and os.access(path if is_there else path.parent, os.W_OK)
        )
    except OSError:
        can_be = False
    if not can_be:
        raise UsageError(
            f"{option}: cannot write {target!r}: name a file in a folder that is there, and may be written"
        )


def refuse_unwritable(options: argparse.Namespace) -> None:
    """Raises: `UsageError` where a file that is to be written cannot be."""
    for target, option in ((options.junit, "--junit"), (options.save_baseline, "--save-baseline")):
        if target is not None:
            _refuse_unwritable(target, option)


def write_junit(
    options: argparse.Namespace, outcomes: Sequence[Outcome], problems: Sequence[Problem] = (), not_counted: str = ""
) -> None:
    """The report for build servers, where it is wanted; `not_counted` says why it does not have everything.

    Raises: `OrchestratorError` where it cannot be written.
    """
    if options.junit is not None:
        write_text(options.junit, as_junit(outcomes, problems, not_counted), option="--junit", force=True)
