"""The shared client, against real sockets on loopback."""

from __future__ import annotations

import gzip
import socket
import sys
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from runtimes.errors import InvocationError
from runtimes.fetch import HttpExchange, SharedClient
from runtimes.http import HttpClient, HttpRequest
from runtimes.transport import CarrierName
from tests.servers.loopback import Answer, Chunked, Raw, Request, Response, json_response, serve


@asynccontextmanager
async def open_client(carrier: CarrierName, *hosts: str) -> AsyncGenerator[HttpClient]:
    client = SharedClient(carrier=carrier)
    try:
        yield client.allowing(hosts or ("127.0.0.1",))
    finally:
        await client.aclose()


def get(url: str, timeout: float = 5.0) -> HttpRequest:
    return HttpRequest(method="GET", url=url, timeout=timeout)


async def echo(request: Request) -> Answer:
    return json_response({"method": request.method, "target": request.target, "body": request.body.decode()})


async def test_a_request_is_sent_as_it_is_and_its_answer_is_read(carrier: CarrierName) -> None:
    async with serve(echo) as server, open_client(carrier) as http:
        response = await http.send(
            HttpRequest(
                method="POST",
                url=f"{server.url}/a%2Fb?q=%20x'y",
                headers=(("X-One", "1"), ("Content-Type", "application/json")),
                body=b'{"k":1}',
            )
        )
    assert (response.status, response.header("content-type")) == (200, "application/json")
    assert response.body == b'{"method":"POST","target":"/a%2Fb?q=%20x\'y","body":"{\\"k\\":1}"}'
    (request,) = server.requests
    assert request.header("x-one") == "1"
    assert request.header("host") == f"127.0.0.1:{server.port}"
    assert request.header("accept-encoding") == "identity"


async def test_one_connection_serves_every_view_and_call(carrier: CarrierName) -> None:
    async with serve(echo) as server:
        client = SharedClient(carrier=carrier)
        for _ in range(3):
            await client.allowing(["127.0.0.1"]).send(get(server.url))
        await client.aclose()
    assert (server.connections, len(server.requests)) == (1, 3)


async def test_a_host_that_is_not_allowed_is_not_contacted_even_where_another_view_is_connected(
    carrier: CarrierName,
) -> None:
    async with serve(echo) as server:
        client = SharedClient(carrier=carrier)
        await client.allowing(["localhost"]).send(get(f"http://localhost:{server.port}"))
        for url in (f"http://localhost:{server.port}", server.url, f"http://2130706433:{server.port}"):
            with pytest.raises(InvocationError, match=r"nothing was sent.*--allow-host") as caught:
                await client.send(get(url))
            assert caught.value.not_executed is None
        with pytest.raises(InvocationError, match="nothing was sent"):
            await client.allowing(["127.0.0.1"]).send(get(f"http://localhost:{server.port}"))
        await client.aclose()
    assert len(server.requests) == 1


async def test_a_host_may_be_allowed_on_one_port_alone(carrier: CarrierName) -> None:
    async with serve(echo) as server, serve(echo) as other, open_client(carrier, f"127.0.0.1:{server.port}") as http:
        await http.send(get(server.url))
        with pytest.raises(InvocationError, match="nothing was sent"):
            await http.send(get(other.url))
    assert not other.requests


async def test_a_refused_connection_is_certainly_not_executed(carrier: CarrierName) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with open_client(carrier) as http:
        with pytest.raises(InvocationError, match="connection refused") as caught:
            await http.send(get(f"http://127.0.0.1:{port}/x?token=secret"))
    assert caught.value.not_executed == "connect"
    assert "secret" not in str(caught.value)


async def test_a_name_without_an_address_is_certainly_not_executed(carrier: CarrierName) -> None:
    async with open_client(carrier, "nowhere.invalid") as http:
        with pytest.raises(InvocationError, match=r"'nowhere\.invalid' cannot be resolved") as caught:
            await http.send(get("http://nowhere.invalid/"))
    assert caught.value.not_executed == "connect"


@asynccontextmanager
async def serve_bytes(data: bytes) -> AsyncGenerator[int]:
    """A listener that says these bytes to whoever connects, and then waits."""

    async def talk(stream: SocketStream) -> None:
        async with stream:
            await stream.send(data)
            await anyio.sleep_forever()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, talk)
        yield listener.extra(SocketAttribute.local_port)
        tasks.cancel_scope.cancel()


async def test_a_server_without_tls_is_certainly_not_executed(carrier: CarrierName) -> None:
    async with serve_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port, open_client(carrier) as http:
        with anyio.fail_after(5), pytest.raises(InvocationError, match=r"cannot connect to https://.*SSL") as caught:
            await http.send(get(f"https://127.0.0.1:{port}/"))
    assert caught.value.not_executed == "connect"


async def test_a_handshake_that_stalls_ends_at_the_deadline_and_closes_its_connection(carrier: CarrierName) -> None:
    async with serve_bytes(b"\x16") as port, open_client(carrier) as http:
        with anyio.fail_after(5), pytest.raises(InvocationError, match="no answer within") as caught:
            await http.send(get(f"https://127.0.0.1:{port}/", timeout=0.5))
    assert caught.value.not_executed == "connect"


async def test_a_stalled_answer_ends_at_the_deadline_with_its_outcome_unknown(carrier: CarrierName) -> None:
    async def stall(request: Request) -> Answer:
        del request
        await anyio.sleep_forever()
        raise NotImplementedError

    async with serve(stall) as server, open_client(carrier) as http:
        with anyio.fail_after(5), pytest.raises(InvocationError, match=r"no answer within 0\.2 s") as caught:
            await http.send(get(server.url, timeout=0.2))
    assert caught.value.not_executed is None


async def test_a_body_that_drips_ends_at_the_deadline(carrier: CarrierName) -> None:
    async def drip(request: Request) -> Answer:
        del request

        async def chunks() -> AsyncIterator[bytes]:
            while True:
                yield b"."
                await anyio.sleep(0.02)

        return Chunked(chunks=chunks())

    async with serve(drip) as server, open_client(carrier) as http:
        with anyio.fail_after(5), pytest.raises(InvocationError, match="no answer within"):
            await http.send(get(server.url, timeout=0.3))


BROKEN = {
    "dropped": b"",
    "no-http": b"hello\r\n\r\n",
    "short-body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
    "bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "long-header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 80_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "endless-header": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 60_000,
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "unasked-coding": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\na",
    "false-gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
async def test_a_broken_answer_leaves_the_outcome_unknown(carrier: CarrierName, data: bytes) -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Raw(data=data)

    async with serve(handler) as server, open_client(carrier) as http:
        with anyio.fail_after(5), pytest.raises(InvocationError, match="was sent and has no usable answer") as caught:
            await http.send(get(server.url))
    assert caught.value.not_executed is None
    assert "\n" not in str(caught.value)


async def test_reading_stops_at_the_limit_of_bytes(carrier: CarrierName) -> None:
    async def endless(request: Request) -> Answer:
        del request

        async def chunks() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 1000

        return Chunked(chunks=chunks())

    async with serve(endless) as server, open_client(carrier) as http:
        with anyio.fail_after(5):
            response = await http.send(HttpRequest(method="GET", url=server.url, max_bytes=2500))
    assert response.body == b"x" * 2500


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_compressed_answer_is_decoded_no_further_than_the_limit(
    carrier: CarrierName, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack(b"y" * 50_000_000)

    async def bomb(request: Request) -> Answer:
        del request
        return Response(headers=(("Content-Encoding", coding),), body=packed)

    async with serve(bomb) as server, open_client(carrier) as http:
        response = await http.send(HttpRequest(method="GET", url=server.url, max_bytes=1000))
    assert response.body == b"y" * 1000


async def test_no_cookie_is_kept(carrier: CarrierName) -> None:
    async def setting(request: Request) -> Answer:
        del request
        return Response(headers=(("Set-Cookie", "id=1; Path=/"),))

    async with serve(setting) as server, open_client(carrier) as http:
        await http.send(get(server.url))
        await http.send(get(server.url))
    assert [request.header("cookie") for request in server.requests] == [None, None]


async def test_the_log_has_every_exchange_without_the_values_of_its_query(carrier: CarrierName) -> None:
    seen: list[HttpExchange] = []
    client = SharedClient(carrier=carrier, log=seen.append)
    async with serve(echo) as server:
        await client.allowing(["127.0.0.1"]).send(get(f"{server.url}/p?key=secret&b=2"))
        with pytest.raises(InvocationError):
            await client.send(get("http://user:hidden@127.0.0.1/?key=secret"))
    await client.aclose()
    assert [(one.method, one.url, one.status) for one in seen] == [
        ("GET", f"{server.url}/p?key=…&b=…", 200),
        ("GET", "http://127.0.0.1/?key=…", None),
    ]
    assert seen[0].error is None
    assert seen[0].bytes > 0
    assert "user name or password" in str(seen[1].error)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegun"])
async def test_leaving_a_request_closes_its_connection(carrier: CarrierName, said: bytes) -> None:
    """Before its answer, within the header, within the body."""
    arrived, ended = anyio.Event(), anyio.Event()

    async def stall(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(said)
            arrived.set()
            with suppress(anyio.BrokenResourceError):
                async for _ in stream:
                    raise NotImplementedError
            ended.set()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, open_client(carrier) as http:
        port = listener.extra(SocketAttribute.local_port)
        async with anyio.create_task_group() as listening:
            listening.start_soon(listener.serve, stall)
            with anyio.fail_after(5):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(http.send, get(f"http://127.0.0.1:{port}"))
                    await arrived.wait()
                    tasks.cancel_scope.cancel()
                await ended.wait()
            listening.cancel_scope.cancel()
    assert ended.is_set()


def test_loading_the_module_loads_no_http_library() -> None:
    import subprocess

    code = "import sys, runtimes.fetch; sys.exit(bool({'aiohttp', 'httpx2', 'httpcore2', 'yaml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
