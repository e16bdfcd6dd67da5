"""Which redirects are followed, what goes along, and what is said of them, on real sockets."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import unquote

import pytest

from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.http import HttpClient, HttpRequest
from runtimes.transport import CarrierName
from tests.servers.certificates import certificates
from tests.servers.loopback import Answer, Handler, Raw, Request, Response, serve, text_response

OURS = (
    ("Accept", "text/plain"),
    ("Authorization", "Bearer s3cret"),
    ("Cookie", "sid=s3cret"),
    ("Content-Type", "text/plain"),
    ("Idempotency-Key", "s3cret"),
    ("X-One", "s3cret"),
)
"""What a call sends."""

SENT_BY_ALL = {"host", "accept", "accept-encoding", "user-agent"}


@asynccontextmanager
async def open_client(carrier: CarrierName, *hosts: str) -> AsyncGenerator[HttpClient]:
    client = SharedClient(carrier=carrier)
    try:
        yield client.allowing(hosts or ("127.0.0.1",))
    finally:
        await client.aclose()


def asking(url: str, method: str = "GET", *, body: bytes | None = None, max_redirects: int = 3) -> HttpRequest:
    names = frozenset({"key", "x-one"})
    return HttpRequest(
        method=method, url=url, headers=OURS, body=body, timeout=5, max_redirects=max_redirects, credentials=names
    )


async def redirecting(request: Request) -> Answer:
    """To the URL in the query, with the status in the path; other paths are the end."""
    if not request.path[1:].isdecimal():
        return text_response("arrived")
    return Response(status=int(request.path[1:]), headers=(("Location", unquote(request.query)),), body=b"moved")


async def never(request: Request) -> Answer:
    raise NotImplementedError(request)


def answering(answer: Answer) -> Handler:
    async def handler(request: Request) -> Answer:
        del request
        return answer

    return handler


@pytest.mark.parametrize(
    ("method", "status", "arrives"),
    [
        ("GET", 301, "GET"),
        ("GET", 302, "GET"),
        ("GET", 303, "GET"),
        ("GET", 307, "GET"),
        ("GET", 308, "GET"),
        ("HEAD", 302, "HEAD"),
        ("HEAD", 303, "HEAD"),
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("POST", 307, "POST"),
        ("POST", 308, "POST"),
        ("PUT", 301, ""),
        ("PUT", 303, "GET"),
        ("PUT", 308, "PUT"),
        ("DELETE", 302, ""),
        ("DELETE", 303, "GET"),
        ("DELETE", 307, "DELETE"),
    ],
)
async def test_a_redirect_within_the_origin_is_followed_as_its_status_says(
    carrier: CarrierName, method: str, status: int, arrives: str
) -> None:
    """RFC 9110, 15.4: only 307 and 308 repeat what is more than reading, and 303 is always read."""
    async with serve(redirecting) as server, open_client(carrier) as http:
        response = await http.send(asking(f"{server.url}/{status}?/end", method, body=b"hello"))
    if not arrives:
        assert (response.status, len(server.requests)) == (status, 1)
        assert f"{method} is not sent to another place" in response.unfollowed
        return
    assert (response.status, response.url, response.unfollowed) == (200, f"{server.url}/end", "")
    _, arrived = server.requests
    keeps_body = method == arrives and status != 303
    assert (arrived.method, arrived.body) == (arrives, b"hello" if keeps_body else b"")
    assert arrived.header("x-one") == "s3cret"
    assert (arrived.header("content-type") is not None) == keeps_body
    is_doubtful = arrives != method and status != 303
    assert [("not certain" in note) for note in response.notes] == ([True] if is_doubtful else [])


@pytest.mark.parametrize(
    ("method", "status", "body", "arrives"),
    [
        ("GET", 301, None, "GET"),
        ("GET", 302, b"hello", "GET"),
        ("GET", 303, None, "GET"),
        ("GET", 307, None, "GET"),
        ("GET", 307, b"hello", ""),
        ("HEAD", 308, None, "HEAD"),
        ("POST", 301, b"hello", "GET"),
        ("POST", 303, b"hello", "GET"),
        ("POST", 307, b"hello", ""),
        ("POST", 308, None, ""),
        ("DELETE", 302, None, ""),
        ("DELETE", 303, None, "GET"),
        ("DELETE", 307, None, ""),
    ],
)
async def test_another_origin_is_asked_to_read_and_gets_nothing_of_the_call(
    carrier: CarrierName, method: str, status: int, body: bytes | None, arrives: str
) -> None:
    async with serve(redirecting) as other, serve(redirecting) as server, open_client(carrier) as http:
        place = f"{other.url}/p%2Fath?key=s3cret%26a=1%26key=other%26s3cret#part"
        asked = f"{server.url}/{status}?{place}"
        response = await http.send(asking(f"{server.url}/307?{asked}&key=s3cret", method, body=body))
    assert len(server.requests) == 2
    if not arrives:
        assert (response.status, other.connections) == (status, 0)
        assert response.unfollowed
        return
    (arrived,) = other.requests
    assert (response.status, arrived.method, arrived.body) == (200, arrives, b"")
    assert {name.lower() for name, _ in arrived.headers} == SENT_BY_ALL
    assert arrived.header("accept") == "text/plain"
    assert f"the answer came from {other.url}, to which {server.url} redirected" in response.notes
    assert not any("a=1" in note or "ath" in note for note in response.notes)


async def test_a_credential_in_the_query_that_a_server_repeats_goes_to_no_other_origin(carrier: CarrierName) -> None:
    async with serve(redirecting) as other:
        place = f"{other.url}/end?key=s3cret&a=1&key=other&s3cret"
        server_answer = answering(Response(status=302, headers=(("Location", place),)))
        async with serve(server_answer) as server, open_client(carrier) as http:
            await http.send(asking(f"{server.url}/x?b=2&key=s3cret"))
            await http.send(asking(f"{server.url}/x?key=other"))
    assert [request.target for request in other.requests] == [
        "/end?a=1&key=other&s3cret",
        "/end?key=s3cret&a=1&s3cret",
    ]


async def test_what_was_left_behind_does_not_come_back_with_the_call(carrier: CarrierName) -> None:
    """From another origin back to the one that was asked."""
    async with serve(redirecting) as server, serve(redirecting) as other, open_client(carrier) as http:
        response = await http.send(asking(f"{server.url}/302?{other.url}/302?{server.url}/end"))
    assert (response.url, response.notes) == (f"{server.url}/end", ())
    assert [request.header("x-one") for request in server.requests] == ["s3cret", None]


async def test_redirects_are_followed_up_to_their_number(carrier: CarrierName) -> None:
    async with serve(redirecting) as server, open_client(carrier) as http:
        two = f"{server.url}/302?/302?/end"
        assert (await http.send(asking(two, max_redirects=2))).body == b"arrived"
        cut = await http.send(asking(two, max_redirects=1))
        assert (cut.status, cut.unfollowed) == (302, "no more than 1 redirects are followed")
        none = await http.send(asking(two, max_redirects=0))
        assert none.status == 302
    assert len(server.requests) == 3 + 2 + 1


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("http://169.254.169.254/latest/?a=s3cret", "metadata service, which is never contacted"),
        ("//[::ffff:a9fe:a9fe]/", "metadata service, which is never contacted"),
        ("https://10.0.0.1/", "not a public address"),
        ("http://example.com/", "not https"),
        ("http://[", ""),
        ("ftp://127.0.0.1/x", "only http and https"),
        ("https://user:s3cret@example.com/", "user name or password"),
    ],
)
async def test_a_place_that_must_not_be_contacted_is_not_for_a_redirect_either(
    carrier: CarrierName, place: str, reason: str
) -> None:
    answer = Response(status=302, headers=(("Location", place),), body=b"moved")
    async with serve(answering(answer)) as server, open_client(carrier, "127.0.0.1", "169.254.169.254") as http:
        for method in ("GET", "POST"):
            response = await http.send(asking(server.url, method))
            assert (response.status, response.body) == (302, b"moved")
            assert reason in response.unfollowed
            assert response.unfollowed
            assert "s3cret" not in response.unfollowed


async def test_no_redirect_leads_from_https_to_http(carrier: CarrierName) -> None:
    client = SharedClient(carrier=carrier, tls=certificates().trusting())
    async with serve(never) as other:
        answer = Response(status=302, headers=(("Location", other.url),))
        async with serve(answering(answer), certificates().serving("http/1.1")) as server:
            response = await client.allowing(["127.0.0.1"]).send(asking(server.url))
            await client.aclose()
    assert (response.status, response.unfollowed) == (302, "it leads from https to http")


async def test_an_answer_that_is_not_had_elsewhere_names_the_origins_only(carrier: CarrierName) -> None:
    async with serve(answering(Raw())) as other, serve(redirecting) as server, open_client(carrier) as http:
        with pytest.raises(InvocationError) as caught:
            await http.send(asking(f"{server.url}/302?{other.url}/s3cret?a=1"))
        assert f"GET {other.url}, to which {server.url} redirects, was sent" in str(caught.value)
        assert "s3cret" not in str(caught.value)
        done = await http.send(asking(f"{server.url}/303?{other.url}/s3cret?a=1", "POST"))
        assert (done.status, "has no usable answer" in done.unfollowed) == (303, True)
