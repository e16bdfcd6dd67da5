"""`allOf` of objects as one object, and what a discriminator says of the members of `oneOf`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtimes.openapi.members import list_at, object_at, text_at
from runtimes.openapi.references import ANNOTATIONS
from runtimes.values import Json, JsonObject

MAX_PARTS = 64
"""Schemas that are put together for one `allOf`, those of inner ones included."""

Resolve = Callable[[str], Json]
"""What a reference points to. Raises: `OperationUnusable`."""

_OBJECT = frozenset({"type", "properties", "required", "allOf", "discriminator"})


class _Merging:
    """Puts plain object schemas together; `is_plain` tells whether all of them were."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._left = MAX_PARTS
        self._seen: set[str] = set()
        self.is_plain = True
        self.properties: JsonObject = {}
        self.required: list[Json] = []

    def add(self, part: Json) -> None:
        """Raises: `OperationUnusable`."""
        self._left -= 1
        if not self.is_plain or self._left < 0 or not isinstance(part, dict):
            self.is_plain = False
            return
        reference = part.get("$ref")
        if isinstance(reference, str):
            self._follow(part, reference)
            return
        unknown = (name for name in part.keys() - _OBJECT - ANNOTATIONS if not name.startswith("x-"))
        if part.get("type", "object") != "object" or part.get("nullable") is True or next(unknown, None):
            self.is_plain = False
            return
        self._take(part)
        for inner in list_at(part, "allOf"):
            self.add(inner)

    def _follow(self, part: JsonObject, reference: str) -> None:
        if reference in self._seen or part.keys() - ANNOTATIONS - {"$ref"}:
            self.is_plain = False
            return
        self._seen.add(reference)
        self.add(self._resolve(reference))

    def _take(self, part: JsonObject) -> None:
        for name, schema in object_at(part, "properties").items():
            if self.properties.setdefault(name, schema) != schema:
                self.is_plain = False
        self.required += list_at(part, "required")


def merged(schema: JsonObject, resolve: Resolve) -> JsonObject | None:
    """An `allOf` of plain objects as the one object that it describes; None where the parts say more than that.

    Raises: `OperationUnusable`.
    """
    merging = _Merging(resolve)
    if list_at(schema, "allOf"):
        merging.add({name: value for name, value in schema.items() if name not in ANNOTATIONS})
    if not merging.is_plain or not merging.properties:
        return None
    about: JsonObject = {name: schema[name] for name in ANNOTATIONS if name in schema}
    required: JsonObject = {"required": merging.required} if merging.required else {}
    return {"type": "object", **about, "properties": merging.properties, **required}


def unwrapped(schema: JsonObject) -> JsonObject | None:
    """An `allOf` of one schema, which is how one says something of a reference, as that schema; else None."""
    members = list_at(schema, "allOf")
    only = members[0] if len(members) == 1 else None
    if not isinstance(only, dict) or "allOf" in only or schema.keys() - ANNOTATIONS != {"allOf"}:
        return None
    return only | {name: value for name, value in schema.items() if name != "allOf"}


def discriminated(schema: JsonObject, members: list[Json]) -> Mapping[int, tuple[str, list[Json]]]:
    """For members of `oneOf` that the mapping of a discriminator names: the property that tells, and its values."""
    discriminator = object_at(schema, "discriminator")
    name = text_at(discriminator, "propertyName")
    if not name:
        return {}
    values: dict[str, list[Json]] = {}
    for value, target in object_at(discriminator, "mapping").items():
        if isinstance(target, str):
            values.setdefault(target, []).append(value)
    found: dict[int, tuple[str, list[Json]]] = {}
    for index, member in enumerate(members):
        reference = text_at(member, "$ref")
        meant = values.get(reference, []) + values.get(reference.rpartition("/")[2], []) if reference else []
        if meant:
            found[index] = (name, meant)
    return found
