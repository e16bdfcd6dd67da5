"""What stands before an MCP server on HTTP: who may come in, from which page, and by which name.

Browsers are the threat: a page that somebody visits can send requests to this machine, also under a name of its own
that it has pointed here (DNS rebinding). Other accounts of the machine are one, too: they can reach loopback.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/mcp"
"""Where the server is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who is let in."""

    names: Collection[str] | None
    """What a request may call the server by, `HOST:PORT`; None takes any name, as where it listens on all addresses."""
    token: str | None
    """What a request has to bring along; None lets everybody in."""

    def refusal(self, headers: Headers) -> Response | None:
        """Why a request is not let in; None where it is."""
        name, origin = headers.get("host", "").lower(), headers.get("origin")
        if not name or (self.names is not None and name not in self.names):
            return PlainTextResponse("this server is not called that", status_code=421)
        if origin is not None and origin.lower() not in (f"http://{name}", f"https://{name}"):
            return PlainTextResponse("requests of other pages are refused", status_code=403)
        if self.token is None:
            return None
        given = headers.get("authorization", "")
        wanted = f"Bearer {self.token}"
        if hmac.compare_digest(given.encode(errors="replace"), wanted.encode()):
            return None
        text = "the token is missing or wrong: send `Authorization: Bearer TOKEN`"
        return PlainTextResponse(text, status_code=401, headers={"WWW-Authenticate": "Bearer"})


class Guarded:
    """An ASGI application that hands on what its door lets in, at one path."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("only HTTP is served")
        refusal = self._door.refusal(Headers(scope=scope))
        if refusal is None and scope["path"] != PATH:
            refusal = PlainTextResponse(f"there is only {PATH} here", status_code=404)
        await (refusal or self._app)(scope, receive, send)
