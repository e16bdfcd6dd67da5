"""A runtime whose functions are the tools of one MCP server (manifest 2.4, `RemoteMCPServer`; `x-McpServer`).

A server whose tools the manifest describes is not asked before the first call; any other lists them when the runtime
is opened, and again whenever it says that they have changed. A tool is never called by a definition that it no longer
has. The extra `mcp` is imported when a server is first asked.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import anyio
from anyio.abc import TaskGroup

from auth import Attached, SignIn
from runtimes.base import (
    CallContext,
    CallResult,
    FunctionCall,
    FunctionSignature,
    RuntimeExecutor,
    RuntimeServices,
    RuntimeSpec,
    WireMessage,
)
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.mcp.calls import OpenCall
from runtimes.mcp.described import described_tools
from runtimes.mcp.place import LocalPlace, RemotePlace, place_of
from runtimes.mcp.refusals import Forgotten, Refused
from runtimes.mcp.results import read_result
from runtimes.mcp.sessions import CLOSE_SECONDS, Sessions
from runtimes.mcp.tools import Listing, Tool, signature, undefined
from runtimes.values import JsonObject, dump_json
from runtimes.wrappers import Unhurried

if TYPE_CHECKING:
    from runtimes.mcp.connecting import Mode, Server
    from runtimes.mcp.session import Session

DISCOVERY_SECONDS = 15.0
"""How long a server may take to list its tools when the runtime is opened."""
MAX_ERROR_DATA_CHARS = 2000
"""How long the data of an error object may be to be handed on."""
PREVIEW_ID = 1
"""The request id in a preview; the real one is not known before."""
INSTALL = "pip install 'plugin-orchestrator[mcp]'"


def _failed_answer(error: Refused) -> CallResult:
    """An error object is an answer: the server was reached, and says why not."""
    payload: JsonObject = {"code": error.code, "message": error.message}
    if error.data is not None and len(dump_json(error.data)) <= MAX_ERROR_DATA_CHARS:
        payload["data"] = error.data
    return CallResult(payload=payload, is_error=True, explanation=error.message)


class McpExecutor:
    """Calls the tools of one server."""

    def __init__(
        self,
        spec: RuntimeSpec,
        services: RuntimeServices,
        place: RemotePlace | LocalPlace,
        described: Listing | None,
        tasks: TaskGroup,
    ) -> None:
        """`described` are the tools that the manifest has; None has the server asked for them."""
        self._spec = spec
        self._services = services
        self._place = place
        self._described = described
        self._server: Server | None = None
        self._mode: Mode = "auto"
        self._tools: Mapping[str, Tool] = {}
        self._unusable: Mapping[str, str] = {}
        self._functions: Mapping[str, FunctionSignature] = {}
        self._is_shared = place.is_shared and spec.auth.is_anonymous
        self._sessions = Sessions(
            tasks,
            self._open_session,
            self._learn if described is None else None,
            is_shared=self._is_shared,
            idle_seconds=place.idle_seconds,
        )
        if described is not None:
            self._offer(described)

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        """The tools that can be called, as the server had them when it was last asked."""
        return self._functions

    @property
    def unusable(self) -> Mapping[str, str]:
        """As `RuntimeExecutor.unusable`."""
        return self._unusable

    # --- what is offered

    def _offer(self, listing: Listing) -> None:
        wanted = tuple({**listing.tools, **listing.unusable}) if self._spec.functions is None else self._spec.functions
        self._tools = {name: listing.tools[name] for name in wanted if name in listing.tools}
        known = ", ".join(sorted(listing.tools)[:20]) or "none"
        self._unusable = {
            name: listing.unusable.get(name, f"its MCP server has no tool of this name; it has: {known}")
            for name in wanted
            if name not in listing.tools
        }
        self._functions = {name: signature(tool, self._place.destination) for name, tool in self._tools.items()}

    def _learn(self, listing: Listing) -> None:
        """Offers what the server has; the host is told where that is something else than before."""
        before = self._functions
        self._offer(listing)
        if self._functions != before:
            self._services.functions_changed()

    async def discover(self, person: str) -> None:
        """Asks the server for its tools, with the credentials of that person.

        Where they have to sign in first, the functions that the manifest declares are offered as it has them.

        Raises: `RuntimeUnavailable` where there are no tools to be had.
        """
        try:
            if await self._place.sign_in(self._spec, self._services, person) is not None:
                self._offer_undefined()
                return
            with anyio.fail_after(DISCOVERY_SECONDS):
                async with self._sessions.of(person) as session:
                    listing = await session.tools()
        except TimeoutError:
            reason = f"no list within {DISCOVERY_SECONDS:g} s"
        except (InvocationError, Refused, Forgotten) as error:
            reason = str(error)
        else:
            self._offer(listing)
            return
        raise RuntimeUnavailable(f"its MCP server was asked for its tools: {reason}") from None

    def _offer_undefined(self) -> None:
        names = self._spec.functions
        if not names:
            raise RuntimeUnavailable("its MCP server lists its tools after a sign-in only; sign in and start again")
        self._offer(Listing(tools={name: undefined(name) for name in names}))

    # --- calls

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        """The message that would be sent. Raises: `InvocationError`."""
        self._tool(call.function)
        params: JsonObject = {"name": call.function, "arguments": call.arguments}
        message: JsonObject = {"jsonrpc": "2.0", "id": PREVIEW_ID, "method": "tools/call", "params": params}
        return (
            WireMessage(method="JSON-RPC", url=self._place.url, body=dump_json(message), attached=self._attached()),
        )

    def _attached(self) -> tuple[Attached, ...]:
        return self._place.attached(self._spec)

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        """As `RuntimeExecutor.sign_in`. Raises: `InvocationError`."""
        self._tool(function)
        return await self._place.sign_in(self._spec, self._services, person)

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """Calls the tool, opening a session first where there is none. Raises: `InvocationError`."""
        tool = self._tool(call.function)
        complaint: str | None = None
        with anyio.move_on_after(context.timeout) as scope:
            for is_last in (False, True):
                open_call = OpenCall(context, Unhurried(scope, context.ask))
                async with self._sessions.of(context.person) as session:
                    try:
                        result = await self._called(session, tool, call, open_call, is_last=is_last)
                    finally:
                        complaint = session.ending.complaint
                if result is not None:
                    return result
        took = f"took longer than {context.timeout:g} s"
        if complaint is None:
            message = f"nothing was sent: {self._place.name} {took} to be reached"
            raise InvocationError(message, not_executed="connect")
        raise InvocationError(f"{call.function!r} {took}{complaint and f'; {complaint}'}")

    async def _called(
        self, session: Session, tool: Tool, call: FunctionCall, open_call: OpenCall, *, is_last: bool
    ) -> CallResult | None:
        """None where the server has forgotten the session, and another one may do. Raises: `InvocationError`."""
        await self._check(session, tool)
        try:
            return read_result(await session.call(call.function, call.arguments, open_call))
        except Refused as error:
            return _failed_answer(error)
        except Forgotten:
            if is_last:
                message = f"{self._place.name} forgets its sessions"
                raise InvocationError(message, not_executed="connect", is_final=True) from None
            return None

    def _tool(self, function: str) -> Tool:
        """Raises: `InvocationError`."""
        tool = self._tools.get(function)
        if tool is None:
            known = ", ".join(sorted(self._tools)[:20]) or "none"
            reason = self._unusable.get(function, f"there is no such function; known functions: {known}")
            raise InvocationError(f"nothing was sent: {function!r} cannot be called: {reason}", is_unsent=True)
        return tool

    async def _check(self, session: Session, offered: Tool) -> None:
        """Raises: `InvocationError` where the tool is another one by now than what was offered."""
        if self._described is not None or (session.listing is not None and not session.has_changed):
            return
        try:
            listing = await session.tools()
        except (Refused, Forgotten) as error:
            message = f"nothing was sent: {self._place.name} does not list its tools: {error}"
            raise InvocationError(message, not_executed="connect") from None
        self._learn(listing)
        current = listing.tools.get(offered.name)
        if current is None or (offered.digest and current.digest != offered.digest):
            what = "has no such tool any more" if current is None else "has changed what it does since it was offered"
            message = f"nothing was sent: {offered.name!r}: its server {what}; look again in the next turn"
            raise InvocationError(message, is_unsent=True)

    @asynccontextmanager
    async def _open_session(self, person: str) -> AsyncGenerator[Session]:
        """Entering raises: `InvocationError`."""
        from runtimes.mcp.connecting import open_session

        server = self._server = self._server or self._place.server(
            self._spec, self._services, is_listened_to=self._described is None
        )
        async with AsyncExitStack() as stack:
            try:
                session = await stack.enter_async_context(open_session(server, person, self._mode))
            except InvocationError:
                if self._mode == "legacy" or not self._place.may_die_of_asking:
                    self._mode = "auto"
                    raise
                session = await stack.enter_async_context(open_session(server, person, "legacy"))
            if session.has_handshake:
                self._mode = "legacy"
            yield session

    async def close(self) -> None:
        """Ends the sessions."""
        await self._sessions.close()


def require_mcp() -> None:
    """Raises: `RuntimeUnavailable` where the extra is not installed."""
    if find_spec("mcp") is None:
        raise RuntimeUnavailable(f"MCP servers need the extra 'mcp': {INSTALL}")


@asynccontextmanager
async def open_mcp(spec: RuntimeSpec, services: RuntimeServices, /) -> AsyncGenerator[RuntimeExecutor]:
    """A factory for `RemoteMCPServer` and `x-McpServer`; leaving ends the sessions.

    Entering raises: `RuntimeUnavailable` where the extra is not installed, the server is not named as it has to be, or
    its tools are not to be had.
    """
    require_mcp()
    place = place_of(spec, services)
    described = await described_tools(spec, services)
    tasks = anyio.create_task_group()
    # By hand, because `async with` would wrap the caller's own exception in a group.
    await tasks.__aenter__()
    try:
        executor = McpExecutor(spec, services, place, described, tasks)
        try:
            if described is None:
                await executor.discover(services.discoverer)
            yield executor
        finally:
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await executor.close()
    finally:
        tasks.cancel_scope.cancel()
        await tasks.__aexit__(None, None, None)
