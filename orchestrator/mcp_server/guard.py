"""What stands before an MCP server on HTTP: who may come in, from which page, by which name, and how many at once.

Browsers are the threat: a page that somebody visits can send requests to this machine, also under a name of its own
that it has pointed here (DNS rebinding). Other accounts of the machine are one, too: they can reach loopback.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Collection
from dataclasses import dataclass

import anyio
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/mcp"
"""Where the server is."""

MAX_REQUESTS = 128
"""Requests that were let in and are served at once, those that only listen among them."""

BODY_SECONDS = 60.0
"""How long the body of a request may take to arrive."""

LAST_SECONDS = 1.0
"""How long the end of a response that was broken off may take to leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who is let in."""

    names: Collection[str] | None
    """What a request may call the server by, `HOST:PORT`; None takes any name, as where it listens on all addresses."""
    token: str | None
    """What a request has to bring along; None lets everybody in."""

    def _has_token(self, given: str) -> bool:
        scheme, _, token = given.partition(" ")
        wanted = (self.token or "").encode()
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(errors="replace"), wanted)

    def refusal(self, headers: Headers) -> Response | None:
        """Why a request is not let in; None where it is."""
        name, origin = headers.get("host", "").lower(), headers.get("origin")
        if not name or (self.names is not None and name not in self.names):
            return PlainTextResponse("this server is not called that", status_code=421)
        if origin is not None and origin.lower() not in (f"http://{name}", f"https://{name}"):
            return PlainTextResponse("requests of other pages are refused", status_code=403)
        if self.token is None or self._has_token(headers.get("authorization", "")):
            return None
        text = "the token is missing or wrong: send `Authorization: Bearer TOKEN`"
        return PlainTextResponse(text, status_code=401, headers={"WWW-Authenticate": "Bearer"})


class _Exchange:
    """One request that was let in, and what has been answered to it."""

    def __init__(self, receive: Receive, send: Send, body_seconds: float) -> None:
        self.scope = anyio.CancelScope()
        self._receive = receive
        self._send = send
        self._until = anyio.current_time() + body_seconds
        self._has_body = False
        self._began: Message | None = None
        self._is_complete = False

    async def receive(self) -> Message:
        """What comes of the request; it is broken off where the body does not come."""
        if self._has_body:
            return await self._receive()
        self.scope.deadline = self._until
        message = await self._receive()
        self.scope.deadline = math.inf
        self._has_body = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Takes note of what is answered."""
        if message["type"] == "http.response.start":
            self._began = message
        elif not message.get("more_body", False):
            self._is_complete = True
        await self._send(message)

    async def close(self, scope: Scope) -> None:
        """Ends the answer in order after it was broken off."""
        if self._is_complete:
            return
        with anyio.move_on_after(LAST_SECONDS):
            if self._began is None:
                text = "the server is ending" if self._has_body else "the request did not arrive in time"
                status = 503 if self._has_body else 408
                last = PlainTextResponse(text, status_code=status, headers={"Connection": "close"})
                await last(scope, self._receive, self._send)
            elif "content-length" not in Headers(raw=self._began["headers"]):
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})


class Guarded:
    """An ASGI application that hands on what its door lets in, at one path."""

    def __init__(
        self, app: ASGIApp, door: Door, *, max_requests: int = MAX_REQUESTS, body_seconds: float = BODY_SECONDS
    ) -> None:
        self._app = app
        self._door = door
        self._max_requests = max_requests
        self._body_seconds = body_seconds
        self._under_way: set[_Exchange] = set()
        self._is_closed = False

    def close(self) -> None:
        """Breaks off what is under way, and lets nobody in any more."""
        self._is_closed = True
        for one in self._under_way:
            one.scope.cancel()

    def _refusal(self, scope: Scope) -> Response | None:
        if (refusal := self._door.refusal(Headers(scope=scope))) is not None:
            return refusal
        if scope["path"] != PATH:
            return PlainTextResponse(f"there is only {PATH} here", status_code=404)
        if self._is_closed:
            return PlainTextResponse("the server is ending", status_code=503)
        if len(self._under_way) >= self._max_requests:
            return PlainTextResponse(f"{self._max_requests} requests are under way", status_code=503)
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("only HTTP is served")
        if (refusal := self._refusal(scope)) is not None:
            return await refusal(scope, receive, send)
        one = _Exchange(receive, send, self._body_seconds)
        self._under_way.add(one)
        try:
            with one.scope:
                await self._app(scope, one.receive, one.send)
        finally:
            self._under_way.discard(one)
        if one.scope.cancelled_caught:
            await one.close(scope)
        return None
