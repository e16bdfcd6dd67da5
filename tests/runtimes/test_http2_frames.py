"""Frames as they may come: cut anywhere, in any order, broken."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import httpcore2
import pytest
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from hypothesis import given
from hypothesis import strategies as st

from runtimes.http2 import MAX_BARREN_FRAMES, MAX_FRAME_BYTES, ExclusiveConnection, FramedStream, Frames
from runtimes.httpcore_carrier import FAILURES

ORIGIN = httpcore2.Origin(b"https", b"api.test", 443)
REQUEST = HeadersFrame(stream_id=5, data=b"", flags=("END_HEADERS",)).serialize()
"""What sends a request on the stream 5."""

FIELDS = st.lists(
    st.tuples(
        st.sampled_from([":status", "content-length", "content-type", "x", "", "a\n"]),
        st.sampled_from(["200", "204", "103", "2OO", "-1", "99999", "5", "", "a\r\nb: c"]),
    ),
    max_size=4,
)
STREAMS = st.sampled_from([1, 1, 1, 2, 3])
CODES = st.sampled_from([0, 1, 8, 999])


def headers(stream: int, fields: list[tuple[str, str]], is_end: bool) -> HeadersFrame:
    block = Encoder().encode([(":status", "200"), *fields])
    return HeadersFrame(stream_id=stream, data=block, flags=("END_HEADERS", *(["END_STREAM"] if is_end else [])))


def data(stream: int, content: bytes, is_end: bool) -> DataFrame:
    return DataFrame(stream_id=stream, data=content, flags=["END_STREAM"] if is_end else [])


FRAMES: st.SearchStrategy[Frame] = st.one_of(
    st.builds(headers, STREAMS, FIELDS, st.booleans()),
    st.builds(data, STREAMS, st.binary(max_size=40), st.booleans()),
    st.builds(GoAwayFrame, stream_id=st.just(0), last_stream_id=st.sampled_from([0, 1, 3, 7]), error_code=CODES),
    st.builds(RstStreamFrame, stream_id=STREAMS, error_code=CODES),
    st.builds(PingFrame, stream_id=st.just(0), opaque_data=st.binary(min_size=8, max_size=8)),
    st.builds(ContinuationFrame, stream_id=STREAMS, data=st.binary(max_size=10)),
    st.builds(WindowUpdateFrame, stream_id=STREAMS, window_increment=st.sampled_from([1, 2**31 - 1])),
    st.builds(
        SettingsFrame,
        stream_id=st.just(0),
        settings=st.dictionaries(st.integers(1, 8), st.sampled_from([0, 1, 16_384, 2**31, 2**32 - 1]), max_size=3),
    ),
)


def cut(whole: bytes, steps: Sequence[int]) -> list[bytes]:
    """In pieces of so many bytes, the rest in one."""
    pieces: list[bytes] = []
    for step in steps:
        pieces.append(whole[:step])
        whole = whole[step:]
    return [piece for piece in (*pieces, whole) if piece]


@given(st.lists(FRAMES, max_size=8), st.lists(st.integers(1, 40), max_size=40))
def test_whole_frames_pass_however_they_are_cut_and_orderly_farewells_do_not(
    sent: list[Frame], steps: list[int]
) -> None:
    frames = Frames()
    frames.send(REQUEST)
    passed = b"".join(map(frames.receive, cut(b"".join(frame.serialize() for frame in sent), steps)))
    farewells = [frame for frame in sent if isinstance(frame, GoAwayFrame)]
    kept = [frame for frame in farewells if frame.error_code == 0 and frame.last_stream_id >= 5]
    assert passed == b"".join(frame.serialize() for frame in sent if frame not in kept)
    assert frames.is_leaving == bool(kept)


def test_a_frame_is_held_until_it_is_whole_and_refused_when_it_is_too_long() -> None:
    frames = Frames()
    longest = data(1, bytes(MAX_FRAME_BYTES), is_end=False).serialize()
    assert frames.receive(longest[:-1]) == b""
    assert frames.receive(longest[-1:]) == longest
    with pytest.raises(httpcore2.RemoteProtocolError, match="a frame is longer than"):
        frames.receive(data(1, bytes(MAX_FRAME_BYTES + 1), is_end=False).serialize()[:9])


def test_whoever_is_sent_something_may_say_more() -> None:
    frames = Frames()
    ping = PingFrame(opaque_data=b"12345678").serialize()
    for sent in (REQUEST, data(5, b"x", is_end=False).serialize()):
        frames.send(sent)
        frames.receive(ping * MAX_BARREN_FRAMES)
    with pytest.raises(httpcore2.RemoteProtocolError, match=f"more than {MAX_BARREN_FRAMES} frames"):
        frames.receive(ping)


class Recorded(httpcore2.AsyncNetworkStream):
    """Says what it was given, whatever it is told."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = list(pieces)
        self.is_closed = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        return

    async def aclose(self) -> None:
        self.is_closed = True

    def get_extra_info(self, info: str) -> object:
        return None


async def exchange(stream: Recorded, body: bytes) -> ExclusiveConnection:
    connection = ExclusiveConnection(httpcore2.AsyncHTTP2Connection(ORIGIN, FramedStream(stream)))
    fields = [("Host", "api.test"), ("Content-Length", str(len(body)))]
    request = httpcore2.Request("POST", "https://api.test/", headers=fields, content=body)
    with anyio.fail_after(5):
        try:
            answer = await connection.handle_async_request(request)
            try:
                async for _ in answer.aiter_stream():
                    pass
            finally:
                await answer.aclose()
        except FAILURES:
            assert stream.is_closed
            assert connection.is_closed()
    return connection


@given(
    st.lists(FRAMES, max_size=8), st.sampled_from([0, 10, 70_000]), st.lists(st.integers(1, 40), max_size=20), st.data()
)
def test_whatever_a_server_says_there_is_an_answer_or_an_expected_failure(
    sent: list[Frame], body: int, steps: list[int], more: st.DataObject
) -> None:
    said = bytearray(b"".join(frame.serialize() for frame in (SettingsFrame(), *sent)))
    for place in more.draw(st.lists(st.integers(0, len(said) - 1), max_size=3)):
        said[place] = more.draw(st.integers(0, 255))
    anyio.run(exchange, Recorded(cut(bytes(said), steps)), bytes(body))


async def test_a_whole_answer_leaves_its_connection_ready_for_the_next_request() -> None:
    answer = headers(1, [("x", "y")], is_end=False).serialize() + data(1, b"hello", is_end=True).serialize()
    stream = Recorded([SettingsFrame().serialize() + answer])
    connection = await exchange(stream, b"")
    assert connection.is_available()
    assert connection.is_idle()
    assert not stream.is_closed
