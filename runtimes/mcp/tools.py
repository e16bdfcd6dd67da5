"""The tools of an MCP server as functions: read from what a manifest says or a server lists. Pure.

Whoever wrote the list is a stranger: one tool that cannot be used does not cost the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runtimes.base import FunctionSignature
from runtimes.limits import MAX_DEPTH
from runtimes.values import Json, JsonObject, canonical_json, depth_of

MAX_TOOLS = 500
"""How many tools of one server are offered."""
MAX_TOOL_BYTES = 64 * 1024
"""How long the definition of one tool may be, as JSON."""
MAX_NAME_CHARS = 256
"""How long the name of a tool may be."""

_DEFINING = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
"""The members that say what a tool does: where one of them changes it is another tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What is known of one tool."""

    name: str
    description: str
    parameters: JsonObject
    is_read_only: bool | None
    is_destructive: bool | None
    digest: str
    """Of its whole definition; empty where only its name is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The tools of one server, by name."""

    tools: Mapping[str, Tool]
    unusable: Mapping[str, str] = field(default_factory=dict[str, str])
    """Those that cannot be called, each with the reason."""


class _Unusable(Exception):
    """One tool cannot be offered."""


def _hint(annotations: Json, name: str) -> bool | None:
    value = annotations.get(name) if isinstance(annotations, dict) else None
    return value if isinstance(value, bool) else None


def _text(value: Json) -> str:
    return value.strip() if isinstance(value, str) else ""


def _title(definition: JsonObject) -> str:
    annotations = definition.get("annotations")
    own = annotations.get("title") if isinstance(annotations, dict) else None
    return _text(definition.get("title")) or _text(own)


def _digest(definition: JsonObject) -> str:
    """Raises: `_Unusable`."""
    if depth_of(definition) > MAX_DEPTH:
        raise _Unusable(f"its definition is nested more than {MAX_DEPTH} deep")
    try:
        text = canonical_json({name: definition.get(name) for name in _DEFINING}).encode()
    except (TypeError, ValueError) as error:
        raise _Unusable("its definition is no JSON") from error
    if len(text) > MAX_TOOL_BYTES:
        raise _Unusable(f"its definition has {len(text)} bytes, and {MAX_TOOL_BYTES} is the limit")
    return hashlib.sha256(text).hexdigest()


def _read(name: str, definition: JsonObject) -> Tool:
    """Raises: `_Unusable`."""
    schema = definition.get("inputSchema")
    if schema is not None and not isinstance(schema, dict):
        raise _Unusable("its inputSchema is not an object")
    if schema and isinstance(kind := schema.get("type"), str) and kind != "object":
        raise _Unusable(f"its inputSchema is of type {kind[:MAX_NAME_CHARS]!r}, and arguments are an object")
    annotations = definition.get("annotations")
    return Tool(
        name=name,
        description=_text(definition.get("description")) or _title(definition),
        parameters=schema or {},
        is_read_only=_hint(annotations, "readOnlyHint"),
        is_destructive=_hint(annotations, "destructiveHint"),
        digest=_digest(definition),
    )


def is_name(value: Json) -> bool:
    """True for what a tool can be called by."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME_CHARS and value.isprintable()


def read_tools(definitions: Iterable[Json], refused: Mapping[str, str] | None = None) -> Listing:
    """The tools that are defined; those without a usable name are passed over, and those beyond `MAX_TOOLS`.

    `refused` are those that cannot be called for a reason that is known already.
    """
    tools: dict[str, Tool] = {}
    unusable: dict[str, str] = dict(refused or {})
    for definition in definitions:
        name = definition.get("name") if isinstance(definition, dict) else None
        if not isinstance(definition, dict) or not isinstance(name, str) or not is_name(name):
            continue
        if len(tools) + len(unusable) >= MAX_TOOLS:
            break
        try:
            tool = _read(name, definition)
        except _Unusable as error:
            unusable[name] = str(error)
            continue
        if name in tools and tools[name] != tool:
            unusable[name] = "its server lists two tools of this name"
        tools[name] = tool
    return Listing(tools={name: tool for name, tool in tools.items() if name not in unusable}, unusable=unusable)


def undefined(name: str) -> Tool:
    """A tool of which nothing but the name is known: its server cannot be asked yet."""
    return Tool(name=name, description="", parameters={}, is_read_only=None, is_destructive=None, digest="")


def signature(tool: Tool, destination: str) -> FunctionSignature:
    """The tool as a function. What its server says of it are hints: they never say that it may be repeated."""
    return FunctionSignature(
        name=tool.name,
        description=tool.description,
        parameters=tool.parameters,
        destination=destination,
        repeatable=False,
        is_read_only=tool.is_read_only,
        is_destructive=tool.is_destructive,
        fingerprint=hashlib.sha256(f"{destination}\n{tool.digest}".encode()).hexdigest() if tool.digest else "",
    )
