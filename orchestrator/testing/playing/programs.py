"""The programs of a conversation, as they are started: their words with the placeholders filled."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.testing.format.settings import Program
from runtimes.base import LocalEndpoint
from runtimes.placeholders import filled, unresolved_placeholder, why_unresolved

PYTHON = "python"
"""The program that stands for the Python that runs the test."""


class ProgramFailed(OrchestratorError):
    """A program of a conversation cannot be used."""

    def __init__(self, pointer: str, message: str, output: tuple[str, ...] = ()) -> None:
        self.pointer = pointer
        """Where the settings describe it."""
        self.output = output
        """The last lines that it wrote."""
        super().__init__(message)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Raises: `UsageError` for a placeholder that nothing fills."""
    done = filled(text, values)
    assert isinstance(done, str)
    if left := unresolved_placeholder(done):
        raise UsageError(f"the placeholder {left!r} {why_unresolved(left)}; give it one in 'environment'")
    return done


def _started(program: Program, folder: Path, values: Mapping[str, str]) -> LocalEndpoint:
    """Raises: `UsageError`."""
    words = tuple(_filled(word, values) for word in program.command)
    if not words:
        raise UsageError("its command is empty")
    directory = folder / _filled(program.directory or ".", values)
    if not directory.is_dir():
        raise UsageError(f"its working directory {str(directory)!r} is not there")
    return LocalEndpoint(
        command=(sys.executable, *words[1:]) if words[0] == PYTHON else words,
        directory=str(directory),
        environment={name: _filled(value, values) for name, value in program.environment.items()},
    )


def as_started(program: Program, pointer: str, folder: Path, values: Mapping[str, str]) -> LocalEndpoint:
    """How the program that the settings describe there is started; its paths start at the folder.

    Raises: `ProgramFailed`.
    """
    try:
        return _started(program, folder, values)
    except UsageError as error:
        raise ProgramFailed(pointer, str(error)) from None
