"""Results of a server as they came, for readers of ours; mcp gets one in their place that says nothing.

mcp refuses a result in which anything is not as its protocol has it, and needs much time and memory to say so: one
tool would cost all of them, and one part of an answer what has been carried out.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from pydantic_core import to_json

from runtimes.mcp.results import MAX_BLOCKS
from runtimes.mcp.tools import MAX_NAME_CHARS, MAX_TOOLS
from runtimes.values import Json, JsonObject, parse_json

CALL = "tools/call"
LIST = "tools/list"


class Reply:
    """The result of one request."""

    def __init__(self) -> None:
        self.result: JsonObject | None = None
        """None as long as there is none."""


_REPLY: ContextVar[Reply | None] = ContextVar("where the result of an MCP request goes", default=None)


@contextmanager
def taken_raw() -> Generator[Reply]:
    """Results of `tools/call` and `tools/list` that are asked for within come here."""
    reply = Reply()
    token = _REPLY.set(reply)
    try:
        yield reply
    finally:
        _REPLY.reset(token)


def current_reply() -> Reply | None:
    """Where the result of a request goes that is sent here; None where mcp reads it itself."""
    return _REPLY.get()


def read_json(value: Json) -> Json:
    """A value that mcp has parsed, within the limits of what a stranger wrote. Raises: `InvalidJson`, `ValueError`."""
    return parse_json(to_json(value, inf_nan_mode="null"))


def first_parts(result: JsonObject) -> JsonObject:
    """A result of `tools/call` with no more parts than are read, and one. Raises: `InvalidJson`, `ValueError`."""
    content = result.get("content")
    value = read_json({**result, "content": content[: MAX_BLOCKS + 1]} if isinstance(content, list) else result)
    return value if isinstance(value, dict) else {}


def has_more_values(value: Json, limit: int) -> bool:
    """True where it has more values than that, containers included."""
    held: list[Json] = [value]
    count = 0
    while held:
        count += 1
        node = held.pop()
        if isinstance(node, dict):
            held.extend(node.values())
        elif isinstance(node, list):
            held.extend(node)
        if count + len(held) > limit:
            return True
    return False


def _declared(definition: Json) -> JsonObject | None:
    """What mcp has to know of a tool: what of its arguments goes into header fields (MCP 2026-07-28)."""
    if not isinstance(definition, dict):
        return None
    name, schema = definition.get("name"), definition.get("inputSchema")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARS or not isinstance(schema, dict):
        return None
    properties = schema.get("properties")
    known: JsonObject = {}
    if isinstance(properties, dict):
        known = {key: value for key, value in properties.items() if isinstance(value, dict)}
    return {"name": name, "inputSchema": {"type": "object", "properties": known}}


def stand_in(method: str, result: JsonObject) -> JsonObject:
    """What mcp reads in the place of a result."""
    if method == CALL:
        return {"resultType": "complete", "content": []}
    tools = result.get("tools")
    declared = map(_declared, tools[:MAX_TOOLS] if isinstance(tools, list) else ())
    cursor = result.get("nextCursor")
    return {
        "resultType": "complete",
        "ttlMs": 0,
        "cacheScope": "private",
        "tools": [tool for tool in declared if tool is not None],
        **({"nextCursor": cursor} if isinstance(cursor, str) else {}),
    }
