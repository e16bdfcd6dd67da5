"""The members that an object body has as arguments, put together across `allOf`."""

from __future__ import annotations

from collections.abc import Iterator

from runtimes.openapi.document import Description, OperationUnusable
from runtimes.openapi.members import list_at, object_at
from runtimes.openapi.shapes import Shapes
from runtimes.values import Json

MAX_COMPOSITION_DEPTH = 16
"""How deep `allOf` may nest in a body whose members are collected."""

_DECIDING = frozenset({"allOf", "const", "default"})
"""Members of a schema that may make it one of a single value, beside an `enum` of one."""


class BodyMembers:
    """The properties of an object schema."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self._shapes = Shapes(description)
        self.properties: dict[str, Json] = {}
        self.required: list[str] = []
        self.more: Json = None
        self.is_object = True
        self.may_be_object = True

    def collect(self, raw: Json, depth: int = 0) -> None:
        """Adds those of one schema. Raises: `OperationUnusable`."""
        schema = self._description.follow(raw)
        if depth > MAX_COMPOSITION_DEPTH:
            raise OperationUnusable(f"the schema of its body nests 'allOf' more than {MAX_COMPOSITION_DEPTH} deep")
        declared = schema.get("type")
        types = declared if isinstance(declared, list) else [declared or "object"]
        self.may_be_object = self.may_be_object and "object" in types
        if "object" not in types or "oneOf" in schema or "anyOf" in schema:
            self.is_object = False
            return
        for name, sub in object_at(schema, "properties").items():
            if not self._shapes.says_read_only(sub):
                self.properties[name] = sub
        self.required += [name for name in list_at(schema, "required") if isinstance(name, str)]
        more = schema.get("additionalProperties")
        if more is True or isinstance(more, dict):
            self.more = more if self.more is None else True
        for part in list_at(schema, "allOf"):
            self.collect(part, depth + 1)

    def needed(self) -> Iterator[str]:
        """The members that are required and can be more than one thing. Raises: `OperationUnusable`."""
        for name in dict.fromkeys(self.required):
            schema = self.properties.get(name)
            if name not in self.properties:
                continue
            resolved = self._description.follow(schema) if isinstance(schema, dict) else {}
            may_be_one = not _DECIDING.isdisjoint(resolved) or len(list_at(resolved, "enum")) == 1
            if not may_be_one or self._shapes.of(schema).fallback is None:
                yield name
