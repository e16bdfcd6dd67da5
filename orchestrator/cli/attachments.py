"""Files that a person names in the arguments of `orchestrator call`: `@photo.png` stands for the content of that file.

Only here does an argument name a path, and only where the function takes a file. What goes on is base64 text.
"""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from orchestrator.errors import UsageError
from runtimes.openapi.files import MAX_FILE_BYTES, data_url
from runtimes.openapi.members import object_at, text_at
from runtimes.values import Json, JsonObject

FILE_MARK = "@"
"""What a path starts with; no base64 text does."""


def _content(argument: str, path: Path) -> bytes:
    """Raises: `UsageError`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"the file {str(path)!r} of argument {argument!r} cannot be read: {reason}") from None
    if len(data) > MAX_FILE_BYTES:
        raise UsageError(f"the file {str(path)!r} of argument {argument!r} is longer than {MAX_FILE_BYTES} bytes")
    return data


def _attached(argument: str, value: Json, schema: Json) -> Json:
    if isinstance(value, list):
        items = object_at(schema, "items")
        return [_attached(argument, item, items) for item in value]
    kind = text_at(schema, "format")
    if not isinstance(value, str) or not value.startswith(FILE_MARK) or kind not in {"binary", "byte"}:
        return value
    path = Path(value.removeprefix(FILE_MARK)).expanduser()
    data = _content(argument, path)
    if kind == "byte":
        return base64.b64encode(data).decode()
    media_type, coding = mimetypes.guess_type(path.name)
    return data_url(data, name=path.name, media_type=media_type if media_type and coding is None else "")


def with_files(arguments: JsonObject, parameters: Mapping[str, Json]) -> JsonObject:
    """The arguments with each file that is named for a parameter that takes one. Raises: `UsageError`."""
    properties = object_at(dict(parameters), "properties")
    return {name: _attached(name, value, properties.get(name)) for name, value in arguments.items()}
