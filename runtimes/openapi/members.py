"""Members of JSON objects of unknown shape: each of the type asked for, else empty. Pure."""

from __future__ import annotations

from runtimes.values import Json, JsonObject


def object_at(value: Json, name: str) -> JsonObject:
    """The object that is a member of an object; empty where there is none."""
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, dict) else {}


def list_at(value: Json, name: str) -> list[Json]:
    """The array that is a member of an object; empty where there is none."""
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, list) else []


def text_at(value: Json, name: str) -> str:
    """The string that is a member of an object; empty where there is none."""
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, str) else ""
