"""Files that a person names in the arguments of `orchestrator call`: `@photo.png` stands for the content of that file.

Only here does an argument name a path, and only where the function takes a file. What goes on is base64 text.
"""

from __future__ import annotations

from orchestrator.repl.attaching import read_attachment
from orchestrator.tools.attachments import PATH_MARK, FilePlace, schema_of
from orchestrator.tools.attachments import with_files as filled
from orchestrator.turn.files import file_text
from runtimes.base import FunctionSignature
from runtimes.values import JsonObject


def _filled(place: FilePlace, value: str) -> str:
    """Raises: `UsageError`."""
    if not value.startswith(PATH_MARK):
        return value
    file = read_attachment(value.removeprefix(PATH_MARK), purpose=f" of argument {place.argument!r}")
    return file_text(file, place.kind)


def with_files(arguments: JsonObject, signature: FunctionSignature) -> JsonObject:
    """The arguments with each file that is named for a parameter that takes one. Raises: `UsageError`."""
    return filled(arguments, schema_of(signature), _filled)
