"""Where things of a referenced document stand: pointers through references, and lines and columns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote

from orchestrator.check.codes import ALL_CODES
from orchestrator.check.sources import Source
from orchestrator.errors import Problem
from orchestrator.manifest.examine import located
from runtimes.openapi.references import MAX_REFERENCE_CHAIN
from runtimes.placeholders import filled
from runtimes.positions import Positions, pointer_to
from runtimes.values import Json
from runtimes.yaml_positions import positions_of


def _parts(pointer: str) -> Iterator[str]:
    for part in pointer.split("/")[1:]:
        yield part.replace("~1", "/").replace("~0", "~")


def _step(value: Json, part: str) -> Json:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isascii() and part.isdecimal() and len(part) < 10:
        return value[int(part)] if int(part) < len(value) else None
    return None


def value_at(document: Json, pointer: str) -> Json:
    """What stands there; null where there is nothing."""
    for part in _parts(pointer):
        document = _step(document, part)
    return document


def followed(document: Json, pointer: str) -> str:
    """The pointer of what is meant, at the end of a chain of local references; as it is where they lead nowhere."""
    for _ in range(MAX_REFERENCE_CHAIN):
        value = value_at(document, pointer)
        reference = value.get("$ref") if isinstance(value, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#"):
            break
        pointer = unquote(reference[1:])
    return pointer


def _as_written(source: Source, pointer: str) -> str:
    """The pointer in the text, where names of members may have placeholders that are filled in the document."""
    value, parts = source.written, list[str]()
    for part in _parts(pointer):
        if isinstance(value, dict) and part not in value:
            names = (name for name in value if "${{" in name)
            part = next((name for name in names if filled(name, source.values) == part), part)
        value = _step(value, part)
        parts.append(part)
    return pointer_to(*parts)


def _quoted(found: Problem, source: Source) -> Problem:
    """A problem in a text that stands in the manifest: its place is that of the text."""
    inside = f" (at {found.pointer} in it)" if found.pointer else ""
    return replace(found, pointer=source.pointer, message=found.message + inside, file="")


def in_source(problems: Iterable[Problem], source: Source) -> Iterator[Problem]:
    """The problems of a document, each with the file it stands in, or with the place of the text in the manifest."""
    for found in problems:
        if source.location:
            yield replace(found, pointer=_as_written(source, found.pointer), file=source.name)
        else:
            yield _quoted(found, source)


def placed(problems: Iterable[Problem], sources: Mapping[str, Source]) -> tuple[Problem, ...]:
    """Those that stand in a source, with line and column; a source's places are looked up when it has a problem."""
    known: dict[str, Positions] = {}
    told: list[Problem] = []
    for found in problems:
        if found.file and not found.line and found.file in sources:
            if found.file not in known:
                known[found.file] = positions_of(sources[found.file].data)
            found = located(found, known[found.file], ALL_CODES)
        told.append(found)
    return tuple(told)
