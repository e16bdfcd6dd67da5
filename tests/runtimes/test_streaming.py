"""Answers that are read while they come: bounded, to where the rules allow, and told in the log. Issue 10."""

from __future__ import annotations

import gzip
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest

from auth import Attached, Secret, SecretsInUse
from runtimes.errors import InvocationError
from runtimes.fetch import HttpExchange, SharedClient
from runtimes.http import HttpRequest, StreamingClient
from runtimes.streaming import MAX_LASTING_PER_ORIGIN, MAX_OPTIONAL_PER_ORIGIN, MAX_STREAMS_PER_ORIGIN
from runtimes.transport import CarrierName
from tests.servers.loopback import Answer, Chunked, LoopbackServer, Raw, Request, Response, serve

TOKEN = "canary-token-4711"


@dataclass(slots=True, kw_only=True)
class Streaming:
    """A client, a server, and what the log was told."""

    http: StreamingClient
    server: LoopbackServer
    log: list[HttpExchange] = field(default_factory=list[HttpExchange])

    def request(self, *, timeout: float = 30, max_bytes: int = 1000) -> HttpRequest:
        token = Attached(place="header", name="Authorization", value=Secret(f"Bearer {TOKEN}"), hides=(Secret(TOKEN),))
        return HttpRequest(method="GET", url=self.server.url, timeout=timeout, max_bytes=max_bytes, attached=(token,))

    async def body(self, *, max_bytes: int = 1000) -> bytes:
        async with self.http.stream(self.request(max_bytes=max_bytes)) as streamed:
            return b"".join([piece async for piece in streamed.pieces])


@asynccontextmanager
async def streaming(
    carrier: CarrierName, answer: Answer | Callable[[Request], Awaitable[Answer]]
) -> AsyncGenerator[Streaming]:
    async def handler(request: Request) -> Answer:
        return await answer(request) if callable(answer) else answer

    log: list[HttpExchange] = []
    shared = SharedClient(log=log.append, carrier=carrier)
    async with serve(handler) as server:
        http = shared.allowing(["127.0.0.1"])
        assert isinstance(http, StreamingClient)
        yield Streaming(http=http, server=server, log=log)
        await shared.aclose()


class Endless:
    """An answer that begins, and goes on when it is told to."""

    def __init__(self) -> None:
        self.more = anyio.Event()

    async def __call__(self, request: Request) -> Answer:
        async def chunks() -> AsyncGenerator[bytes]:
            yield b"begun "
            await self.more.wait()
            yield b"ended"

        return Chunked(chunks=chunks(), status=201, headers=(("X-A", "b"),))


async def test_an_answer_is_read_while_it_comes(carrier: CarrierName) -> None:
    answer = Endless()
    async with streaming(carrier, answer) as one:
        with anyio.fail_after(20):
            async with one.http.stream(one.request()) as streamed:
                assert (streamed.status, streamed.header("x-a")) == (201, "b")
                assert await anext(streamed.pieces) == b"begun "
                assert one.log == []
                answer.more.set()
                assert await anext(streamed.pieces) == b"ended"
        [exchange] = one.log
        assert (exchange.status, exchange.error, exchange.bytes) == (201, None, 11)
        [request] = one.server.requests
        assert request.header("authorization") == f"Bearer {TOKEN}"


async def test_one_that_is_left_early_is_closed(carrier: CarrierName) -> None:
    async with streaming(carrier, Endless()) as one:
        with anyio.fail_after(20):
            async with one.http.stream(one.request()) as streamed:
                await anext(streamed.pieces)
            async with one.http.stream(one.request()) as streamed:
                await anext(streamed.pieces)
        assert one.server.connections == 2
        assert [exchange.bytes for exchange in one.log] == [6, 6]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response(body=b"x" * 1001), "longer than 1000 bytes"),
        (
            Response(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(b"x" * 100_000)),
            "longer than 1000 bytes",
        ),
        (Response(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(b"x")[:-4]), "ends too early"),
        (Response(headers=(("Content-Encoding", "br"),), body=b"x"), "not asked for"),
        (Raw(data=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), "no usable answer"),
    ],
)
async def test_a_body_that_breaks_a_limit_or_breaks_off_is_an_error(
    carrier: CarrierName, answer: Answer, words: str
) -> None:
    async with streaming(carrier, answer) as one:
        with pytest.raises(InvocationError, match=words) as failure:
            await one.body()
        assert one.log[0].error == str(failure.value)
    assert not failure.value.is_unsent
    assert failure.value.__cause__ is None
    assert failure.value.__context__ is None


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: 9\r\n\r\nbegun",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\nzz\r\n",
    ],
    ids=["short", "without an end", "no chunk"],
)
async def test_what_has_come_of_an_answer_that_breaks_off_is_read(carrier: CarrierName, data: bytes) -> None:
    answer = Raw(data=b"HTTP/1.1 200 OK\r\n" + data)
    async with streaming(carrier, answer) as one, one.http.stream(one.request()) as streamed:
        assert await anext(streamed.pieces) == b"begun"
        with pytest.raises(InvocationError, match="no usable answer"):
            await anext(streamed.pieces)


async def test_an_answer_without_a_length_ends_with_its_connection(carrier: CarrierName) -> None:
    async with streaming(carrier, Raw(data=b"HTTP/1.1 200 OK\r\n\r\nwhole")) as one:
        assert await one.body() == b"whole"


async def test_a_body_of_just_so_many_bytes_is_whole(carrier: CarrierName) -> None:
    answer = Response(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(b"x" * 1000))
    async with streaming(carrier, answer) as one:
        assert await one.body() == b"x" * 1000


async def _never(request: Request) -> Answer:
    await anyio.sleep_forever()
    raise NotImplementedError


async def test_an_answer_that_does_not_begin_is_not_waited_for(carrier: CarrierName) -> None:
    async with streaming(carrier, _never) as one:
        with pytest.raises(InvocationError, match=r"no answer within 0\.2 s"):
            async with one.http.stream(one.request(timeout=0.2)):
                raise NotImplementedError
        assert [exchange.status for exchange in one.log] == [None]


async def test_no_other_place_is_asked_than_the_rules_allow(carrier: CarrierName) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["10.0.0.7"]

    shared = SharedClient(carrier=carrier, resolve=resolve, secrets=SecretsInUse())
    for url, words in (
        ("https://desk.example", "not a public address"),
        ("http://desk.example", "not https"),
        ("x", "only http"),
    ):
        with pytest.raises(InvocationError, match=words) as refused:
            async with shared.stream(HttpRequest(method="GET", url=url)):
                raise NotImplementedError
        assert refused.value.is_unsent
    await shared.aclose()


async def test_a_redirect_is_an_answer(carrier: CarrierName) -> None:
    async with streaming(carrier, Response(status=307, headers=(("Location", "/elsewhere"),))) as one:
        async with one.http.stream(one.request()) as streamed:
            assert streamed.status == 307
        assert len(one.server.requests) == 1


async def test_what_lasts_takes_no_place_of_what_somebody_waits_for(carrier: CarrierName) -> None:
    async with streaming(carrier, Endless()) as one, AsyncExitStack() as stack:
        with anyio.fail_after(30):
            for _ in range(MAX_OPTIONAL_PER_ORIGIN):
                await stack.enter_async_context(one.http.stream(one.request(), lasts="optional"))
            with pytest.raises(InvocationError, match="that last are under way") as refused:
                await stack.enter_async_context(one.http.stream(one.request(), lasts="optional"))
            assert refused.value.is_unsent
            for _ in range(MAX_STREAMS_PER_ORIGIN):
                await stack.enter_async_context(one.http.stream(one.request()))
            with pytest.raises(InvocationError, match="other answers of it are under way") as late:
                await stack.enter_async_context(one.http.stream(one.request(timeout=0.1)))
            assert late.value.not_executed == "connect"


async def test_what_lasts_is_refused_at_once_where_there_is_too_much_of_it(carrier: CarrierName) -> None:
    async with streaming(carrier, Endless()) as one, AsyncExitStack() as stack:
        with anyio.fail_after(30):
            for _ in range(MAX_LASTING_PER_ORIGIN):
                await stack.enter_async_context(one.http.stream(one.request(), lasts="needed"))
            with pytest.raises(InvocationError, match=f"nothing was sent: {MAX_LASTING_PER_ORIGIN} other answers"):
                await stack.enter_async_context(one.http.stream(one.request(), lasts="needed"))
            async with one.http.stream(one.request()) as streamed:
                assert await anext(streamed.pieces) == b"begun "


async def test_a_token_is_told_to_no_log(carrier: CarrierName) -> None:
    async def answer(request: Request) -> Answer:
        return Raw(data=f"HTTP/1.1 200 {request.header('authorization')}\r\nbad header\r\n\r\n".encode())

    async with streaming(carrier, answer) as one:
        with pytest.raises(InvocationError) as failure:
            await one.body()
        assert TOKEN not in f"{failure.value} {one.log!r} {one.request()!r}"
