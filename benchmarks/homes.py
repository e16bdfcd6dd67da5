"""A plugin for the benchmark of conversations, and files of conversations with it."""

from __future__ import annotations

import json
from pathlib import Path

from runtimes.values import Json, JsonObject

IN_ONE_FILE = 20
"""Conversations of each file."""

CITIES = ("Seattle", "Portland", "Tacoma")

FUNCTION: JsonObject = {
    "name": "findHomes",
    "description": "Finds homes in a city",
    "capabilities": {
        "response_semantics": {"data_path": "$.homes", "properties": {"title": "$.name", "subtitle": "$.street"}}
    },
}
HOME: JsonObject = {
    "type": "object",
    "required": ["name", "street", "rooms"],
    "properties": {
        "name": {"type": "string"},
        "street": {"type": "string"},
        "rooms": {"type": "integer", "minimum": 1, "maximum": 9},
    },
}
API: JsonObject = {
    "openapi": "3.1.0",
    "info": {"title": "Homes", "version": "1"},
    "servers": [{"url": "https://homes.example"}],
    "paths": {
        "/homes": {
            "get": {
                "operationId": "findHomes",
                "summary": "Finds homes in a city",
                "parameters": [
                    {"name": "city", "in": "query", "required": True, "schema": {"type": "string"}},
                    {"name": "rooms", "in": "query", "schema": {"type": "integer"}},
                ],
                "responses": {
                    "200": {
                        "description": "The homes",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["homes"],
                                    "properties": {
                                        "homes": {"type": "array", "minItems": 2, "maxItems": 2, "items": HOME}
                                    },
                                }
                            }
                        },
                    }
                },
            }
        }
    },
}


def manifest(runtime: JsonObject) -> JsonObject:
    """A plugin with one function, whose calls this runtime answers."""
    return {
        "schema_version": "v2.2",
        "namespace": "homes",
        "name_for_human": "Homes",
        "description_for_human": "Finds homes",
        "functions": [FUNCTION],
        "runtimes": [{"auth": {"type": "None"}, "run_for_functions": ["findHomes"], **runtime}],
    }


def question(city: str, rooms: int) -> str:
    """What the person says."""
    return f"Which homes with {rooms} rooms are there in {city}?"


def answer(city: str) -> str:
    """What the model answers."""
    return f"There are two homes in {city}."


def rooms_of(number: int) -> int:
    """What the conversation of that number asks for."""
    return number % 5 + 1


def _turn(city: str, rooms: int) -> JsonObject:
    arguments: JsonObject = {"city": city, "rooms": rooms}
    return {
        "say": question(city, rooms),
        "model": [{"call": "findHomes", "with": arguments}, answer(city)],
        "expect": {
            "calls": [{"call": "findHomes", "with": arguments}],
            "requests": f"GET /homes?city={city}&rooms={rooms}",
            "text": city,
        },
    }


def _conversation(number: int) -> JsonObject:
    turns: list[Json] = [_turn(city, rooms_of(number)) for city in CITIES]
    return {"name": f"Homes {number}", "turns": turns}


def _yaml(value: Json, indent: str = "") -> str:
    """The value in block style, as people write it."""
    if isinstance(value, dict):
        return "".join(f"{indent}{name}:{_below(inner, indent)}" for name, inner in value.items())
    if isinstance(value, list):
        return "".join(f"{indent}-{_below(inner, indent)}" for inner in value)
    return json.dumps(value)


def _below(value: Json, indent: str) -> str:
    return f"\n{_yaml(value, indent + '  ')}" if isinstance(value, dict | list) else f" {json.dumps(value)}\n"


def write_files(folder: Path, conversations: int) -> None:
    """Writes a plugin, its description, and files with so many conversations."""
    runtime: JsonObject = {"type": "OpenApi", "spec": {"url": "openapi.json"}}
    (folder / "plugin.json").write_text(json.dumps(manifest(runtime)), encoding="utf-8")
    (folder / "openapi.json").write_text(json.dumps(API), encoding="utf-8")
    for start in range(0, conversations, IN_ONE_FILE):
        written: list[Json] = [
            _conversation(number) for number in range(start, min(start + IN_ONE_FILE, conversations))
        ]
        text = _yaml({"plugins": "plugin.json", "conversations": written})
        (folder / f"{start:05}.conversation.yaml").write_text(text, encoding="utf-8")


async def findHomes(city: str, rooms: int = 1) -> JsonObject:
    """Finds homes in a city."""
    return {"homes": [{"name": f"{city} {number}", "street": "Oak Street", "rooms": rooms} for number in (1, 2)]}
