"""AgentDojo's tools as plugins: an OpenAPI description and a manifest for each group, by our labels. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtimes.values import Json, JsonObject, dump_json, parse_json

LABELS = Path(__file__).with_name("labels.json")
"""Which plugin each tool belongs to, and how it handles data."""

_READING = frozenset({"GetPublicData", "GetPrivateData", "DataTransform"})
_SIMPLE = frozenset({"string", "integer", "number", "boolean"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool as AgentDojo has it."""

    name: str
    description: str
    schema: JsonObject
    """The JSON Schema of its arguments; references lead to `components` of a description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What we say of a tool."""

    plugin: str
    data_handling: tuple[str, ...]

    @property
    def only_reads(self) -> bool:
        """True when it neither changes nor exports anything."""
        return _READING.issuperset(self.data_handling)


Labels = Mapping[str, Handling]


def labels(text: str | None = None) -> Labels:
    """The labels of all tools."""
    document = parse_json(LABELS.read_text("utf-8") if text is None else text)
    tools = document["tools"] if isinstance(document, dict) else None
    assert isinstance(tools, dict)
    return {name: _handling(label) for name, label in tools.items()}


def _handling(label: Json) -> Handling:
    assert isinstance(label, dict)
    values = label["data_handling"]
    assert isinstance(values, list)
    return Handling(plugin=str(label["plugin"]), data_handling=tuple(map(str, values)))


def _properties(tool: Tool) -> Mapping[str, JsonObject]:
    properties = tool.schema.get("properties")
    assert properties is None or isinstance(properties, dict)
    return {name: schema for name, schema in (properties or {}).items() if isinstance(schema, dict)}


def _required(tool: Tool) -> tuple[str, ...]:
    required = tool.schema.get("required")
    return tuple(map(str, required)) if isinstance(required, list) else ()


def is_declarable(tool: Tool) -> bool:
    """True when the arguments fit into what a manifest can say of parameters (spec 7.2): no unions, no references."""
    return all(schema.get("type") in (*_SIMPLE, "array") for schema in _properties(tool).values())


def _declared(tool: Tool) -> JsonObject:
    kept = ("type", "description", "items", "default")
    properties: JsonObject = {
        name: {key: value for key, value in schema.items() if key in kept} for name, schema in _properties(tool).items()
    }
    return {"type": "object", "properties": properties, "required": [*_required(tool)]}


def _operation(tool: Tool, handling: Handling) -> JsonObject:
    operation: JsonObject = {
        "operationId": tool.name,
        "summary": tool.description.splitlines()[0],
        "responses": {"200": {"description": "The answer", "content": {"application/json": {"schema": {}}}}},
    }
    if handling.only_reads:
        required = _required(tool)
        operation["parameters"] = [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in _properties(tool).items()
        ]
        return {"get": operation}
    schema: JsonObject = {key: value for key, value in tool.schema.items() if key != "$defs"}
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"post": operation}


def description(plugin: str, tools: Sequence[Tool], known: Labels, url: str) -> JsonObject:
    """The OpenAPI description: reading tools are GET with a query, the others POST with JSON."""
    schemas: JsonObject = {}
    for tool in tools:
        definitions = tool.schema.get("$defs")
        schemas |= definitions if isinstance(definitions, dict) else {}
    return {
        "openapi": "3.1.0",
        "info": {"title": plugin, "version": "1"},
        "servers": [{"url": url}],
        "paths": {f"/{tool.name}": _operation(tool, known[tool.name]) for tool in tools},
        "components": {"schemas": schemas},
    }


def _function(tool: Tool, handling: Handling, *, declares: bool) -> JsonObject:
    function: JsonObject = {"name": tool.name, "description": tool.description}
    if is_declarable(tool):
        function["parameters"] = _declared(tool)
    if declares:
        function["capabilities"] = {"security_info": {"data_handling": [*handling.data_handling]}}
    return function


def manifest(plugin: str, tools: Sequence[Tool], known: Labels, url: str, *, declares: bool = True) -> JsonObject:
    """The plugin of a group of tools; `declares` says whether it has `security_info` (spec 9.5)."""
    names: list[Json] = [tool.name for tool in tools]
    return {
        "schema_version": "v2.2",
        "name_for_human": plugin.capitalize(),
        "namespace": plugin,
        "description_for_human": f"AgentDojo's {plugin} tools",
        "functions": [_function(tool, known[tool.name], declares=declares) for tool in tools],
        "runtimes": [
            {
                "type": "OpenApi",
                "auth": {"type": "None"},
                "run_for_functions": names,
                "spec": {"api_description": dump_json(description(plugin, tools, known, url))},
            }
        ],
    }


def manifests(
    tools: Sequence[Tool], known: Labels, urls: Mapping[str, str], *, declares: bool = True
) -> tuple[JsonObject, ...]:
    """The plugins of a suite."""
    groups: dict[str, list[Tool]] = {}
    for tool in tools:
        groups.setdefault(known[tool.name].plugin, []).append(tool)
    return tuple(manifest(name, group, known, urls[name], declares=declares) for name, group in groups.items())
