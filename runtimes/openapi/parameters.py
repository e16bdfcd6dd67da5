"""Parameters of an operation, as its description declares them: where each goes and in which style."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runtimes.openapi.document import Description, DocumentMissing, Entry, OperationUnusable
from runtimes.openapi.members import list_at, object_at, text_at
from runtimes.openapi.nested_arrays import inner_separators
from runtimes.openapi.parameter import Location as Location
from runtimes.openapi.parameter import Parameter as Parameter
from runtimes.openapi.styles import DELIMITERS, InvalidArgument, Style
from runtimes.placeholders import unresolved_placeholder
from runtimes.values import Json, JsonObject, json_bytes

__all__ = [
    "IDEMPOTENCY_KEY",
    "MAX_EQUAL_BYTES",
    "PLAIN_TEXT",
    "RESERVED_HEADERS",
    "InvalidArgument",
    "Location",
    "Parameter",
    "is_reserved",
    "read_parameters",
]

RESERVED_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)
"""Headers that are the host's own: declared as parameters they are neither offered nor sent."""

IDEMPOTENCY_KEY = "idempotency-key"
"""The header that makes a call repeatable; its value is the call's id."""

PLAIN_TEXT = "text/plain"
"""The media type of a parameter that is text as it is; all others are JSON."""

MAX_EQUAL_BYTES = 1024
"""Bytes of JSON up to which parameters and bodies are compared by their text; longer ones are rarely repeated."""

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_JSON = re.compile(r"(application/(json|[\w.+-]+\+json|\*)|\*/\*)(\s*;.*)?", re.IGNORECASE)
_TEXT = re.compile(r"text/[\w.+-]+(\s*;.*)?", re.IGNORECASE)
_STYLES: Mapping[Location, tuple[Style, ...]] = {
    "path": ("simple", "label", "matrix", *DELIMITERS),
    "query": ("form", "deepObject", *DELIMITERS),
    "header": ("simple", *DELIMITERS),
    "cookie": ("form", "cookie"),
}
_LOCATIONS: Mapping[str, Location] = {location: location for location in _STYLES}
_CONTAINERS = frozenset({"array", "object"})


def _type_of(description: Description, schema: Json) -> str:
    """The one type that a schema states, but for null; empty when it states none or several."""
    resolved = description.follow(schema) if isinstance(schema, dict) else {}
    stated = resolved.get("type")
    types = [one for one in stated if one != "null"] if isinstance(stated, list) else [stated]
    if len(types) == 1 and isinstance(types[0], str):
        return types[0]
    return "object" if stated is None and "properties" in resolved else ""


def _is_nested(description: Description, schema: JsonObject) -> bool:
    """True when arrays or objects are certain to stand inside it."""
    resolved = description.follow(schema)
    inner = [resolved.get("items"), *object_at(resolved, "properties").values()]
    return any(_type_of(description, one) in _CONTAINERS for one in inner)


def _undefined(description: Description, raw: JsonObject, style: str) -> str:
    """Why the specification has no text for such values in that style; empty when it has."""
    if style != "deepObject" and style not in DELIMITERS:
        return ""
    schema = object_at(raw, "schema")
    shape = _type_of(description, schema)
    if style == "deepObject":
        return "the style 'deepObject' has no way to write an array" if shape == "array" else ""
    if shape == "object" and raw.get("explode") is True:
        return f"the style {style!r} with explode has no way to write an object"
    if not inner_separators(raw) and _is_nested(description, schema):
        return f"the style {style!r} has no way to write an array or object inside another"
    return ""


def _media_type(content: JsonObject) -> str:
    """The media type to write a value in: JSON before text. Empty when neither is offered."""
    if any(_JSON.fullmatch(name.strip()) for name in content):
        return "application/json"
    return PLAIN_TEXT if any(_TEXT.fullmatch(name.strip()) for name in content) else ""


def _content_schema(content: JsonObject) -> JsonObject:
    chosen = _JSON if _media_type(content) == "application/json" else _TEXT
    schemas = [object_at(content[name], "schema") for name in content if chosen.fullmatch(name.strip())]
    return schemas[0] if schemas else {}


def _style(raw: JsonObject, location: Location) -> Style | None:
    styles = _STYLES[location]
    if "style" not in raw:
        return styles[0]
    return next((style for style in styles if style == raw["style"]), None)


def _obstacle(description: Description, raw: JsonObject, location: Location | None, content: JsonObject) -> str:
    """Why a parameter cannot be sent; empty when it can."""
    if location is None:
        return f"nothing is sent in {text_at(raw, 'in')[:20]!r}"
    if content:
        offered = ", ".join(name[:60] for name in content)
        return "" if _media_type(content) else f"a parameter is written as JSON or text, not as {offered}"
    style = _style(raw, location)
    if style is None:
        return f"there is no style {str(raw['style'])[:20]!r} for a parameter in the {location}"
    try:
        return _undefined(description, raw, style)
    except DocumentMissing:
        raise
    except OperationUnusable as reason:
        return str(reason)


def _without_unresolved(schema: JsonObject) -> JsonObject:
    """A default that a placeholder still stands in is none: it must never be sent."""
    default = schema.get("default")
    if isinstance(default, str) and unresolved_placeholder(default):
        return {name: value for name, value in schema.items() if name != "default"}
    return schema


def _with_examples(schema: JsonObject, raw: JsonObject) -> JsonObject:
    """The schema with the examples of its parameter, which stand in for its own."""
    named = object_at(raw, "examples").values()
    values = [one["value"] for one in named if isinstance(one, dict) and "value" in one]
    own: JsonObject = {name: value for name, value in schema.items() if name not in ("example", "examples")}
    return {**own, "examples": [raw["example"]] if "example" in raw else values}


def _read(description: Description, raw: JsonObject) -> Parameter:
    """Raises: `OperationUnusable` for a required one that cannot be sent."""
    name, known = text_at(raw, "name"), _LOCATIONS.get(text_at(raw, "in"))
    if not name:
        raise OperationUnusable("one of its parameters has no name")
    location = known or "query"
    is_required = raw.get("required") is True or location == "path"
    content = object_at(raw, "content") if "schema" not in raw else {}
    obstacle = _obstacle(description, raw, known, content)
    if obstacle and is_required:
        raise OperationUnusable(f"it requires the parameter {name[:60]!r}: {obstacle}")
    schema = _without_unresolved(_content_schema(content) if content else object_at(raw, "schema"))
    if about := text_at(raw, "description"):
        schema = schema | {"description": about}
    if "example" in raw or "examples" in raw:
        schema = _with_examples(schema, raw)
    style = _style(raw, location) or _STYLES[location][0]
    explode = raw.get("explode")
    in_query = location == "query" and not content
    return Parameter(
        name=name,
        location=location,
        is_required=is_required,
        style=style,
        explode=explode if isinstance(explode, bool) else style in {"form", "cookie"},
        allows_reserved=in_query and raw.get("allowReserved") is True,
        allows_empty=in_query and style == "form" and raw.get("allowEmptyValue") is True,
        within=inner_separators(raw),
        media_type=_media_type(content) if content else "",
        schema=schema,
        obstacle=obstacle,
    )


def _equal(description: Description, raw: JsonObject) -> Parameter:
    """The parameter, the same one for all that are written alike. Raises: `OperationUnusable`."""
    text = json_bytes(raw)
    if len(text) > MAX_EQUAL_BYTES:
        return _read(description, raw)
    known = description.equal_parameters.get(text)
    if known is None:
        known = description.equal_parameters[text] = _read(description, raw)
    return known


def _read_once(description: Description, raw: JsonObject) -> Parameter:
    """The parameter, the same one for all operations that share it. Raises: `OperationUnusable`."""
    known = description.parameters.get(id(raw))
    if known is None:
        known = description.parameters[id(raw)] = (
            raw,
            _equal(description, raw),
        )  # what is written stays, and so its id
    return known[1]


def is_reserved(name: str) -> bool:
    """True of a header field that no argument sets: it is the host's own, or its name is none."""
    return name.lower() in RESERVED_HEADERS or not _TOKEN.fullmatch(name)


def read_parameters(description: Description, entry: Entry) -> tuple[Parameter, ...]:
    """The parameters, but for the host's own and for keys; those of the operation stand in for those of its path.

    Raises: `OperationUnusable` when a required one cannot be sent.
    """
    written = [*list_at(entry.path_item, "parameters"), *list_at(entry.operation, "parameters")]
    if not written:
        return ()
    raw: dict[tuple[str, str], JsonObject] = {}
    for one in written:
        resolved = description.follow(one)
        raw[(text_at(resolved, "in"), text_at(resolved, "name"))] = resolved
    keys = description.credentials
    return tuple(
        [
            _read_once(description, one)
            for (where, name), one in raw.items()
            if not (keys and (where, name.casefold()) in keys) and not (where == "header" and is_reserved(name))
        ]
    )
