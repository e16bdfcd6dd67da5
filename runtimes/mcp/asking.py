"""What becomes of a request to an MCP server: an answer, an error of the server's own (`Refused`), or none at all."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

import anyio
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST
from pydantic import TypeAdapter, ValidationError

from runtimes.errors import InvocationError
from runtimes.mcp.ending import Ending, Way
from runtimes.mcp.gate import UNREADABLE
from runtimes.mcp.refusals import Forgotten, Refused
from runtimes.mcp.results import one_line
from runtimes.values import InvalidJson, parse_json

MAX_SAID_CHARS = 300
"""How much of a server's own words is quoted."""

_OUR_OWN = (
    "Connection closed",
    "SSE stream ended",
    "SSE stream failed",
    "Failed to parse",
    "Unexpected content type",
    "Server returned an error response",
    "Redirect to ",
    "server answered a request with 202",
    UNREADABLE,
)
"""What errors begin with that mcp itself makes, or the gate, where there is no answer."""
_FORGOTTEN = "Session terminated"
"""What mcp says where the server answers 404 for a session that it has had."""

_Answer = TypeVar("_Answer")


class Asking:
    """The requests of one session."""

    def __init__(self, name: str, way: Way, ending: Ending) -> None:
        """`name` is what errors call the server."""
        self._name = name
        self._way = way
        self._ending = ending

    async def answered(self, what: str, request: Awaitable[_Answer]) -> _Answer:
        """The answer to a request. Raises: `InvocationError`, `Refused`, `Forgotten`."""
        try:
            return await request
        except MCPError as error:
            raise self._told(what, error) from None
        except ValidationError:
            raise self.no_result(what) from None
        except (RuntimeError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise self._no_answer(what) from None

    def no_result(self, what: str) -> InvocationError:
        """For an answer that is none to what was asked."""
        return InvocationError(f"{self._name} answered {what} with something that is no answer to it")

    def _told(self, what: str, error: MCPError) -> Exception:
        """What an error of mcp is: the way's, the server's, or that there is no answer."""
        if failure := self._way.failure_of(error.error.data):
            return failure
        message, code = error.error.message, error.error.code
        if code == INVALID_REQUEST and message == _FORGOTTEN:
            self._ending.end("the server has forgotten the session")
            return Forgotten()
        if (code == CONNECTION_CLOSED and self._ending.has_come.is_set()) or message.startswith(_OUR_OWN):
            return self._no_answer(what, one_line(message.partition(":")[0], MAX_SAID_CHARS))
        data: object = error.error.data
        try:
            told = parse_json(TypeAdapter(object).dump_json(data)) if data is not None else None
        except (InvalidJson, ValueError):
            told = None
        return Refused(code, one_line(message, MAX_SAID_CHARS), told)

    def _no_answer(self, what: str, reason: str = "") -> InvocationError:
        if self._way.failure is not None:
            return self._way.failure
        why = self._ending.reason or reason or "the session is over"
        complaint = f"; {self._ending.complaint}" if self._ending.complaint else ""
        return InvocationError(f"{self._name} gave no answer to {what}: {why}{complaint}", is_lost=True)
