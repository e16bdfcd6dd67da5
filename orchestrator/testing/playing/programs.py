"""The programs of a conversation, as they are started: their words with the placeholders filled."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.testing.format.settings import LocalProgram, Program
from runtimes.local_endpoint import LocalEndpoint, ProgramLimits
from runtimes.placeholders import filled, unresolved_placeholder, why_unresolved

PYTHON = "python"
"""The program that stands for the Python that runs the test."""

UNIX = "unix:"
"""How the address of a socket that is a file begins."""

MEBIBYTE = 1024 * 1024


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


def _at_address(program: LocalProgram, folder: Path, values: Mapping[str, str]) -> LocalEndpoint:
    """Raises: `UsageError`."""
    from runtimes.local.transports.of_address import AddressRefused, read_address

    address = _filled(program.address, values)
    if address.startswith(UNIX):
        address = f"{UNIX}{folder.absolute() / address.removeprefix(UNIX)}"
    try:
        read_address(address)
    except AddressRefused as error:
        raise UsageError(f"its address: {error}") from None
    return LocalEndpoint(address=address, framing=program.framing, is_per_person=program.per_person)


def _local(program: LocalProgram, folder: Path, values: Mapping[str, str]) -> LocalEndpoint:
    """Raises: `UsageError`."""
    if program.address:
        return _at_address(program, folder, values)
    bounds = program.limits
    return replace(
        _started(program, folder, values),
        inherited=program.inherit,
        framing=program.framing,
        is_per_person=program.per_person,
        limits=ProgramLimits(
            cpu_seconds=bounds.cpu_seconds or None,
            memory_bytes=(bounds.memory_mb or 0) * MEBIBYTE or None,
            open_files=bounds.open_files or None,
        ),
        is_sandboxed=program.sandbox,
        has_network=program.network,
    )


def as_started(program: Program, pointer: str, folder: Path, values: Mapping[str, str]) -> LocalEndpoint:
    """How the program that the settings describe there is started; its paths start at the folder.

    Raises: `ProgramFailed`.
    """
    try:
        if isinstance(program, LocalProgram):
            return _local(program, folder, values)
        return _started(program, folder, values)
    except UsageError as error:
        raise ProgramFailed(pointer, str(error)) from None
