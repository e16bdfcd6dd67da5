"""What fills the placeholders of documents on the command line: `--env` files, then the variables of the process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from orchestrator.errors import UsageError
from runtimes.placeholders import Environment

MAX_ENV_BYTES = 1024 * 1024
"""How large an `--env` file may be."""


def _text(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_ENV_BYTES + 1)
    except OSError as error:
        raise UsageError(f"--env: cannot read {path!r}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > MAX_ENV_BYTES:
        raise UsageError(f"--env: {path!r} is larger than {MAX_ENV_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"--env: {path!r} is not UTF-8 text") from None


def read_env_file(path: str) -> Mapping[str, str]:
    """The variables of a file of `NAME=value` lines, such as `env/.env.dev`; values are taken as they stand.

    Raises: `UsageError` when it cannot be read.
    """
    values = dotenv_values(stream=StringIO(_text(path)), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def read_environment(paths: Sequence[str], process: Mapping[str, str]) -> Environment:
    """A later file wins over an earlier one, and each over the process. Raises: `UsageError`."""
    given: dict[str, str] = {}
    for path in paths:
        given.update(read_env_file(path))
    return Environment(given=given, ambient=process)
