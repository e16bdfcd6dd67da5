"""A token endpoint on loopback, and an API behind it: refresh tokens are for one use, and one used twice ends them all.

async with token_endpoint() as provider:
    tokens = provider.login("ada")
    ...  # provider.url, provider.refreshes, provider.answered
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from auth.credentials import Tokens
from auth.registration import Grant, OAuthRegistration, Provider
from auth.secret import Secret
from runtimes.values import Json
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve

LIFETIME_SECONDS = 3600
"""Of access tokens, unless a test wants another."""


def _refused(code: str) -> Answer:
    return json_response({"error": code}, 400)


async def _at_once() -> None:
    """Lets every request through."""


@dataclass(slots=True, kw_only=True)
class TokenEndpoint:
    """A provider and its API; tokens are called `access-PERSON-NUMBER` and `refresh-PERSON-NUMBER`."""

    url: str = ""
    lifetime: int = LIFETIME_SECONDS
    refreshes: int = 0
    """How many were asked for, whatever came of it."""
    forms: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """What was asked for, one by one."""
    revoked: list[str] = field(default_factory=list[str])
    broken: Answer | None = None
    """The answer to everything, while it is set."""
    granted: str | None = None
    """The scopes that are granted whatever is asked for; None does not say."""
    let_through: Callable[[], Awaitable[None]] = _at_once
    """Awaited before each answer of the token endpoint."""
    number: int = 0
    living: dict[str, str] = field(default_factory=dict[str, str])
    """The refresh token of each person that may still be used."""
    accepted: set[str] = field(default_factory=set[str])
    """The access tokens that the API takes."""

    def login(self, person: str, *, expires: float | None = None) -> Tokens:
        """What a login gives."""
        self._made(person)
        access, refresh = f"access-{person}-{self.number}", f"refresh-{person}-{self.number}"
        return Tokens(access=Secret(access), refresh=Secret(refresh), expires=expires)

    def registration(self, grant: Grant = "authorization_code", subject: str = "") -> OAuthRegistration:
        """How it is registered."""
        provider = Provider(token_endpoint=f"{self.url}/token", revocation_endpoint=f"{self.url}/revoke")
        return OAuthRegistration(provider=provider, client_id="client", grant=grant, subject=subject)

    def _made(self, person: str) -> dict[str, Json]:
        self.number += 1
        access, refresh = f"access-{person}-{self.number}", f"refresh-{person}-{self.number}"
        self.living[person] = refresh
        self.accepted = {one for one in self.accepted if not one.startswith(f"access-{person}-")} | {access}
        answer: dict[str, Json] = {"access_token": access, "token_type": "Bearer", "expires_in": self.lifetime}
        return answer if self.granted is None else {**answer, "scope": self.granted}

    def _refreshed(self, token: str) -> Answer:
        person = token.split("-")[1]
        if self.living.get(person) != token:
            self.living.pop(person, None)
            return _refused("invalid_grant")
        answer = self._made(person)
        return json_response({**answer, "refresh_token": self.living[person]})

    def _given(self, form: dict[str, str]) -> Answer:
        subject = form.get("subject_token") or form.get("assertion")
        if form["grant_type"] == "refresh_token":
            self.refreshes += 1
            return self._refreshed(form["refresh_token"])
        if form["grant_type"] == "client_credentials":
            return json_response(self._made("app"))
        if subject is None or subject not in self.accepted:
            return _refused("invalid_grant")
        return json_response(self._made(f"traded({subject.split('-')[1]})"))

    async def answer(self, request: Request) -> Answer:
        """The handler of the server."""
        if request.path == "/api":
            token = (request.header("Authorization") or "").removeprefix("Bearer ")
            return json_response({"token": token}, 200 if token in self.accepted else 401)
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if request.path == "/revoke":
            self.revoked.append(form["token"])
            return self.broken or json_response({})
        self.forms.append(form)
        await self.let_through()
        return self.broken or self._given(form)


@asynccontextmanager
async def token_endpoint() -> AsyncGenerator[TokenEndpoint]:
    """Serves until the context is left."""
    provider = TokenEndpoint()
    server: LoopbackServer
    async with serve(provider.answer) as server:
        provider.url = server.url
        yield provider
