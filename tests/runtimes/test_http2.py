"""HTTP/2 over the shared client: agreed on, left early, ended and abused, against a real server on loopback."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from hyperframe.frame import DataFrame, GoAwayFrame, PingFrame, RstStreamFrame

from runtimes.errors import InvocationError
from runtimes.fetch import SharedClient
from runtimes.http import HttpClient, HttpRequest
from runtimes.queues import MAX_EXCHANGES_PER_ORIGIN
from tests.servers.certificates import certificates
from tests.servers.http2 import Exchange, serve_http2

pytestmark = pytest.mark.requirement("issue 4: HTTP/2 when offered, cancellation closes the stream")


@asynccontextmanager
async def open_client(*hosts: str) -> AsyncGenerator[HttpClient]:
    client = SharedClient(tls=certificates().trusting())
    try:
        with anyio.fail_after(15):
            yield client.allowing(hosts or ("127.0.0.1",))
    finally:
        await client.aclose()


def get(url: str, timeout: float = 5.0, max_bytes: int = 1_000_000) -> HttpRequest:
    return HttpRequest(method="GET", url=url, timeout=timeout, max_bytes=max_bytes)


async def echo(exchange: Exchange) -> None:
    await exchange.answer(exchange.request.body or b"hello", ("content-type", "text/plain"))


async def endless(exchange: Exchange) -> None:
    """Has an endless answer at `/big`, none at `/never`, and is otherwise well-behaved."""
    if exchange.request.path == "/never":
        await anyio.sleep_forever()
    if exchange.request.path != "/big":
        await echo(exchange)
        return
    await exchange.head()
    while True:
        await exchange.data(b"x" * 16_384)


async def test_calls_share_a_connection_one_after_the_other() -> None:
    body = bytes(range(256)) * 2000
    async with serve_http2(echo) as server, open_client() as http:
        for number in range(5):
            request = HttpRequest(
                method="POST", url=f"{server.url}/a%2Fb?q={number}", headers=(("X-One", "1"),), body=body
            )
            response = await http.send(request)
            assert (response.status, response.body, response.header("content-type")) == (200, body, "text/plain")
    assert server.connections == 1
    assert [request.target for request in server.requests] == [f"/a%2Fb?q={number}" for number in range(5)]
    assert server.requests[0].header("x-one") == "1"
    assert server.requests[0].header("host") == f"127.0.0.1:{server.port}"


async def test_an_answer_without_a_body_is_one() -> None:
    async def head(exchange: Exchange) -> None:
        fields = {"HEAD": [("content-length", "10")], "GET": []}[exchange.request.method]
        await exchange.head(*fields, status="200" if fields else "204", is_end=True)

    async with serve_http2(head) as server, open_client() as http:
        for method, status in (("HEAD", 200), ("GET", 204), ("HEAD", 200)):
            response = await http.send(HttpRequest(method=method, url=server.url, headers=(("Connection", "close"),)))
            assert (response.status, response.body) == (status, b"")
    assert server.connections == 1


async def test_calls_at_once_have_a_connection_each_and_no_more_than_an_origin_is_given() -> None:
    arrived = anyio.Semaphore(0)
    release = anyio.Event()

    async def wait(exchange: Exchange) -> None:
        arrived.release()
        await release.wait()
        await echo(exchange)

    async with serve_http2(wait) as server, open_client() as http, anyio.create_task_group() as tasks:
        for _ in range(MAX_EXCHANGES_PER_ORIGIN + 3):
            tasks.start_soon(http.send, get(server.url))
        for _ in range(MAX_EXCHANGES_PER_ORIGIN):
            await arrived.acquire()
        assert server.connections == MAX_EXCHANGES_PER_ORIGIN
        release.set()
    assert server.connections == MAX_EXCHANGES_PER_ORIGIN
    assert len(server.requests) == MAX_EXCHANGES_PER_ORIGIN + 3


async def test_an_answer_that_is_cut_ends_its_connection_and_no_other() -> None:
    async with serve_http2(endless) as server, open_client() as http:
        await http.send(get(server.url))
        for turn in range(1, 4):
            assert (await http.send(get(f"{server.url}/big", max_bytes=30_000_000))).body == b"x" * 30_000_000
            await server.gone.acquire()
            assert (await http.send(get(server.url))).body == b"hello"
            assert server.connections == 1 + turn


async def test_an_answer_that_is_cut_ends_its_connection_also_where_the_server_pauses() -> None:
    async def pause(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.data(b"x" * 1000)
        await anyio.sleep_forever()

    async with serve_http2(pause) as server, open_client() as http:
        assert (await http.send(get(server.url, max_bytes=1000))).body == b"x" * 1000
        await server.gone.acquire()


@pytest.mark.parametrize("path", ["/big", "/never"])
async def test_a_call_that_is_cancelled_ends_its_connection_and_disturbs_no_other(path: str) -> None:
    begun = anyio.Semaphore(0)
    release = anyio.Event()

    async def handler(exchange: Exchange) -> None:
        begun.release()
        if exchange.request.path == "/slow":
            await exchange.head()
            await release.wait()
            await exchange.data(b"late", is_end=True)
            return
        await endless(exchange)

    answers: list[bytes] = []
    async with serve_http2(handler) as server, open_client() as http:

        async def slow() -> None:
            answers.append((await http.send(get(f"{server.url}/slow"))).body)

        async with anyio.create_task_group() as others:
            others.start_soon(slow)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(http.send, get(server.url + path, max_bytes=10**12))
                await begun.acquire()
                await begun.acquire()
                tasks.cancel_scope.cancel()
            await server.gone.acquire()
            release.set()
        assert (await http.send(get(server.url))).body == b"hello"
    assert answers == [b"late"]
    assert server.connections == 2


async def test_a_call_that_is_cancelled_while_it_sends_ends_its_connection() -> None:
    async with serve_http2(echo) as server, open_client() as http:
        server.stalled = stalled = anyio.Event()
        post = HttpRequest(method="POST", url=server.url, body=b"x" * 500_000)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(http.send, post)
            await stalled.wait()
            tasks.cancel_scope.cancel()
        await server.gone.acquire()
        server.stalled = None
        assert (await http.send(post)).body == post.body
    assert (server.connections, len(server.requests)) == (2, 1)


def going_away(last: int, code: int = 0) -> GoAwayFrame:
    return GoAwayFrame(last_stream_id=last, error_code=code, additional_data=b"bye\n")


@pytest.mark.parametrize("last", [1, 2**31 - 1])
@pytest.mark.parametrize("is_begun", [False, True])
async def test_a_server_that_leaves_in_good_order_has_answered_before_and_is_found_anew(
    last: int, is_begun: bool
) -> None:
    """RFC 9113, 6.8: requests up to the last stream are still answered."""

    async def leave(exchange: Exchange) -> None:
        if is_begun:
            await exchange.head()
        await exchange.frames(going_away(last))
        if not is_begun:
            await exchange.head()
        await exchange.data(b"x" * 100_000, is_end=True)

    async with serve_http2(leave) as server, open_client() as http:
        for _ in range(3):
            assert (await http.send(get(server.url))).body == b"x" * 100_000
            await server.gone.acquire()
    assert server.connections == 3


async def test_a_request_that_a_leaving_server_did_not_take_is_sent_to_the_next_one() -> None:
    """RFC 9113, 8.7: streams beyond the last one were not processed."""

    async def leave(exchange: Exchange) -> None:
        await (echo(exchange) if exchange.stream == 1 else exchange.frames(going_away(1)))

    async with serve_http2(leave) as server, open_client() as http:
        for _ in range(2):
            post = HttpRequest(method="POST", url=server.url, body=b"once")
            assert (await http.send(post)).body == b"once"
    assert server.connections == 2


async def test_a_server_that_leaves_between_two_requests_is_found_anew() -> None:
    async def leave(exchange: Exchange) -> None:
        await echo(exchange)
        await exchange.frames(going_away(exchange.stream))
        exchange.connection.writer.close()

    async with serve_http2(leave) as server, open_client() as http:
        for _ in range(3):
            assert (await http.send(get(server.url))).body == b"hello"
            await server.gone.acquire()
    assert server.connections == 3


FAILING = {
    "goes with an error": (going_away(1, code=11), "the connection was ended with error code 11"),
    "goes without an answer": (going_away(0), "the connection was ended with error code 0"),
    "resets": (RstStreamFrame(stream_id=1, error_code=7), "the request was reset with error code 7"),
    "sends a body first": (DataFrame(stream_id=1, data=b"x"), "the rules of HTTP/2 are broken"),
    "sends a long frame": (DataFrame(stream_id=1, data=b"x" * 16_385), "a frame is longer than 16384 bytes"),
}


@pytest.mark.parametrize(("frame", "words"), FAILING.values(), ids=FAILING)
async def test_a_request_that_fails_is_told_and_the_next_one_is_not_harmed(
    frame: GoAwayFrame | RstStreamFrame | DataFrame, words: str
) -> None:
    is_failing = True

    async def fail(exchange: Exchange) -> None:
        await (exchange.frames(frame) if is_failing else echo(exchange))

    async with serve_http2(fail) as server, open_client() as http:
        with pytest.raises(InvocationError, match=words) as caught:
            await http.send(get(server.url))
        assert caught.value.not_executed is None
        assert caught.value.is_lost
        await server.gone.acquire()
        is_failing = False
        assert (await http.send(get(server.url))).body == b"hello"


async def test_a_word_from_the_server_between_two_requests_costs_a_connection_and_nothing_else() -> None:
    async def ping(exchange: Exchange) -> None:
        await echo(exchange)
        await exchange.frames(PingFrame(opaque_data=b"12345678"))

    async with serve_http2(ping) as server, open_client() as http:
        for _ in range(3):
            assert (await http.send(get(server.url))).body == b"hello"
            await anyio.wait_all_tasks_blocked()
    assert server.connections <= 3


async def test_the_logs_of_libraries_tell_no_header_field(caplog: pytest.LogCaptureFixture) -> None:
    """Issue 9, point 7: with every log on, a credential is in none of them."""
    caplog.set_level(1)

    async def repeat(exchange: Exchange) -> None:
        await exchange.answer(b"", ("x-echo", "canary-answer"), ("set-cookie", "sid=canary-cookie"))

    async with serve_http2(repeat) as server, open_client() as http:
        request = HttpRequest(method="GET", url=f"{server.url}/?k=canary-query", headers=(("X-Key", "canary-key"),))
        assert (await http.send(request)).header("x-echo") == "canary-answer"
    assert "canary" not in caplog.text
