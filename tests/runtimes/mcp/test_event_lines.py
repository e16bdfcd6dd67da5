"""The lines of a stream of events that a server paces and leads by, before `mcp` sees them. Issue 10."""

from __future__ import annotations

import pytest

from runtimes.errors import InvocationError
from runtimes.mcp.event_lines import MAX_ENDPOINT_CHARS, EndpointWatch, paced

URL = "https://desk.example/sse"


@pytest.mark.parametrize(
    ("written", "handed_on"),
    [
        (b"retry: 0", b"retry: 1000"),
        (b"retry:-1", b":"),
        (b"retry: 3000", b"retry: 3000"),
        (b"retry: 999999999", b"retry: 60000"),
        (b"retry: " + b"9" * 400, b":"),
        (b"retry: 1_0", b":"),
        ("retry: ٣".encode(), b":"),
        (b"retry:  7", b":"),
        (b"retry", b"retry"),
        (b"data: retry: 0", b"data: retry: 0"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n", b""])
def test_a_server_has_no_stream_asked_for_again_at_once(written: bytes, handed_on: bytes, end: bytes) -> None:
    assert paced(b"id: 1" + (end or b"\n") + written + end) == b"id: 1" + (end or b"\n") + handed_on + end
    assert paced(written + end) == handed_on + end


@pytest.mark.parametrize("endpoint", ["/messages?session=1", "messages", "https://desk.example/m", "", "/ä".encode()])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_messages_go_to_a_place_of_the_server(endpoint: str | bytes, end: str) -> None:
    text = endpoint.decode() if isinstance(endpoint, bytes) else endpoint
    event = f": hello{end}{end}event: other{end}data: x{end}{end}event:endpoint{end}data: {text}{end}{end}".encode()
    watch = EndpointWatch(URL)
    if isinstance(endpoint, bytes):
        with pytest.raises(InvocationError, match="no usable address"):
            watch.look(event)
        return
    for line in event.splitlines(keepends=True):
        watch.look(line)
    watch.look(b"event: endpoint\ndata: https://other.example/\n\n")  # the first one holds


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("https://other.example/steal", "at https://other.example"),
        ("//other.example/steal", "at https://other.example"),
        ("http://desk.example/m", "at http://desk.example"),
        ("https://desk.example:443/m", "at an address that it writes in another way"),
        ("https://ada:pw@desk.example/m", "at no usable address"),
        ("javascript:1", "at no usable address"),
        ("http://[::1", "at no usable address"),
        ("/ok\x01", "at no usable address"),
        ("/" + "x" * MAX_ENDPOINT_CHARS, "at no usable address"),
    ],
)
def test_messages_go_nowhere_else(endpoint: str, words: str) -> None:
    with pytest.raises(InvocationError, match=words) as failure:
        EndpointWatch(URL).look(f"event: endpoint\ndata: {endpoint}\n\n".encode())
    assert failure.value.is_unsent
    assert "pw" not in str(failure.value)
