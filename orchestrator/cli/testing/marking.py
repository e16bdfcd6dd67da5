"""What is printed where GitHub Actions reads along: annotations, and texts in which it finds no command."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.errors import Problem
from orchestrator.render.workflow import without_commands
from orchestrator.testing.playing.annotations import as_annotations, problem_annotations
from orchestrator.testing.playing.outcome import Outcome


def name_in_workspace(file: str, workspace: str) -> str:
    """The file as annotations name it: relative to the workspace, where there is one and the file lies in it."""
    try:
        path = Path(file).resolve()
        return path.relative_to(Path(workspace).resolve()).as_posix() if workspace else file
    except (OSError, ValueError):
        return file


class Marking:
    """Marks failures and mistakes, where that is wanted."""

    def __init__(self, *, is_wanted: bool, environ: Mapping[str, str] = os.environ) -> None:
        self._is_wanted = is_wanted
        self._workspace = environ.get("GITHUB_WORKSPACE", "")

    def plain(self, text: str) -> str:
        """What is printed besides annotations: no command where these are wanted."""
        return without_commands(text) if self._is_wanted else text

    def failures(self, outcome: Outcome) -> tuple[str, ...]:
        """A line for each failure; none where they are not wanted."""
        return as_annotations(outcome, self._named) if self._is_wanted else ()

    def problems(self, problems: Sequence[Problem]) -> tuple[str, ...]:
        """A line for each mistake; none where they are not wanted."""
        return problem_annotations(problems, self._named) if self._is_wanted else ()

    def _named(self, file: str) -> str:
        return name_in_workspace(file, self._workspace)
