"""The MCP server over a host: what it lists, and how a request to call a tool is carried through.

Transports stand beside it (`stdio`, `http`); it knows of them only whether a request belongs to a session.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import partial

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.requests import Request

from orchestrator.host import Orchestrator
from orchestrator.manifest.model import ConversationStarter
from orchestrator.mcp_server.client_calls import ClientCalls
from orchestrator.mcp_server.eliciting import QUESTION, as_answer, as_request, can_ask, can_lead, elicited
from orchestrator.mcp_server.making import NEW_SERVER, NEW_SESSION, CallMaker, Desk, Made, Sight
from orchestrator.mcp_server.ongoing import Asked, OngoingCall, OngoingCalls, TooManyCalls
from orchestrator.mcp_server.prompts import instructions_of, starters_of
from orchestrator.mcp_server.reading import NO_SESSION, ReadSoFar
from orchestrator.mcp_server.results import failed, result_of
from orchestrator.mcp_server.tools import tools_of
from orchestrator.policy.answers import Grant
from orchestrator.render.sanitize import clean_line
from orchestrator.tools.toolbox import BoundFunction, Toolbox
from orchestrator.version import __version__
from runtimes.questions import ANSWER_SECONDS
from runtimes.values import JsonObject, canonical_json, parse_json

NAME = "plugin-orchestrator"
"""What the server calls itself."""

MAX_PROGRESS = 500
"""Characters of what is told of a running call at once."""

MAX_NAME_TOLD = 100
"""Characters of a name that a client got wrong."""

SESSION_FIELD = "mcp-session-id"
"""The header field that names a session."""


def _session_of(context: ServerRequestContext) -> str:
    """The session that the transport vouches for; what a request of the later era says of one means nothing."""
    request: object = context.request
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return NO_SESSION
    return request.headers.get(SESSION_FIELD, NO_SESSION) if isinstance(request, Request) else NO_SESSION


def _arguments_of(params: types.CallToolRequestParams) -> JsonObject | None:
    """The arguments; None for what is no JSON that can be kept: what writes it would make a null of a NaN."""
    try:
        json.dumps(params.arguments, allow_nan=False)
        value = parse_json(canonical_json(params.arguments or {}))
    except (TypeError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


async def _put(asked: Asked, context: ServerRequestContext) -> None:
    """Has a question answered on the connection of a request, as long as the call waits for the answer."""
    async with anyio.create_task_group() as tasks:

        async def give() -> None:
            asked.give(await elicited(context, asked.question))

        tasks.start_soon(give)
        await asked.closed.wait()
        tasks.cancel_scope.cancel()


class PluginServer:
    """Offers what a host has to clients of MCP."""

    def __init__(
        self,
        host: Orchestrator,
        model: ClientCalls,
        *,
        person: str,
        says_yes: bool = False,
        granted: Sequence[Grant] = (),
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """The host is open, and `model` is its own; `granted` is what the person has allowed for always."""
        self._host = host
        self._maker = CallMaker(host, model, person=person, says_yes=says_yes)
        self._granted = granted
        self._person = person
        self._listed: tuple[Toolbox, tuple[types.Tool, ...]] | None = None
        self._calls = OngoingCalls(answer_seconds=answer_seconds)
        self._read = ReadSoFar()

    def forget(self, session: str) -> None:
        """The session has ended: what was read in it is out of view."""
        self._read.forget(session)

    async def end(self) -> None:
        """Ends the calls that are under way."""
        await self._calls.end()

    async def list_tools(
        self, context: ServerRequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Every function on offer."""
        del context, params
        toolbox = self._host.toolbox
        if self._listed is None or self._listed[0] is not toolbox:
            tools = tools_of(toolbox, self._host.consent.policy, self._granted, self._person, now=time.time())
            self._listed = toolbox, tools
        return types.ListToolsResult(tools=[*self._listed[1]])

    def _function(self, name: str) -> BoundFunction:
        functions = self._host.toolbox.functions
        if (function := next((one for one in functions if one.tool_name == name), None)) is None:
            told = clean_line(name)[:MAX_NAME_TOLD]
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {told!r}; `tools/list` has those there are")
        return function

    async def call_tool(
        self, context: ServerRequestContext, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        """One call, or what was still needed for one. Raises: `MCPError` for a request that nothing can be made of."""
        function, arguments = self._function(params.name), _arguments_of(params)
        if arguments is None:
            return failed("error: the arguments are nested too deep, or hold what is no JSON; correct them")
        session = _session_of(context)
        purpose = canonical_json([session, params.name, arguments])
        if params.request_state is not None:
            call = self._taken_up(params, purpose)
        else:
            make = partial(self._make, function, arguments, session)
            client = context.session.client_capabilities
            try:
                call = self._calls.begin(make, can_ask=can_ask(client), can_lead=can_lead(client))
            except TooManyCalls as error:
                return failed(f"error: {error}")
        return await self._followed(call, context, purpose)

    def _taken_up(self, params: types.CallToolRequestParams, purpose: str) -> OngoingCall:
        taken_up = self._calls.taken_up(params.request_state or "", purpose)
        if taken_up is None:
            raise MCPError(types.INVALID_PARAMS, "what was asked for this call is not open any more; call again")
        call, asked = taken_up
        asked.give(as_answer((params.input_responses or {}).get(QUESTION)))
        return call

    async def _make(self, function: BoundFunction, arguments: JsonObject, session: str, desk: Desk) -> Made:
        sight = Sight(
            read=self._read.of(session),
            add=partial(self._read.add, session),
            anew=NEW_SERVER if session == NO_SESSION else NEW_SESSION,
        )
        return await self._maker.make(function, arguments, sight, desk)

    async def _followed(
        self, call: OngoingCall, context: ServerRequestContext, purpose: str
    ) -> types.CallToolResult | types.InputRequiredResult:
        """Passes the news of a call on until there is something to answer the request with."""
        is_kept, told = False, 0
        try:
            while not isinstance(news := await call.news(), Made):
                if isinstance(news, str):
                    told += 1
                    await context.session.report_progress(told, message=clean_line(news)[:MAX_PROGRESS])
                elif news.closed.is_set():
                    continue
                elif context.protocol_version in MODERN_PROTOCOL_VERSIONS:
                    is_kept = True
                    return types.InputRequiredResult(
                        input_requests={QUESTION: as_request(news.question)},
                        request_state=self._calls.park(call, purpose, news),
                    )
                else:
                    await _put(news, context)
            return result_of(news)
        finally:
            if not is_kept:
                await call.end()


def server_over(
    host: Orchestrator,
    plugins: PluginServer,
    *,
    instructions: str = "",
    first: Sequence[ConversationStarter] = (),
) -> Server:
    """The server itself; `instructions` and the `first` starters are those of agents."""
    starters = {one.name: one for one in starters_of(host.plugins, first)}

    async def list_prompts(
        context: ServerRequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        del context, params
        return types.ListPromptsResult(prompts=[one.prompt for one in starters.values()])

    async def get_prompt(context: ServerRequestContext, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        del context
        if (starter := starters.get(params.name)) is None:
            told = clean_line(params.name)[:MAX_NAME_TOLD]
            raise MCPError(types.INVALID_PARAMS, f"there is no prompt {told!r}; `prompts/list` has those there are")
        return starter.content

    return Server(
        NAME,
        version=__version__,
        title="Plugins",
        instructions=instructions_of(host.plugins, instructions),
        get_tool_input_schema=lambda _: None,  # no tool asks for arguments in header fields
        on_list_tools=plugins.list_tools,
        on_call_tool=plugins.call_tool,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )
