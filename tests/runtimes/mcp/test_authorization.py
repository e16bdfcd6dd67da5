"""The MCP authorization flow, from the first refusal to the last, with an official server and provider. Issue 10."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import anyio
import httpx2
import pytest
from mcp import ClientSession, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from auth import Secret, SecretsInUse
from auth.credentials import Tokens
from auth.errors import ProviderError
from auth.keys import GivenKeys, new_key
from auth.oauth.joining import joined
from auth.oauth.resources import ProtectedResource, protected_resource
from auth.registration import OAuthRegistration
from auth.rows import RowsInMemory
from auth.sealed import SealedRecords
from auth.stored import StoredVault
from orchestrator.cli.logins.logging_in import Way, logged_in
from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.mcp.authorization import sign_in
from runtimes.mcp.http import MAX_MESSAGE_BYTES
from runtimes.oauth_transport import ClientTransport
from tests.runtimes.mcp.lines import Opened, opened, origin, spec_of
from tests.servers.guarded_mcp import GuardedMcp, guarded_mcp
from tests.servers.loopback import Answer, Request, Response, json_response, serve
from tests.servers.openid_provider import OpenIdProvider, need_provider, openid_provider

SCOPES = ("albums.read",)
LIFETIME = 60
"""Seconds that an access token is good for."""


@pytest.fixture(scope="module")
def provider() -> Generator[OpenIdProvider]:
    need_provider()
    with openid_provider(AccessToken=LIFETIME) as running:
        yield running


@dataclass(slots=True, kw_only=True)
class Desk:
    """An MCP server, who gives out its tokens, and a vault for them."""

    server: GuardedMcp
    provider: OpenIdProvider
    one: Opened
    transport: ClientTransport
    vault: StoredVault

    async def found(self) -> ProtectedResource:
        return await protected_resource(self.server.url, self.transport)

    async def registered(self) -> OAuthRegistration:
        """As `orchestrator auth add` does it."""
        found = await self.found()
        client = await joined(found.server, found.scopes, self.transport)
        registration = OAuthRegistration(
            provider=found.server.provider,
            client_id=client.client_id,
            client_secret=client.client_secret,
            client_auth=client.client_auth,
            scopes=found.scopes,
            resource=found.resource,
            allowed_hosts=("127.0.0.1",),
        )
        await self.vault.register("", "desk", registration, [origin(self.server.url)])
        return registration

    async def log_in(self) -> None:
        """By the redirect of a browser to this machine."""
        registered = await self.vault.registered("ada", "desk")
        assert registered is not None
        assert isinstance(registered.registration, OAuthRegistration)
        registration = registered.registration

        async with anyio.create_task_group() as tasks:

            async def browse(url: str) -> None:
                back = await self.provider.consent(url)
                async with httpx2.AsyncClient(trust_env=False) as browser:
                    assert "You are logged in" in (await browser.get(back)).text

            def say(line: str) -> None:
                _, mark, url = line.partition("log in here: ")
                if mark:
                    tasks.start_soon(browse, url)

            await logged_in(self.vault, "ada", registered, registration, (), Way(opens_browser=False), say)

    async def revoked(self) -> bool:
        """Has the provider forget the tokens, and tells the vault nothing."""
        tokens = await self.vault.credential("ada", "desk")
        registered = await self.vault.registered("ada", "desk")
        assert isinstance(tokens, Tokens)
        assert registered is not None
        assert isinstance(registered.registration, OAuthRegistration)
        return await self.vault.grants(registered.registration).revoked(tokens)

    async def whoami(self) -> str:
        """The answer of the tool. Raises: `InvocationError`."""
        failure: InvocationError | None = None
        async with streaming(self.one) as session:
            try:
                await session.initialize()
                result = await session.call_tool("whoami", {})
                assert isinstance(result.content[0], TextContent)
                return result.content[0].text
            except MCPError as error:
                failure = self.one.line.failure_of(error.error.data)
        assert failure is not None
        raise failure


@asynccontextmanager
async def streaming(one: Opened) -> AsyncGenerator[ClientSession]:
    """A session over the transport of the SDK."""
    async with (
        one.line.client() as client,
        streamable_http_client(one.url, http_client=client, max_sse_event_size=MAX_MESSAGE_BYTES) as (read, write),
        ClientSession(read, write) as session,
    ):
        yield session


@asynccontextmanager
async def desk(provider: OpenIdProvider, scopes: Sequence[str] = SCOPES, *, json: bool = False) -> AsyncGenerator[Desk]:
    async with guarded_mcp(provider.url, scopes=scopes, json=json) as server:

        async def verify(token: str) -> Sequence[str] | None:
            known = await provider.introspected(Secret(token))
            if not known.get("active") or known.get("aud") != server.url:
                return None
            return str(known.get("scope", "")).split()

        server.verify = verify
        shared, secrets = SharedClient(), SecretsInUse()
        transport = ClientTransport(shared.allowing(["127.0.0.1"]), ["127.0.0.1"])
        records = SealedRecords(RowsInMemory(), GivenKeys(new_key()))
        vault = StoredVault(records, lambda _: transport, clock=provider.clock, secrets=secrets)
        async with opened(server.url, vault=vault, secrets=secrets) as one:
            yield Desk(server=server, provider=provider, one=one, transport=transport, vault=vault)
        await shared.aclose()


async def test_a_server_says_itself_who_gives_out_its_tokens(provider: OpenIdProvider) -> None:
    async with desk(provider) as here:
        found = await here.found()
    assert (found.resource, found.scopes) == (here.server.url, SCOPES)
    assert found.server.provider == provider.endpoints
    assert found.server.registration_endpoint == f"{provider.url}/reg"


@pytest.mark.parametrize("json", [False, True])
async def test_the_whole_way_from_the_first_refusal_to_the_last(
    provider: OpenIdProvider, caplog: pytest.LogCaptureFixture, *, json: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    with anyio.fail_after(60):
        async with desk(provider, json=json) as here:
            registration = await here.registered()
            assert (registration.client_secret, registration.client_auth) == (None, "none")
            wanted = await sign_in(here.one.url, here.one.services, spec_of(here.one.url), "ada")
            assert wanted is not None
            assert (wanted.name, wanted.kind) == ("desk", "login")
            with pytest.raises(InvocationError, match="`orchestrator auth login desk`"):
                await here.whoami()
            assert here.server.brought == []

            await here.log_in()
            assert await here.whoami() == "albums.read"
            first = here.server.brought[-1]
            assert set(here.server.brought) == {first}

            await provider.later(LIFETIME + 1)
            assert await here.whoami() == "albums.read"
            second = here.server.brought[-1]
            assert second != first
            assert (await provider.introspected(Secret(second)))["aud"] == here.server.url

            assert await here.revoked()
            with pytest.raises(InvocationError) as refused:
                await here.whoami()
            assert refused.value.not_executed == "sign-in"
            wanted = await sign_in(here.one.url, here.one.services, spec_of(here.one.url), "ada")
            assert wanted is not None
    told = caplog.text + repr(here.one.log) + str(refused.value) + repr(here.one.line.failure)
    assert first not in told
    assert second not in told


async def test_a_token_without_the_scope_is_refused_with_the_command_that_asks_for_it(provider: OpenIdProvider) -> None:
    with anyio.fail_after(60):
        async with desk(provider, scopes=("albums.read", "albums.write")) as here:
            registration = await here.registered()
            assert registration.scopes == ("albums.read", "albums.write")
            less = replace(registration, scopes=("albums.read",))
            await here.vault.register("", "desk", less, [origin(here.server.url)])
            await here.log_in()
            with pytest.raises(InvocationError, match="the login has too few scopes") as refused:
                await here.whoami()
    assert (refused.value.is_unsent, refused.value.not_executed) == (True, None)
    assert refused.value.quoted == "Required scope: albums.write"


async def test_a_token_for_another_server_is_not_asked_for(provider: OpenIdProvider) -> None:
    """RFC 8707: one that a server takes is good for no other."""
    with anyio.fail_after(60):
        async with desk(provider) as here, guarded_mcp(provider.url) as other:
            other.verify = here.server.verify
            await here.registered()
            await here.log_in()
            async with opened(other.url, vault=here.vault) as there:
                failure = await there.failure("initialize")
    assert "is for http://127.0.0.1" in str(failure)
    assert failure.is_unsent
    assert other.brought == []


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ("https://10.0.0.7", "not a public address"),
        ("https://169.254.169.254", "metadata service"),
        ("http://login.example", "not encrypted"),
    ],
)
async def test_a_server_leads_to_no_private_address(named: str, problem: str) -> None:
    async def handler(request: Request) -> Answer:
        if request.path == "/about":
            return json_response({"resource": f"{server.url}/mcp", "authorization_servers": [named]})
        challenge = f'Bearer resource_metadata="{server.url}/about"'
        return Response(status=401, headers=(("WWW-Authenticate", challenge),))

    shared = SharedClient()
    async with serve(handler) as server:
        transport = ClientTransport(shared.allowing(["127.0.0.1"]), ["127.0.0.1"])
        with pytest.raises(ProviderError, match=problem):
            await protected_resource(f"{server.url}/mcp", transport)
        assert [request.path for request in server.requests] == ["/mcp", "/about"]
    await shared.aclose()


async def test_what_a_server_leads_to_gets_no_token(provider: OpenIdProvider) -> None:
    """A server that begins to redirect after the login, with a token in hand."""
    with anyio.fail_after(60):
        async with desk(provider) as here, serve(_elsewhere) as other:
            await here.registered()
            await here.log_in()
            server_origin = origin(here.server.url)

            async def handler(request: Request) -> Answer:
                return Response(status=307, headers=(("Location", f"{other.url}/mcp"),))

            async with serve(handler) as turned:
                registered = await here.vault.registered("ada", "desk")
                assert registered is not None
                places = [server_origin, turned.url]
                await here.vault.register("", "desk", registered.registration, places)
                await here.log_in()
                async with opened(f"{turned.url}/mcp", vault=here.vault) as one:
                    failure = await one.failure("initialize")
                assert len(turned.requests) == 1
                assert (turned.requests[0].header("authorization") or "").startswith("Bearer ")
            assert f"redirects to {other.url}" in str(failure)
            assert other.requests == []


async def _elsewhere(request: Request) -> Answer:
    raise NotImplementedError
