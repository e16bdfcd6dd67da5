"""What carries exchanges: whatever library it is, the same bytes go out, once, over connections that are kept."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from types import FrameType

import anyio
import pytest

from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.http import HttpClient, HttpRequest
from runtimes.transport import CarrierName, HttpLimits
from tests.runtimes.conftest import CARRIERS
from tests.servers.certificates import certificates
from tests.servers.loopback import Answer, Raw, Request, Response, json_response, serve, text_response

pytestmark = pytest.mark.requirement("issue 11: one HTTP stack, with the same safety whatever carries it")


@asynccontextmanager
async def open_client(carrier: CarrierName | None, limits: HttpLimits | None = None) -> AsyncGenerator[HttpClient]:
    client = SharedClient(carrier=carrier, tls=certificates().trusting(), limits=limits)
    try:
        with anyio.fail_after(20):
            yield client.allowing(["127.0.0.1", "127.1", "localhost"])
    finally:
        await client.aclose()


def get(url: str, timeout: float = 5.0) -> HttpRequest:
    return HttpRequest(method="GET", url=url, timeout=timeout)


async def hello(request: Request) -> Answer:
    del request
    return text_response("hello")


class Names:
    """A resolver that says how often it was asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int, /) -> Sequence[str]:
        del port
        self.asked.append(host)
        return self.addresses


WRITTEN = {
    "plain": HttpRequest(method="GET", url="/a/b?c=d&e=%20f"),
    "no path": HttpRequest(method="GET", url="?c=d#e"),
    "an empty query": HttpRequest(method="GET", url="/a?"),
    "slashes and dots": HttpRequest(method="GET", url="//a//b%2F..%2f/c;d=e"),
    "what no URL may have": HttpRequest(method="GET", url="/\u00e9<>\"`{}|^[]'?\u00fc=\"<>`{}|^[]'%zz"),
    "own fields": HttpRequest(
        method="GET", url="/", headers=(("accept", "x/y"), ("X-One", "1"), ("x-one", "2"), ("USER-AGENT", "me"))
    ),
    "another host": HttpRequest(method="GET", url="/", headers=(("Host", "api.example"), ("X-Empty", ""))),
    "Latin letters": HttpRequest(method="GET", url="/", headers=(("X-Name", "na\u00efve\ttab"),)),
    "cookies": HttpRequest(method="GET", url="/", headers=(("Cookie", 'a="b c"; d=e'), ("Cookie", "f=g"))),
    "waiting for a word": HttpRequest(method="POST", url="/", headers=(("Expect", "100-continue"),), body=b"x"),
    "a body of no type": HttpRequest(method="POST", url="/", body=b"{}"),
    "a body of a type": HttpRequest(method="PUT", url="/", headers=(("Content-Type", "a/b"),), body=b"\0" * 2_000_000),
    "a body with GET": HttpRequest(method="GET", url="/", body=b"x"),
    "no body": HttpRequest(method="POST", url="/"),
    "an empty body": HttpRequest(method="PATCH", url="/", body=b""),
    "nothing to delete with": HttpRequest(method="DELETE", url="/"),
    "segments of dots": HttpRequest(method="GET", url="/a/../b/./c?d=/../e"),
    "a length of its own": HttpRequest(method="POST", url="/", headers=(("content-length", "1"),), body=b"x"),
    "chunks of its own": HttpRequest(method="POST", url="/", headers=(("Transfer-Encoding", "chunked"),), body=b"x"),
    "a method in lower case": HttpRequest(method="options", url="/"),
    "a method of its own": HttpRequest(method="PURGE", url="/"),
}


@pytest.mark.parametrize("request_", WRITTEN.values(), ids=WRITTEN)
async def test_every_carrier_writes_the_same_request(request_: HttpRequest) -> None:
    async with serve(hello) as server:
        for carrier in CARRIERS:
            async with open_client(carrier) as http:
                response = await http.send(replace(request_, url=server.url + request_.url))
                assert response.body == b"hello"
    one, other = server.requests
    assert one == other
    assert one.body == (request_.body or b"")
    names = [name.lower() for name, _ in one.headers]
    assert ("content-type" in names) == any(name == "Content-Type" for name, _ in request_.headers)
    assert {"user-agent", "accept", "accept-encoding", "host"} <= set(names)


async def test_what_a_url_may_have_is_sent_as_it_is_given(carrier: CarrierName) -> None:
    target = "//x/%2e%2E/%zz;a=b,c@d:e!$&'()*+?a=b?c/d&e=%20'"
    async with serve(hello) as server, open_client(carrier) as http:
        await http.send(get(server.url + target))
    assert [request.target for request in server.requests] == [target]


@contextmanager
def contexts_made() -> Generator[list[str]]:
    """One entry for each TLS context that is made meanwhile."""
    made: list[str] = []
    making = ssl.SSLContext.__new__.__code__

    def seen(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code is making:
            made.append(event)

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        yield made
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize("protocol", ["", "http/1.1"], ids=["plain", "encrypted"])
async def test_many_calls_share_a_connection(carrier: CarrierName, protocol: str) -> None:
    tls = certificates().serving(protocol) if protocol else None
    async with serve(hello, tls) as server, open_client(carrier) as http:
        with contexts_made() as made:
            for _ in range(50):
                assert (await http.send(get(server.url))).body == b"hello"
    assert (server.connections, len(server.requests), made) == (1, 50, [])


async def test_connections_share_a_context(carrier: CarrierName) -> None:
    client = SharedClient(carrier=carrier)
    async with serve(hello, certificates().serving("http/1.1")) as server:
        with contexts_made() as made:
            for _ in range(3):
                with pytest.raises(InvocationError, match="CERTIFICATE_VERIFY_FAILED"):
                    await client.allowing(["127.0.0.1"]).send(get(server.url))
        await client.aclose()
    assert len(made) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_what_may_have_been_sent_is_not_repeated_behind_our_back(carrier: CarrierName, method: str) -> None:
    """Also over a connection that has served before, where libraries like to."""

    async def once(request: Request) -> Answer:
        return text_response("hello") if request.path == "/first" else Raw()

    async with serve(once) as server, open_client(carrier) as http:
        await http.send(get(f"{server.url}/first"))
        with pytest.raises(InvocationError, match="was sent and has no usable answer") as caught:
            await http.send(HttpRequest(method=method, url=f"{server.url}/then", timeout=5))
    assert caught.value.is_lost
    assert caught.value.not_executed is None
    assert [request.path for request in server.requests] == ["/first", "/then"]
    assert server.connections == 1


async def test_a_connection_that_has_ended_meanwhile_is_not_sent_on(carrier: CarrierName) -> None:
    """The end has arrived and nobody has looked at it yet: a POST over it would be of unknown outcome."""
    seen: list[bytes] = []

    def serve_each_once(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            seen.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    post = HttpRequest(method="POST", url="", body=b"x", timeout=5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        async with open_client(carrier) as http:
            for _ in range(3):
                thread = Thread(target=serve_each_once, args=(listener,))
                thread.start()
                assert (await http.send(replace(post, url=url))).body == b"ok"
                thread.join()
    assert len(seen) == 3


async def test_answers_that_nobody_asked_for_are_no_answers(carrier: CarrierName) -> None:
    """A server cannot put the answer to a later request, maybe of another plugin, into a connection."""
    planted = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nplanted"

    async def handler(request: Request) -> Answer:
        if request.path == "/first":
            return Raw(data=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + planted)
        return text_response("hello")

    async with serve(handler) as server, open_client(carrier) as http:
        assert (await http.send(get(f"{server.url}/first"))).body == b"ok"
        assert (await http.send(get(f"{server.url}/then"))).body == b"hello"


@pytest.mark.parametrize("value", [b"a\x00b", b"a\x0bb", b"a\rb"])
async def test_a_field_with_what_no_field_has_is_no_answer(carrier: CarrierName, value: bytes) -> None:
    answer = Raw(data=b"HTTP/1.1 200 OK\r\nX: " + value + b"\r\nContent-Length: 0\r\n\r\n")

    async def handler(request: Request) -> Answer:
        del request
        return answer

    async with serve(handler) as server, open_client(carrier) as http:
        with pytest.raises(InvocationError, match="no usable answer") as caught:
            await http.send(get(server.url))
    assert "\r" not in str(caught.value)


async def test_an_encrypted_name_is_judged_once_for_each_connection(carrier: CarrierName) -> None:
    names = Names("127.0.0.1")
    async with serve(hello, certificates().serving("http/1.1")) as server:
        client = SharedClient(resolve=names, tls=certificates().trusting(), carrier=carrier)
        url = f"https://api.test:{server.port}/"
        for _ in range(3):
            assert (await client.allowing(["api.test"]).send(get(url))).body == b"hello"
        assert names.asked == ["api.test"]
        with pytest.raises(InvocationError, match="it resolves to 127"):
            await client.send(get(url))
        names.addresses = ("127.0.0.1", "169.254.169.254")
        await client.aclose()
        with pytest.raises(InvocationError, match="metadata service, which is never contacted"):
            await client.allowing(["api.test"]).send(get(url))
        await client.aclose()
    assert server.connections == 1


async def test_a_certificate_that_nobody_vouches_for_is_refused(carrier: CarrierName) -> None:
    async with serve(hello, certificates().serving("http/1.1")) as server:
        client = SharedClient(carrier=carrier)
        with pytest.raises(InvocationError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            await client.allowing(["127.0.0.1"]).send(get(server.url))
        await client.aclose()
    assert caught.value.not_executed == "connect"
    assert not server.requests


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost", "LOCALHOST."])
async def test_every_spelling_of_an_address_is_asked_of_the_resolver_and_judged(
    carrier: CarrierName, host: str
) -> None:
    names = Names("10.0.0.7", "127.0.0.1")
    client = SharedClient(resolve=names, carrier=carrier)
    async with serve(hello) as server:
        url = f"http://{host}:{server.port}/"
        names.addresses = ("127.0.0.1",)
        assert (await client.allowing(["127.0.0.1", "localhost"]).send(get(url))).body == b"hello"
        names.addresses = ("169.254.169.254",)
        await client.aclose()
        with pytest.raises(InvocationError, match="never contacted"):
            await client.allowing(["127.0.0.1", "localhost"]).send(get(url))
        await client.aclose()
    assert names.asked == [host.lower()] * 2
    assert (server.connections, server.requests[0].header("host")) == (1, f"{host.lower()}:{server.port}")


async def test_addresses_are_tried_one_after_the_other(carrier: CarrierName) -> None:
    names = Names("127.0.0.2", "127.0.0.1")
    client = SharedClient(resolve=names, carrier=carrier)
    async with serve(hello) as server:
        assert (await client.allowing(["api.test"]).send(get(f"http://api.test:{server.port}/"))).body == b"hello"
    names.addresses = ()
    with pytest.raises(InvocationError, match="it has no address"):
        await client.allowing(["api.test"]).send(get("http://api.test:1/"))
    await client.aclose()


async def test_the_caller_says_how_much_goes_on_at_once(carrier: CarrierName) -> None:
    arrived, release = anyio.Semaphore(0), anyio.Event()

    async def wait(request: Request) -> Answer:
        del request
        arrived.release()
        await release.wait()
        return text_response("hello")

    limits = HttpLimits(connections=3, per_origin=2)
    async with serve(wait) as one, serve(wait) as two, open_client(carrier, limits) as http:
        async with anyio.create_task_group() as tasks:
            for server in (one, two):
                for _ in range(4):
                    tasks.start_soon(http.send, get(server.url))
            for _ in range(3):
                await arrived.acquire()
            await anyio.wait_all_tasks_blocked()
            assert len(one.requests) + len(two.requests) == 3
            assert max(len(one.requests), len(two.requests)) == 2
            release.set()
        assert (len(one.requests), len(two.requests)) == (4, 4)


async def test_closing_ends_what_is_under_way_and_the_client_can_be_used_again(carrier: CarrierName) -> None:
    arrived = anyio.Event()

    async def first_never(request: Request) -> Answer:
        if request.path == "/never":
            arrived.set()
            await anyio.sleep_forever()
        return text_response("hello")

    client = SharedClient(carrier=carrier)
    http = client.allowing(["127.0.0.1"])
    failures: list[InvocationError] = []
    async with serve(first_never) as server:

        async def lost() -> None:
            with pytest.raises(InvocationError) as caught:
                await http.send(get(f"{server.url}/never", timeout=1))
            failures.append(caught.value)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lost)
                await arrived.wait()
                await client.aclose()
            assert (await http.send(get(server.url))).body == b"hello"
        await client.aclose()
    assert [failure.not_executed for failure in failures] == [None]


async def test_an_answer_may_come_before_the_request_has_gone_out(carrier: CarrierName) -> None:
    async def refuse(request: Request) -> Answer:
        return json_response({"size": len(request.body)}, 413)

    async with serve(refuse) as server, open_client(carrier) as http:
        response = await http.send(HttpRequest(method="POST", url=server.url, body=b"x" * 3_000_000, timeout=10))
    assert (response.status, response.body) == (413, b'{"size":3000000}')


async def test_cookies_of_no_answer_are_kept_and_malformed_ones_harm_nothing(carrier: CarrierName) -> None:
    async def setting(request: Request) -> Answer:
        del request
        return Response(headers=(("Set-Cookie", "id=1; Path=/"), ("Set-Cookie", '=;;a b="; Expires=never')))

    async with serve(setting) as server, open_client(carrier) as http:
        for _ in range(2):
            await http.send(get(server.url))
    assert [request.header("cookie") for request in server.requests] == [None, None]


def test_a_carrier_that_knows_no_proxy_is_not_given_one() -> None:
    with pytest.raises(ValueError, match="carries nothing through a proxy"):
        SharedClient(carrier="aiohttp", proxy="http://127.0.0.1:1")


@pytest.mark.parametrize(("missing", "unloaded"), [("", "httpcore2"), ("aiohttp", "aiohttp")])
def test_what_is_installed_is_used_and_nothing_of_the_environment(missing: str, unloaded: str) -> None:
    """No proxy that a variable names, no password from a file; the other library is not loaded."""
    program = Path(__file__).with_name("one_request.py")
    environment = {**os.environ, "HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
    command = [sys.executable, "-W", "error", str(program), missing, unloaded]
    subprocess.run(command, check=True, timeout=60, cwd=program.parents[2], env=environment)
