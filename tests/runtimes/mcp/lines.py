"""Ways to MCP servers on loopback, and what the tests of them ask by hand."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2

from auth import AuthReference, CredentialUse, Flow, Secret, SecretsInUse, SignIn, SignInNeeded, Vault
from runtimes.base import RuntimeServices, RuntimeSpec
from runtimes.errors import InvocationError
from runtimes.fetch import HttpExchange, SharedClient
from runtimes.mcp.http import Line, open_http
from runtimes.values import Json, JsonObject

TOKEN = "canary-token-4711"
"""A token that is good, and must be seen nowhere but at its server."""

OLD = "canary-token-old-0815"
"""One that its server does not take any more."""

LOGIN = AuthReference.of("OAuthPluginVault", "desk")
"""The auth of a runtime whose person logs in."""


@dataclass(slots=True, kw_only=True)
class PersonsVault:
    """Gives these tokens in turn, the next one where a server does not take one; then the person has to sign in."""

    tokens: Sequence[str] = (TOKEN,)
    uses: list[CredentialUse] = field(default_factory=list[CredentialUse])
    statuses: list[int] = field(default_factory=list[int])

    async def has(self, reference: str, /) -> bool:
        return reference == "desk"

    async def ready(self, use: CredentialUse, /) -> None:
        if not self.tokens:
            raise self._needed(use)

    async def flow(self, use: CredentialUse, /) -> Flow:
        self.uses.append(use)
        for token in self.tokens:
            status = yield Secret(token)
            self.statuses.append(status)
            if status != 401:
                return
        raise self._needed(use)

    @staticmethod
    def _needed(use: CredentialUse) -> SignInNeeded:
        return SignInNeeded(SignIn(name=use.name, kind="login", reason="it is not accepted any more"))


def spec_of(url: str, auth: AuthReference = LOGIN) -> RuntimeSpec:
    """A runtime object with that server."""
    return RuntimeSpec(plugin="desk", type="RemoteMCPServer", spec={"url": url}, location="plugin.json", auth=auth)


@dataclass(slots=True, kw_only=True)
class Opened:
    """A line, and what came of what was asked."""

    line: Line
    url: str
    services: RuntimeServices
    log: list[HttpExchange] = field(default_factory=list[HttpExchange])

    async def ask(self, method: str = "tools/call", **parameters: Json) -> httpx2.Response:
        """The answer to a request."""
        return await self.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})

    async def send(self, message: JsonObject) -> httpx2.Response:
        """The answer to any message, read to its end."""
        async with self.line.client() as client:
            return await client.post(self.url, json=message, headers={"accept": "application/json, text/event-stream"})

    async def failure(self, method: str = "tools/call") -> InvocationError:
        """What a request has for its answer that has none."""
        response = await self.ask(method)
        assert response.status_code == 400, response.text
        failure = self.line.failure_of(response.json()["error"]["data"])
        assert failure is not None
        assert str(failure) == response.json()["error"]["message"]
        return failure


@asynccontextmanager
async def opened(
    url: str,
    *,
    vault: Vault | None = None,
    auth: AuthReference = LOGIN,
    hosts: Sequence[str] = ("127.0.0.1",),
    secrets: SecretsInUse | None = None,
) -> AsyncGenerator[Opened]:
    """A line of ada to that server."""
    log: list[HttpExchange] = []
    secrets = secrets or SecretsInUse()
    shared = SharedClient(log=log.append, secrets=secrets)
    services = RuntimeServices(http=shared.allowing(hosts), vault=vault or PersonsVault(), secrets=secrets)
    try:
        async with open_http(url, services, spec_of(url, auth), "ada") as line:
            yield Opened(line=line, url=url, services=services, log=log)
    finally:
        await shared.aclose()


def origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    return f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
