"""A client registers itself where a server takes anybody's, and takes no more than it asked for. Issue 10."""

from __future__ import annotations

import json

import httpx2
import pytest

from auth.errors import ProviderError
from auth.oauth.joining import CLIENT_NAME, Joined, joined
from auth.oauth.metadata import Server
from auth.registration import Provider
from auth.secret import Secret
from runtimes.values import Json, JsonObject
from tests.servers.openid_provider import OpenIdProvider

ENDPOINT = "https://login.example/clients"
SECRET = "canary-client-secret-42"


def server(*, auths: tuple[str, ...] = (), scopes: tuple[str, ...] = (), endpoint: str = ENDPOINT) -> Server:
    provider = Provider(issuer="https://login.example", token_endpoint="https://login.example/token")
    return Server(provider=provider, registration_endpoint=endpoint, client_auths=auths, scopes=scopes)


async def said(
    answer: JsonObject, where: Server, *, status: int = 201, scopes: tuple[str, ...] = ()
) -> tuple[Joined, JsonObject]:
    """What comes of a registration that is answered so, and what was asked for."""
    asked: list[JsonObject] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        assert (request.method, str(request.url)) == ("POST", ENDPOINT)
        assert "authorization" not in request.headers
        asked.append(json.loads(request.content))
        return httpx2.Response(status, json=answer)

    return await joined(where, scopes, httpx2.MockTransport(handle)), asked[0]


async def test_a_client_of_a_persons_machine_asks_to_keep_no_secret() -> None:
    client, asked = await said({"client_id": "me"}, server(auths=("client_secret_basic", "none")), scopes=("read",))

    assert client == Joined(client_id="me", client_secret=None, client_auth="none")
    assert asked == {
        "client_name": CLIENT_NAME,
        "application_type": "native",
        "redirect_uris": ["http://127.0.0.1/callback", "http://localhost/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "scope": "read",
    }


async def test_scopes_that_the_server_does_not_know_are_not_named() -> None:
    _, asked = await said({"client_id": "me"}, server(scopes=("write",)), scopes=("read", "write"))

    assert "scope" not in asked


@pytest.mark.parametrize(
    ("auths", "answer", "client_auth", "secret"),
    [
        (("client_secret_basic",), {"client_secret": SECRET}, "client_secret_basic", SECRET),
        (
            ("client_secret_post",),
            {"client_secret": SECRET, "token_endpoint_auth_method": "client_secret_post"},
            "client_secret_post",
            SECRET,
        ),
        ((), {"client_secret": SECRET, "token_endpoint_auth_method": "none"}, "none", None),
    ],
)
async def test_the_client_is_what_the_server_has_made_of_it(
    auths: tuple[str, ...], answer: JsonObject, client_auth: str, secret: str | None
) -> None:
    client, _ = await said({"client_id": "me", **answer}, server(auths=auths))

    assert client.client_auth == client_auth
    assert client.client_secret == (Secret(secret) if secret is not None else None)
    assert SECRET not in repr(client)


@pytest.mark.parametrize(
    ("answer", "status", "problem"),
    [
        ({}, 201, "no 'client_id'"),
        ({"client_id": 5}, 201, "'client_id' is no text"),
        ({"client_id": "\x1b[2J"}, 201, "'client_id' is no text"),
        ({"client_id": "me", "token_endpoint_auth_method": "private_key_jwt"}, 201, "none that can be gone by"),
        ({"client_id": "me", "token_endpoint_auth_method": "client_secret_basic"}, 201, "none that can be gone by"),
        (
            {"error": "invalid_redirect_uri", "error_description": "no \x07loopback"},
            400,
            "invalid_redirect_uri: no loopback",
        ),
        ({"error": "access_denied"}, 401, "access_denied"),
        ({}, 503, "try again later"),
        ({"client_id": "x" * 300_000}, 201, "longer than"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_refused(answer: JsonObject, status: int, problem: str) -> None:
    with pytest.raises(ProviderError, match=problem):
        await said(answer, server(), status=status)


async def test_a_server_that_wants_keys_of_a_client_is_not_asked() -> None:
    with pytest.raises(ProviderError, match="takes no client"):
        await said({}, server(auths=("private_key_jwt",)))


@pytest.mark.parametrize("endpoint", ["", "http://login.example/clients", "javascript:x"])
async def test_a_registration_goes_over_https(endpoint: str) -> None:
    with pytest.raises(ProviderError):
        await said({}, server(endpoint=endpoint))


async def test_a_real_provider_takes_the_client(provider: OpenIdProvider, transport: httpx2.AsyncHTTPTransport) -> None:
    where = Server(
        provider=provider.endpoints,
        registration_endpoint=f"{provider.url}/reg",
        client_auths=("none",),
        scopes=("openid",),
    )
    value: Json = (await joined(where, ("albums.read",), transport)).client_id

    assert value
