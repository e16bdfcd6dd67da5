"""The tools that a manifest itself describes (version 2.4), outright or in a file; without them the server is asked."""

from __future__ import annotations

from runtimes.base import RuntimeServices, RuntimeSpec
from runtimes.documents import DocumentError, parse_document
from runtimes.errors import FetchError, RuntimeUnavailable
from runtimes.fetch import fetch_document, resolve_location
from runtimes.mcp.tools import Listing, read_tools
from runtimes.placeholders import filled
from runtimes.values import Json, JsonObject

MEMBERS = ("mcp_tool_description", "x-mcp_tool_description")
"""Where the tools are; the second is how it was written before there was the first."""

MAX_LIST_BYTES = 4 * 1024 * 1024
"""How long a file with tools may be."""

_ACCEPT = "application/json, */*;q=0.5"


async def _read_file(reference: str, spec: RuntimeSpec, services: RuntimeServices) -> Json:
    """Raises: `RuntimeUnavailable`."""
    try:
        location = resolve_location(spec.location, reference)
        data = await fetch_document(services.http, location, max_bytes=MAX_LIST_BYTES, accept=_ACCEPT)
        return filled(parse_document(data, location), spec.environment.of(location))
    except FetchError as error:
        raise RuntimeUnavailable(f"its list of tools cannot be had: {error}") from error
    except DocumentError as error:
        raise RuntimeUnavailable(f"its list of tools cannot be read: {error}") from error


async def described_tools(spec: RuntimeSpec, services: RuntimeServices) -> Listing | None:
    """The tools; None where the manifest has none.

    Raises: `RuntimeUnavailable` where it names a file that cannot be had, or that has no tools.
    """
    nothing: JsonObject = {}
    listing = next((value for name in MEMBERS if isinstance(value := spec.spec.get(name), dict)), nothing)
    reference = listing.get("file")
    if not isinstance(reference, str) or not reference:
        tools = listing.get("tools")
        return read_tools(tools) if isinstance(tools, list) and tools else None
    document = await _read_file(reference, spec, services)
    tools = document.get("tools") if isinstance(document, dict) else None
    if not isinstance(tools, list):
        raise RuntimeUnavailable(f"its list of tools {reference!r} has no array 'tools'")
    return read_tools(tools) if tools else None
