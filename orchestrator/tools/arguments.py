"""Checks a model's arguments against a function's schema, and says what to correct."""

from __future__ import annotations

import difflib
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

from runtimes.values import InvalidJson, Json, JsonObject, parse_json

if TYPE_CHECKING:
    import jsonschema_rs

MAX_ARGUMENT_BYTES = 256 * 1024
"""How long the JSON text of a call's arguments may be."""

MAX_COMPLAINTS = 8
"""How many mistakes are named at once."""


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
        """The arguments in the form the schema asks for: whole floats become integers where it wants integers.

        Raises: `InvalidArguments` that names every mistake.
        """
        arguments = {name: self._whole(name, value) for name, value in arguments.items()}
        complaints = [*self._unknown(arguments)]
        if self._validator is not None:
            for error in self._validator.iter_errors(arguments):
                place = "/".join(str(part) for part in error.instance_path)
                complaints.append(f"{place}: {error.message}" if place else error.message)
                if len(complaints) > MAX_COMPLAINTS:
                    break
        if complaints:
            raise InvalidArguments("; ".join(complaints[:MAX_COMPLAINTS]))
        return arguments

    def _whole(self, name: str, value: Json) -> Json:
        schema = self._properties.get(name)
        wants_integer = isinstance(schema, dict) and schema.get("type") == "integer"
        return int(value) if wants_integer and isinstance(value, float) and value.is_integer() else value

    def _unknown(self, arguments: JsonObject) -> list[str]:
        if not self._properties or self._schema.get("additionalProperties"):
            return []
        complaints: list[str] = []
        for name in arguments:
            if name not in self._properties:
                near = difflib.get_close_matches(name, self._properties, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(self._properties)}"
                complaints.append(f"there is no parameter {name!r}; {hint}")
        return complaints
