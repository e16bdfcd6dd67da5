"""A program: an OpenAPI description comes in as JSON, what openapi-spec-validator finds in it goes out, a line each.

It is run in a process of its own, as a script: the validator takes all the time and memory that a description makes it
take, fetches what references lead to, and fails in ways of its own. Findings go out as they come; whatever else the
validator raises ends the program. A line is `{"pointer", "message"}`, or `{"stopped"}` with a reason. Nothing of the
orchestrator is imported here.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import NoReturn, TypeAlias

from jsonschema.exceptions import ValidationError, best_match
from openapi_spec_validator.shortcuts import get_validator_cls
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError, ValidatorDetectError
from referencing.exceptions import Unresolvable

MEMORY = 2 * 1024**3
"""Bytes of address space."""

MAX_FINDINGS = 200
"""How many findings go out."""

MAX_MESSAGE = 400
"""Characters of one finding: the validator quotes values, and names."""

MAX_QUOTED = 80
"""Characters of a value that a finding begins with."""

MAX_CHOICES = 8
"""How many choices within choices are looked into for what was meant."""

_KEPT_IN = ("ftplib", "http", "shutil", "smtplib", "socket", "subprocess", "urllib", "webbrowser")
"""Families of audit events that only come of reaching out."""

_KEPT_IN_OS = re.compile(r"os\.(exec|fork|kill|link|mkdir|posix_spawn|remove|rename|rmdir|spawn|symlink|system)")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_OPERATION = re.compile(r"'(get|put|post|delete|options|head|patch|trace)'(?: operation)? in '(/.*?)' (?:was|is) not ")

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

_WARM_UP: dict[str, Json] = {
    "info": {"title": 1, "version": "1"},
    "paths": {"/a": {"get": {"parameters": [{"name": "a", "in": "x"}], "responses": {"200": {"description": "b"}}}}},
    "components": {"schemas": {"A": {"type": "string", "default": "a", "format": "date"}}},
}
"""A description that has the validator read its own files."""


def _say(line: dict[str, Json]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _limit(seconds: int) -> None:
    """Holds the process to its memory and to its time, even if nobody waits for it any more."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _refuse() -> NoReturn:
    _say({"stopped": "the validator wanted to open a file or a connection"})
    os._exit(1)


def _shut() -> None:
    """From here on the process can neither open connections nor files, other than to read code."""
    folders = tuple(os.path.realpath(path) + os.sep for path in (*sys.path, sys.prefix, sys.base_prefix) if path)

    def guard(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, flags = arguments[0], arguments[2]
            name = os.path.realpath(os.fsdecode(path)) if isinstance(path, str | bytes) else ""
            if not name.startswith(folders) or not isinstance(flags, int) or flags & _WRITING:
                _refuse()
        elif event.partition(".")[0] in _KEPT_IN or _KEPT_IN_OS.match(event):
            _refuse()

    sys.addaudithook(guard)


def _pointer_to(path: Iterable[str]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def _pointer(error: ValidationError) -> str:
    """Where it stands; a finding about an operation as a whole says so in words only."""
    path = [str(part) for part in error.absolute_path]
    if not path and (named := _OPERATION.search(error.message)):
        path = ["paths", named[2], named[1]]
    return _pointer_to(path)


def _nearest(error: ValidationError) -> ValidationError | None:
    """Of what may stand there, and does not, the mistake that is nearest; references are not what was meant."""
    nearest = None
    for _ in range(MAX_CHOICES):
        choices = (nearest or error).context
        meant = {one.relative_schema_path[0] for one in choices} - {
            one.relative_schema_path[0] for one in choices if one.validator == "required" and "'$ref'" in one.message
        }
        found = best_match(one for one in choices if one.relative_schema_path[0] in meant)
        if found is None:
            break
        nearest = found
    return nearest


def _said(error: ValidationError) -> str:
    """In the validator's words, without all of a long value that they begin with."""
    value = repr(error.instance)
    if len(value) <= MAX_QUOTED or not error.message.startswith(value):
        return error.message
    return f"{value[:MAX_QUOTED]}…{error.message[len(value) :]}"


def _message(error: ValidationError, document: Json) -> str:
    if (nearest := _nearest(error)) is not None:
        return f"it fits none of what may stand here; nearest to it, {_said(nearest)}"
    is_lost = not error.absolute_path and type(error) is OpenAPIValidationError and error.instance is not document
    return f"the default of a schema does not fit it: {_said(error)}" if is_lost else _said(error)


def _place_of(reference: str, document: Json) -> str:
    """Where it is referred to."""
    waiting: list[tuple[tuple[str, ...], Json]] = [((), document)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, dict):
            if node.get("$ref") == reference:
                return _pointer_to((*path, "$ref"))
            waiting.extend(((*path, name), value) for name, value in node.items())
        elif isinstance(node, list):
            waiting.extend(((*path, str(index)), value) for index, value in enumerate(node))
    return ""


def _findings(document: Json) -> Iterator[tuple[str, str]]:
    try:
        for error in get_validator_cls(document)(document).iter_errors():
            yield _pointer(error), _message(error, document)
    except Unresolvable as error:
        reference = f"#{error.ref}" if error.ref.startswith("/") else error.ref
        where = _place_of(reference, document)
        yield where, f"the reference {reference!r} points to nothing, and what follows is not looked at"


def main() -> None:
    """Reads the description from standard input, and writes findings to standard output."""
    _limit(int(sys.argv[1]))
    document: dict[str, Json] = json.load(sys.stdin.buffer)
    version: dict[str, Json] = {name: document[name] for name in ("openapi", "swagger") if name in document}
    try:
        list(_findings(version | _WARM_UP))
    except ValidatorDetectError:
        _say({"stopped": "the validator does not know this version of OpenAPI"})
        return
    _shut()
    for number, (pointer, message) in enumerate(_findings(document)):
        if number == MAX_FINDINGS:
            _say({"stopped": f"there are more than {MAX_FINDINGS} findings"})
            return
        _say({"pointer": pointer, "message": message[:MAX_MESSAGE]})


if __name__ == "__main__":
    main()
