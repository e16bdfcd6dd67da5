"""Opens sessions with MCP servers: over HTTP, with the older transport where that is all a server has, or by a program.

Whatever goes wrong on the way, or later beside a call, ends the session and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, Protocol, TypeGuard

import anyio
import httpx2
from anyio.abc import TaskGroup
from mcp.client import Client, Transport
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation
from pydantic import ValidationError

from runtimes.base import RuntimeServices, RuntimeSpec, WireMessage
from runtimes.errors import InvocationError
from runtimes.http import shown_url
from runtimes.local.supervision import Restarts
from runtimes.local.transports.base import TransportError
from runtimes.local.transports.process import running
from runtimes.local_endpoint import LocalEndpoint
from runtimes.mcp.asking import MAX_SAID_CHARS
from runtimes.mcp.ending import Ending
from runtimes.mcp.gate import gated
from runtimes.mcp.http import MAX_MESSAGE_BYTES, Line, open_http
from runtimes.mcp.results import one_line
from runtimes.mcp.session import Session
from runtimes.mcp.stdio import streams_of

CONNECT_SECONDS = 15.0
"""How long it may take until a server has introduced itself."""

OLDER = frozenset({400, 404, 405})
"""What a server answers to `initialize` that may have the older transport only, SSE (MCP, "Transports")."""

Mode = Literal["auto", "legacy"]
"""Whether a server is first asked for the protocol without a handshake (MCP 2026-07-28); others answer an error."""

_FAILURES = (MCPError, TransportError, OSError, RuntimeError, ValueError, httpx2.HTTPError, httpx2.StreamError)
"""What mcp, and what lies below it, may raise; errors of validation are `ValueError`."""


def _is_group(error: BaseException) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    return isinstance(error, BaseExceptionGroup)


def _first(error: BaseException) -> BaseException:
    """The first exception of a group of them."""
    while _is_group(error):
        error = error.exceptions[0]
    return error


def _about_us() -> Implementation:
    try:
        number = version("plugin-orchestrator")
    except PackageNotFoundError:
        number = "0"
    return Implementation(name="plugin-orchestrator", version=number)


class Server(Protocol):
    """An MCP server, reached or not."""

    @property
    def name(self) -> str:
        """What errors call it."""
        ...

    async def connect(self, stack: AsyncExitStack, person: str, mode: Mode, lost: Callable[[str], None], /) -> Session:
        """A session for as long as the stack lasts; `lost` is called once nothing more can come of it."""
        ...


async def _introduced(stack: AsyncExitStack, session: Session, transport: Transport, mode: Mode) -> Session:
    """Has mcp negotiate over the transport; where that fails nothing is left of it on the stack."""
    async with AsyncExitStack() as attempt:
        session.client = await attempt.enter_async_context(
            Client(
                gated(transport, session.ending),
                mode=mode,
                cache=None,
                client_info=_about_us(),
                elicitation_callback=session.elicit,
                message_handler=session.notice,
            )
        )
        stack.push_async_exit(attempt.pop_all())
    return session


async def _tasks(stack: AsyncExitStack) -> TaskGroup:
    """A task group whose tasks end with the stack."""
    tasks = await stack.enter_async_context(anyio.create_task_group())
    stack.callback(tasks.cancel_scope.cancel)
    return tasks


class _Wire:
    """The way to a URL: one request that fails is nothing to the others, unless nobody could be told."""

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def failure(self) -> InvocationError | None:
        return self._line.failure if self._line.failed.is_set() else None

    def failure_of(self, data: object) -> InvocationError | None:
        return self._line.failure_of(data)


class RemoteServer:
    """A server at a URL."""

    def __init__(self, url: str, spec: RuntimeSpec, services: RuntimeServices, *, is_listened_to: bool = True) -> None:
        """`is_listened_to`: changes of its tools are of interest."""
        self._is_listened_to = is_listened_to
        self._url = url
        self._spec = spec
        self._services = services

    @property
    def name(self) -> str:
        """As `Server.name`."""
        return f"the MCP server {shown_url(self._url)}"

    async def connect(self, stack: AsyncExitStack, person: str, mode: Mode, lost: Callable[[str], None], /) -> Session:
        """As `Server.connect`."""
        line = await stack.enter_async_context(open_http(self._url, self._services, self._spec, person))

        async def watch() -> None:
            await line.failed.wait()
            lost(str(line.failure or "the connection has failed"))

        (await _tasks(stack)).start_soon(watch)
        try:
            session = await self._streaming(stack, line, mode)
        except (MCPError, ExceptionGroup) as error:
            failure = _first(error)
            if not isinstance(failure, MCPError):
                raise
            if line.status not in OLDER:
                raise line.failure_of(failure.error.data) or failure from None
            status = line.status
            try:
                session = await self._older(stack, line)
            except (*_FAILURES, ExceptionGroup):
                raise TransportError(f"it answered {status} to what MCP begins with; is it the right URL?") from None
        if self._is_listened_to:
            (await _tasks(stack)).start_soon(session.listen)
        return session

    async def _streaming(self, stack: AsyncExitStack, line: Line, mode: Mode) -> Session:
        client = await stack.enter_async_context(line.client())
        transport = streamable_http_client(self._url, http_client=client, max_sse_event_size=MAX_MESSAGE_BYTES)
        return await _introduced(stack, Session(self.name, _Wire(line), Ending()), transport, mode)

    async def _older(self, stack: AsyncExitStack, line: Line) -> Session:
        def client(
            headers: dict[str, str] | None = None,
            timeout: httpx2.Timeout | None = None,
            auth: httpx2.Auth | None = None,
        ) -> httpx2.AsyncClient:
            del headers, timeout, auth
            return line.client()

        transport = sse_client(self._url, httpx_client_factory=client)
        return await _introduced(stack, Session(self.name, _Wire(line), Ending()), transport, "legacy")


class _Pipe:
    """The way to a program: what goes wrong on it shows as its end."""

    @property
    def failure(self) -> InvocationError | None:
        return None

    def failure_of(self, data: object) -> InvocationError | None:
        del data
        return None


class LocalServer:
    """A program of the host's table."""

    def __init__(self, name: str, endpoint: LocalEndpoint, services: RuntimeServices) -> None:
        self._id = name
        self._endpoint = endpoint
        self._services = services
        self._restarts = Restarts()
        self._last_words = ""

    @property
    def name(self) -> str:
        """As `Server.name`."""
        return f"the local MCP server {self._id!r}"

    def _refuse_while_it_dies(self) -> None:
        """Raises: `InvocationError` where it has died so often that its next start has to wait."""
        pause = self._restarts.pause(anyio.current_time())
        if pause:
            often = f"{self.name} has died {self._restarts.deaths} times in short order"
            message = f"{often}; it is started again in {pause:.0f} s; {self._last_words}"
            raise InvocationError(message, not_executed="connect", is_final=True)

    def _note(self, ending: Ending) -> None:
        if ending.is_death:
            self._restarts.died(anyio.current_time())
            self._last_words = ending.reason

    async def connect(self, stack: AsyncExitStack, person: str, mode: Mode, lost: Callable[[str], None], /) -> Session:
        """As `Server.connect`."""
        del person
        self._refuse_while_it_dies()
        ending = Ending()
        program = await stack.enter_async_context(running(self._endpoint))

        async def watch() -> None:
            await ending.has_come.wait()
            self._note(ending)
            lost(ending.reason)

        def sent(text: str) -> None:
            self._services.sent(WireMessage(method="JSON-RPC", url=f"local:{self._id}", body=text))

        transport = streams_of(program, ending, sent)
        session = Session(self.name, _Pipe(), ending)
        try:
            await _introduced(stack, session, transport, mode)
        except (MCPError, ExceptionGroup) as error:
            self._note(ending)
            failure = _first(error)
            reason = ending.reason or (failure.error.message if isinstance(failure, MCPError) else str(failure))
            raise TransportError(one_line(reason, MAX_SAID_CHARS)) from None
        (await _tasks(stack)).start_soon(watch)
        return session


def _not_reached(server: Server, error: BaseException) -> InvocationError:
    if isinstance(error, InvocationError):
        return error
    if isinstance(error, ValidationError):
        words = "it introduced itself with something that is no MCP"
    else:
        words = one_line(str(error), MAX_SAID_CHARS) or type(error).__name__
    return InvocationError(f"{server.name} cannot be reached: {words}", not_executed="connect")


@asynccontextmanager
async def open_session(
    server: Server, person: str, mode: Mode = "auto", seconds: float = CONNECT_SECONDS
) -> AsyncGenerator[Session]:
    """A session with the server, which may end before the context does: its `ending` says so.

    Entering raises: `InvocationError` where there is none within so many seconds.
    """
    session: Session | None = None
    failure: BaseException | None = None
    why = f"it has not introduced itself within {seconds:g} s"
    with anyio.CancelScope(deadline=anyio.current_time() + seconds) as scope:

        def lost(reason: str) -> None:
            nonlocal why
            why = reason
            if session is not None:
                session.ending.end(reason)
            scope.cancel()

        try:
            async with AsyncExitStack() as stack:
                session = await server.connect(stack, person, mode, lost)
                scope.deadline = math.inf
                yield session
        except* Exception as group:  # noqa: BLE001  # what a server says reaches all of mcp: none of it may go further
            failure = group
    if session is not None:
        session.ending.end(why if failure is None else one_line(str(_first(failure)), MAX_SAID_CHARS))
    elif failure is not None:
        raise _not_reached(server, _first(failure)) from None
    else:
        raise InvocationError(f"{server.name} cannot be reached: {why}", not_executed="connect")
