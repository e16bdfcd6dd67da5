"""Server-sent events: what is data, and that the cutting of the bytes never matters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.sse import MAX_EVENT_BYTES, MAX_LINE_BYTES, EventTooLong, SseReader

LINES = st.lists(
    st.sampled_from(
        rb"data: one|data:two|data:  three|data|data:|: comment|event: x|id: 7||BOMdata: x".replace(
            b"BOM", b"\xef\xbb\xbf"
        ).split(b"|")
    )
)
LINE_ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])


def read(*chunks: bytes) -> list[bytes]:
    reader = SseReader()
    return [payload for chunk in chunks for payload in reader.feed(chunk)] + reader.finish()


@pytest.mark.parametrize(
    ("stream", "payloads"),
    [
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [b"a", b"b", b"c"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data:a\n\ndata:  b\n\n", [b"a", b" b"]),
        (b": keep-alive\n\nevent: message\nid: 1\nretry: 5\ndata: a\n\n", [b"a"]),
        (b"event: ping\n\n", []),
        (b"data\n\n", [b""]),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b'data: {"a":\x0b1}\n\n', [b'{"a":\x0b1}']),
        (b"", []),
    ],
)
def test_the_data_of_each_event_is_read(stream: bytes, payloads: list[bytes]) -> None:
    assert read(stream) == payloads


@pytest.mark.parametrize("stream", [b"data: [DONE]", b"data: [DONE]\n", b"data: [DONE]\r"])
def test_an_event_that_the_end_cuts_off_is_given_at_the_end(stream: bytes) -> None:
    reader = SseReader()
    assert reader.feed(stream) == []
    assert reader.finish() == [b"[DONE]"]


@given(lines=LINES, line_end=LINE_ENDS, data=st.data())
def test_any_cutting_gives_the_same_events(lines: list[bytes], line_end: bytes, data: st.DataObject) -> None:
    stream = line_end.join(lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(*chunks) == read(stream)


@given(stream=st.binary(), data=st.data())
def test_arbitrary_bytes_in_any_cutting_give_the_same_events(stream: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(stream)))
    assert read(stream[:cut], stream[cut:]) == read(stream)


@given(payloads=st.lists(st.text(alphabet=st.characters(exclude_characters="\r\n", codec="utf-8")), min_size=1))
def test_what_was_written_as_an_event_is_read_back(payloads: list[str]) -> None:
    stream = "".join(f"data: {payload}\n\n" for payload in payloads).encode()
    assert [payload.decode() for payload in read(stream)] == payloads


@pytest.mark.parametrize("line_end", [b"", b"\n"])
def test_a_line_beyond_the_limit_is_refused_whether_it_ends_or_not(line_end: bytes) -> None:
    reader = SseReader()
    reader.feed(b"data:" + b"x" * (MAX_LINE_BYTES - 5))
    with pytest.raises(EventTooLong, match="line"):
        reader.feed(b"x" + line_end)


def test_an_event_beyond_the_limit_is_refused() -> None:
    line = b"data:" + b"x" * (MAX_LINE_BYTES - 5) + b"\n"
    with pytest.raises(EventTooLong, match="event"):
        read(*[line] * (MAX_EVENT_BYTES // MAX_LINE_BYTES + 1))
