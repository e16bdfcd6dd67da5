"""The templates that local plugins may name: those that come with the host, and those in a folder of the person's.

They are known by the last part of their URL, which is the name of their file (spec 13.2.2.1). A name that a plugin
gives is only ever looked up among them: nothing is opened or fetched for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from itertools import islice
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.response.templates import is_card
from orchestrator.tools import visual
from runtimes.values import InvalidJson, JsonObject, parse_json

MAX_TEMPLATES = 500
"""Files of the folder that are read."""

MAX_TEMPLATE_BYTES = 256 * 1024
"""The longest of them."""

ENDING = ".json"
"""What the name of a template ends with; other files are passed over."""


def _template(name: str, data: bytes) -> JsonObject:
    """Raises: `UsageError`."""
    if len(data) > MAX_TEMPLATE_BYTES:
        raise UsageError(f"card template {name!r} is larger than {MAX_TEMPLATE_BYTES} bytes")
    try:
        template = parse_json(data.removeprefix(b"\xef\xbb\xbf"))
    except InvalidJson as error:
        raise UsageError(f"card template {name!r} is not JSON: {error}") from None
    if not isinstance(template, dict) or not is_card(template):
        raise UsageError(f'card template {name!r} is no card: it needs "type": "AdaptiveCard"')
    return template


def bundled_templates() -> Mapping[str, JsonObject]:
    """Those that come with the host."""
    files = sorted(resources.files(visual).iterdir(), key=lambda file: file.name)
    return {file.name: _template(file.name, file.read_bytes()) for file in files if file.name.endswith(ENDING)}


def _own(folder: Path) -> Iterator[tuple[str, JsonObject]]:
    try:
        files = sorted(islice((path for path in folder.iterdir() if path.name.endswith(ENDING)), MAX_TEMPLATES + 1))
    except OSError as error:
        raise UsageError(f"cannot read the card templates in {str(folder)!r}: {error.strerror}") from None
    if len(files) > MAX_TEMPLATES:
        raise UsageError(f"there are more than {MAX_TEMPLATES} card templates in {str(folder)!r}")
    for path in files:
        try:
            if not path.is_file():
                continue
            with path.open("rb") as file:
                data = file.read(MAX_TEMPLATE_BYTES + 1)
        except OSError as error:
            raise UsageError(f"cannot read the card template {str(path)!r}: {error.strerror}") from None
        yield path.name, _template(str(path), data)


def visual_templates(folder: Path | None) -> Mapping[str, JsonObject]:
    """All that are known, by the names of their files; a person's own stands for a bundled one of its name.

    Raises: `UsageError` for a folder, or a file in it, that cannot be read.
    """
    return {**bundled_templates(), **(dict(_own(folder)) if folder is not None else {})}
