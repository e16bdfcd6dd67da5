"""What RFC 9700 recommends to a client and no other test shows; the table is in docs/security.md. Issue 9."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import get_args
from urllib.parse import parse_qsl, urlsplit

import anyio
import httpx2
import pytest

from auth import ProviderError, Secret
from auth.credentials import Tokens
from auth.oauth.client import MAX_SECONDS
from auth.oauth.discovery import discovered
from auth.oauth.grants import Grants
from auth.registration import Grant, OAuthRegistration, Provider
from runtimes.values import JsonObject
from tests.servers.loopback import Answer, Chunked, Handler, LoopbackServer, Request, Response, json_response, serve

SECRET = "the-secret-of-the-client"
TOKENS = Tokens(access=Secret("the-access-token"), refresh=Secret("the-refresh-token"))
SUBJECT = Secret("the-subject-token")
REDIRECT = "http://127.0.0.1:49152/callback"
BEARER: JsonObject = {"access_token": "another-token", "token_type": "Bearer"}


def registration_of(url: str, *, grant: Grant = "authorization_code", resource: str = "") -> OAuthRegistration:
    return OAuthRegistration(
        provider=Provider(
            token_endpoint=f"{url}/token",
            authorization_endpoint=f"{url}/authorize",
            device_authorization_endpoint=f"{url}/device",
            revocation_endpoint=f"{url}/revoke",
        ),
        client_id="app",
        client_secret=Secret(SECRET),
        client_auth="client_secret_basic",
        grant=grant,
        resource=resource,
    )


def shown_to_the_browser(grants: Grants, *scopes: str) -> dict[str, str]:
    """The parameters of a login's address."""
    return dict(parse_qsl(urlsplit(grants.code_request(REDIRECT, scopes).url).query))


def form_of(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode()))


async def giving(request: Request) -> Answer:
    """A server that gives a token for anything."""
    if request.path != "/device":
        return json_response(BEARER)
    place = f"http://{request.header('host')}/enter"
    told: JsonObject = {"user_code": "AB", "device_code": "the-device-code", "verification_uri": place}
    return json_response({**told, "expires_in": 600, "interval": 1})


async def at_once(_: float) -> None:
    """Waits for nothing."""


async def everything_is_asked(server: LoopbackServer, transport: httpx2.AsyncBaseTransport) -> None:
    """Every request that there is, once."""
    grants = Grants(registration_of(server.url, resource="https://api.example"), transport, sleep=at_once)
    traded = Grants(registration_of(server.url, grant="jwt_bearer"), transport)
    login = grants.code_request(REDIRECT, ["read"])
    await grants.code_answered(login, f"code=the-code&state={login.state.reveal()}")
    await grants.device_answered(await grants.device_request(["read"]))
    await grants.renewed(TOKENS)
    await grants.client_credentials(["read"])
    await grants.exchanged(SUBJECT, ["read"])
    await traded.exchanged(SUBJECT, ["read"])
    await grants.revoked(TOKENS)


# --- 2.1, 4.1, 4.5, 4.8: logins in a browser


async def test_each_login_has_a_state_a_nonce_and_a_challenge_of_its_own(transport: httpx2.AsyncHTTPTransport) -> None:
    grants = Grants(registration_of("https://login.example"), transport)
    one, other = (shown_to_the_browser(grants, "openid") for _ in range(2))
    assert (one["response_type"], one["code_challenge_method"]) == ("code", "S256")
    for name in ("state", "nonce", "code_challenge"):
        assert len(one[name]) >= 43, "256 bits in base64"
        assert one[name] != other[name]


async def test_a_code_is_traded_with_the_redirect_uri_and_the_verifier_of_its_login(
    transport: httpx2.AsyncHTTPTransport,
) -> None:
    async with serve(giving) as server:
        grants = Grants(registration_of(server.url), transport)
        login = grants.code_request(REDIRECT, [])
        await grants.code_answered(login, f"code=the-code&state={login.state.reveal()}")
        form = form_of(server.requests[0])
    assert login.verifier.reveal() not in login.url
    assert (form["redirect_uri"], form["code_verifier"]) == (REDIRECT, login.verifier.reveal())


@pytest.mark.parametrize("methods", [None, [], ["plain"]], ids=str)
async def test_a_server_cannot_talk_the_client_out_of_pkce(
    transport: httpx2.AsyncHTTPTransport, methods: list[str] | None
) -> None:
    async def described(request: Request) -> Answer:
        url = f"http://{request.header('host')}"
        about: JsonObject = {"issuer": url, "token_endpoint": f"{url}/t", "authorization_endpoint": f"{url}/a"}
        return json_response(about if methods is None else {**about, "code_challenge_methods_supported": [*methods]})

    async with serve(described) as server:
        provider = await discovered(server.url, transport)
    grants = Grants(replace(registration_of(""), provider=provider), transport)
    assert shown_to_the_browser(grants)["code_challenge_method"] == "S256"


@pytest.mark.parametrize("answer", ["access_token=t&token_type=Bearer", "id_token=e30.e30.x", "code_verifier=x"])
async def test_tokens_that_a_browser_brings_are_not_taken(transport: httpx2.AsyncHTTPTransport, answer: str) -> None:
    """There is neither an implicit nor a hybrid grant: nothing but a code ends a login."""
    async with serve(giving) as server:
        grants = Grants(registration_of(server.url), transport)
        login = grants.code_request(REDIRECT, [])
        with pytest.raises(ProviderError, match="no code"):
            await grants.code_answered(login, f"{answer}&state={login.state.reveal()}")
        assert server.requests == []


# --- 2.2, 2.3, 2.4, 4.3, 4.10: tokens


@pytest.mark.parametrize("kind", ["DPoP", "mac", "N_A"])
async def test_a_token_that_is_no_bearer_token_is_refused(transport: httpx2.AsyncHTTPTransport, kind: str) -> None:
    """One that is bound to a key would be of no use: the host proves no possession (RFC 9449, RFC 8705)."""

    async def bound(_: Request) -> Answer:
        return json_response({**BEARER, "token_type": kind})

    async with serve(bound) as server:
        with pytest.raises(ProviderError, match="not Bearer"):
            await Grants(registration_of(server.url), transport).renewed(TOKENS)
        assert server.requests[0].header("dpop") is None


async def test_no_more_is_asked_for_than_was_named(transport: httpx2.AsyncHTTPTransport) -> None:
    async with serve(giving) as server:
        registration = replace(registration_of(server.url), scopes=("list",), resource="https://api.example")
        grants = Grants(registration, transport)
        await grants.client_credentials(["read"])
        form = form_of(server.requests[0])
    assert (form["scope"], form["resource"]) == ("read list", "https://api.example")
    shown = shown_to_the_browser(grants, "read")
    assert (shown["scope"], shown["resource"]) == ("read list", "https://api.example")
    assert "nonce" not in shown, "who is not asked for an id_token gives none"


async def test_no_grant_takes_a_password(transport: httpx2.AsyncHTTPTransport) -> None:
    async with serve(giving) as server:
        await everything_is_asked(server, transport)
        forms = [form_of(request) for request in server.requests]
    assert not [form for form in forms if {"username", "password"} & form.keys()]
    assert {form.get("grant_type", "") for form in forms}.isdisjoint({"password", "implicit"})
    assert {"password", "implicit"}.isdisjoint(get_args(Grant))


async def test_no_url_and_no_header_but_the_clients_own_has_a_secret(transport: httpx2.AsyncHTTPTransport) -> None:
    secrets = (SECRET, "the-access", "the-refresh", "the-subject", "the-code", "the-device-code")
    async with serve(giving) as server:
        await everything_is_asked(server, transport)
    assert len(server.requests) == 9
    for request in server.requests:
        assert (request.method, request.query) == ("POST", "")
        assert not [one for one in secrets if one in request.target or one in repr(request.headers)]
        assert (request.header("authorization") or "").startswith("Basic ")


# --- 4.12: redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed_with_a_code_or_a_token(
    transport: httpx2.AsyncHTTPTransport, status: int
) -> None:
    async def never(request: Request) -> Answer:
        raise NotImplementedError(request)

    async with serve(never) as other:

        async def away(_: Request) -> Answer:
            return Response(status=status, headers=(("Location", f"{other.url}/token"),))

        async with serve(away) as server:
            grants = Grants(registration_of(server.url), transport)
            login = grants.code_request(REDIRECT, [])
            with pytest.raises(ProviderError, match="redirects are not followed"):
                await grants.code_answered(login, f"code=the-code&state={login.state.reveal()}")
            with pytest.raises(ProviderError, match="redirects are not followed"):
                await grants.renewed(TOKENS)
        assert other.connections == 0


# --- time


class _Impatient(selectors.DefaultSelector):
    """Where nothing comes within a moment, it says that all the time has passed that it was to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As that of any selector."""
        moment = 0.05 if timeout is None else min(timeout, 0.05)
        ready = super().select(moment)
        if not ready and timeout is not None:
            self.ahead += timeout - moment
        return ready


class _Hurried(asyncio.SelectorEventLoop):
    """A loop whose time does not pass but jumps, with real sockets."""

    def __init__(self) -> None:
        self._hurry = _Impatient()
        super().__init__(self._hurry)

    def time(self) -> float:
        """As that of any loop."""
        return super().time() + self._hurry.ahead


async def silent(_: Request) -> Answer:
    await anyio.sleep_forever()
    raise NotImplementedError


async def dripping(_: Request) -> Answer:
    """A blank each five seconds, and never an end."""

    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await anyio.sleep(5)

    return Chunked(chunks=drops())


@pytest.mark.parametrize("handler", [silent, dripping])
def test_a_server_that_takes_its_time_is_left_when_its_time_is_over(handler: Handler) -> None:
    """A limit between two bytes would let the second one go on for ever."""

    async def run() -> float:
        async with serve(handler) as server, httpx2.AsyncHTTPTransport(trust_env=False) as transport:
            start = anyio.current_time()
            with pytest.raises(ProviderError, match=f"did not answer within {MAX_SECONDS:.0f} s") as raised:
                await Grants(registration_of(server.url), transport).renewed(TOKENS)
            assert raised.value.may_pass
            return anyio.current_time() - start

    with asyncio.Runner(loop_factory=_Hurried) as runner:
        assert runner.run(run()) == pytest.approx(MAX_SECONDS, abs=1)
