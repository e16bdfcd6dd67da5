"""Connections that are kept: what comes over them is an answer to what was asked, and they end when they should."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import anyio
import pytest
from yarl import URL

from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.http import HttpRequest, StreamedResponse, StreamingClient
from runtimes.transport import CarrierName, HttpLimits
from tests.servers.loopback import Answer, Raw, Request, serve, text_response

pytestmark = pytest.mark.requirement("issue 11: one HTTP stack, with the same safety whatever carries it")

OPEN_FILES = Path("/proc/self/fd")
OK = b"HTTP/1.1 200 OK\r\n"
TWO = b"Content-Length: 2\r\n\r\nok"


def get(url: str, timeout: float = 5.0) -> HttpRequest:
    return HttpRequest(method="GET", url=url, timeout=timeout)


@asynccontextmanager
async def closing(client: SharedClient) -> AsyncGenerator[SharedClient]:
    try:
        with anyio.fail_after(20):
            yield client
    finally:
        await client.aclose()


def opened(client: SharedClient, url: str) -> AbstractAsyncContextManager[StreamedResponse]:
    http = client.allowing(["127.0.0.1"])
    assert isinstance(http, StreamingClient)
    return http.stream(get(url))


LATE = {
    "an answer": OK + b"Content-Length: 7\r\n\r\nplanted",
    "half a header": OK + b"X-Half:",
    "a timeout": b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
    "one byte": b"\n",
}


@pytest.mark.parametrize(
    "body", [b"Content-Length: 2\r\n\r\nok", b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"]
)
@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
async def test_what_comes_over_an_idle_connection_answers_nobody(
    carrier: CarrierName, late: bytes, body: bytes
) -> None:
    ended, seen = asyncio.Event(), list[tuple[str, int]]()
    writers: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            while line := await reader.readline():
                await reader.readuntil(b"\r\n\r\n")
                seen.append((line.decode().split()[1], len(writers)))
                writer.write(OK + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            ended.set()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, closing(SharedClient(carrier=carrier)) as client:
        http = client.allowing(["127.0.0.1"])
        assert (await http.send(get(f"{url}/first"))).body == b"ok"
        writers[0].write(late)
        await writers[0].drain()
        await anyio.wait_all_tasks_blocked()
        assert (await http.send(HttpRequest(method="POST", url=f"{url}/then", timeout=5))).body == b"ok"
        await ended.wait()
        await client.aclose()
        await anyio.wait_all_tasks_blocked()
    assert seen == [("/first", 1), ("/then", 2)]


ILLEGAL = {
    "a name and a space": OK + b"Content-Length : 2\r\n\r\nok",
    "no token for a name": OK + b"X(y: a\r\n" + TWO,
    "another coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "a coding twice": OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "what only ends like chunked": OK + b"Transfer-Encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "another protocol from here": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nmore",
    "too low a status": b"HTTP/1.1 099 Low\r\n" + TWO,
    "too long a status": b"HTTP/1.1 1000 High\r\n" + TWO,
    "RTSP": b"RTSP/1.0 200 OK\r\n" + TWO,
    "ICY": b"ICY 200 OK\r\n" + TWO,
    "two lengths": OK + b"Content-Length: 1\r\n" + TWO,
    "no length": OK + b"Content-Length: +2\r\n\r\nok",
    "an empty length": OK + b"Content-Length:\r\n\r\nok",
    "empty lines first": b"\r\n\r\n" + OK + TWO,
}


@pytest.mark.parametrize("data", ILLEGAL.values(), ids=ILLEGAL)
async def test_what_parsers_disagree_on_is_no_answer(carrier: CarrierName, data: bytes) -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Raw(data=data)

    async with serve(handler) as server, closing(SharedClient(carrier=carrier)) as client:
        with pytest.raises(InvocationError, match=r"was sent and has no usable answer: [A-Za-z]"):
            await client.allowing(["127.0.0.1"]).send(get(server.url))


LENGTHS = {
    "twice the same": b"Content-Length: 2\r\n" + TWO,
    "a list": b"Content-Length: 2, 2\r\n\r\nok",
    "chunks and a length": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("data", LENGTHS.values(), ids=LENGTHS)
async def test_aiohttp_takes_one_length_and_is_not_asked_again_where_there_are_more(data: bytes) -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Raw(data=OK + data)

    async with serve(handler) as server, closing(SharedClient(carrier="aiohttp")) as client:
        with pytest.raises(InvocationError, match="says more than once how long the body is") as caught:
            await client.allowing(["127.0.0.1"]).send(get(server.url))
    assert not caught.value.is_lost


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"], ids=["alone", "after 103"])
async def test_a_header_is_had_also_where_the_body_behind_it_is_illegal(carrier: CarrierName, before: bytes) -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Raw(data=before + OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n")

    async with (
        serve(handler) as server,
        closing(SharedClient(carrier=carrier)) as client,
        opened(client, server.url) as streamed,
    ):
        assert streamed.status == 200
        with pytest.raises(InvocationError, match="illegal chunk header"):
            await anext(streamed.pieces)


async def test_closing_ends_who_listens(carrier: CarrierName) -> None:
    got = anyio.Event()
    failures: list[str] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = SharedClient(carrier=carrier)

    async def listen() -> None:
        async with opened(client, url) as streamed:
            assert await anext(streamed.pieces) == b"abc"
            got.set()
            with pytest.raises(InvocationError, match=r"the (client|connection) was closed") as caught:
                await anext(streamed.pieces)
            failures.append(str(caught.value))

    with anyio.fail_after(10):
        async with server, anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await got.wait()
            await anyio.wait_all_tasks_blocked()
            await client.aclose()
    assert len(failures) == 1


async def test_closing_ends_who_waits_for_a_connection_and_cancels_nobody(carrier: CarrierName) -> None:
    arrived = anyio.Event()
    failures: list[InvocationError] = []

    async def never(request: Request) -> Answer:
        del request
        arrived.set()
        await anyio.sleep_forever()
        raise NotImplementedError

    client = SharedClient(carrier=carrier, limits=HttpLimits(connections=1))
    async with serve(never) as server:

        async def lost() -> None:
            with pytest.raises(InvocationError) as caught:
                await client.allowing(["127.0.0.1"]).send(get(server.url, timeout=1))
            failures.append(caught.value)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lost)
                await arrived.wait()
                tasks.start_soon(lost)
                await anyio.wait_all_tasks_blocked()
                await client.aclose()
    assert len(failures) == 2
    await client.aclose()


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="the open files of a process are counted in /proc")
async def test_a_server_that_does_not_read_keeps_no_socket_open(carrier: CarrierName) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with closing(SharedClient(carrier=carrier)) as client:
            before = len(os.listdir(OPEN_FILES))
            post = HttpRequest(method="POST", url=url, body=b"x" * 8_000_000, timeout=0.2)
            for _ in range(4):
                with pytest.raises(InvocationError, match="no answer within"):
                    await client.allowing(["127.0.0.1"]).send(post)
            await anyio.wait_all_tasks_blocked()
            assert len(os.listdir(OPEN_FILES)) == before


@pytest.mark.parametrize("limits", [{"connections": 0}, {"per_origin": 0}, {"connections": -1}, {"per_origin": -1}])
def test_nothing_at_once_is_no_limit(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="are 1 at least"):
        HttpLimits(**limits)


DOTS = {
    "/v1/../x?y=/../z": "/x?y=/../z",
    "/a/./b/../../c": "/c",
    "/../../a": "/a",
    "/a/b/..": "/a/",
    "/a/.": "/a/",
    "/..": "/",
    "//a/../b": "//b",
    "/.a/..b/c.": "/.a/..b/c.",
    "/a/%2e%2e/b": "/a/%2e%2e/b",
}


@pytest.mark.parametrize(("given", "sent"), DOTS.items(), ids=DOTS)
async def test_segments_of_dots_are_resolved_before_a_path_is_sent(carrier: CarrierName, given: str, sent: str) -> None:
    """RFC 3986, 5.2.4: what a server or a proxy judges by its path is what it is asked for."""

    async def hello(request: Request) -> Answer:
        del request
        return text_response("hello")

    async with serve(hello) as server, closing(SharedClient(carrier=carrier)) as client:
        await client.allowing(["127.0.0.1"]).send(get(server.url + given))
    assert [request.target for request in server.requests] == [sent]


async def test_no_url_is_kept_when_its_request_is_over(carrier: CarrierName) -> None:
    """A query may have credentials in it."""

    async def hello(request: Request) -> Answer:
        del request
        return text_response("hello")

    async with serve(hello) as server, closing(SharedClient(carrier=carrier)) as client:
        await client.allowing(["127.0.0.1"]).send(get(f"{server.url}/?key=s3cret-of-this-test"))
        gc.collect()
        kept = [one for one in gc.get_objects() if isinstance(one, URL) and "s3cret-of-this-test" in str(one)]
    assert kept == []


async def test_a_server_that_ends_a_handshake_is_told_of_in_words(carrier: CarrierName) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, closing(SharedClient(carrier=carrier)) as client:
        with pytest.raises(InvocationError, match=r"closed|reset|EOF") as caught:
            await client.allowing(["127.0.0.1"]).send(get(url))
    assert caught.value.not_executed == "connect"
