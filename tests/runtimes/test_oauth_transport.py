"""What an OAuth client sends over the shared client, against real sockets on loopback."""

from __future__ import annotations

import gzip
import logging
import traceback
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
import pytest

from runtimes.errors import InvocationError
from runtimes.fetch import HttpExchange, SharedClient
from runtimes.http import HttpRequest, HttpResponse
from runtimes.oauth_transport import MAX_BYTES, TIMEOUT, ClientTransport
from runtimes.transport import CarrierName
from tests.canaries import held_by
from tests.servers.certificates import certificates
from tests.servers.loopback import Answer, Raw, Request, Response, json_response, serve

CANARY = "canary-7d1f"
FORM = {"grant_type": "refresh_token", "refresh_token": f"{CANARY}-refresh"}
HEADERS = {"Authorization": f"Bearer {CANARY}-token"}


async def token(_request: Request) -> Answer:
    return json_response({"access_token": "a", "token_type": "Bearer"})


@asynccontextmanager
async def asking(
    carrier: CarrierName, *hosts: str, lines: list[HttpExchange] | None = None
) -> AsyncGenerator[tuple[SharedClient, httpx2.AsyncClient]]:
    shared = SharedClient(log=lines.append if lines is not None else None, carrier=carrier)
    transport = ClientTransport(shared.allowing(hosts), hosts)
    async with httpx2.AsyncClient(transport=transport) as client:
        yield shared, client
    await shared.aclose()


def told_by(caught: pytest.ExceptionInfo[httpx2.TransportError], log: pytest.LogCaptureFixture) -> str:
    """All that is written down of an error, unless somebody asks for the values of a frame."""
    return "".join(traceback.format_exception(caught.value)) + repr(caught.value) + log.text


async def test_a_form_is_posted_and_its_answer_is_read(carrier: CarrierName) -> None:
    async with serve(token) as server, asking(carrier, "127.0.0.1") as (_, client):
        answer = await client.post(f"{server.url}/token", data=FORM, auth=("client", "secret"))
    assert (answer.status_code, answer.json()["access_token"]) == (200, "a")
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/token")
    assert request.body == f"grant_type=refresh_token&refresh_token={CANARY}-refresh".encode()
    assert request.header("content-type") == "application/x-www-form-urlencoded"
    assert request.header("authorization") == "Basic Y2xpZW50OnNlY3JldA=="
    assert [name.lower() for name, _ in request.headers].count("host") == 1
    assert request.header("accept-encoding") == "identity"


async def test_an_answer_can_be_read_as_it_comes(carrier: CarrierName) -> None:
    async with (
        serve(token) as server,
        asking(carrier, "127.0.0.1") as (_, client),
        client.stream("GET", server.url) as answer,
    ):
        assert b"".join([chunk async for chunk in answer.aiter_raw()]).startswith(b'{"access_token"')


async def test_a_document_is_fetched_with_its_query(carrier: CarrierName) -> None:
    async with serve(token) as server, asking(carrier, "127.0.0.1") as (_, client):
        assert (await client.get(f"{server.url}/keys?a=%20b")).status_code == 200
    assert (server.requests[0].target, server.requests[0].body) == ("/keys?a=%20b", b"")


async def test_an_answer_that_is_packed_all_the_same_is_unpacked_once(carrier: CarrierName) -> None:
    async def packed(_request: Request) -> Answer:
        headers = (("Content-Encoding", "gzip"), ("Content-Type", "application/json"), ("X-Name", "é"))
        return Response(headers=headers, body=gzip.compress(b'{"access_token":"a"}'))

    async with serve(packed) as server, asking(carrier, "127.0.0.1") as (_, client):
        answer = await client.get(server.url)
    assert (answer.json(), answer.headers["x-name"]) == ({"access_token": "a"}, "é")


async def test_https_reaches_a_host_that_nobody_allowed_by_name_to_be_asked_in_clear(carrier: CarrierName) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async with serve(token, certificates().serving("http/1.1")) as server:
        shared = SharedClient(carrier=carrier, resolve=resolve, tls=certificates().trusting())
        transport = ClientTransport(shared.allowing(["api.test"]))
        async with httpx2.AsyncClient(transport=transport) as client:
            assert (await client.post(f"https://api.test:{server.port}/token", data=FORM)).status_code == 200
            with pytest.raises(httpx2.UnsupportedProtocol, match=r"secrets go over https; `--allow-host api\.test`"):
                await client.post(f"http://api.test:{server.port}/token", data=FORM)
        await shared.aclose()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "https://user:canary@127.0.0.1/token", "http://auth.example/token"]
)
async def test_what_is_no_place_for_a_secret_is_asked_for_nothing(url: str) -> None:
    class Nobody:
        async def send(self, request: HttpRequest, /) -> HttpResponse:
            raise NotImplementedError

    async with httpx2.AsyncClient(transport=ClientTransport(Nobody(), ["127.0.0.1"])) as client:
        with pytest.raises(httpx2.UnsupportedProtocol, match="nothing was sent") as caught:
            await client.post(url, data=FORM)
    assert "canary" not in str(caught.value)


async def test_a_private_address_that_nobody_allowed_is_not_reached(carrier: CarrierName) -> None:
    async with asking(carrier, "auth.example") as (_, client):
        with pytest.raises(httpx2.UnsupportedProtocol, match="nothing was sent"):
            await client.post("https://127.0.0.1:1/token", data=FORM)


async def test_a_redirect_is_an_answer_and_is_not_followed(carrier: CarrierName) -> None:
    async def elsewhere(request: Request) -> Answer:
        return Response(status=307, headers=(("Location", "/other"),))

    async with serve(elsewhere) as server, asking(carrier, "127.0.0.1") as (_, client):
        answer = await client.post(f"{server.url}/token", data=FORM)
    assert (answer.status_code, answer.headers["location"], len(server.requests)) == (307, "/other", 1)


async def test_an_answer_that_is_too_long_is_none(carrier: CarrierName) -> None:
    async def long(_request: Request) -> Answer:
        return Response(body=b"x" * (MAX_BYTES + 1))

    async def just(_request: Request) -> Answer:
        return Response(body=b"x" * MAX_BYTES)

    async with serve(just) as server, asking(carrier, "127.0.0.1") as (_, client):
        assert len((await client.get(server.url)).content) == MAX_BYTES
    async with serve(long) as server, asking(carrier, "127.0.0.1") as (_, client):
        with pytest.raises(httpx2.ReadError, match=f"is longer than {MAX_BYTES} bytes"):
            await client.get(server.url)


async def test_what_fails_tells_nothing_of_the_request(carrier: CarrierName, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def dropping(_request: Request) -> Answer:
        return Raw()

    lines: list[HttpExchange] = []
    async with serve(dropping) as server, asking(carrier, "127.0.0.1", lines=lines) as (_, client):
        with pytest.raises(httpx2.ReadError, match="has no usable answer") as caught:
            await client.post(f"{server.url}/token?code={CANARY}-code", data=FORM, headers=HEADERS)
        gone = server.url
    assert CANARY not in told_by(caught, caplog)
    async with asking(carrier, "127.0.0.1", lines=lines) as (_, client):
        with pytest.raises(httpx2.ConnectError, match="cannot connect to") as refused:
            await client.post(f"{gone}/token?code={CANARY}-code", data=FORM, headers=HEADERS)
    assert CANARY not in told_by(refused, caplog)
    assert len(lines) == 2
    assert CANARY not in repr(lines)


async def test_what_the_other_side_says_is_not_in_the_error() -> None:
    class Quoting:
        async def send(self, request: HttpRequest, /) -> HttpResponse:
            assert (request.timeout, request.max_bytes, request.max_redirects) == (TIMEOUT, MAX_BYTES + 1, 0)
            raise InvocationError(f"no answer: {CANARY}", quoted=f"you sent {CANARY}")

    async with httpx2.AsyncClient(transport=ClientTransport(Quoting())) as client:
        with pytest.raises(httpx2.ReadError, match=r"^it was asked, and has no usable answer$") as caught:
            await client.get("https://auth.example/token")
    assert CANARY not in held_by(caught.value)


async def test_an_answer_that_is_the_request_itself_is_told_nowhere(carrier: CarrierName) -> None:
    async def repeating(request: Request) -> Answer:
        return Raw(data=b"HTTP/1.1 200 OK\r\n" + request.body + b"\r\n\r\n")

    lines: list[HttpExchange] = []
    async with serve(repeating) as server, asking(carrier, "127.0.0.1", lines=lines) as (shared, client):
        with pytest.raises(httpx2.ReadError) as caught:
            await client.post(server.url, data=FORM)
        request = HttpRequest(method="POST", url=server.url, body=f"token={CANARY}-other".encode())
        with pytest.raises(InvocationError, match=r"no usable answer: illegal header line$") as plainly:
            await shared.allowing(["127.0.0.1"]).send(request)
    assert CANARY not in held_by(caught.value) + held_by(plainly.value) + repr(lines)
    assert plainly.value.__context__ is None


def test_a_host_that_is_none_is_refused(carrier: CarrierName) -> None:
    with pytest.raises(ValueError, match="host"):
        ClientTransport(SharedClient(carrier=carrier), ["http://auth.example/"])
