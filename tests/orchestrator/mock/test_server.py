"""The server of the mock reads what it should, and ends what it should not read."""

from __future__ import annotations

import anyio
import pytest
from anyio.abc import SocketStream

from orchestrator.errors import OrchestratorError
from orchestrator.mock.exchange import Answer, Request
from orchestrator.mock.server import HOST, MAX_BODY_BYTES, MAX_CONNECTIONS, MAX_HEAD_BYTES, Served, listening
from runtimes.values import dump_json


def echo(request: Request) -> Answer:
    body = dump_json([request.method, request.target, request.body.decode(), request.header("X-A")]).encode()
    return Answer(status=200, media_type="application/json", body=body, headers=(("X-B", "one\r\ntwo"),))


async def connected(address: str) -> SocketStream:
    return await anyio.connect_tcp(HOST, int(address.rpartition(":")[2]))


async def all_of(stream: SocketStream) -> bytes:
    data = b""
    try:
        async for piece in stream:
            data += piece
    except (anyio.BrokenResourceError, anyio.EndOfStream):
        pass
    return data


async def exchanged(sent: bytes) -> bytes:
    """All that comes back for some bytes until the server closes the connection."""
    with anyio.fail_after(10):
        async with listening(echo) as address, await connected(address) as stream:
            try:
                await stream.send(sent)
            except anyio.BrokenResourceError:
                return b""
            return await all_of(stream)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"GET /a?b=%20c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b'["GET","/a?b=%20c","",null]'),
        (b"GET /a HTTP/1.0\r\n\r\n", b'["GET","/a","",null]'),
        (b"POST /a HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", b'["POST","/a","hi",null]'),
        (
            b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            b"2;x\r\nhi\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n",
            b'["POST","/a","hi!",null]',
        ),
        (b"GET / HTTP/1.1\r\nX-A: 1\r\nx-a: 2\r\nConnection: close\r\n\r\n", b'["GET","/","","1, 2"]'),
    ],
)
async def test_a_request_is_read_as_it_is(sent: bytes, expected: bytes) -> None:
    head, _, body = (await exchanged(sent)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"X-B: one  two" in head
    assert body == expected


async def test_a_head_has_no_body_but_its_length() -> None:
    head, _, body = (await exchanged(b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n")).partition(b"\r\n\r\n")
    assert b"Content-Length: 20" in head
    assert body == b""


async def test_a_connection_carries_several_requests() -> None:
    answers = await exchanged(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.index(b'"/1"') < answers.index(b'"/2"')


async def test_a_sender_who_waits_for_it_is_told_to_go_on() -> None:
    with anyio.fail_after(10):
        async with listening(echo) as address, await connected(address) as stream:
            head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
            await stream.send(head)
            assert await stream.receive() == b"HTTP/1.1 100 Continue\r\n\r\n"
            await stream.send(b"hi")
            assert b'"hi"' in await all_of(stream)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET http://elsewhere/ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nbad field\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * (MAX_HEAD_BYTES + 10), 431),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 3000, 400),
    ],
)
async def test_what_cannot_be_read_is_refused_and_the_connection_closed(sent: bytes, status: int) -> None:
    answer = await exchanged(sent)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in answer
    assert b"application/problem+json" in answer


async def test_a_sender_who_hangs_up_disturbs_nobody() -> None:
    with anyio.fail_after(10):
        async with listening(echo) as address:
            for sent in (b"", b"GET /", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"):
                async with await connected(address) as stream:
                    await stream.send(sent or b"G")
            async with await connected(address) as stream:
                await stream.send(b"GET /still HTTP/1.1\r\nConnection: close\r\n\r\n")
                assert b"/still" in await all_of(stream)


async def test_more_connections_than_are_served_are_closed() -> None:
    with anyio.fail_after(10):
        async with listening(echo) as address:
            streams = [await connected(address) for _ in range(MAX_CONNECTIONS)]
            for stream in streams:
                await stream.send(b"GET / HTTP/1.1\r\n\r\n")
                assert b"200 OK" in await stream.receive()
            async with await connected(address) as extra:
                assert await all_of(extra) == b""
            for stream in streams:
                await stream.aclose()


async def test_every_exchange_is_logged_without_its_query() -> None:
    log: list[Served] = []
    with anyio.fail_after(10):
        async with listening(echo, log=log.append) as address, await connected(address) as stream:
            await stream.send(b"GET /a?secret=1 HTTP/1.1\r\nConnection: close\r\n\r\n")
            await all_of(stream)
    assert [(one.method, one.path, one.answer.status) for one in log] == [("GET", "/a", 200)]


async def test_a_port_that_is_taken_is_said() -> None:
    async with listening(echo) as address:
        with pytest.raises(OrchestratorError, match="choose another port with --port"):
            async with listening(echo, port=int(address.rpartition(":")[2])):
                raise NotImplementedError
    with pytest.raises(OrchestratorError, match="cannot listen"):
        async with listening(echo, port=99_999):
            raise NotImplementedError
