"""With whom HTTP/2 is spoken: where it is installed and offered, at judged addresses, under known certificates."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.http import HttpRequest
from tests.servers.certificates import certificates
from tests.servers.http2 import Exchange, serve_http2
from tests.servers.loopback import Answer, Request, json_response, serve


def get(url: str) -> HttpRequest:
    return HttpRequest(method="GET", url=url, timeout=5.0)


async def echo(exchange: Exchange) -> None:
    await exchange.answer(exchange.request.body or b"hello", ("content-type", "text/plain"))


class Names:
    """A resolver that says how often it was asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked = 0

    async def __call__(self, host: str, port: int, /) -> Sequence[str]:
        del host, port
        self.asked += 1
        return self.addresses


async def test_a_name_is_judged_and_pinned_once_for_each_connection() -> None:
    names = Names("127.0.0.1")
    async with serve_http2(echo) as server:
        client = SharedClient(resolve=names, tls=certificates().trusting())
        url = f"https://api.test:{server.port}/"
        for _ in range(3):
            assert (await client.allowing(["api.test"]).send(get(url))).body == b"hello"
        assert names.asked == 1
        with pytest.raises(InvocationError, match="it resolves to 127"):
            await client.send(get(url))
        names.addresses = ("127.0.0.1", "169.254.169.254")
        await client.aclose()
        with pytest.raises(InvocationError, match="metadata service, which is never contacted"):
            await client.allowing(["api.test"]).send(get(url))
        await client.aclose()
    assert server.connections == 1


async def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    async with serve_http2(echo) as server:
        client = SharedClient()
        with pytest.raises(InvocationError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            await client.allowing(["127.0.0.1"]).send(get(server.url))
        await client.aclose()
    assert caught.value.not_executed == "connect"


async def both(request: Request) -> Answer:
    return json_response(request.target)


async def test_a_server_that_knows_only_http_1_is_spoken_to_in_it() -> None:
    async with serve(both, tls=certificates().serving("http/1.1")) as server:
        client = SharedClient(tls=certificates().trusting())
        for _ in range(3):
            assert (await client.allowing(["127.0.0.1"]).send(get(f"{server.url}/x"))).body == b'"/x"'
        await client.aclose()
    assert server.connections == 1


def test_without_the_extra_nothing_but_http_1_is_offered() -> None:
    """A server that would rather speak HTTP/2 is not asked to."""
    program = Path(__file__).with_name("without_http2.py")
    subprocess.run([sys.executable, "-W", "error", program], check=True, timeout=60, cwd=program.parents[2])
