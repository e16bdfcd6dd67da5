"""The least work that makes a tool of every operation of a parsed description: what loading is measured beside.

One pass looks at each value once. Shared schemas stay as they are, and each tool carries those that it reaches. It
checks nothing, converts nothing and follows only what a tidy description has; nobody could call these tools.
"""

from __future__ import annotations

from collections.abc import Iterator

from runtimes.openapi.document import METHODS
from runtimes.openapi.members import list_at, object_at, text_at
from runtimes.values import Json, JsonObject


def _references(value: Json) -> set[str]:
    found: set[str] = set()
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            pending += one
        elif isinstance(one, dict):
            reference = one.get("$ref")
            if isinstance(reference, str):
                found.add(reference)
            pending += one.values()
    return found


class LinearPass:
    """The pass over one description."""

    def __init__(self, root: Json) -> None:
        self._root = root
        self._direct: dict[str, set[str]] = {}

    def tools(self) -> list[JsonObject]:
        """A definition for each operation, as a request to a model has it."""
        paths = object_at(self._root, "paths").values()
        items = (item for item in paths if isinstance(item, dict))
        return [self._tool(item, method) for item in items for method in METHODS if method in item]

    def _tool(self, item: JsonObject, method: str) -> JsonObject:
        operation = object_at(item, method)
        properties: JsonObject = {}
        required: list[Json] = []
        for written in (*list_at(item, "parameters"), *list_at(operation, "parameters")):
            parameter = self._followed(written)
            properties[text_at(parameter, "name")] = object_at(parameter, "schema")
            if isinstance(parameter, dict) and parameter.get("required") is True:
                required.append(parameter["name"])
        if "requestBody" in operation:
            content = object_at(self._followed(operation["requestBody"]), "content")
            schemas: list[Json] = [object_at(media, "schema") for media in content.values()]
            properties["body"] = schemas[0] if schemas else {}
        schema: JsonObject = {"type": "object", "properties": properties, "required": required}
        if reached := dict(self._reached(properties)):
            schema["$defs"] = reached
        about = text_at(operation, "description") or text_at(operation, "summary")
        return {"name": text_at(operation, "operationId"), "description": about, "parameters": schema}

    def _reached(self, value: Json) -> Iterator[tuple[str, Json]]:
        pending = list(_references(value))
        seen: set[str] = set()
        while pending:
            reference = pending.pop()
            if reference in seen:
                continue
            seen.add(reference)
            target = self._at(reference)
            if reference not in self._direct:
                self._direct[reference] = _references(target)
            pending += self._direct[reference]
            yield reference.rpartition("/")[2], target

    def _followed(self, value: Json) -> Json:
        reference = text_at(value, "$ref")
        return self._at(reference) if reference else value

    def _at(self, reference: str) -> Json:
        value = self._root
        for token in reference.split("/")[1:]:
            value = object_at(value, token.replace("~1", "/").replace("~0", "~"))
        return value
