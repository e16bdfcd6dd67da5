"""The keywords of an OpenAPI schema that are no schemas themselves, as JSON Schema 2020-12 has them. Pure.

A keyword is copied where its value is one that JSON Schema allows, whatever dialect the description names: what is
left out allows more, never less.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache

from runtimes.values import Json, JsonObject

MAX_DESCRIPTION_LENGTH = 2048
"""Characters of one description inside a schema."""

MAX_PATTERN_LENGTH = 512
"""Characters of a `pattern`; longer ones are left to the API."""

MAX_CHOICES_NAMED = 3
"""How many values of a list that is left out are named instead."""

MAX_CHOICE_LENGTH = 40
"""Characters of such a value."""

MAX_EXAMPLES = 3
"""Examples of one schema that are shown."""

MAX_EXAMPLES_CHARS = 200
"""Characters that they may have together; an example that is longer is left out."""

CUT = "(what it holds is not listed here)"
"""Said of a schema whose parts were left out."""

TYPES = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


@lru_cache(maxsize=1024)
def _compiles(pattern: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what a later version will read otherwise
            re.compile(pattern)
    except (re.error, OverflowError, ValueError, RecursionError, Warning):
        return False
    return True


def is_pattern(value: Json) -> bool:
    """True for a regular expression that is short and can be read."""
    return isinstance(value, str) and len(value) <= MAX_PATTERN_LENGTH and _compiles(value)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


_PLAIN: Mapping[str, Callable[[Json], bool]] = {
    "title": _is_text,
    "format": _is_text,
    "contentEncoding": _is_text,
    "contentMediaType": _is_text,
    "enum": lambda value: isinstance(value, list) and bool(value),
    "const": lambda value: True,
    "default": lambda value: value is not None,
    "minimum": _is_number,
    "maximum": _is_number,
    "exclusiveMinimum": _is_number,
    "exclusiveMaximum": _is_number,
    "multipleOf": lambda value: isinstance(value, int | float) and value > 0,
    "minLength": _is_count,
    "maxLength": _is_count,
    "minItems": _is_count,
    "maxItems": _is_count,
    "minProperties": _is_count,
    "maxProperties": _is_count,
    "uniqueItems": lambda value: isinstance(value, bool),
    "pattern": is_pattern,
}
"""The keywords that are copied, where their value is one that JSON Schema allows."""

_COPIED = frozenset(_PLAIN)
_WORDS = frozenset({"title", "default"})
"""What goes with the descriptions, where those are left out."""


def is_nullable(schema: JsonObject) -> bool:
    """True where null is allowed beside the type, in the words of OpenAPI 3.0 or those used with Swagger 2.0."""
    return schema.get("nullable") is True or schema.get("x-nullable") is True


def types_of(schema: JsonObject) -> list[Json]:
    """The types a schema names, null among them where it is allowed."""
    declared = schema.get("type")
    names = declared if isinstance(declared, list) else [declared]
    types: list[Json] = list(dict.fromkeys(name for name in names if isinstance(name, str) and name in TYPES))
    if types and "null" not in types and is_nullable(schema):
        types.append("null")
    return types


def _make_exclusive(schema: JsonObject, kept: JsonObject) -> None:
    """The exclusive limits of OpenAPI 3.0, which are flags there, as numbers."""
    for name, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if schema.get(exclusive) is True and name in kept:
            kept[exclusive] = kept.pop(name)


def _shorten_choices(kept: JsonObject, choices: int) -> None:
    enum = kept.get("enum")
    if not isinstance(enum, list) or len(enum) <= choices:
        return
    del kept["enum"]
    named = ", ".join(str(value)[:MAX_CHOICE_LENGTH] for value in enum[:MAX_CHOICES_NAMED])
    add_note(kept, f"(one of {len(enum)} values, such as {named})")


def add_note(kept: JsonObject, note: str) -> None:
    """Says something after the description, once."""
    said = kept.get("description")
    if not isinstance(said, str) or not said:
        kept["description"] = note
    elif not said.endswith(note):
        kept["description"] = f"{said} {note}"


def _copy(schema: JsonObject, kept: JsonObject, *, is_described: bool, choices: int) -> None:
    for name, value in schema.items():
        fits = _PLAIN.get(name)
        if fits is not None and fits(value) and (is_described or name not in _WORDS):
            kept[name] = value
    if "exclusiveMinimum" in schema or "exclusiveMaximum" in schema:
        _make_exclusive(schema, kept)
    enum = kept.get("enum")
    if isinstance(enum, list):
        if None not in enum and is_nullable(schema):
            kept["enum"] = [*enum, None]
        _shorten_choices(kept, choices)


def exact_plain(schema: JsonObject) -> JsonObject:
    """The keywords beside conditions that are no schemas themselves."""
    kept: JsonObject = {name: schema[name] for name in ("minContains", "maxContains") if _is_count(schema.get(name))}
    dependent = schema.get("dependentRequired")
    if isinstance(dependent, dict):
        kept["dependentRequired"] = {
            name: [*dict.fromkeys(one for one in names if isinstance(one, str))]
            for name, names in dependent.items()
            if isinstance(names, list)
        }
    return kept


def _length(value: Json) -> int:
    """Characters of a value, counted no further than anything is shown."""
    length = 0
    stack = [value]
    while stack and length <= MAX_EXAMPLES_CHARS:
        node = stack.pop()
        length += len(str(node)) if not isinstance(node, dict | list) else 1
        if isinstance(node, dict):
            length += sum(map(len, node))
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return length


def _examples(schema: JsonObject) -> list[Json]:
    """The first of its examples that are short, in the words of either version."""
    only = schema.get("example")
    if isinstance(only, str) and "examples" not in schema:  # as most are
        return [only] if len(only) <= MAX_EXAMPLES_CHARS else []
    listed = schema.get("examples")
    found: list[Json] = []
    left = MAX_EXAMPLES_CHARS
    for value in [only, *(listed if isinstance(listed, list) else ())][: MAX_EXAMPLES + 1]:
        length = _length(value)
        if value is not None and value not in found and length <= left and len(found) < MAX_EXAMPLES:
            found.append(value)
            left -= length
    return found


def is_shown_as_it_is(schema: JsonObject) -> bool:
    """True for the many schemas of a type and then a description alone, of which nothing is changed or left out."""
    kind, about = schema.get("type"), schema.get("description", "")
    if not isinstance(kind, str) or kind not in TYPES or not isinstance(about, str):
        return False
    if len(schema) == 1:
        return True
    return len(schema) == 2 and 0 < len(about) <= MAX_DESCRIPTION_LENGTH and next(iter(schema)) == "type"


def keywords(schema: JsonObject, *, is_described: bool, choices: int, has_examples: bool = False) -> JsonObject:
    """All of a schema that is not a schema itself; with fewer words, and without long lists of values, where asked."""
    kept: JsonObject = {}
    declared = schema.get("type")
    if isinstance(declared, str) and declared in TYPES and "nullable" not in schema and "x-nullable" not in schema:
        kept["type"] = declared  # as nearly all are
    elif types := types_of(schema):
        kept["type"] = types[0] if len(types) == 1 else types
    description = schema.get("description") if is_described else None
    if isinstance(description, str) and description:
        kept["description"] = description[:MAX_DESCRIPTION_LENGTH]
    if not _COPIED.isdisjoint(schema):  # most schemas have no more than a type and a description
        _copy(schema, kept, is_described=is_described, choices=choices)
    if has_examples and ("example" in schema or "examples" in schema) and (examples := _examples(schema)):
        kept["examples"] = examples
    return kept
