"""JSON and YAML 1.2 that strangers wrote, read into plain JSON values within limits."""

from __future__ import annotations

import re

from runtimes.garbage import collector_paused
from runtimes.limits import MAX_DEPTH, MAX_JSON_BYTES, MAX_TAG_DIRECTIVES, MAX_YAML_BYTES
from runtimes.values import InvalidJson, Json, decoded, depth_of, parse_json_document

_TAG_DIRECTIVE = re.compile(r"(?:^|[\r\n\x85\u2028\u2029])%TAG")
_BOM = "\ufeff"


class DocumentError(ValueError):
    """A document is not JSON or YAML, or breaks a limit; `line` and `column` are 1-based, 0 where no place is known."""

    def __init__(self, name: str, reason: str, line: int = 0, column: int = 0) -> None:
        place = f":{line}:{column}" if line else ""
        super().__init__(f"{name}{place}: {reason}")
        self.reason = reason
        self.line = line
        self.column = column


def parse_yaml(data: bytes, name: str) -> Json:
    """Parses one YAML 1.2 document. Raises: `DocumentError`."""
    from runtimes.yaml_building import built_from_yaml

    if len(data) > MAX_YAML_BYTES:
        raise DocumentError(name, f"longer than {MAX_YAML_BYTES} bytes, the limit for YAML")
    try:
        text = decoded(data).removeprefix(_BOM)
        if text.count("%TAG") > MAX_TAG_DIRECTIVES and len(_TAG_DIRECTIVE.findall(text)) > MAX_TAG_DIRECTIVES:
            raise DocumentError(name, f"there are more than {MAX_TAG_DIRECTIVES} %TAG directives")
        value = built_from_yaml(text)
    except InvalidJson as error:
        raise DocumentError(name, error.reason, error.line, error.column) from None
    if depth_of(value) > MAX_DEPTH:
        raise DocumentError(name, f"nested more than {MAX_DEPTH} deep")
    return value


def is_json_object(data: bytes) -> bool:
    """True when the text begins like a JSON object, and is then read as JSON; otherwise it is read as YAML."""
    return data.removeprefix(_BOM.encode()).lstrip(b" \t\r\n")[:1] == b"{"


def parse_document(data: bytes, name: str) -> Json:
    """Parses JSON when the text begins like it, else YAML; `name` is what errors call it.

    Raises: `DocumentError`.
    """
    if not is_json_object(data):
        return parse_yaml(data, name)
    if len(data) > MAX_JSON_BYTES:
        raise DocumentError(name, f"longer than {MAX_JSON_BYTES} bytes, the limit for JSON")
    try:
        with collector_paused():
            return parse_json_document(data.removeprefix(_BOM.encode()))
    except InvalidJson as error:
        raise DocumentError(name, error.reason, error.line, error.column) from None
