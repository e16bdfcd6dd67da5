"""What the arguments of an operation are judged by: the description's own schemas, before any trimming for models."""

from __future__ import annotations

from functools import cached_property

from runtimes.openapi.arguments import Arguments
from runtimes.openapi.conversion import Converter, Grain, TooLong
from runtimes.openapi.document import Description, OperationUnusable
from runtimes.values import Json, JsonObject

MAX_EXACT_DEFINITIONS = 1000
"""How many definitions one operation may reach; what lies beyond admits everything."""

_EXACT = Grain(depth=64, is_described=False, choices=1_000_000, is_exact=True)


class _Bundle:
    """Schemas in the making that refer to each other in one document."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self._names: dict[str, str] = {}
        self._defined: JsonObject = {}

    def convert(self, schema: Json) -> Json:
        """A schema; what cannot be followed or is longer than all bounds admits everything."""
        converter = Converter(_EXACT, self._name, self._resolve, keeps_own=self._description.minor_version >= 1)
        try:
            return converter.convert(schema)
        except (TooLong, OperationUnusable):
            return {}

    def definitions(self) -> JsonObject:
        """All that was referred to."""
        while len(self._defined) < len(self._names):
            for reference, name in list(self._names.items())[len(self._defined) :]:
                is_within = len(self._defined) < MAX_EXACT_DEFINITIONS
                self._defined[name] = self.convert(self._resolve(reference)) if is_within else {}
        return self._defined

    def _name(self, reference: str) -> str:
        return self._names.setdefault(reference, f"d{len(self._names) + 1}")

    def _resolve(self, reference: str) -> Json:
        try:
            return self._description.resolve(reference)
        except OperationUnusable:
            return {}


class ExactRules:
    """As `ArgumentRules`, of one operation."""

    def __init__(self, description: Description, arguments: Arguments) -> None:
        self._description = description
        self._arguments = arguments

    @cached_property
    def _schema(self) -> JsonObject:
        bundle, arguments = _Bundle(self._description), self._arguments
        schema: JsonObject = {
            "type": "object",
            "properties": {name: bundle.convert(one) for name, one in arguments.schemas.items()},
            "required": [*arguments.required],
        }
        if arguments.more is not None:
            schema["additionalProperties"] = bundle.convert(arguments.more)
        if dependent := arguments.dependent:
            schema["dependentRequired"] = {name: [*names] for name, names in dependent.items()}
        return {**schema, "$defs": bundle.definitions()}

    def schema(self) -> JsonObject:
        """As `ArgumentRules.schema`."""
        return self._schema

    def completed(self, arguments: JsonObject, /) -> JsonObject:
        """As `ArgumentRules.completed`."""
        try:
            return self._arguments.completed(arguments)
        except OperationUnusable:
            return arguments
