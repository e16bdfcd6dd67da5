"""The benchmark's servers: started, where they are, what they are asked, and the tools of their API."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from orchestrator.model.base import ToolDefinition
from runtimes.values import JsonObject

SYSTEM = "You help with a catalogue of items. Use the functions where they help, and answer from their results."
QUESTION = "Which parts does item 42 have? Five are enough."
ANSWER = "There are five parts of item 42."
"""What both contenders must hear."""

FETCH_SECONDS = 10.0
"""How long the servers are waited for, where they are asked about themselves."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the servers are."""

    model: str
    api: str

    def with_tools(self, number: int) -> Place:
        """The same, with the tools of an API of so many functions."""
        return Place(model_url=self.model, api_url=self.api, tools=tools_of(self.api, number))

    def take(self, *, model: int = 0, api: int = 0, event: int = 0) -> None:
        """From now on an answer takes so many milliseconds, and each event of a streamed one after the first."""
        fetched(f"{self.api}/latency/{model}/{api}/{event}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often the servers were asked."""

    model: int
    api: int

    def since(self, before: Counts) -> Counts:
        return Counts(model=self.model - before.model, api=self.api - before.api)


def fetched(url: str) -> JsonObject:
    with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as response:
        value: JsonObject = orjson.loads(response.read())
    return value


def counts(api_url: str) -> Counts:
    """How often both servers were asked until now."""
    told = fetched(f"{api_url}/counts")
    model, api = told["model"], told["api"]
    assert isinstance(model, int)
    assert isinstance(api, int)
    return Counts(model=model, api=api)


@contextmanager
def running_servers() -> Generator[Addresses]:
    """The servers, in a process of their own."""
    program = [sys.executable, str(Path(__file__).with_name("servers.py"))]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        urls = orjson.loads(process.stdout.readline())
        try:
            yield Addresses(model=urls["model"], api=urls["api"])
        finally:
            process.communicate()


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
