"""The lists of tools that a manifest names for its MCP servers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.check.codes import problem
from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.members import type_of
from runtimes.openapi.members import text_at
from runtimes.positions import pointer_to
from runtimes.values import Json

TOOLS = ("mcp_tool_description", "x-mcp_tool_description")
"""The members that name the tools of an MCP server; the second is how they were written before there was the first."""

_HINT = 'a list of tools is a JSON object such as {"tools": [{"name": "find"}]}'


def tool_list_problems(document: Json) -> Iterator[Problem]:
    """Why a document lists no tools."""
    if not isinstance(document, dict):
        yield problem("not-tools", "", f"a list of tools is an object, not {type_of(document)}", hint=_HINT)
        return
    if "tools" not in document:
        hint = guess("tools", document, _HINT)
        yield problem("not-tools", "", "the list of tools has no member 'tools'", hint=hint)
        return
    tools = document["tools"]
    if not isinstance(tools, list):
        yield problem("not-tools", "/tools", f"'tools' must be an array, not {type_of(tools)}", hint=_HINT)
        return
    nameless = next((index for index, tool in enumerate(tools) if not text_at(tool, "name")), None)
    if nameless is not None:
        yield problem("not-tools", pointer_to("tools", nameless), "a tool must be an object with a 'name'", hint=_HINT)
