"""The JSON body of an operation: its schema, and which of its members are arguments of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from runtimes.openapi.document import Description, Entry, OperationUnusable, list_at, object_at, text_at
from runtimes.values import Json, JsonObject

MAX_COMPOSITION_DEPTH = 16
"""How deep `allOf` may nest in a body whose members are collected."""

_JSON = re.compile(r"application/(json|[\w.+-]+\+json|\*)(\s*;\s*[\w-]+=[\w\".-]+)*|\*/\*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """A JSON body."""

    media_type: str
    schema: JsonObject
    """As the description has it, references and all."""
    is_required: bool
    members: Mapping[str, Json] | None
    """The schemas of its top-level properties; None when the body is no object with named ones."""
    required_members: tuple[str, ...] = ()
    takes_more: bool = False
    """True when members beyond the named ones are welcome."""


def _is_json(media_type: str) -> bool:
    return _JSON.fullmatch(media_type.strip()) is not None


def _choose(content: JsonObject) -> str:
    """The media type to send: plain JSON before its relatives. Raises: `OperationUnusable`."""
    fitting = [name for name in content if _is_json(name)]
    if not fitting:
        offered = ", ".join(name[:60] for name in content) or "none"
        raise OperationUnusable(f"its body is sent as JSON only, and it takes {offered}")
    return min(fitting, key=lambda name: ("*" in name, name.strip().lower() != "application/json", name))


class _Members:
    """The properties of an object schema, put together across `allOf`."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self.properties: dict[str, Json] = {}
        self.required: list[str] = []
        self.takes_more = False
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
            if not (isinstance(sub, dict) and sub.get("readOnly") is True):
                self.properties[name] = sub
        self.required += [name for name in list_at(schema, "required") if isinstance(name, str)]
        more = schema.get("additionalProperties")
        self.takes_more = self.takes_more or more is True or isinstance(more, dict)
        for part in list_at(schema, "allOf"):
            self.collect(part, depth + 1)


def read_body(description: Description, entry: Entry) -> Body | None:
    """The body of an operation, if it has one; GET and HEAD have none.

    Raises: `OperationUnusable` when it cannot be sent as JSON.
    """
    if "requestBody" not in entry.operation or entry.method in {"GET", "HEAD"}:
        return None
    raw = description.follow(entry.operation["requestBody"])
    content = object_at(raw, "content")
    media_type = _choose(content)
    schema = object_at(content[media_type], "schema")
    if (about := text_at(raw, "description")) and "description" not in schema:
        schema = schema | {"description": about}
    members = _Members(description)
    members.collect(schema)
    is_flat = members.is_object and bool(members.properties)
    return Body(
        media_type="application/json" if "*" in media_type else media_type.strip(),
        schema=schema,
        is_required=raw.get("required") is True,
        members=members.properties if is_flat else None,
        required_members=tuple(name for name in dict.fromkeys(members.required) if name in members.properties),
        takes_more=members.takes_more if is_flat else members.may_be_object,
    )
