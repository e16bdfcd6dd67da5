"""What failed, and what is wrong with files, as annotations of GitHub Actions. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from orchestrator.errors import Problem
from orchestrator.render.workflow import annotation
from orchestrator.testing.playing.outcome import Outcome


def as_annotations(outcome: Outcome, named: Callable[[str], str] = str) -> tuple[str, ...]:
    """One for each failure, at its place in the file, which is called as `named` says."""
    return tuple(
        annotation(
            "error",
            replace(failure, line=0).text,
            file=named(outcome.file),
            line=failure.line,
            column=failure.column,
            title=outcome.name,
        )
        for failure in outcome.failures
    )


def problem_annotations(problems: Sequence[Problem], named: Callable[[str], str] = str) -> tuple[str, ...]:
    """One for each mistake in a file, which is called as `named` says."""
    return tuple(
        annotation(
            problem.severity,
            f"{problem.message}; {problem.hint}" if problem.hint else problem.message,
            file=named(problem.file),
            line=problem.line,
            column=problem.column,
            title=problem.code,
        )
        for problem in problems
    )
