"""Checks a model's arguments against a function's schema, and says what to correct."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from itertools import islice

from orchestrator.tools.coercion import corrected
from runtimes.base import ArgumentRules
from runtimes.json_schema import JsonSchema, Mistake
from runtimes.values import InvalidJson, Json, JsonObject, is_json, parse_json

MAX_ARGUMENT_BYTES = 256 * 1024
"""How long the JSON text of a call's arguments may be."""

MAX_COMPLAINTS = 8
"""How many mistakes are named at once."""

MAX_COMPLAINT = 300
"""Characters of one complaint: it quotes what a model wrote."""

_UNWRITABLE = "the arguments hold a value that cannot be written as JSON"

_OTHER_SOURCES = ("allOf", "anyOf", "oneOf", "$ref", "patternProperties", "additionalProperties")
"""Keywords that may admit properties that `properties` does not list."""


class InvalidArguments(ValueError):
    """The arguments do not fit; the message tells a model what to correct."""


def is_finite(arguments: Json) -> bool:
    """True where every number in it is one that JSON can write."""
    stack: list[Json] = [arguments]
    while stack:
        value = stack.pop()
        if isinstance(value, float) and not math.isfinite(value):
            return False
        stack.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
    return True


def _complaint(mistake: Mistake) -> str:
    """The mistake, after its place."""
    place = "/".join(map(str, mistake.path))
    message = f"{mistake.message} ({mistake.alternatives})" if mistake.alternatives else mistake.message
    return f"{place}: {message}" if place else message


class ArgumentChecker:
    """The arguments of one function; its schema is compiled on first use."""

    def __init__(
        self, schema: JsonObject, rules: ArgumentRules | None = None, left_out: Mapping[str, str] | None = None
    ) -> None:
        """`left_out` has the reasons why arguments cannot be sent."""
        self._schema = schema
        self._rules = rules
        self._left_out = left_out or {}

    @cached_property
    def _judge(self) -> JsonSchema:
        return JsonSchema(self._schema if self._rules is None else self._rules.schema())

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
        if not is_json(arguments):
            raise InvalidArguments(_UNWRITABLE)
        return self._fitting(arguments)

    def read(self, text: str) -> JsonObject:
        """As `check`, of a model's JSON text. Raises: `InvalidArguments`."""
        return self._fitting(self.parse(text))

    def _fitting(self, arguments: JsonObject) -> JsonObject:
        """As `check`, of what is as deep as JSON may be."""
        if not is_finite(arguments):
            raise InvalidArguments(_UNWRITABLE)
        arguments = corrected(arguments, self._schema)
        complete = arguments if self._rules is None else self._rules.completed(arguments)
        complaints = [*self._unknown(complete)]
        complaints += map(_complaint, islice(self._judge.mistakes(complete), MAX_COMPLAINTS))
        if complaints:
            raise InvalidArguments("; ".join(text[:MAX_COMPLAINT] for text in complaints[:MAX_COMPLAINTS]))
        return arguments

    def _unknown(self, arguments: JsonObject) -> list[str]:
        unknown = [name for name in arguments if name not in self._properties]
        unsendable = [name for name in unknown if name in self._left_out]
        complaints = [f"the parameter {name!r} cannot be sent: {self._left_out[name]}" for name in unsendable]
        if not self._properties or any(self._schema.get(one) not in (None, False, []) for one in _OTHER_SOURCES):
            return complaints
        for name in unknown:
            if name not in self._left_out:
                from difflib import get_close_matches

                near = get_close_matches(name, self._properties, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(self._properties)}"
                complaints.append(f"there is no parameter {name!r}; {hint}")
        return complaints
