"""What a person names on the command line: JSON in a file, on the standard input or written out, and files to write."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Final

from orchestrator.cli.streams import STANDARD_STREAM
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.paths import holds_what_is_written, typed_path
from runtimes.values import InvalidJson, Json, decoded, parse_json_document

MAX_SOURCE_BYTES: Final = 5 * 1024 * 1024
"""How large a file may be, or what comes on the standard input."""

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A JSON text that was read."""

    name: str
    """The path of the file, or what else stands for it in a message."""
    text: str = field(repr=False)
    value: Json = field(repr=False)


def read_bytes(argument: str, purpose: str, *, max_bytes: int = MAX_SOURCE_BYTES) -> bytes:
    """What is in the file, or on the standard input for `STANDARD_STREAM`; `purpose` is the name of the argument.

    Raises: `UsageError` when it cannot be read or is longer than `max_bytes`.
    """
    try:
        if argument == STANDARD_STREAM:
            data = sys.stdin.buffer.read(max_bytes + 1)
        else:
            path = typed_path(argument, f"{purpose}: ")
            if path.exists() and not path.is_file():
                raise UsageError(f"{purpose}: {argument!r} is no regular file")
            with path.open("rb") as file:
                data = file.read(max_bytes + 1)
    except OSError as error:
        raise UsageError(f"{purpose}: cannot read {argument!r}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > max_bytes:
        raise UsageError(f"{purpose}: {argument!r} is longer than {max_bytes} bytes")
    return data


def _name(argument: str) -> str:
    return "standard input" if argument == STANDARD_STREAM else argument


def read_source(argument: str, purpose: str) -> Source:
    """The JSON of a file, of the standard input (`-`), or of the argument itself where it starts with `{` or `[`.

    Raises: `UsageError` when it cannot be read, and for JSON written out that is none; `OrchestratorError` for a file
    that is no JSON, with the place of the mistake.
    """
    is_inline = argument.lstrip()[:1] in ("{", "[")
    name = purpose if is_inline else _name(argument)
    data = b"" if is_inline else read_bytes(argument, purpose)
    try:
        text = argument if is_inline else decoded(data).removeprefix(_BOM)
        return Source(name=name, text=text, value=parse_json_document(text))
    except InvalidJson as error:
        if is_inline:
            raise UsageError(f"{purpose} is not JSON: {error}") from None
        place = f":{error.line}:{error.column}" if error.line else ""
        raise OrchestratorError(f"{name}{place}: not JSON: {error.reason}") from None


def write_text(target: str, text: str, *, option: str, force: bool) -> None:
    """Writes a file; one that exists is written over with `force` only.

    Raises: `UsageError` for a name that cannot be written to, `OrchestratorError` when the writing fails.
    """
    path = typed_path(target, f"{option}: ")
    try:
        if not holds_what_is_written(path) and not path.is_dir():
            raise UsageError(f"{option}: {target!r} is no regular file")
        with path.open("w" if force else "x", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{option}: {target!r} exists and is not overwritten without --force") from None
    except (IsADirectoryError, FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"{option}: cannot write {target!r}: {(error.strerror or str(error)).lower()}") from None
    except OSError as error:
        raise OrchestratorError(
            f"{option}: cannot write {target!r}: {(error.strerror or str(error)).lower()}"
        ) from None
