"""Servers that abuse HTTP/2: each call ends in its own words, in its time, within its memory."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    PushPromiseFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from runtimes.fetch import SharedClient
from tests.runtimes.openapi.hostility import SIZE_OF_THIS_PROCESS, Hostile, Outcome, bound_memory, outcome
from tests.servers.certificates import certificates
from tests.servers.http2 import Exchange, Http2Handler, serve_http2

pytestmark = pytest.mark.requirement("issue 4: a hostile server test set, over HTTP/2")

TEXT = ("content-type", "text/plain")
BARREN = "more than 1000 frames bring no content"
BROKEN = "the rules of HTTP/2 are broken"


def header_block(*fields: tuple[str, str]) -> bytes:
    return Encoder().encode(fields, huffman=False)


def headers(*fields: tuple[str, str], is_end: bool = True) -> HeadersFrame:
    """A block of header fields in one frame; without its end, whatever follows continues it."""
    return HeadersFrame(stream_id=1, data=header_block(*fields), flags=("END_HEADERS",) if is_end else ())


HEAD = headers((":status", "200"), TEXT)


def saying(*frames: Frame) -> Http2Handler:
    async def handler(exchange: Exchange) -> None:
        await exchange.frames(*frames)
        await anyio.sleep_forever()

    return handler


def repeating(*first: Frame, again: Frame) -> Http2Handler:
    """The first frames, and then one without end."""

    many = again.serialize() * 100

    async def handler(exchange: Exchange) -> None:
        await exchange.frames(*first)
        while True:
            await exchange.raw(many)

    return handler


async def drip(exchange: Exchange) -> None:
    await exchange.head(TEXT)
    while True:
        await exchange.data(b".")
        await anyio.sleep(0.02)


async def endless_body(exchange: Exchange) -> None:
    await exchange.head(TEXT)
    while True:
        await exchange.data(b"x" * 16_384)


async def bomb(exchange: Exchange) -> None:
    """Its content is as long as it takes to be cut, and some more."""
    packed = gzip.compress(b"y" * 20_000_000, compresslevel=1)
    await exchange.answer(packed * 20, TEXT, ("content-encoding", "gzip"))


async def short(exchange: Exchange) -> None:
    await exchange.frames(headers((":status", "200"), ("content-length", "10")))
    await exchange.frames(DataFrame(stream_id=1, data=b"short", flags=("END_STREAM",)))


HOSTILE: dict[str, Hostile[Http2Handler]] = {
    "drips its body": Hostile(handler=drip, error="no answer within 0.5 s", timeout=0.5),
    "says nothing": Hostile(handler=saying(), error="no answer within 0.5 s", timeout=0.5),
    "has an endless body": Hostile(handler=endless_body, payload="xxx", is_truncated=True),
    "is a bomb": Hostile(handler=bomb, payload="yyy", is_truncated=True),
    "continues its headers without end": Hostile(
        handler=repeating(headers((":status", "200"), is_end=False), again=ContinuationFrame(stream_id=1, data=b"")),
        error="Too many continuation frames",
    ),
    "continues large headers without end": Hostile(
        handler=repeating(
            headers((":status", "200"), is_end=False), again=ContinuationFrame(stream_id=1, data=b"\0" * 16_000)
        ),
        error="Too many continuation frames",
    ),
    "has a long header": Hostile(
        handler=saying(
            headers((":status", "200"), ("x", "a" * 10_000), is_end=False),
            *[ContinuationFrame(stream_id=1, data=header_block(("x", "a" * 10_000)))] * 7,
            ContinuationFrame(stream_id=1, data=b"", flags=("END_HEADERS",)),
        ),
        error=BROKEN,
    ),
    "has a hundred thousand headers in few bytes": Hostile(
        handler=saying(
            headers((":status", "200"), is_end=False),
            # each byte stands for a whole field of the static table
            *[ContinuationFrame(stream_id=1, data=b"\xa0" * 16_000)] * 6,
            ContinuationFrame(stream_id=1, data=b"\xa0" * 4000, flags=("END_HEADERS",)),
        ),
        error=BROKEN,
    ),
    "announces without end": Hostile(handler=repeating(again=headers((":status", "103"))), error=BARREN),
    "pings without end": Hostile(handler=repeating(again=PingFrame(opaque_data=b"12345678")), error=BARREN),
    "pings without end within its body": Hostile(
        handler=repeating(HEAD, DataFrame(stream_id=1, data=b"x"), again=PingFrame(opaque_data=b"12345678")),
        error=BARREN,
    ),
    "settles without end": Hostile(handler=repeating(again=SettingsFrame(settings={4: 65_535})), error=BARREN),
    "opens windows without end": Hostile(
        handler=repeating(again=WindowUpdateFrame(stream_id=1, window_increment=1)), error=BARREN
    ),
    "ranks without end": Hostile(handler=repeating(again=PriorityFrame(stream_id=1, depends_on=3)), error=BARREN),
    "sends nothing without end": Hostile(handler=repeating(HEAD, again=DataFrame(stream_id=1, data=b"")), error=BARREN),
    "pads without end": Hostile(
        handler=repeating(HEAD, again=DataFrame(stream_id=1, data=b"", pad_length=255, flags=("PADDED",))),
        error="no answer within 0.5 s",
        timeout=0.5,
    ),
    "pushes": Hostile(
        handler=saying(
            PushPromiseFrame(stream_id=1, promised_stream_id=2, data=header_block(), flags=("END_HEADERS",))
        ),
        error=BROKEN,
    ),
    "promises more than it sends": Hostile(handler=short, error=BROKEN),
    "has no number for a status": Hostile(handler=saying(headers((":status", "2OO"))), error="a value is malformed"),
    "has a status that there is not": Hostile(handler=saying(headers((":status", "-1"))), error="-1 is no status"),
    "hides a line in a header": Hostile(
        handler=saying(headers((":status", "200"), ("x", "a\r\nX-B: c"))), error="a header field is malformed"
    ),
    "has a header without a name": Hostile(
        handler=saying(headers((":status", "200"), ("", "a"))), error="a header field is malformed"
    ),
}


async def meet(hostile: Hostile[Http2Handler]) -> Outcome:
    async with serve_http2(hostile.handler) as server:
        ended = await outcome(server.url, hostile, SharedClient(tls=certificates().trusting()))
        with anyio.fail_after(5):
            await server.gone.acquire()
        return ended


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_answer_ends_in_its_own_words_and_its_connection(hostile: Hostile[Http2Handler]) -> None:
    hostile.check(await meet(hostile))


def survive() -> None:
    """Meets all of them, one after the other, with a bound on the memory of this process."""
    bound_memory()
    for hostile in HOSTILE.values():
        hostile.check(anyio.run(meet, hostile))


@pytest.mark.skipif(not SIZE_OF_THIS_PROCESS.exists(), reason="the size of a process is read from /proc")
def test_no_hostile_answer_takes_more_memory_than_it_may() -> None:
    program = "from tests.runtimes.openapi.test_hostile_http2 import survive; survive()"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120, cwd=Path(__file__).parents[3])
