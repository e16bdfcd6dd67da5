"""Requests through a proxy, and those that go past it."""

from __future__ import annotations

import socket

import pytest

from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.http import HttpRequest
from runtimes.network import ContactRefused
from runtimes.proxy import check_proxied, checked_proxy, is_loopback
from tests.servers.loopback import Answer, Request, serve, text_response


def get(url: str) -> HttpRequest:
    return HttpRequest(method="GET", url=url, timeout=5)


async def answer(request: Request) -> Answer:
    return text_response("hello", status=403 if request.method == "CONNECT" else 200)


async def test_a_proxy_gets_every_request_and_addresses_in_urls_are_still_judged() -> None:
    async with serve(answer) as proxy:
        client = SharedClient(proxy=proxy.url)
        response = await client.allowing(["somewhere.invalid"]).send(get("http://somewhere.invalid/x?q=1"))
        with pytest.raises(InvocationError, match="nothing was sent"):
            await client.send(get("https://10.0.0.1/"))
        with pytest.raises(InvocationError, match=r"nothing was sent: http://somewhere\.invalid is not https"):
            await client.send(get("http://somewhere.invalid/"))
        await client.aclose()
    assert response.body == b"hello"
    assert [request.target for request in proxy.requests] == ["http://somewhere.invalid/x?q=1"]


async def test_a_refused_tunnel_is_certainly_not_executed() -> None:
    async with serve(answer) as proxy:
        client = SharedClient(proxy=proxy.url)
        with pytest.raises(InvocationError, match=r"cannot connect to https://somewhere\.invalid/: 403") as caught:
            await client.send(get("https://somewhere.invalid/"))
        await client.aclose()
    assert caught.value.not_executed == "connect"
    assert [request.method for request in proxy.requests] == ["CONNECT"]


async def test_a_proxy_that_drops_a_forwarded_request_leaves_the_outcome_unknown() -> None:
    async with serve(answer) as proxy:
        client = SharedClient(proxy=proxy.url)
        await client.allowing(["somewhere.invalid"]).send(get("http://somewhere.invalid/"))
        await client.aclose()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = SharedClient(proxy=f"http://127.0.0.1:{silent.getsockname()[1]}")
        request = HttpRequest(method="GET", url="http://somewhere.invalid/", timeout=0.2)
        with pytest.raises(InvocationError, match="no answer within") as caught:
            await client.allowing(["somewhere.invalid"]).send(request)
        await client.aclose()
    assert caught.value.not_executed is None


async def test_a_loopback_host_that_is_allowed_by_name_is_reached_without_the_proxy() -> None:
    async with serve(answer) as server, serve(answer) as proxy:
        client = SharedClient(proxy=proxy.url)
        http = client.allowing(["127.0.0.1", "localhost", "other.invalid", "open.invalid"])
        for url in (server.url, f"http://localhost:{server.port}", "http://other.invalid/", "http://open.invalid/"):
            assert (await http.send(get(url))).body == b"hello"
        await client.aclose()
    assert [request.target for request in server.requests] == ["/", "/"]
    assert [request.target for request in proxy.requests] == ["http://other.invalid/", "http://open.invalid/"]


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost:1/",
        "https://a.localhost/",
        "https://LOCALHOST./",
        "https://metadata.google.internal/computeMetadata",
    ],
)
async def test_a_proxy_is_not_asked_for_this_machine_or_for_a_metadata_service(url: str) -> None:
    async with serve(answer) as proxy:
        client = SharedClient(proxy=proxy.url)
        with pytest.raises(InvocationError, match="nothing was sent"):
            await client.send(get(url))
        await client.aclose()
    assert not proxy.requests


def test_what_is_allowed_by_name_may_be_asked_of_a_proxy() -> None:
    check_proxied("metadata.google.internal", is_allowed=True)
    check_proxied("example.com", is_allowed=False)
    with pytest.raises(ContactRefused):
        check_proxied("metadata.google.internal", is_allowed=False)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("Localhost.", True),
        ("127.0.0.1", True),
        ("127.1", True),
        ("::1", True),
        ("localhost.example", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
        ("::2", False),
    ],
)
def test_the_names_of_this_machine_are_known(host: str, expected: bool) -> None:
    assert is_loopback(host) == expected


@pytest.mark.parametrize(
    "url", ["nonsense", "", "ftp://proxy:1", "http://", "http://u:secret@", "http://u:secret@p:99999", "http://p q:1"]
)
def test_a_proxy_that_is_no_url_is_refused_when_the_client_is_made(url: str) -> None:
    with pytest.raises(ValueError, match="a proxy needs an http or https URL") as caught:
        SharedClient(proxy=url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://proxy.example:8080", "https://u:p@proxy.example", "http://[::1]:3128/"])
def test_the_url_of_a_proxy_is_kept_as_it_is(url: str) -> None:
    assert checked_proxy(url) == url
