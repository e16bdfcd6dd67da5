"""Parameters of an operation, and the text each value becomes in a path, a query or a header.

Serialisation is RFC 6570 as the style table of OpenAPI 3.0.4 has it: `simple` in paths and headers, `form` in queries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, unquote

from runtimes.openapi.document import Description, Entry, OperationUnusable, list_at, object_at, text_at
from runtimes.placeholders import unresolved_placeholder
from runtimes.values import Json, JsonObject, dump_json

Location = Literal["path", "query", "header"]

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

MAX_DECODINGS = 4
"""How many times percent-encoding may be removed on the way to an operation, our own included."""

MAX_WHOLE_FLOAT = 2.0**53
"""Up to here floats have all whole numbers."""

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_STYLES = {"path": "simple", "query": "form", "header": "simple"}


class InvalidArgument(ValueError):
    """A value cannot be sent; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameter:
    """One parameter that can be sent."""

    name: str
    location: Location
    is_required: bool = False
    explode: bool = False
    schema: JsonObject = field(default_factory=dict[str, Json])
    """As the description has it, references and all; the parameter's own description is in it."""

    @property
    def fallback(self) -> Json:
        """What a required parameter is sent with when no argument is given; None for nothing."""
        enum = self.schema.get("enum")
        single = enum[0] if isinstance(enum, list) and len(enum) == 1 else None
        return self.schema.get("default", single) if self.is_required else None


def _why_not(raw: JsonObject, location: str) -> str:
    """Why a parameter cannot be serialised here; empty when it can."""
    if location not in _STYLES:
        return f"parameters in {location[:20]!r} are not sent so far"
    if "content" in raw and "schema" not in raw:
        return "a parameter with its own media type is not sent so far"
    style = raw.get("style", _STYLES[location])
    return "" if style == _STYLES[location] else f"the style {str(style)[:20]!r} is not sent so far"


def _without_unresolved(schema: JsonObject) -> JsonObject:
    """A default that a placeholder still stands in is none: it must never be sent."""
    default = schema.get("default")
    if isinstance(default, str) and unresolved_placeholder(default):
        return {name: value for name, value in schema.items() if name != "default"}
    return schema


def _read(raw: JsonObject) -> Parameter | None:
    """The parameter, or None for an optional one that cannot be sent. Raises: `OperationUnusable`."""
    name, location = text_at(raw, "name"), text_at(raw, "in")
    if not name:
        raise OperationUnusable("one of its parameters has no name")
    is_required = raw.get("required") is True or location == "path"
    if reason := _why_not(raw, location):
        if is_required:
            raise OperationUnusable(f"it requires the parameter {name[:60]!r}: {reason}")
        return None
    schema = _without_unresolved(object_at(raw, "schema"))
    if description := text_at(raw, "description"):
        schema = schema | {"description": description}
    explode = raw.get("explode")
    return Parameter(
        name=name,
        location="path" if location == "path" else "query" if location == "query" else "header",
        is_required=is_required,
        explode=explode if isinstance(explode, bool) else location == "query",
        schema=schema,
    )


def _credentials(description: Description) -> frozenset[tuple[str, str]]:
    """Where the description's security schemes put a key: a model never fills these."""
    found: set[tuple[str, str]] = set()
    for scheme in object_at(object_at(description.root, "components"), "securitySchemes").values():
        if text_at(scheme, "type") == "apiKey":
            found.add((text_at(scheme, "in"), text_at(scheme, "name").casefold()))
    return frozenset(found)


def read_parameters(description: Description, entry: Entry) -> tuple[Parameter, ...]:
    """The parameters that can be sent; those of the operation stand in for those of its path.

    Raises: `OperationUnusable` when a required one cannot be sent.
    """
    raw: dict[tuple[str, str], JsonObject] = {}
    for one in [*list_at(entry.path_item, "parameters"), *list_at(entry.operation, "parameters")]:
        resolved = description.follow(one)
        raw[(text_at(resolved, "in"), text_at(resolved, "name"))] = resolved
    hidden = _credentials(description)
    offered = (one for (where, name), one in raw.items() if (where, name.casefold()) not in hidden)
    read = (_read(one) for one in offered if not _is_reserved(one))
    return tuple(parameter for parameter in read if parameter is not None)


def _is_reserved(raw: JsonObject) -> bool:
    name = text_at(raw, "name")
    return text_at(raw, "in") == "header" and (name.lower() in RESERVED_HEADERS or not _TOKEN.fullmatch(name))


def scalar_text(value: Json) -> str:
    """A value as text, a string as it is; a whole number has no fraction, however it was written."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_WHOLE_FLOAT:
        return str(int(value))
    return dump_json(value)


def has_dot_segment(text: str) -> bool:
    """True when a segment of an encoded path is `.` or `..` to any server or proxy between here and there.

    Some decode before they route, some twice; some take a backslash for a slash, or end a segment at a semicolon.
    """
    for _ in range(MAX_DECODINGS):
        text = unquote(text)
    return any(segment in {".", ".."} for segment in re.split(r"[/\\;]", text))


def percent(text: str) -> str:
    """Percent-encodes all but the unreserved characters of RFC 3986."""
    return quote(text, safe="")


def _plain(text: str) -> str:
    return text


def _simple(value: Json, *, explode: bool, in_path: bool) -> str:
    """The `simple` style: commas between, no name in front."""
    encode = percent if in_path else _plain
    if isinstance(value, list):
        return ",".join(encode(scalar_text(item)) for item in value if item is not None)
    if isinstance(value, dict):
        pairs = [(encode(name), encode(scalar_text(item))) for name, item in value.items() if item is not None]
        return ",".join(f"{name}={item}" if explode else f"{name},{item}" for name, item in pairs)
    return encode(scalar_text(value))


def path_text(parameter: Parameter, value: Json) -> str:
    """The percent-encoded text in the place of `{name}`. Raises: `InvalidArgument`."""
    text = "" if value is None else _simple(value, explode=parameter.explode, in_path=True)
    if not text or has_dot_segment(text):
        raise InvalidArgument(f"{parameter.name!r} is part of the path and cannot be {scalar_text(value)[:20]!r}")
    if any(control in text.upper() for control in ("%00", "%0A", "%0D")):
        raise InvalidArgument(f"{parameter.name!r} is part of the path and cannot have line breaks or NUL in it")
    return text


def query_pairs(parameter: Parameter, value: Json) -> list[str]:
    """The percent-encoded `name=value` pairs of a query; none for null and for what is empty."""
    name = percent(parameter.name)
    if value is None:
        return []
    if isinstance(value, list):
        items = [percent(scalar_text(item)) for item in value if item is not None]
        if parameter.explode:
            return [f"{name}={item}" for item in items]
        return [f"{name}={','.join(items)}"] if items else []
    if isinstance(value, dict):
        members = [(percent(key), percent(scalar_text(item))) for key, item in value.items() if item is not None]
        if parameter.explode:
            return [f"{key}={item}" for key, item in members]
        return [f"{name}={','.join(f'{key},{item}' for key, item in members)}"] if members else []
    return [f"{name}={percent(scalar_text(value))}"]


def header_text(parameter: Parameter, value: Json) -> str:
    """The value of a header field. Raises: `InvalidArgument` for text that a header cannot carry."""
    text = _simple(value, explode=parameter.explode, in_path=False)
    if any(char in "\r\n\0" or ord(char) > 0xFF or (ord(char) < 0x20 and char != "\t") for char in text):
        raise InvalidArgument(f"{parameter.name!r} is a header and cannot have line breaks or non-Latin text in it")
    return text.strip(" \t")
