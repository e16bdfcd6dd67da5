"""Takes the one answer of a login on this machine: the redirect of a browser to a loopback address (RFC 8252 7.3).

Other pages and programs may knock at the port, so nothing ends the wait but the answer that has the login's own state.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from urllib.parse import parse_qs

import anyio
import h11
from anyio.abc import Listener, SocketAttribute, SocketStream

from auth.errors import CredentialError, ProviderError
from auth.login_page import (
    ALREADY,
    ANOTHER_HOST,
    ANOTHER_LOGIN,
    FAILED,
    HEADERS,
    NOT_ALLOWED,
    NOT_FOUND,
    NOT_HTTP,
    Page,
    logged_in,
    not_logged_in,
)
from auth.secret import Secret

LOGIN_SECONDS = 300.0
"""Seconds that a person has for a login, from the address to the answer."""

MAX_HEAD_BYTES = 8 * 1024
"""Bytes of a request's line and header fields, the code and the state in it."""

MAX_CONNECTIONS = 32
"""Connections that are held at once; a further one is closed. Browsers open some that they never use."""

HEAD_SECONDS = 5.0
"""Seconds that a request may take to arrive."""

PAGE_SECONDS = 3.0
"""Seconds that a page may take to leave, the last one too."""

PATH = "/callback"
"""The only path that is there."""

_ADDRESS = "127.0.0.1"
_READ_BYTES = 4096
_MAX_FIELDS = 32
"""Parameters of an answer that are looked at."""
_MAX_DRAINED = 64 * 1024
"""Bytes that are read and dropped after a page, so that closing does not take it back."""

Result = TypeVar("Result")


def _has_state(query: str, state: Secret) -> bool:
    """True where the answer is to this login (RFC 6749 10.12)."""
    try:
        found = parse_qs(query, keep_blank_values=True, max_num_fields=_MAX_FIELDS).get("state", [])
    except ValueError:
        return False
    return len(found) == 1 and hmac.compare_digest(found[0].encode(errors="replace"), state.reveal().encode())


async def _request(stream: SocketStream, connection: h11.Connection) -> h11.Request | None:
    """The head of the one request; None where none comes. Raises: `h11.RemoteProtocolError`."""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            return None
        try:
            connection.receive_data(await stream.receive(_READ_BYTES))
        except anyio.EndOfStream:
            return None


async def _show(stream: SocketStream, connection: h11.Connection, page: Page, method: bytes = b"GET") -> None:
    """Raises: `TimeoutError`."""
    body = page.html()
    response = h11.Response(status_code=page.status, headers=[*HEADERS, ("Content-Length", str(len(body)))])
    drained = 0
    with anyio.fail_after(PAGE_SECONDS), suppress(anyio.EndOfStream):
        content = () if method == b"HEAD" else (h11.Data(data=body),)
        for event in (response, *content, h11.EndOfMessage()):
            await stream.send(connection.send(event) or b"")
        await stream.send_eof()
        while drained < _MAX_DRAINED:
            drained += len(await stream.receive(_READ_BYTES))


class LoopbackListener:
    """Listens where the browser of the person is sent back to; `listening` opens it."""

    def __init__(self, listener: Listener[SocketStream], host: str) -> None:
        port: int = listener.extra(SocketAttribute.local_port)  # noqa: S610  # it is anyio's, and no query
        self._listener = listener
        self._hosts = frozenset({f"{_ADDRESS}:{port}", f"localhost:{port}"})
        self._state = Secret("")
        self._answered, self._decided, self._told = anyio.Event(), anyio.Event(), anyio.Event()
        self._query = ""
        self._page = FAILED
        self._held = 0
        self.redirect_uri = f"http://{host}:{port}{PATH}"
        """The address that the browser is to be sent back to."""

    async def once(self, state: Secret, name: str, take: Callable[[str], Awaitable[Result]]) -> Result:
        """What `take` makes of the query of the answer that has this state; its page says whether that has worked.

        `name` is what is logged in to. Raises: as `take`; `ProviderError` when there is no answer in `LOGIN_SECONDS`.
        """
        self._state = state
        made: list[Result] = []
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._listener.serve, self._met)
                try:
                    made.append(await self._made(name, take))
                finally:
                    await self._tell()
                    tasks.cancel_scope.cancel()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        [result] = made
        return result

    async def _made(self, name: str, take: Callable[[str], Awaitable[Result]]) -> Result:
        """Raises: as `once`."""
        with anyio.move_on_after(LOGIN_SECONDS):
            await self._answered.wait()
        if not self._answered.is_set():
            raise ProviderError(f"nobody has logged in within {LOGIN_SECONDS / 60:.0f} minutes", may_pass=True)
        try:
            made = await take(self._query)
        except CredentialError as error:
            self._page = not_logged_in(str(error))
            raise
        self._page = logged_in(name)
        return made

    async def _tell(self) -> None:
        """Shows the page to whoever brought the answer."""
        self._decided.set()
        if self._answered.is_set():
            with anyio.move_on_after(PAGE_SECONDS):
                await self._told.wait()

    async def _met(self, stream: SocketStream) -> None:
        """One connection; whatever is wrong with it ends it alone."""
        if self._held >= MAX_CONNECTIONS:
            await stream.aclose()
            return
        self._held += 1
        try:
            async with stream:
                with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, TimeoutError):
                    await self._served(stream)
        finally:
            self._held -= 1

    async def _served(self, stream: SocketStream) -> None:
        """Raises: `TimeoutError`."""
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        try:
            with anyio.fail_after(HEAD_SECONDS):
                request = await _request(stream, connection)
        except h11.RemoteProtocolError:
            await _show(stream, connection, NOT_HTTP)
            return
        if request is None:
            return
        if page := self._judged(request):
            await _show(stream, connection, page, request.method)
            return
        await self._decided.wait()
        try:
            await _show(stream, connection, self._page)
        finally:
            self._told.set()

    def _judged(self, request: h11.Request) -> Page | None:
        """The page of what is not the answer; None for the answer, which is taken once."""
        path, _, query = request.target.decode("ascii", "replace").partition("?")
        hosts = [value.decode("latin-1").lower() for name, value in request.headers if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return ANOTHER_HOST
        if path != PATH:
            return NOT_FOUND
        if request.method != b"GET":
            return NOT_ALLOWED
        if not _has_state(query, self._state):
            return ANOTHER_LOGIN
        if self._answered.is_set():
            return ALREADY
        self._query = query
        self._answered.set()
        return None


@asynccontextmanager
async def listening(*, host: str = _ADDRESS, port: int = 0) -> AsyncGenerator[LoopbackListener]:
    """A listener on this machine alone, on a free port unless one is named.

    `host` is how the redirect names the machine: some providers take `localhost` only. Raises: `OSError` where the
    port is taken.
    """
    listeners = await anyio.create_tcp_listener(local_host=_ADDRESS, local_port=port)
    async with listeners:
        [listener] = listeners.listeners
        yield LoopbackListener(listener, host)
