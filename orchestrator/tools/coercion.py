"""The harmless corrections of arguments: the same value in the type that a schema asks for. Pure.

* `"3"`, `3.0` for an integer; `"2.5"` for a number; `"true"`, `"false"` for a boolean: all in JSON spelling only
* `98101` for a string, if it is a whole number: no other number has one spelling alone
* JSON text of an array or object where one is asked for, and a string is not
* null for an optional member that cannot be null: the member is left out

Nothing is guessed. A single value is not made an array of one (`"a, b"` may be meant as two), no text is trimmed, no
spelling but JSON's is read. Only what states one type (beside null) is corrected; what a correction yields is then
checked against the schema like everything else.
"""

from __future__ import annotations

import re

from runtimes.values import InvalidJson, Json, JsonObject, parse_json

MAX_EXACT = 2**53
"""Up to here every whole number has a float of its own."""

MAX_NESTING = 64
"""How many arrays and objects deep values are corrected."""

MAX_REFERENCE_CHAIN = 8
"""How many local references may lead to one another before a schema is reached."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?")


class _Corrector:
    """Corrects by the schemas of one document, which its local references lead to."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root

    def _resolved(self, schema: Json) -> JsonObject:
        for _ in range(MAX_REFERENCE_CHAIN):
            if not isinstance(schema, dict):
                return {}
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            schema = self._pointed_at(reference)
        return {}

    def _pointed_at(self, reference: str) -> Json:
        value: Json = self._root
        for token in reference.split("/")[1:]:
            value = value.get(token.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
        return value if reference.startswith("#") else None

    def value(self, value: Json, schema: Json, depth: int = 0) -> Json:
        """The value in the type its schema asks for, inside and out."""
        resolved = self._resolved(schema)
        if depth > MAX_NESTING or not resolved:
            return value
        value = _retyped(value, _type_of(resolved))
        if isinstance(value, dict):
            return self._object(value, resolved, depth)
        if isinstance(value, list) and isinstance(items := resolved.get("items"), dict):
            return [self.value(item, items, depth + 1) for item in value]
        return value

    def _object(self, value: JsonObject, schema: JsonObject, depth: int) -> JsonObject:
        stated, required = schema.get("properties"), schema.get("required")
        properties = stated if isinstance(stated, dict) else {}
        needed = required if isinstance(required, list) else []
        return {
            name: self.value(item, properties.get(name), depth + 1)
            for name, item in value.items()
            if item is not None or name in needed or not self._cannot_be_null(properties.get(name))
        }

    def _cannot_be_null(self, schema: Json) -> bool:
        resolved = self._resolved(schema)
        stated = resolved.get("type")
        return isinstance(stated, str) and stated != "null" and not resolved.get("nullable")


def _type_of(schema: JsonObject) -> str:
    """The one type beside null that a schema states; empty when it states none or several."""
    stated = schema.get("type")
    types = [one for one in stated if one != "null"] if isinstance(stated, list) else [stated]
    return types[0] if len(types) == 1 and isinstance(types[0], str) else ""


def _read(text: str, kind: type[list[Json] | JsonObject]) -> Json:
    try:
        value = parse_json(text)
    except InvalidJson:
        return text
    return value if isinstance(value, kind) else text


def _from_text(text: str, wanted: str) -> Json:
    if wanted == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if wanted == "number" and _NUMBER.fullmatch(text):
        return _number(text)
    if wanted == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if wanted == "array" and text[:1] == "[":
        return _read(text, list)
    if wanted == "object" and text[:1] == "{":
        return _read(text, dict)
    return text


def _number(text: str) -> Json:
    try:
        return parse_json(text)
    except InvalidJson:
        return text  # it is beyond all numbers


def _retyped(value: Json, wanted: str) -> Json:
    if isinstance(value, str):
        return _from_text(value, wanted)
    if wanted == "integer" and isinstance(value, float) and value.is_integer() and abs(value) <= MAX_EXACT:
        return int(value)
    if wanted == "string" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def corrected(arguments: JsonObject, schema: JsonObject) -> JsonObject:
    """The arguments with every harmless correction made that the schema asks for."""
    value = _Corrector(schema).value(arguments, schema)
    return value if isinstance(value, dict) else arguments
