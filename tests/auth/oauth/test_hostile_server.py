"""An authorization server that answers badly: too much, too late, elsewhere, or with what it was sent."""

from __future__ import annotations

import gzip
import json
import logging
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

import anyio
import httpx2
import pytest

from auth.credentials import Tokens
from auth.errors import ProviderError
from auth.oauth.client import MAX_ANSWER_BYTES
from auth.oauth.grants import Grants
from auth.registration import ClientAuth, OAuthRegistration, Provider
from auth.secret import Secret
from runtimes.values import JsonObject
from tests.canaries import held_by
from tests.servers.loopback import Answer, Chunked, Raw, Request, Response, json_response, serve, text_response

CLIENT_SECRET = "client-secret-of-the-test-0001"
REFRESH = "refresh-token-of-the-test-0002"
ACCESS = "access-token-of-the-test-0003"
SECRETS = (CLIENT_SECRET, REFRESH, ACCESS)
TOKENS = Tokens(access=Secret(ACCESS), refresh=Secret(REFRESH), scopes=("a",), subject="ada")
GOOD: JsonObject = {"access_token": "another-token", "token_type": "Bearer"}


def grants_of(url: str, transport: httpx2.AsyncBaseTransport, client_auth: ClientAuth = "client_secret_post") -> Grants:
    registration = OAuthRegistration(
        provider=Provider(token_endpoint=f"{url}/token?tenant=1", revocation_endpoint=f"{url}/revoke"),
        client_id="app",
        client_secret=Secret(CLIENT_SECRET),
        client_auth=client_auth,
    )
    return Grants(registration, transport, clock=lambda: 1000.0)


async def answered(transport: httpx2.AsyncBaseTransport, answer: Answer) -> Tokens:
    async def handle(request: Request) -> Answer:
        return answer

    async with serve(handle) as server:
        with anyio.fail_after(20):
            return await grants_of(server.url, transport).renewed(TOKENS)


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 65536


async def test_a_good_answer_keeps_what_it_does_not_replace(transport: httpx2.AsyncHTTPTransport) -> None:
    tokens = await answered(transport, json_response(GOOD))

    assert tokens == Tokens(access=Secret("another-token"), refresh=Secret(REFRESH), scopes=("a",), subject="ada")


@pytest.mark.parametrize(
    ("answer", "problem", "may_pass"),
    [
        (Response(body=b" " * (MAX_ANSWER_BYTES + 1)), "longer than", False),
        (Chunked(chunks=endless()), "longer than", False),
        (Response(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(b"{}")), "packs its answer", False),
        (text_response("<html>log in</html>", content_type="text/html"), "no JSON object", False),
        (text_response("<html>no</html>", 400, "text/html"), "status 400 and no error of OAuth", False),
        (text_response("<html>oops</html>", 500, "text/html"), "status 500", True),
        (text_response("slow down", 429), "status 429", True),
        (Response(status=503), "status 503", True),
        (Raw(), "could not be reached", True),
        (Raw(data=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), "could not be reached", True),
        (Raw(data=b"nonsense\r\n\r\n"), "could not be reached", True),
        (Response(status=204), "no JSON object", False),
    ],
)
async def test_a_bad_answer_is_an_error_that_says_if_it_may_pass(
    transport: httpx2.AsyncHTTPTransport, answer: Answer, problem: str, *, may_pass: bool
) -> None:
    with pytest.raises(ProviderError, match=problem) as raised:
        await answered(transport, answer)

    assert (raised.value.code, raised.value.may_pass) == ("", may_pass)
    assert raised.value.__cause__ is None
    assert "tenant" not in str(raised.value)
    assert not any(secret in str(raised.value) for secret in SECRETS)


async def test_a_connection_that_is_refused_may_pass(transport: httpx2.AsyncHTTPTransport) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ProviderError, match="could not be reached: All connection attempts failed") as raised:
            await grants_of(url, transport).renewed(TOKENS)

    assert raised.value.may_pass


@dataclass(slots=True)
class Failing(httpx2.AsyncBaseTransport):
    """A way that fails as it is told."""

    error: Exception

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        raise self.error


@pytest.mark.parametrize(
    ("error", "problem", "may_pass"),
    [
        (httpx2.ReadTimeout(""), "did not answer within 30 s", True),
        (TimeoutError(), "did not answer within 30 s", True),
        (httpx2.ReadError(f"sent {CLIENT_SECRET}"), "reached: it was asked, and has no usable answer$", True),
        (httpx2.ConnectError(""), "could not be reached: ConnectError$", True),
        (httpx2.ConnectError(f"sent {CLIENT_SECRET}"), "could not be reached: sent", True),
        (httpx2.UnsupportedProtocol("use https"), "cannot be asked: use https", False),
        (httpx2.LocalProtocolError(f"bad {CLIENT_SECRET}"), "cannot be asked: LocalProtocolError$", False),
        (httpx2.InvalidURL(f"bad {CLIENT_SECRET}"), "cannot be asked: InvalidURL$", False),
    ],
)
async def test_a_server_that_cannot_be_reached_may_be_reached_later(
    error: Exception, problem: str, *, may_pass: bool
) -> None:
    with pytest.raises(ProviderError, match=problem) as raised:
        await grants_of("https://login.example", Failing(error)).renewed(TOKENS)

    assert raised.value.may_pass is may_pass
    assert CLIENT_SECRET not in held_by(raised.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(transport: httpx2.AsyncHTTPTransport, status: int) -> None:
    async def handle(request: Request) -> Answer:
        return Response(status=status, headers=(("Location", "/elsewhere"),))

    async with serve(handle) as server:
        with pytest.raises(ProviderError, match="redirects are not followed") as raised:
            await grants_of(server.url, transport).renewed(TOKENS)

    assert [request.target for request in server.requests] == ["/token?tenant=1"]
    assert not raised.value.may_pass


def _form(request: Request) -> str:
    return request.body.decode()


def _headers(request: Request) -> str:
    return json.dumps(dict(request.headers))


def _revealed(request: Request) -> str:
    return " ".join(value for values in parse_qs(request.body.decode()).values() for value in values)


@pytest.mark.parametrize("client_auth", ["client_secret_post", "client_secret_basic"])
@pytest.mark.parametrize("echo", [_form, _headers, _revealed])
async def test_what_a_server_echoes_of_the_request_is_not_in_the_error(
    transport: httpx2.AsyncHTTPTransport,
    caplog: pytest.LogCaptureFixture,
    echo: Callable[[Request], str],
    client_auth: ClientAuth,
) -> None:
    async def handle(request: Request) -> Answer:
        return json_response({"error": "invalid_client", "error_description": echo(request)[:400]}, 401)

    caplog.set_level(logging.DEBUG)
    async with serve(handle) as server:
        grants = grants_of(server.url, transport, client_auth)
        asked: list[Callable[[], Awaitable[object]]] = [
            lambda: grants.renewed(TOKENS),
            lambda: grants.revoked(TOKENS),
            lambda: grants.exchanged(Secret(ACCESS), ("a",)),
        ]
        for ask in asked:
            with pytest.raises(ProviderError) as raised:
                await ask()
            assert raised.value.code == "invalid_client"
            assert not any(secret in str(raised.value) for secret in SECRETS)
            assert not any(secret in caplog.text for secret in SECRETS)


async def test_nor_is_the_clients_header_encoded_once_more(transport: httpx2.AsyncHTTPTransport) -> None:
    async def handle(request: Request) -> Answer:
        said = "no: " + b64encode((request.header("Authorization") or "").encode()).decode()
        return json_response({"error": "invalid_client", "error_description": said}, 401)

    async with serve(handle) as server:
        with pytest.raises(ProviderError, match=r"no: \w+\[secret sent_\d\]$"):
            await grants_of(server.url, transport, "client_secret_basic").renewed(TOKENS)


async def test_the_client_says_who_it_is_as_registered(transport: httpx2.AsyncHTTPTransport) -> None:
    async def handle(request: Request) -> Answer:
        return json_response(GOOD)

    async with serve(handle) as server:
        for client_auth in ("client_secret_basic", "client_secret_post", "none"):
            await grants_of(server.url, transport, client_auth).renewed(TOKENS)
    basic, post, none = server.requests

    renewing = {"grant_type": ["refresh_token"], "refresh_token": [REFRESH]}
    assert basic.header("Authorization") == "Basic YXBwOmNsaWVudC1zZWNyZXQtb2YtdGhlLXRlc3QtMDAwMQ=="
    assert parse_qs(basic.body.decode()) == renewing
    assert parse_qs(post.body.decode()) == renewing | {"client_id": ["app"], "client_secret": [CLIENT_SECRET]}
    assert parse_qs(none.body.decode()) == renewing | {"client_id": ["app"]}
    assert {post.header("Authorization"), none.header("Authorization")} == {None}
    assert {request.header("Accept-Encoding") for request in server.requests} == {"identity"}
    assert {request.header("Content-Type") for request in server.requests} == {"application/x-www-form-urlencoded"}


async def test_cookies_of_one_answer_are_not_sent_with_the_next_request(transport: httpx2.AsyncHTTPTransport) -> None:
    async def handle(request: Request) -> Answer:
        return replace(json_response(GOOD), headers=(("Set-Cookie", "session=1"),))

    async with serve(handle) as server:
        grants = grants_of(server.url, transport)
        await grants.renewed(TOKENS)
        await grants.renewed(TOKENS)

    assert [request.header("Cookie") for request in server.requests] == [None, None]


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://login.example/token",
        "ftp://login.example/token",
        "https://ada:password@login.example/token",
        "https://login.example/token#fragment",
        "https://login.example/to ken",
        "https:///token",
        "https://[::1/token",
        "https://login.example:99999/token",
        "login.example/token",
        f"https://login.example/{'x' * 3000}",
    ],
)
async def test_an_endpoint_that_is_not_safe_is_never_asked(endpoint: str) -> None:
    class Unasked(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            raise NotImplementedError

    registration = OAuthRegistration(provider=Provider(token_endpoint=endpoint), client_id="app")

    with pytest.raises(ProviderError) as raised:
        await Grants(registration, Unasked()).renewed(TOKENS)

    assert not raised.value.may_pass
    assert "password" not in str(raised.value)


async def test_the_transport_stays_open_for_whoever_gave_it() -> None:
    class Kept(httpx2.AsyncBaseTransport):
        is_closed = False

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, json=GOOD)

        async def aclose(self) -> None:
            raise NotImplementedError

    assert (await grants_of("https://login.example", Kept()).renewed(TOKENS)).access.reveal() == "another-token"


async def revoked(answers: list[Answer], transport: httpx2.AsyncBaseTransport) -> list[Request]:
    """What the server is asked."""

    async def handle(request: Request) -> Answer:
        return answers.pop(0)

    async with serve(handle) as server:
        assert await grants_of(server.url, transport).revoked(TOKENS) is True
    return server.requests


async def test_both_tokens_are_revoked_and_the_longer_lived_one_first(transport: httpx2.AsyncHTTPTransport) -> None:
    answers: list[Answer] = [Response(), json_response({"error": "unsupported_token_type"}, 400)]

    forms = [parse_qs(request.body.decode()) for request in await revoked(answers, transport)]

    assert [(form["token"], form["token_type_hint"]) for form in forms] == [
        ([REFRESH], ["refresh_token"]),
        ([ACCESS], ["access_token"]),
    ]


async def test_a_revocation_that_failed_is_an_error(transport: httpx2.AsyncHTTPTransport) -> None:
    with pytest.raises(ProviderError) as raised:
        await revoked([Response(status=503)], transport)

    assert raised.value.may_pass
