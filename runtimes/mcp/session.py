"""One session with an MCP server: its tools are listed and called, and it may ask back.

It knows nothing of how the server is reached: `runtimes.mcp.connecting` opens it. Whatever the server does ends in a
result, an error object of the server's own (`Refused`), or an `InvocationError`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from contextlib import suppress
from contextvars import ContextVar
from pathlib import PurePath
from typing import TypeVar

import anyio
from mcp.client import Client, ClientRequestContext, IncomingMessage
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    HEADER_MISMATCH,
    INVALID_REQUEST,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    InputRequiredResult,
    InputResponses,
    PaginatedRequestParams,
    ToolListChangedNotification,
)
from pydantic import BaseModel, TypeAdapter, ValidationError

from runtimes.errors import InvocationError
from runtimes.mcp.calls import OpenCall
from runtimes.mcp.elicitation import CannotAsk
from runtimes.mcp.ending import Ending, Way
from runtimes.mcp.refusals import Forgotten, Refused
from runtimes.mcp.results import one_line
from runtimes.mcp.tools import MAX_TOOLS, Listing, read_tools
from runtimes.telling_logs import quieten_telling_logs
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

MAX_PAGES = 100
"""How many pages a list of tools may have."""
MAX_LISTING_BYTES = 4 * 1024 * 1024
"""How long a list of tools may be, as JSON."""
MAX_LISTINGS = 50
"""How often the tools of one session are listed, however often they change."""
MAX_ROUNDS = 20
"""How often one call is sent again with what the person answered (`InputRequiredResult`)."""
ROUND_PAUSE = 0.1
"""Seconds before a call is sent again that asked for nothing but to be sent again."""
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
)
"""What errors begin with that mcp itself makes where there is no answer."""
_FORGOTTEN = "Session terminated"
"""What mcp says where the server answers 404 for a session that it has had."""

_RESULT: TypeAdapter[CallToolResult | InputRequiredResult] = TypeAdapter(CallToolResult | InputRequiredResult)
_CALL: ContextVar[OpenCall | None] = ContextVar("open call of an MCP tool", default=None)
"""Over HTTP what a server asks comes with the answer to a call, in the context of whoever made it."""
_Answer = TypeVar("_Answer")


def _is_not_of_mcp(record: logging.LogRecord) -> bool:
    return PurePath(record.pathname).parts[-3:-1] != ("mcp", "client")


quieten_telling_logs()
logging.getLogger("client").addFilter(_is_not_of_mcp)  # a part of mcp writes under a name that others may have


def _object(model: BaseModel) -> JsonObject:
    """Raises: `InvalidJson`, `ValueError`."""
    value = parse_json(model.model_dump_json(by_alias=True, exclude_none=True))
    return value if isinstance(value, dict) else {}


class Session:
    """A server that has been reached; `client` is set once it has."""

    client: Client

    def __init__(self, name: str, way: Way, ending: Ending) -> None:
        """`name` is what errors call the server."""
        self._name = name
        self._way = way
        self.ending = ending
        self._open: list[OpenCall] = []
        self._users = 0
        self.listing: Listing | None = None
        """Its tools when they were listed last."""
        self._changes = 1
        self._seen = 0
        """Of the changes, those that `listing` has."""
        self._listings = 0
        self._listing_lock = anyio.Lock()
        self.stirred = anyio.Event()
        """Set when somebody has left or the tools have changed; whoever waits for it puts another in its place."""
        self.last_used = anyio.current_time()

    # --- what its keeper looks at

    @property
    def is_over(self) -> bool:
        """True when no call can be made any more."""
        return self.ending.has_come.is_set()

    @property
    def is_idle(self) -> bool:
        """True when nobody uses it."""
        return not self._users

    def use(self) -> None:
        """Somebody uses it until they `leave`."""
        self._users += 1

    def leave(self) -> None:
        """As `use` says."""
        self._users -= 1
        self.last_used = anyio.current_time()
        self.stirred.set()

    @property
    def has_handshake(self) -> bool:
        """True where the protocol is one that begins with `initialize`."""
        return self.client.session.initialize_result is not None

    @property
    def has_changed(self) -> bool:
        """True when the tools are not known, or not any more."""
        return self._changes != self._seen and self._listings < MAX_LISTINGS

    # --- what we ask

    async def tools(self) -> Listing:
        """Its tools as they are, listed again where they have changed. Raises: `InvocationError`, `Forgotten`."""
        async with self._listing_lock:
            if self.listing is None or self.has_changed:
                self._listings += 1
                changes = self._changes
                self.listing = await self._listed()
                self._seen = changes
            return self.listing

    async def _listed(self) -> Listing:
        definitions: list[Json] = []
        cursor: str | None = None
        size = 0
        for _ in range(MAX_PAGES):
            params = PaginatedRequestParams(cursor=cursor)
            page = await self._answered("tools/list", self.client.session.list_tools(params=params))
            for tool in page.tools:
                text = tool.model_dump_json(by_alias=True, exclude_none=True)
                size += len(text)
                if size > MAX_LISTING_BYTES:
                    raise InvocationError(f"{self._name} lists more than {MAX_LISTING_BYTES} bytes of tools")
                definitions.append(parse_json(text))
            cursor = page.next_cursor
            if cursor is None or len(definitions) > MAX_TOOLS:
                break
        return read_tools(definitions)

    async def call(self, tool: str, arguments: JsonObject, call: OpenCall) -> JsonObject:
        """The result of `tools/call`, as JSON. Raises: `InvocationError`, `Refused`, `Forgotten`."""
        token = _CALL.set(call)
        self._open.append(call)
        try:
            return await self._called(tool, arguments, call)
        finally:
            call.close()
            self._open.remove(call)
            _CALL.reset(token)

    async def _called(self, tool: str, arguments: JsonObject, call: OpenCall) -> JsonObject:
        responses: InputResponses | None = None
        state: str | None = None
        has_listed = False
        for _ in range(MAX_ROUNDS):
            try:
                result = await self._send(tool, arguments, call, responses, state)
            except Refused as error:
                if error.code != HEADER_MISMATCH or has_listed:
                    raise
                has_listed = True  # what goes into header fields is said by the list of tools (MCP 2026-07-28)
                await self._listed()
                continue
            if isinstance(result, CallToolResult):
                return self._readable(result)
            responses, state = await self._responses(result, call), result.request_state
        raise InvocationError(f"{self._name} asked {MAX_ROUNDS} times to be called again, and gave no answer")

    async def _send(
        self,
        tool: str,
        arguments: JsonObject,
        call: OpenCall,
        responses: InputResponses | None,
        state: str | None,
    ) -> CallToolResult | InputRequiredResult:
        params = CallToolRequestParams(name=tool, arguments=arguments, input_responses=responses, request_state=state)
        # not `call_tool`: that has the server list its tools, and raises where an answer does not fit its schema
        request = self.client.session.send_request(CallToolRequest(params=params), _RESULT, progress_callback=call.tell)
        return await self._answered(f"tools/call {tool!r}", request)

    def _readable(self, result: CallToolResult) -> JsonObject:
        try:
            return _object(result)
        except (InvalidJson, ValueError) as error:
            raise InvocationError(f"{self._name} gave an answer that cannot be read: {error}") from None

    async def _responses(self, result: InputRequiredResult, call: OpenCall) -> InputResponses | None:
        """What the person answers to what the server wants to know first. Raises: `Refused`."""
        if not result.input_requests:
            await anyio.sleep(ROUND_PAUSE)
            return None
        responses: InputResponses = {}
        for key, request in result.input_requests.items():
            if not isinstance(request, ElicitRequest):
                raise Refused(INVALID_REQUEST, f"the server asks for {request.method}, which this host does not do")
            try:
                answer = await call.elicit(_object(request.params))
            except CannotAsk as error:
                raise Refused(INVALID_REQUEST, f"the server asks what nobody can be asked: {error}") from None
            responses[key] = ElicitResult.model_validate(answer)
        return responses

    async def _answered(self, what: str, request: Awaitable[_Answer]) -> _Answer:
        """The answer to a request. Raises: `InvocationError`, `Refused`, `Forgotten`."""
        try:
            return await request
        except MCPError as error:
            raise self._told(what, error) from None
        except ValidationError:
            raise InvocationError(f"{self._name} answered {what} with something that is no answer to it") from None
        except (RuntimeError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise self._no_answer(what) from None

    def _told(self, what: str, error: MCPError) -> Exception:
        """What an error of mcp is: the way's, the server's, or that there is no answer."""
        if failure := self._way.failure_of(error.error.data):
            return failure
        message, code = error.error.message, error.error.code
        if code == INVALID_REQUEST and message == _FORGOTTEN:
            self.ending.end("the server has forgotten the session")
            return Forgotten()
        if (code == CONNECTION_CLOSED and self.is_over) or message.startswith(_OUR_OWN):
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
        why = self.ending.reason or reason or "the session is over"
        complaint = f"; {self.ending.complaint}" if self.ending.complaint else ""
        return InvocationError(f"{self._name} gave no answer to {what}: {why}{complaint}", is_lost=True)

    # --- what it asks and tells

    async def elicit(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult | ErrorData:
        """Answers `elicitation/create`: the person is asked whose call it belongs to, and nobody where that is not
        known."""
        del context
        call = _CALL.get()
        if call not in self._open:
            call = self._open[0] if len(self._open) == 1 else None
        if call is None:
            said = (
                "no call is open" if not self._open else "several calls are open, and it does not say for which it is"
            )
            return ErrorData(code=INVALID_REQUEST, message=f"nobody was asked: {said}")
        try:
            return ElicitResult.model_validate(await call.elicit(_object(params)))
        except (CannotAsk, ValidationError, InvalidJson) as error:
            return ErrorData(code=INVALID_REQUEST, message=f"nobody was asked: {error}")

    async def notice(self, message: IncomingMessage) -> None:
        """Takes what the server tells unasked."""
        if isinstance(message, ToolListChangedNotification):
            self._changed()
        elif isinstance(message, Exception):
            self.ending.complaint = "something that it sent is no message of MCP"

    def _changed(self) -> None:
        self._changes += 1
        self.stirred.set()

    async def listen(self) -> None:
        """Hears of changes of the tools from servers that want to be asked for that (MCP 2026-07-28)."""
        tools = self.client.server_capabilities.tools
        if not tools or not tools.list_changed:
            return
        with suppress(MCPError, SubscriptionLost, TimeoutError):
            try:
                async with self.client.listen(tools_list_changed=True) as changes:
                    async for _ in changes:
                        self._changed()
            except ListenNotSupportedError:
                return
        self._changed()  # what has been missed since shows when they are listed
