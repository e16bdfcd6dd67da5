"""The pages of a list of tools, read one tool at a time: what is wrong with one costs no other."""

from __future__ import annotations

from mcp.shared.inbound import find_invalid_x_mcp_header
from pydantic_core import to_json

from runtimes.mcp.results import one_line
from runtimes.mcp.tools import MAX_TOOLS, Listing, is_name, read_tools
from runtimes.values import Json, JsonObject, parse_json

MAX_LISTING_BYTES = 4 * 1024 * 1024
"""How long a list of tools may be, as JSON."""
MAX_REASON_CHARS = 200
"""How much of a reason is shown why a tool cannot be called."""


class UnreadableList(Exception):
    """It is no list of tools; the message goes on where the server has been named."""


class Page:
    """What all pages have so far."""

    def __init__(self, *, is_newer: bool) -> None:
        """`is_newer`: the protocol has a schema say which arguments go into header fields (MCP 2026-07-28)."""
        self._is_newer = is_newer
        self._definitions: list[Json] = []
        self._refused: dict[str, str] = {}
        self._bytes = 0
        self.cursor: str | None = None
        """Where the next page begins; None where there is none."""

    @property
    def is_full(self) -> bool:
        """True where no more are offered."""
        return len(self._definitions) + len(self._refused) >= MAX_TOOLS

    def read(self, page: JsonObject) -> None:
        """Takes the next page. Raises: `UnreadableList`."""
        tools = page.get("tools")
        if not isinstance(tools, list):
            raise UnreadableList("answered tools/list with something that is no answer to it")
        for tool in tools:
            if self.is_full:
                break
            self._take(tool)
        cursor = page.get("nextCursor")
        self.cursor = cursor if isinstance(cursor, str) else None

    def _take(self, tool: Json) -> None:
        name = tool.get("name") if isinstance(tool, dict) else None
        if not isinstance(tool, dict) or not isinstance(name, str) or not is_name(name):
            return
        try:
            text = to_json(tool, inf_nan_mode="null")
            definition = parse_json(text)
        except ValueError as error:
            self._refused[name] = f"its definition cannot be read: {one_line(str(error), MAX_REASON_CHARS)}"
            return
        self._bytes += len(text)
        if self._bytes > MAX_LISTING_BYTES:
            raise UnreadableList(f"lists more than {MAX_LISTING_BYTES} bytes of tools")
        if self._is_newer and (reason := find_invalid_x_mcp_header(tool.get("inputSchema"))) is not None:
            self._refused[name] = f"its inputSchema cannot be used: {one_line(reason, MAX_REASON_CHARS)}"
            return
        self._definitions.append(definition)

    def listing(self) -> Listing:
        """The tools of all pages."""
        return read_tools(self._definitions, self._refused)
