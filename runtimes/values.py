"""JSON values: their type, and a parser for JSON that a stranger wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import orjson
from typing_extensions import TypeAliasType

if TYPE_CHECKING:
    Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
else:  # the same, named at run time: pydantic needs the name to follow the recursion
    Json = TypeAliasType("Json", "dict[str, Json] | list[Json] | str | int | float | bool | None")
JsonObject = dict[str, Json]

MAX_DEPTH = 128
"""How deep containers may nest in a value from outside; deeper ones break recursive readers."""


_LONG_NUMBER = re.compile(r"[0-9]{16,}")
"""Digits beyond what the fast parser keeps exactly: identifiers in the wild are that long."""


class InvalidJson(ValueError):
    """A text is not JSON, or nests deeper than `MAX_DEPTH`.

    `line` and `column` are 1-based and count code points; both are 0 where no place can be named.
    """

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{reason} (line {line}, column {column})" if line else reason)
        self.reason = reason
        self.line = line
        self.column = column


def _children(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        return iter(value.values())
    return iter(value) if isinstance(value, list) else iter(())


def depth_of(value: Json) -> int:
    """How many containers lie inside each other; 0 for a scalar. Walks without recursion, no deeper than asked."""
    depth = 0
    level = [value] if isinstance(value, dict | list) else []
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]
    return depth


def parse_json(text: str | bytes) -> Json:
    """Parses strict JSON: no NaN, no lone surrogates, at most `MAX_DEPTH` deep.

    Raises: `InvalidJson`, with the place of the first mistake.
    """
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidJson(_reason(error), error.lineno, error.colno) from None
    if depth_of(value) > MAX_DEPTH:
        raise InvalidJson(f"nested more than {MAX_DEPTH} deep")
    decoded = text if isinstance(text, str) else text.decode()
    return _exact(decoded) if _LONG_NUMBER.search(decoded) else value


def _exact(text: str) -> Json:
    """The same value with every integer as it is written."""
    try:
        value: Json = json.loads(text)
    except ValueError as error:
        raise InvalidJson(f"a number is too long: {error}") from None
    return value


def _reason(error: json.JSONDecodeError) -> str:
    return "not UTF-8 text" if "UTF-8" in error.msg else error.msg.split(": line")[0]


def json_or_text(text: str) -> Json:
    """The JSON value of a text, or the text."""
    try:
        return parse_json(text)
    except InvalidJson:
        return text


def _dump_slowly(value: Json, *, sort_keys: bool) -> str:
    """As the fast encoder, for integers of any length. Raises: `ValueError`, `TypeError`."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=sort_keys)
    text.encode()  # a lone surrogate is no text that can be sent or kept
    return text


def dump_json(value: Json) -> str:
    """Compact JSON text, members in the order they have.

    Raises: `ValueError` or `TypeError` for what only claims to be JSON: lone surrogates, sets, objects.
    """
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return _dump_slowly(value, sort_keys=False)


def pretty_json(value: Json) -> str:
    """JSON text for people, two spaces a level. Raises: as `dump_json`."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:
        return json.dumps(parse_json(dump_json(value)), ensure_ascii=False, indent=2)


def canonical_json(value: Json) -> str:
    """Compact JSON text with sorted members: equal values give equal texts. Raises: as `dump_json`."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return _dump_slowly(value, sort_keys=True)


def is_json(value: object) -> bool:
    """True for what can be written as JSON and is no deeper than `MAX_DEPTH`."""
    try:
        parse_json(dump_json(value))  # type: ignore[arg-type]  # that is the question
    except (TypeError, ValueError, RecursionError):
        return False
    return True
