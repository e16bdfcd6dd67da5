"""Checks a model's arguments against a function's schema, and says what to correct."""

from __future__ import annotations

import difflib
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

from runtimes.values import InvalidJson, Json, JsonObject, is_json, parse_json

if TYPE_CHECKING:
    import jsonschema_rs

MAX_ARGUMENT_BYTES = 256 * 1024
"""How long the JSON text of a call's arguments may be."""

MAX_COMPLAINTS = 8
"""How many mistakes are named at once."""

MAX_COMPLAINT = 300
"""Characters of one complaint: it quotes what a model wrote."""

MAX_EXACT = 2**53
"""Up to here every whole number has a float of its own."""

_OTHER_SOURCES = ("allOf", "anyOf", "oneOf", "$ref", "patternProperties", "additionalProperties")
"""Keywords that may admit properties that `properties` does not list."""


class InvalidArguments(ValueError):
    """The arguments do not fit; the message tells a model what to correct."""


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri!r} is not fetched")


class ArgumentChecker:
    """The arguments of one function; its schema is compiled on first use."""

    def __init__(self, schema: JsonObject) -> None:
        self._schema = schema

    @cached_property
    def _validator(self) -> jsonschema_rs.Validator | None:
        import jsonschema_rs

        try:
            return jsonschema_rs.validator_for(self._schema, retriever=_refuse)
        except (jsonschema_rs.ValidationError, ValueError):
            return None  # a schema that is none says nothing: the API has the last word

    @cached_property
    def _properties(self) -> JsonObject:
        properties = self._schema.get("properties")
        return properties if isinstance(properties, dict) else {}

    def parse(self, text: str) -> JsonObject:
        """The arguments in a model's JSON text; blank text means none.

        Raises: `InvalidArguments`.
        """
        if len(text) > MAX_ARGUMENT_BYTES:
            raise InvalidArguments(f"the arguments are longer than {MAX_ARGUMENT_BYTES} characters")
        try:
            value: Json = parse_json(text) if text.strip() else {}
        except InvalidJson as error:
            raise InvalidArguments(f"the arguments are not JSON: {error}") from None
        if not isinstance(value, dict):
            raise InvalidArguments(f"the arguments must be a JSON object, not {type(value).__name__}")
        return value

    def check(self, arguments: JsonObject) -> JsonObject:
        """The arguments in the form the schema asks for.

        Whole floats become integers where it wants integers; a null for an optional parameter that cannot be null is
        the same as leaving it out. Raises: `InvalidArguments` that names every mistake.
        """
        if not is_json(arguments):
            raise InvalidArguments("the arguments hold a value that cannot be written as JSON")
        arguments = {
            name: self._whole(name, value) for name, value in arguments.items() if not self._is_left_out(name, value)
        }
        complaints = [*self._unknown(arguments)]
        if self._validator is not None:
            for error in self._validator.iter_errors(arguments):
                place = "/".join(str(part) for part in error.instance_path)
                complaints.append(f"{place}: {error.message}" if place else error.message)
                if len(complaints) > MAX_COMPLAINTS:
                    break
        if complaints:
            raise InvalidArguments("; ".join(text[:MAX_COMPLAINT] for text in complaints[:MAX_COMPLAINTS]))
        return arguments

    def _whole(self, name: str, value: Json) -> Json:
        schema = self._properties.get(name)
        wants_integer = isinstance(schema, dict) and schema.get("type") == "integer"
        if wants_integer and isinstance(value, float) and value.is_integer() and abs(value) <= MAX_EXACT:
            return int(value)
        return value

    def _is_left_out(self, name: str, value: Json) -> bool:
        required, schema = self._schema.get("required"), self._properties.get(name)
        if value is not None or (isinstance(required, list) and name in required) or not isinstance(schema, dict):
            return False
        return isinstance(schema.get("type"), str) and schema.get("type") != "null" and not schema.get("nullable")

    def _unknown(self, arguments: JsonObject) -> list[str]:
        if not self._properties or any(self._schema.get(keyword) for keyword in _OTHER_SOURCES):
            return []
        complaints: list[str] = []
        for name in arguments:
            if name not in self._properties:
                near = difflib.get_close_matches(name, self._properties, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(self._properties)}"
                complaints.append(f"there is no parameter {name!r}; {hint}")
        return complaints
