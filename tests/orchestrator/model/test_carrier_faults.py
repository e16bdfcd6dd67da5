"""What servers do wrong, and what either carrier makes of it; and what nobody may hear of a carrier."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import anyio
import orjson
import pytest

from orchestrator.errors import ModelError
from orchestrator.model.base import ReasoningRequest, RetryNotice, TextPart, UserMessage
from orchestrator.model.chat_completions import ChatCompletionsModel
from orchestrator.model.completion_http import Carrier
from orchestrator.model.completion_limits import MAX_CONNECTIONS, RequestLimits
from runtimes.values import Json
from tests.orchestrator.model.asking import ASK, TOOLS, carried, deltas_of, model_at, model_for, text_of, until_error
from tests.servers.certificates import certificates
from tests.servers.loopback import Answer, Raw, Request, json_response, serve
from tests.servers.openai_server import Reply, ScriptedAnswer, openai_server

MESSAGE: Json = {"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
DONE = orjson.dumps({"choices": [MESSAGE]})
LONG = ReasoningRequest(system="", messages=(UserMessage(text="Homes! " * 1_000_000),), tools=TOOLS)
NO_HTTP = "answered with something that is not valid HTTP; check OPENAI_BASE_URL"
NO_REACH = "cannot reach the model 'm' at .*: is the server running there"
BROKE_OFF = "broke off in the middle of its reply"
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _listening(connected: Connected, tls: ssl.SSLContext | None = None) -> AsyncGenerator[str]:
    """The base URL of a server that does with each connection what it is told."""

    async def at(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await connected(reader, writer)
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(at, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


async def _answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    await reader.readexactly(int(lengths[0]))
    writer.write(JSON_HEAD + b"Content-Length: %d\r\n\r\n" % len(DONE) + DONE)
    await writer.drain()


async def test_a_server_that_does_not_take_a_request_is_not_waited_for_for_ever(carrier: Carrier) -> None:
    """Issue 11: a request of several megabytes, of which the other side reads nothing."""
    del carrier
    over = anyio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert isinstance(writer.transport, asyncio.ReadTransport)
        writer.transport.pause_reading()
        await over.wait()

    async with _listening(deaf) as url:
        limits = RequestLimits(attempts=2, first_delay=0, idle=0.3)
        async with model_for({"OPENAI_BASE_URL": url}, limits=limits) as model:
            seen, error = await until_error(model.reason(LONG))
            assert str(error).endswith("did not answer in time")
            assert [type(delta) for delta in seen] == [RetryNotice]
        over.set()


async def test_a_long_request_arrives_whole_and_nobody_is_warned_of_its_length(carrier: Carrier) -> None:
    del carrier

    async def answer(request: Request) -> Answer:
        assert str(request.json()).count("Homes!") == 1_000_000
        return json_response({"choices": [MESSAGE]})

    async with serve(answer) as server, model_for({"OPENAI_BASE_URL": f"{server.url}/v1"}) as model:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert text_of(await deltas_of(model.reason(LONG))) == "Hi"
    assert server.requests[0].header("transfer-encoding") is None


@pytest.mark.parametrize(
    "head",
    [b"X-Long: " + b"a" * 90_000 + b"\r\n", b"".join(b"X-%d: a\r\n" % number for number in range(900))],
    ids=["long", "many"],
)
async def test_a_large_head_is_read(carrier: Carrier, head: bytes) -> None:
    del carrier

    async def answer(request: Request) -> Answer:
        del request
        return Raw(data=JSON_HEAD + head + b"Content-Length: %d\r\n\r\n" % len(DONE) + DONE)

    async with serve(answer) as server, model_for({"OPENAI_BASE_URL": f"{server.url}/v1"}) as model:
        assert text_of(await deltas_of(model.reason(ASK))) == "Hi"


CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("answer", "by_aiohttp", "attempts", "by_httpx2"),
    [
        (b"HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", NO_REACH, 2, NO_REACH),
        (JSON_HEAD + CHUNKED + b"\r\nzz\r\nabc", BROKE_OFF, 2, BROKE_OFF),
        (JSON_HEAD + CHUNKED + b"\r\n50\r\nabc", BROKE_OFF, 2, BROKE_OFF),
        (b"SSH-2.0-OpenSSH\r\n\r\n", NO_HTTP, 1, NO_REACH),
        (JSON_HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", NO_HTTP, 1, None),
        (JSON_HEAD + CHUNKED + b"Content-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n", NO_HTTP, 1, None),
    ],
    ids=["upgrade", "bad chunk", "cut chunk", "no http", "two lengths", "length and chunks"],
)
async def test_what_is_no_answer_is_told_as_what_it_is(
    carrier: Carrier, answer: bytes, by_aiohttp: str, attempts: int, by_httpx2: str | None
) -> None:
    """`by_httpx2` is None where that carrier takes the answer."""
    said = by_aiohttp if carrier == "aiohttp" else by_httpx2
    if said is None:
        pytest.skip("httpx2 reads it")

    async def handler(request: Request) -> Answer:
        del request
        return Raw(data=answer)

    limits = RequestLimits(attempts=2, first_delay=0)
    async with (
        serve(handler) as server,
        model_for({"OPENAI_BASE_URL": f"{server.url}/v1"}, limits=limits) as model,
    ):
        with pytest.raises(ModelError, match=said):
            await deltas_of(model.reason(ASK))
    assert len(server.requests) == (attempts if carrier == "aiohttp" else 2)


async def test_waiting_for_others_is_a_failure_that_may_pass(carrier: Carrier) -> None:
    """A reader who has stopped reading keeps the only place."""
    del carrier
    script: list[ScriptedAnswer] = [Reply(text="Two homes", gates={2: anyio.Event()})]
    limits = RequestLimits(connections=1, attempts=2, first_delay=0, idle=0.2)
    async with (
        openai_server(script) as server,
        model_at(server, limits) as model,
        aclosing(model.reason(ASK)) as deltas,
    ):
        assert await anext(deltas) == TextPart(text="Two")
        seen, error = await until_error(model.reason(ASK))
        told = [(one.attempt, one.reason) for one in seen if isinstance(one, RetryNotice)]
        assert told == [(2, "too many requests are out")]
        assert str(error).startswith("too many requests to the model 'fake-1' at ")


def test_as_many_requests_may_be_out_as_with_the_client_of_openai() -> None:
    import openai

    assert openai.DEFAULT_CONNECTION_LIMITS.max_connections == RequestLimits().connections == MAX_CONNECTIONS


PROGRAM = """
import asyncio, sys
from orchestrator.errors import ModelError
from orchestrator.model.base import RespondingRequest, UserMessage
from orchestrator.model.chat_completions import ChatCompletionsModel
from orchestrator.model.completion_limits import RequestLimits

model = ChatCompletionsModel("m", carrier=sys.argv[1], limits=RequestLimits(attempts=1))

async def main():
    request = RespondingRequest(system="", messages=(UserMessage(text="Hi"),))
    try:
        print([delta async for delta in model.respond(request)][0].text)
    except ModelError as error:
        print(str(error).partition(":")[2])

asyncio.run(main())
"""


async def _said(carrier: Carrier, environ: dict[str, str]) -> str:
    with anyio.fail_after(60):
        done = await anyio.run_process([sys.executable, "-c", PROGRAM, carrier], env=environ, stderr=subprocess.STDOUT)
    return done.stdout.decode().strip()


async def test_a_model_that_is_never_left_ends_without_a_word(carrier: Carrier) -> None:
    async def answer(request: Request) -> Answer:
        del request
        return json_response({"choices": [MESSAGE]})

    async with serve(answer) as server:
        assert await _said(carrier, {"OPENAI_BASE_URL": f"{server.url}/v1"}) == "Hi"


async def test_a_server_may_choose_http_1_by_name(carrier: Carrier, tmp_path: Path) -> None:
    chosen: list[str | None] = []
    authorities = tmp_path / "authorities.pem"
    authorities.write_bytes(certificates().authority)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen.append(writer.transport.get_extra_info("ssl_object").selected_alpn_protocol())
        await _answer_one(reader, writer)

    async with _listening(connected, certificates().serving("h2", "http/1.1")) as url:
        assert await _said(carrier, {"OPENAI_BASE_URL": url, "SSL_CERT_FILE": str(authorities)}) == "Hi"
    assert chosen == ["http/1.1"]


class _Spoken:
    """A TLS connection below which one can write."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._heard, self._told = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = certificates().serving().wrap_bio(self._heard, self._told, server_side=True)

    async def do(self, step: Callable[[ssl.SSLObject], object]) -> None:
        """Takes a step, with as much from the other side as it needs."""
        while True:
            try:
                step(self._tls)
                return
            except ssl.SSLWantReadError:
                await self.write(self._told.read())
                self._heard.write(await self._reader.read(65536))
            finally:
                await self.write(self._told.read())

    async def write(self, data: bytes) -> None:
        """Writes it as it is."""
        self._writer.write(data)
        await self._writer.drain()


async def test_what_is_wrong_in_the_tls_of_an_answer_is_a_failure_like_any_other(
    carrier: Carrier, tmp_path: Path
) -> None:
    authorities = tmp_path / "authorities.pem"
    authorities.write_bytes(certificates().authority)
    over = anyio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoken = _Spoken(reader, writer)
        await spoken.do(lambda tls: tls.do_handshake())
        await spoken.do(lambda tls: tls.read(65536))
        await spoken.do(lambda tls: tls.write(JSON_HEAD + b"Content-Length: 999\r\n\r\n{"))
        await spoken.write(b"this is no TLS")
        await over.wait()

    async with _listening(connected) as url:
        environ = {"OPENAI_BASE_URL": url.replace("http:", "https:"), "SSL_CERT_FILE": str(authorities)}
        said = await _said(carrier, environ)
        over.set()
    assert said.endswith((BROKE_OFF, "check OPENAI_BASE_URL and the network"))  # it may come together with the head
    assert "\n" not in said


def test_a_model_may_be_used_in_one_event_loop_after_the_other(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("aiohttp")
    with carried("aiohttp"), socket.create_server(("127.0.0.1", 0)) as listener:
        model = model_for({"OPENAI_BASE_URL": f"http://127.0.0.1:{listener.getsockname()[1]}/v1"})

        async def ask(model: ChatCompletionsModel) -> str:
            server = await asyncio.start_server(_answer_one, sock=listener.dup())
            try:
                return text_of(await deltas_of(model.reason(ASK)))
            finally:
                server.close()

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # a loop that is closed leaves its sockets open
            assert [asyncio.run(ask(model)) for _ in range(3)] == ["Hi"] * 3
            del model
            gc.collect()
    assert [record.getMessage() for record in caplog.records if "nclosed" in record.getMessage()] == []
