"""Servers that lie, drip, flood or lead astray: each call ends in its own words, in its time, within its memory."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path

import anyio
import pytest

from runtimes.fetch import SharedClient
from runtimes.transport import CarrierName
from tests.runtimes.openapi.hostility import (
    MAX_EXTRA_BYTES,
    SIZE_OF_THIS_PROCESS,
    Hostile,
    Outcome,
    bound_memory,
    call,
    outcome,
)
from tests.servers.loopback import Answer, Chunked, Handler, Raw, Request, Response, serve, text_response

BOMB_BYTES = MAX_EXTRA_BYTES + 40_000_000
"""How long a bomb is when it has gone off."""

GZIP, ZLIB = 31, 15
"""What `zlib` calls the two forms."""


def saying(answer: Answer) -> Handler:
    async def handler(request: Request) -> Answer:
        del request
        return answer

    return handler


def streaming(piece: bytes, *, pause: float = 0.0, headers: tuple[tuple[str, str], ...] = ()) -> Handler:
    async def handler(request: Request) -> Answer:
        del request

        async def chunks() -> AsyncIterator[bytes]:
            while True:
                yield piece
                await anyio.sleep(pause)

        return Chunked(chunks=chunks(), headers=headers)

    return handler


def raw(data: bytes) -> Handler:
    return saying(Raw(data=data))


def refrain(data: bytes, again: bytes = b"") -> Handler:
    return saying(Raw(data=data if again else b"", refrain=again or data))


def json_body(body: bytes) -> Handler:
    return saying(Response(headers=(("Content-Type", "application/json"),), body=body))


@cache
def bomb(wbits: int) -> bytes:
    packing = zlib.compressobj(1, wbits=wbits)
    packed = b"".join(packing.compress(b"y" * 1_000_000) for _ in range(BOMB_BYTES // 1_000_000))
    return packed + packing.flush()


def coded(coding: str, pack: Callable[[], bytes]) -> Handler:
    async def handler(request: Request) -> Answer:
        del request
        return Response(headers=(("Content-Type", "text/plain"), ("Content-Encoding", coding)), body=pack())

    return handler


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
OVERLONG = "has no end within 102400 bytes"
UNUSABLE = "was sent and has no usable answer"

HOSTILE: dict[str, Hostile[Handler]] = {
    "drips its body": Hostile(handler=streaming(b".", pause=0.02), error="no answer within 0.5 s", timeout=0.5),
    "announces endlessly": Hostile(
        handler=raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000), error="disconnected without sending a response"
    ),
    "announces without end": Hostile(
        handler=refrain(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100),
        error="no answer within 0.5 s",
        timeout=0.5,
    ),
    "has a hundred thousand headers": Hostile(
        handler=raw(OK + b"".join(b"X%d: a\r\n" % number for number in range(100_000)) + b"\r\n"), error=OVERLONG
    ),
    "has a header without end": Hostile(handler=refrain(OK + b"X: ", b"a" * 10_000), error=OVERLONG),
    "extends a chunk without end": Hostile(handler=refrain(CHUNKED + b"5;a=", b"a" * 10_000), error=OVERLONG),
    "has trailers without end": Hostile(
        handler=refrain(CHUNKED + b"1\r\nx\r\n0\r\n", b"X: a\r\n" * 1000), error=OVERLONG
    ),
    "has one long header": Hostile(
        handler=raw(OK + b"X: " + b"a" * 80_000 + b"\r\nContent-Length: 0\r\n\r\n"), error="header is longer than 65536"
    ),
    "has endless headers": Hostile(handler=raw(OK + b"X: a\r\n" * 400_000), error=OVERLONG),
    "has an endless body": Hostile(
        handler=streaming(b"x" * 60_000, headers=(("Content-Type", "text/plain"),)), payload="xxx", is_truncated=True
    ),
    "has an endless list": Hostile(
        handler=streaming(b"[1,2]," * 10_000, headers=(("Content-Type", "application/json"),)),
        payload="[1,2],",
        is_truncated=True,
    ),
    "is a bomb of gzip": Hostile(handler=coded("gzip", lambda: bomb(GZIP)), payload="yyy", is_truncated=True),
    "is a bomb of deflate": Hostile(handler=coded("deflate", lambda: bomb(ZLIB)), payload="yyy", is_truncated=True),
    "is a bomb in a bomb": Hostile(
        handler=coded("gzip, gzip", lambda: gzip.compress(bomb(GZIP))), error="encoded as 'gzip, gzip'"
    ),
    "is coded as nobody asked": Hostile(
        handler=coded("br", lambda: b"\x8b\x02\x80x\x03"), error="'br', which was not asked"
    ),
    "is coded in another way": Hostile(
        handler=coded("zstd", lambda: b"(\xb5/\xfd"), error="'zstd', which was not asked"
    ),
    "is endless in a way that nobody asked for": Hostile(
        handler=streaming(b"\x00" * 60_000, headers=(("Content-Encoding", "zstd"),)),
        error="'zstd', which was not asked",
    ),
    "hides in the header of gzip": Hostile(
        handler=refrain(OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08" + b"\0" * 6, b"a" * 50_000),
        error="no answer within 0.5 s",
        timeout=0.5,
    ),
    "is packed in endless empty parts": Hostile(
        handler=refrain(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 1000),
        error="no answer within 0.5 s",
        timeout=0.5,
    ),
    "ends its code too early": Hostile(
        handler=coded("gzip", lambda: bomb(GZIP)[:1000]), error="compressed content ends too early"
    ),
    "promises more than it sends": Hostile(
        handler=raw(OK + b"Content-Length: 10\r\n\r\nshort"), error="without sending complete message body"
    ),
    "promises two lengths": Hostile(
        handler=raw(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), error=UNUSABLE
    ),
    "promises a huge length": Hostile(
        handler=raw(OK + b"Content-Length: 99999999999999999999999\r\n\r\n"), error=UNUSABLE
    ),
    "sends more than it promised": Hostile(
        handler=saying(Response(headers=(("Content-Length", "2"), ("Content-Type", "text/plain")), body=b"abHTTP/1.1")),
        payload="ab",
    ),
    "lies about its charset": Hostile(
        handler=saying(text_response("é", content_type="text/plain; charset=utf-16")), payload="é"
    ),
    "has no charset at all": Hostile(
        handler=saying(Response(headers=(("Content-Type", "text/plain"),), body=b"\xff" * 1000)),
        payload="\ufffd\ufffd",
        note="1000 places in the answer could not be read",
    ),
    "nests deep": Hostile(
        handler=json_body(b"[" * 1_000_000 + b"]" * 1_000_000), payload="[[[", note="nested more than 128 deep"
    ),
    "has many values": Hostile(
        handler=json_body(b"[" + b"[]," * 1_700_000 + b"1]"), payload="[[],", note="more than 1000000 values"
    ),
    "has a long number": Hostile(handler=json_body(b"9" * 100_000), payload="999", note="more than 400 digits"),
    "hides in comments": Hostile(
        handler=saying(text_response("<!--" * 1_000_000, content_type="text/html")), note="were not read"
    ),
    "laughs a billion times": Hostile(
        handler=saying(text_response("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", content_type="application/xml")),
        payload="<!DOCTYPE",
        note="document type",
    ),
    "speaks another tongue": Hostile(handler=raw(b"SSH-2.0-OpenSSH_9\r\n"), error=UNUSABLE),
    "hangs up": Hostile(handler=raw(b""), error="disconnected without sending a response"),
}

EXTENDING = refrain(CHUNKED, b"1;a=" + b"a" * 50_000 + b"\r\nx\r\n")

EXTENDS_EVERY_CHUNK: dict[CarrierName, Hostile[Handler]] = {
    "aiohttp": Hostile(handler=EXTENDING, error=OVERLONG),
    "httpcore2": Hostile(handler=EXTENDING, error="no answer within 0.5 s", timeout=0.5),
}
"""Where one carrier looks at all that is no content of a body together, and the other at each part of it."""


async def meet(carrier: CarrierName, hostile: Hostile[Handler]) -> Outcome:
    async with serve(hostile.handler) as server:
        return await outcome(server.url, hostile, SharedClient(carrier=carrier))


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_answer_ends_in_its_own_words_within_its_limits(
    carrier: CarrierName, hostile: Hostile[Handler]
) -> None:
    hostile.check(await meet(carrier, hostile))


async def test_what_is_no_content_is_bounded_or_ends_with_the_time(carrier: CarrierName) -> None:
    hostile = EXTENDS_EVERY_CHUNK[carrier]
    hostile.check(await meet(carrier, hostile))


@pytest.mark.parametrize("name", ["has endless headers", "has trailers without end", "extends a chunk without end"])
async def test_what_has_no_end_is_not_asked_for_again(carrier: CarrierName, name: str) -> None:
    async with serve(HOSTILE[name].handler) as server:
        await outcome(server.url, HOSTILE[name], SharedClient(carrier=carrier))
    assert len(server.requests) == 1


def survive(carrier: CarrierName) -> None:
    """Meets all of them, one after the other, with a bound on the memory of this process."""
    bound_memory()
    for hostile in (*HOSTILE.values(), EXTENDS_EVERY_CHUNK[carrier]):
        hostile.check(anyio.run(meet, carrier, hostile))


@pytest.mark.skipif(not SIZE_OF_THIS_PROCESS.exists(), reason="the size of a process is read from /proc")
def test_no_hostile_answer_takes_more_memory_than_it_may(carrier: CarrierName) -> None:
    program = f"from tests.runtimes.openapi.test_hostile_servers import survive; survive({carrier!r})"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120, cwd=Path(__file__).parents[3])


async def test_a_hostile_answer_does_not_keep_others_waiting() -> None:
    """A long answer is read in a thread: whoever else runs goes on meanwhile."""
    body = b"[" + b"[]," * 1_700_000 + b"1]"
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await anyio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)

    async with serve(json_body(body)) as server, anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        with anyio.fail_after(30):
            await call(server.url, 30.0)
        tasks.cancel_scope.cancel()
    assert longest < 1.0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["get", "post"])
async def test_a_redirect_to_another_origin_takes_no_credential_there(status: int, method: str) -> None:
    """Neither the call nor its credential; a host that is allowed for this plugin is another origin all the same."""
    async with serve(saying(text_response("hello"))) as other:
        answer = Response(status=status, headers=(("Location", f"{other.url}/x?a=b"),))
        async with serve(saying(answer)) as server:
            result = await call(server.url, 5.0, method=method)
        assert "?a=b" not in str(result)
    assert server.requests[0].header("x-api-key") == "s3cret"
    if (method, status) in {("post", 307), ("post", 308)}:
        assert (result.status, result.is_error, other.connections) == (status, True, 0)
        assert f"redirects to {other.url} (HTTP {status}), which is not followed: " in str(result.payload)
        return
    assert (result.payload, result.status) == ("hello", 200)
    assert f"the answer came from {other.url}, to which {server.url} redirected" in result.notes
    (arrived,) = other.requests
    assert (arrived.method, arrived.body) == ("GET", b"")
    assert "s3cret" not in str(arrived)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["get", "post"])
async def test_no_redirect_leads_to_a_metadata_service(status: int, method: str) -> None:
    for place in ("http://169.254.169.254/latest/meta-data/", "//[::ffff:a9fe:a9fe]/", "https://169.254.169.253/"):
        async with serve(saying(Response(status=status, headers=(("Location", place),)))) as server:
            result = await call(server.url, 5.0, method=method, hosts=("127.0.0.1", "169.254.169.254"))
        is_done = (method, status) == ("post", 303)
        assert (result.status, result.is_error, len(server.requests)) == (status, not is_done, 1)
        assert ("was not read" if is_done else "not followed") in str(result.payload)
        if (method, status) not in {("post", 307), ("post", 308)}:
            assert "metadata service, which is never contacted" in str(result.payload)
