"""Files that a person names in the arguments of `orchestrator call`: `@photo.png` stands for the content of that file.

Only here does an argument name a path, and only where the function takes a file. What goes on is base64 text.
"""

from __future__ import annotations

from orchestrator.repl.attaching import read_attachment
from orchestrator.tools.attachments import FileKind
from orchestrator.tools.attachments import with_files as filled
from orchestrator.turn.files import file_text
from runtimes.values import JsonObject

FILE_MARK = "@"
"""What a path starts with; no base64 text does."""


def _filled(argument: str, value: str, kind: FileKind) -> str:
    """Raises: `UsageError`."""
    if not value.startswith(FILE_MARK):
        return value
    file = read_attachment(value.removeprefix(FILE_MARK), purpose=f" of argument {argument!r}")
    return file_text(file, kind)


def with_files(arguments: JsonObject, parameters: JsonObject) -> JsonObject:
    """The arguments with each file that is named for a parameter that takes one. Raises: `UsageError`."""
    return filled(arguments, parameters, _filled)
