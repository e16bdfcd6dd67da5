"""Local plugins behind HTTP: what becomes of an exchange, and of each that fails (issue 10)."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import anyio
import pytest

from runtimes.fetch import SharedClient
from runtimes.local.connection import Connection
from runtimes.local.framing import MAX_MESSAGE_BYTES
from runtimes.local.transports.base import Transport, TransportClosed, Unanswered
from runtimes.local.transports.http_post import MAX_QUOTED_CHARS, open_http_post
from runtimes.local.transports.of_address import http_hosts, opener_for
from runtimes.values import Json, JsonObject, dump_json, parse_json
from tests.servers.certificates import certificates
from tests.servers.loopback import Answer, Handler, Raw, Request, Response, json_response, serve

pytestmark = pytest.mark.requirement("issue:10")

ASKED = b'{"jsonrpc":"2.0","id":7,"method":"echo","params":{}}'
TOLD = b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":7}}'
ANSWER: JsonObject = {"jsonrpc": "2.0", "id": 7, "result": {"text": "x"}}
PROGRESS: JsonObject = {"jsonrpc": "2.0", "method": "$/progress", "params": {"id": 7, "message": "half"}}


@asynccontextmanager
async def posting_to(url: str, client: SharedClient | None = None) -> AsyncGenerator[Transport, None]:
    client = client or SharedClient()
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    try:
        with anyio.fail_after(30):
            http = client.allowing(http_hosts((url,)))
            async with open_http_post(url, parts.hostname, parts.port, http) as transport:
                yield transport
    finally:
        await client.aclose()


def answering(answer: Answer) -> Handler:
    async def handler(request: Request) -> Answer:
        del request
        return answer

    return handler


async def come_of(answer: Answer, message: bytes = ASKED) -> list[Json]:
    """The messages that an HTTP answer brings. Raises: `Unanswered`."""
    async with serve(answering(answer)) as server, posting_to(server.url) as transport:
        await transport.send(message)
        return [parse_json(text) for text in await transport.receive()]


def text(body: str, status: int = 200) -> Response:
    return Response(status=status, headers=(("Content-Type", "text/plain"),), body=body.encode())


async def test_a_message_is_posted_as_json_and_its_answer_is_what_comes() -> None:
    async with serve(answering(json_response(ANSWER))) as server, posting_to(f"{server.url}/rpc?key=1") as transport:
        await transport.send(ASKED)
        assert [parse_json(message) for message in await transport.receive()] == [ANSWER]
        (request,) = server.requests
    assert (request.method, request.target, request.body) == ("POST", "/rpc?key=1", ASKED)
    assert request.header("content-type") == "application/json"
    assert request.header("accept") == "application/json"


async def test_what_is_told_with_the_answer_comes_in_one_batch_with_it() -> None:
    assert await come_of(json_response([PROGRESS, ANSWER])) == [[PROGRESS, ANSWER]]


@pytest.mark.parametrize("answer", [Response(status=204), Response(status=202), text("ok"), json_response(None, 500)])
async def test_what_waits_for_no_answer_has_none(answer: Answer) -> None:
    async with serve(answering(answer)) as server, posting_to(server.url) as transport:
        await transport.send(TOLD)
        with anyio.move_on_after(0.01) as scope:
            await transport.receive()
        assert scope.cancelled_caught
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_an_error_object_is_an_answer_whatever_the_status(status: int) -> None:
    error: JsonObject = {"code": -32602, "message": "no such day"}
    answer: JsonObject = {"jsonrpc": "2.0", "id": 7, "error": error}
    assert await come_of(json_response(answer, status)) == [answer]


@pytest.mark.parametrize("nameless", [{"id": None}, {}])
async def test_an_error_that_names_no_request_is_that_of_the_one_it_answers(nameless: JsonObject) -> None:
    error: JsonObject = {"code": -32700, "message": "cannot read that"}
    assert await come_of(json_response({"jsonrpc": "2.0", "error": error, **nameless}, 400)) == [
        {"jsonrpc": "2.0", "id": 7, "error": error}
    ]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Response(status=500), "HTTP status 500"),
        (text("out of order\nline 2", 503), "HTTP status 503: out of order"),
        (text("\x1b[31m" + "x" * 5000, 500), f"HTTP status 500: {('[31m' + 'x' * 5000)[:MAX_QUOTED_CHARS]}"),
        (json_response({"detail": "Not Found"}, 404), "HTTP status 404"),
    ],
)
async def test_a_failure_that_http_alone_reports_is_an_error_of_that_request(answer: Answer, message: str) -> None:
    assert await come_of(answer) == [{"jsonrpc": "2.0", "id": 7, "error": {"code": -32000, "message": message}}]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Response(status=204), "HTTP status 204 and no answer in it"),
        (Response(status=200), "HTTP status 200 and no answer in it"),
        (text("<html>"), "a body that is not JSON"),
        (text("[" * 100_000), "a body that is not JSON"),
        (json_response(ANSWER | {"id": 8}), "no answer to this request"),
        (json_response([PROGRESS]), "no answer to this request"),
        (json_response("done"), "no answer to this request"),
        (
            Response(status=307, headers=(("Location", "https://example.com/"),)),
            "redirects, which is not followed",
        ),
        (Response(body=b"[" + b"0," * MAX_MESSAGE_BYTES + b"0]"), f"longer than {MAX_MESSAGE_BYTES} bytes"),
        (Raw(), "was sent and has no usable answer"),
        (Raw(data=b"garbage\r\n\r\n"), "was sent and has no usable answer"),
        (Raw(data=b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"jso'), "was sent and has no usable answer"),
    ],
)
async def test_what_answers_the_request_in_no_way_leaves_it_unanswered(answer: Answer, says: str) -> None:
    with pytest.raises(Unanswered, match=says) as failure:
        await come_of(answer)
    assert not failure.value.is_unsent


async def test_an_answer_may_start_with_a_byte_order_mark() -> None:
    body = "\ufeff" + dump_json(ANSWER)
    async with serve(answering(text(body))) as server, posting_to(server.url) as transport:
        await transport.send(ASKED)
        (message,) = await transport.receive()
    assert Connection().receive(message)
    assert parse_json(message.decode("utf-8-sig")) == ANSWER


async def test_a_request_that_fails_takes_no_other_with_it() -> None:
    async def handler(request: Request) -> Answer:
        message = request.json()
        assert isinstance(message, dict)
        if message["method"] == "end":
            return Raw()
        return json_response({"jsonrpc": "2.0", "id": message["id"], "result": None})

    def asking(number: int, method: str) -> bytes:
        return dump_json({"jsonrpc": "2.0", "id": number, "method": method}).encode()

    failed: list[int] = []

    async def ask(transport: Transport, number: int) -> None:
        try:
            await transport.send(asking(number, "end" if number % 2 else "echo"))
        except Unanswered:
            failed.append(number)

    async with serve(handler) as server, posting_to(server.url) as transport:
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(ask, transport, number)
        come = [parse_json(message) for _ in range(10) for message in await transport.receive()]
    assert sorted(failed) == list(range(1, 20, 2))
    assert sorted(str(one["id"]) for one in come if isinstance(one, dict)) == sorted(map(str, range(0, 20, 2)))


async def test_nobody_at_the_port_means_that_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with posting_to(url) as transport:
            with pytest.raises(Unanswered, match=r"cannot connect .*: connection refused") as failure:
                await transport.send(ASKED)
    assert failure.value.is_unsent


async def test_a_client_that_may_not_reach_the_host_sends_nothing() -> None:
    client = SharedClient()
    async with (
        serve(answering(json_response(ANSWER))) as server,
        open_http_post(server.url, "127.0.0.1", server.port, client) as transport,
    ):
        with pytest.raises(Unanswered, match="nothing was sent") as failure:
            await transport.send(ASKED)
        assert server.requests == []
    await client.aclose()
    assert failure.value.is_unsent


async def test_an_exchange_that_is_given_up_is_ended() -> None:
    async def handler(request: Request) -> Answer:
        await anyio.sleep_forever()
        raise NotImplementedError

    async with serve(handler) as server, posting_to(server.url) as transport:
        with anyio.move_on_after(0.05) as scope:
            await transport.send(ASKED)
        assert scope.cancelled_caught
        assert server.connections == 1


async def test_once_it_is_closed_nothing_comes_and_what_is_answered_late_goes_nowhere() -> None:
    asked, left = anyio.Event(), anyio.Event()

    async def handler(request: Request) -> Answer:
        asked.set()
        await left.wait()
        return json_response(ANSWER)

    async def ask(transport: Transport) -> None:
        with pytest.raises(TransportClosed):
            await transport.send(ASKED)

    client = SharedClient()
    async with serve(handler) as server, anyio.create_task_group() as tasks:
        http = client.allowing(["127.0.0.1"])
        async with open_http_post(server.url, "127.0.0.1", server.port, http) as transport:
            tasks.start_soon(ask, transport)
            await asked.wait()
        assert await transport.receive() == ()
        left.set()
    await client.aclose()


async def test_https_on_this_machine_is_held_to_the_certificates_of_the_client() -> None:
    keys = certificates()
    async with serve(answering(json_response(ANSWER)), tls=keys.serving("http/1.1")) as server:
        async with posting_to(server.url, SharedClient(tls=keys.trusting())) as transport:
            await transport.send(ASKED)
            assert [parse_json(message) for message in await transport.receive()] == [ANSWER]
        async with posting_to(server.url) as transport:
            with pytest.raises(Unanswered, match="certificate") as failure:
                await transport.send(ASKED)
    assert failure.value.is_unsent


async def test_an_opener_for_its_address_posts_there() -> None:
    client = SharedClient()
    async with serve(answering(json_response(ANSWER))) as server:
        opened = opener_for(server.url, "auto", client.allowing(http_hosts((server.url,))))
        async with opened() as transport:
            await transport.send(ASKED)
            assert await transport.receive()
    await client.aclose()
