"""A stream of bytes becomes messages and back, in both framings, however it is cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.local.framing import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES, Frames, Spoken, framed

MESSAGES = st.lists(st.binary(max_size=40).map(lambda data: b"{" + data.replace(b"\n", b" ") + b"}"), max_size=6)
CUTS = st.lists(st.integers(0, 400), max_size=8)
SPOKEN: tuple[Spoken, ...] = ("lines", "headers")


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(places)]


def received(data: bytes, cuts: list[int], spoken: Spoken | None = None) -> tuple[list[bytes], str]:
    """The messages of a stream, and why it broke."""
    frames = Frames(spoken)
    return [message for piece in pieces(data, cuts) for message in frames.receive(piece)], frames.broken


@pytest.mark.parametrize("spoken", SPOKEN)
@pytest.mark.parametrize("is_told", [True, False])
@given(messages=MESSAGES, cuts=CUTS)
def test_what_is_framed_comes_out_again_however_it_is_cut(
    spoken: Spoken, is_told: bool, messages: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(framed(message, spoken) for message in messages)
    assert received(stream, cuts, spoken if is_told else None) == (messages, "")


@given(data=st.binary(max_size=300), cuts=CUTS, spoken=st.sampled_from((None, *SPOKEN)))
def test_any_cutting_of_garbage_gives_the_same_messages_and_the_same_end(
    data: bytes, cuts: list[int], spoken: Spoken | None
) -> None:
    assert received(data, cuts, spoken) == received(data, [], spoken)


HEADERS = st.sampled_from(
    (
        b"Content-Length: 2\r\n\r\n{}",
        b"content-length:3\r\n",
        b"\r\n",
        b"X: y\r\n",
        b"junk\n",
        b"{}\n",
        b"Content-Le",
        b"ab",
    )
)


@given(parts=st.lists(HEADERS, max_size=12), cuts=CUTS)
def test_any_cutting_of_what_is_nearly_a_stream_gives_the_same_messages(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    assert received(stream, cuts) == received(stream, [])


@pytest.mark.parametrize(
    ("stream", "spoken"),
    [
        (b'{"a":1}\n', "lines"),
        (b"Content-Length: 2\r\n\r\n{}", "headers"),
        (b"CONTENT-LENGTH:2\r\n\r\n{}", "headers"),
        (b"starting up\nContent-Length: 2\r\n\r\n{}", "headers"),
        (b"[info] up\nContent-Length: 2\r\n\r\n{}", "headers"),
        (b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}", "headers"),
        (b"Content with itself\n", "lines"),
        (b"Content-", None),
        (b"", None),
    ],
)
def test_what_the_other_side_speaks_shows_in_what_it_sends(stream: bytes, spoken: Spoken | None) -> None:
    frames = Frames()
    frames.receive(stream)
    assert (frames.spoken, frames.broken) == (spoken, "")


def test_below_a_message_a_line_like_a_header_is_a_line() -> None:
    frames = Frames()
    assert frames.receive(b'{"a":1}\nContent-Length: 5 is short\n{"b":2}\n') == [
        b'{"a":1}',
        b"Content-Length: 5 is short",
        b'{"b":2}',
    ]
    assert frames.spoken == "lines"


def test_lines_are_passed_over_that_a_program_prints_between_headed_messages() -> None:
    stream = framed(b"{}", "headers") + b"a line for the log\n" + framed(b"[]", "headers")
    assert received(stream, [])[0] == [b"{}", b"[]"]


def test_other_fields_of_a_header_say_nothing() -> None:
    stream = b"X-Odd: Content-Length: 9\r\nContent-Length: 2\r\nContent-Type: x\r\n\r\n{}"
    assert received(stream, [], "headers") == ([b"{}"], "")


def test_a_length_of_zero_is_an_empty_message() -> None:
    assert received(framed(b"", "headers") + framed(b"{}", "headers"), []) == ([b"", b"{}"], "")


def test_a_length_counts_bytes_and_the_message_may_have_line_feeds() -> None:
    message = '{"ü":\r\n\r\n"\N{SNOWMAN}"}'.encode()
    assert received(framed(message, "headers") + framed(b"{}", "headers"), [7, 31]) == ([message, b"{}"], "")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"Content-Length: -5", "a Content-Length of '-5' bytes"),
        (b"Content-Length: +5", "a Content-Length of '+5' bytes"),
        (b"Content-Length: 5.0", "a Content-Length of '5.0' bytes"),
        (b"Content-Length: 0x10", "a Content-Length of '0x10' bytes"),
        (b"Content-Length: 1_0", "a Content-Length of '1_0' bytes"),
        (b"Content-Length:", "a Content-Length of '' bytes"),
        (b"Content-Length: \xd9\xa3", "a Content-Length of '\N{ARABIC-INDIC DIGIT THREE}' bytes"),
        (b"Content-Length: " + b"9" * 4000, "a Content-Length of '" + "9" * 20 + "' bytes"),
        (b"Content-Length: %d" % (MAX_MESSAGE_BYTES + 1), f"a message is longer than {MAX_MESSAGE_BYTES} bytes"),
        (b"Content-Length: 2\r\nContent-Length: 3", "a header with several lengths"),
        (b"Content-Type: x", "a header without a Content-Length"),
        (b"", "a header without a Content-Length"),
    ],
    ids=["negative", "signed", "fraction", "hexadecimal", "grouped", "none", "other digits", "endless", "too long",
         "two", "another field", "nothing"],
)  # fmt: skip
def test_a_length_that_cannot_be_believed_breaks_the_stream(header: bytes, reason: str) -> None:
    good = framed(b"{}", "headers")
    frames = Frames("headers")
    assert frames.receive(good + header + b"\r\n\r\n{}") == [b"{}"]
    assert frames.broken == reason
    assert frames.receive(good) == []


def test_the_same_length_twice_is_one_length() -> None:
    assert received(b"Content-Length: 2\r\ncontent-length: 2\r\n\r\n{}", []) == ([b"{}"], "")


def test_a_length_that_is_too_short_leaves_junk_and_one_that_is_too_long_takes_the_next_message_in() -> None:
    short = b"Content-Length: 2\r\n\r\n{}}}"
    assert received(short + framed(b"[]", "headers"), []) == ([b"{}"], "a header without a Content-Length")
    long = b"Content-Length: 9\r\n\r\n{}"
    assert received(long + framed(b"[]", "headers"), [], "headers")[0] == [b"{}Content"]


@pytest.mark.parametrize("by_one", [0, 1])
@pytest.mark.parametrize("kept", range(5))
def test_a_header_may_be_as_long_as_the_limit_however_it_is_cut(by_one: int, kept: int) -> None:
    start = b"Content-Length: 2\r\nX: "
    header = start + b"x" * (MAX_HEADER_BYTES + by_one - len(start))
    expected: tuple[list[bytes], str] = (
        ([], f"a header is longer than {MAX_HEADER_BYTES} bytes") if by_one else ([b"{}"], "")
    )
    assert received(header + b"\r\n\r\n{}", [MAX_HEADER_BYTES + kept]) == expected


def test_a_header_that_does_not_end_breaks_the_stream() -> None:
    assert received(b"Content-Length: 2\n" + b"x" * 5000, [], "headers") == (
        [],
        f"a header is longer than {MAX_HEADER_BYTES} bytes",
    )


@pytest.mark.parametrize("cut", range(24))
def test_a_header_may_end_as_the_lines_of_a_file_do(cut: int) -> None:
    assert received(b"Content-Length: 2\n\n{}Content-Length: 2\n\r\n[]", [cut]) == ([b"{}", b"[]"], "")


@pytest.mark.parametrize(
    ("data", "spoken", "missing"),
    [
        (b"", None, ""),
        (b"{}\n \n ", None, ""),
        (b"{}\n{}", None, "it has sent 2 bytes that are no whole message: the line feed after it is missing"),
        (
            b"Content-Length: 2",
            None,
            "it has sent 17 bytes that are no whole message: the empty line after its header is missing, "
            "or the last Content-Length was too small",
        ),
        (
            b"Content-Length: 2\r\n\r\n{",
            "headers",
            "it has sent 22 bytes that are no whole message: it is shorter than its Content-Length",
        ),
    ],
)
def test_what_is_missing_of_a_message_is_said(data: bytes, spoken: Spoken | None, missing: str) -> None:
    frames = Frames(spoken)
    frames.receive(data)
    assert frames.unfinished() == missing


@pytest.mark.parametrize("spoken", SPOKEN)
def test_a_message_may_be_as_long_as_the_limit(spoken: Spoken) -> None:
    message = b"x" * MAX_MESSAGE_BYTES
    assert received(framed(message, spoken), [MAX_MESSAGE_BYTES - 1, MAX_MESSAGE_BYTES], spoken) == ([message], "")


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_beyond_the_limit_breaks_the_stream_for_good(end: bytes) -> None:
    frames = Frames()
    assert frames.receive(b"{}\n" + b"x" * (MAX_MESSAGE_BYTES + 1) + end) == [b"{}"]
    assert frames.broken == f"a line is longer than {MAX_MESSAGE_BYTES} bytes"
    assert frames.receive(b"\n{}\n") == []


def test_ten_thousand_blank_lines_are_ten_thousand_empty_messages() -> None:
    assert received(b"\n" * 10_000 + b"{}\n", [])[0] == [*[b""] * 10_000, b"{}"]
