"""Where the benchmark's servers are, what they are asked, and the tools of their API."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass

import orjson

from orchestrator.model.base import ToolDefinition
from runtimes.values import JsonObject

SYSTEM = "You help with a catalogue of items. Use the functions where they help, and answer from their results."
QUESTION = "Which parts does item 42 have? Five are enough."
ANSWER = "There are five parts of item 42."
"""What both contenders must hear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the servers are, and the tools of their API."""

    model_url: str
    api_url: str
    tools: tuple[ToolDefinition, ...]

    @property
    def document_url(self) -> str:
        """Where the OpenAPI document with as many operations is."""
        return f"{self.api_url}/openapi/{len(self.tools)}.json"


def fetched(url: str) -> JsonObject:
    with urllib.request.urlopen(url) as response:
        value: JsonObject = orjson.loads(response.read())
    return value


def tools_of(api_url: str, number: int) -> tuple[ToolDefinition, ...]:
    """The tools of the document, as one would write them by hand."""
    document = fetched(f"{api_url}/openapi/{number}.json")
    paths = document["paths"]
    assert isinstance(paths, dict)
    tools: list[ToolDefinition] = []
    for path_item in paths.values():
        assert isinstance(path_item, dict)
        operation = path_item["get"]
        assert isinstance(operation, dict)
        parameters = operation["parameters"]
        assert isinstance(parameters, list)
        properties: JsonObject = {}
        for parameter in parameters:
            assert isinstance(parameter, dict)
            schema = parameter["schema"]
            assert isinstance(schema, dict)
            properties[str(parameter["name"])] = {**schema, "description": parameter["description"]}
        tools.append(
            ToolDefinition(
                name=str(operation["operationId"]),
                description=str(operation["summary"]),
                parameters={"type": "object", "properties": properties, "required": ["itemId"]},
            )
        )
    return tuple(tools)
