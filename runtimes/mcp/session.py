"""One session with an MCP server: its tools are listed and called, and it may ask back.

It knows nothing of how the server is reached: `runtimes.mcp.connecting` opens it. Whatever the server does ends in a
result, an error object of the server's own (`Refused`), or an `InvocationError`.
"""

from __future__ import annotations

import logging
import math
from contextlib import suppress
from contextvars import ContextVar
from pathlib import PurePath

import anyio
from mcp.client import Client, ClientRequestContext, IncomingMessage
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp_types import (
    HEADER_MISMATCH,
    INVALID_REQUEST,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    InputResponses,
    PaginatedRequestParams,
    ToolListChangedNotification,
)
from pydantic import BaseModel, ValidationError

from runtimes.errors import InvocationError
from runtimes.mcp.asking import MAX_SAID_CHARS, Asking
from runtimes.mcp.calls import OpenCall
from runtimes.mcp.elicitation import CannotAsk
from runtimes.mcp.ending import Ending, Way
from runtimes.mcp.listed import Page, UnreadableList
from runtimes.mcp.pace import Pace
from runtimes.mcp.raw import first_parts, taken_raw
from runtimes.mcp.refusals import Refused
from runtimes.mcp.results import is_result, one_line
from runtimes.mcp.tools import Listing
from runtimes.telling_logs import quieten_telling_logs
from runtimes.values import InvalidJson, JsonObject, parse_json

MAX_PAGES = 100
"""How many pages a list of tools may have."""
MAX_LISTINGS = 50
"""How often the tools of one session are listed at once, however often they change."""
LISTINGS_PER_SECOND = 0.5
"""How often in the long run; as long as they may not be listed again none is called."""
MAX_ROUNDS = 20
"""How often one call is sent again with what the person answered (`InputRequiredResult`)."""
ROUND_PAUSE = 0.1
"""Seconds before a call is sent again that asked for nothing but to be sent again."""

_CALL: ContextVar[OpenCall | None] = ContextVar("open call of an MCP tool", default=None)
"""Over HTTP what a server asks comes with the answer to a call, in the context of whoever made it."""


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
        self.ending = ending
        self._asking = Asking(name, way, ending)
        self._open: list[OpenCall] = []
        self._users = 0
        self.listing: Listing | None = None
        """Its tools when they were listed last."""
        self._changes = 1
        self._seen = 0
        """Of the changes, those that `listing` has."""
        self._listings = Pace(MAX_LISTINGS, LISTINGS_PER_SECOND, anyio.current_time())
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
        return self._changes != self._seen

    @property
    def listing_pause(self) -> float:
        """Seconds until its tools may be listed again."""
        return self._listings.pause(anyio.current_time())

    # --- what we ask

    async def tools(self) -> Listing:
        """Its tools as they are, listed again where they have changed. Raises: `InvocationError`, `Forgotten`."""
        async with self._listing_lock:
            if self.listing is None or self.has_changed:
                if not self._listings.take(anyio.current_time()):
                    raise InvocationError(
                        f"nothing was sent: the tools of {self._name} change faster than they can be listed; they are "
                        f"listed again in {math.ceil(self.listing_pause)} s",
                        is_unsent=True,
                    )
                changes = self._changes
                self.listing = await self._listed()
                self._seen = changes
            return self.listing

    async def _listed(self) -> Listing:
        page = Page(is_newer=not self.has_handshake)
        for _ in range(MAX_PAGES):
            params = PaginatedRequestParams(cursor=page.cursor)
            with taken_raw() as reply:
                await self._asking.answered("tools/list", self.client.session.list_tools(params=params))
            try:
                page.read(reply.result or {})
            except UnreadableList as error:
                raise InvocationError(f"{self._name} {error}") from None
            if page.cursor is None or page.is_full:
                break
        return page.listing()

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
            if (kind := result.get("resultType") or "complete") == "complete" and is_result(result):
                return result
            if kind != "input_required":
                raise self._asking.no_result(f"tools/call {tool!r}")
            responses, state = await self._responses(result, call), self._state(result)
        raise InvocationError(f"{self._name} asked {MAX_ROUNDS} times to be called again, and gave no answer")

    async def _send(
        self,
        tool: str,
        arguments: JsonObject,
        call: OpenCall,
        responses: InputResponses | None,
        state: str | None,
    ) -> JsonObject:
        params = CallToolRequestParams(name=tool, arguments=arguments, input_responses=responses, request_state=state)
        # not `call_tool`: that has the server list its tools, and raises where an answer does not fit its schema
        request = CallToolRequest(params=params)
        with taken_raw() as reply:
            sent = self.client.session.send_request(request, CallToolResult, progress_callback=call.tell)
            await self._asking.answered(f"tools/call {tool!r}", sent)
        try:
            return first_parts(reply.result or {})
        except ValueError as error:
            raise InvocationError(f"{self._name} gave an answer that cannot be read: {error}") from None

    def _state(self, result: JsonObject) -> str | None:
        state = result.get("requestState")
        return state if isinstance(state, str) else None

    async def _responses(self, result: JsonObject, call: OpenCall) -> InputResponses | None:
        """What the person answers to what the server wants to know first. Raises: `Refused`."""
        requests = result.get("inputRequests")
        if not isinstance(requests, dict) or not requests:
            await anyio.sleep(ROUND_PAUSE)
            return None
        responses: InputResponses = {}
        for key, request in requests.items():
            method = request.get("method") if isinstance(request, dict) else None
            params = request.get("params") if isinstance(request, dict) else None
            if method != "elicitation/create" or not isinstance(params, dict):
                asked = one_line(str(method), MAX_SAID_CHARS)
                raise Refused(INVALID_REQUEST, f"the server asks for {asked}, which this host does not do")
            try:
                answer = await call.elicit(params)
            except CannotAsk as error:
                raise Refused(INVALID_REQUEST, f"the server asks what nobody can be asked: {error}") from None
            responses[key] = ElicitResult.model_validate(answer)
        return responses

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
