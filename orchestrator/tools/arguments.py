"""Checks a model's arguments against a function's schema, and says what to correct."""

from __future__ import annotations

import difflib
import math
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

from orchestrator.tools.coercion import corrected
from runtimes.values import InvalidJson, Json, JsonObject, is_json, parse_json

if TYPE_CHECKING:
    import jsonschema_rs

MAX_ARGUMENT_BYTES = 256 * 1024
"""How long the JSON text of a call's arguments may be."""

MAX_COMPLAINTS = 8
"""How many mistakes are named at once."""

MAX_COMPLAINT = 300
"""Characters of one complaint: it quotes what a model wrote."""

MAX_BRANCHES = 3
"""How many of the alternatives that a value could have satisfied are explained."""

_OTHER_SOURCES = ("allOf", "anyOf", "oneOf", "$ref", "patternProperties", "additionalProperties")
"""Keywords that may admit properties that `properties` does not list."""


class InvalidArguments(ValueError):
    """The arguments do not fit; the message tells a model what to correct."""


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri!r} is not fetched")


def _is_finite(arguments: JsonObject) -> bool:
    stack: list[Json] = [arguments]
    while stack:
        value = stack.pop()
        if isinstance(value, float) and not math.isfinite(value):
            return False
        stack.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
    return True


def _branches(error: jsonschema_rs.ValidationError) -> str:
    """What is wrong by each of several schemas of which one would do; empty where there is no such choice."""
    import jsonschema_rs

    kinds = jsonschema_rs.ValidationErrorKind
    if not isinstance(error.kind, kinds.AnyOf | kinds.OneOfNotValid):
        return ""
    reasons = [_complaint(branch[0], len(error.instance_path)) for branch in error.kind.context if branch]
    return f" ({'; or '.join(reasons[:MAX_BRANCHES])})" if reasons else ""


def _complaint(error: jsonschema_rs.ValidationError, above: int = 0) -> str:
    """The mistake, after its place below the one that is known."""
    place = "/".join(str(part) for part in error.instance_path[above:])
    message = error.message + _branches(error)
    return f"{place}: {message}" if place else message


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
        """The arguments in the form the schema asks for, after `corrected`.

        Raises: `InvalidArguments` that names every mistake.
        """
        if not is_json(arguments) or not _is_finite(arguments):
            raise InvalidArguments("the arguments hold a value that cannot be written as JSON")
        arguments = corrected(arguments, self._schema)
        complaints = [*self._unknown(arguments)]
        if self._validator is not None:
            for error in self._validator.iter_errors(arguments):
                complaints.append(_complaint(error))
                if len(complaints) > MAX_COMPLAINTS:
                    break
        if complaints:
            raise InvalidArguments("; ".join(text[:MAX_COMPLAINT] for text in complaints[:MAX_COMPLAINTS]))
        return arguments

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
