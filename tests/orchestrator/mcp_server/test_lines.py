"""How messages are cut out of a stream, and what is answered to what is none."""

from __future__ import annotations

import mcp_types as types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.message import SessionMessage

from orchestrator.mcp_server.lines import Incoming, Lines, Refused
from orchestrator.mcp_server.stdio import Unanswered

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'


@given(st.lists(st.integers(1, 40), max_size=12))
def test_messages_are_the_same_however_they_arrive(sizes: list[int]) -> None:
    long = b'{"jsonrpc":"2.0","id":7,"method":"' + b"x" * 900 + b'"}\n'
    data, lines = PING + b"\n" + b"{oops\n" + long + PING, Lines(max_bytes=100)
    found: list[Incoming] = []
    for size in sizes:
        found += lines.feed(data[:size])
        data = data[size:]
    found += lines.feed(data)
    assert [type(one).__name__ for one in found] == ["SessionMessage", "Refused", "Refused", "SessionMessage"]
    assert isinstance(found[2], Refused)
    assert found[2].answer is not None
    assert (found[2].answer.id, found[2].why) == (7, "a message is longer than 100 bytes")


def test_a_message_that_never_ends_is_not_kept() -> None:
    lines = Lines(max_bytes=1000)
    for _ in range(100):
        assert lines.feed(b"x" * 1000) == []
    assert lines.kept <= 1000


DEEP = b'{"x":' + b"[" * 500 + b"]" * 500 + b"}"
CALL = b'{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"a","arguments":%s}}'
CALL_OF_OTHERS = b'{"method":"tools/call","params":{"name":"a","arguments":%s},"jsonrpc":"2.0","id":"five"}'


@pytest.mark.parametrize(
    ("line", "code", "number"),
    [
        (b"this is no message", types.PARSE_ERROR, None),
        (b"\xff\xfe", types.PARSE_ERROR, None),
        (b"[" * 100_000, types.PARSE_ERROR, None),
        (CALL % DEEP, types.PARSE_ERROR, 5),
        (CALL % b'{"x":NaN}', types.PARSE_ERROR, 5),
        (CALL % b'{"x":"\\ud800"}', types.PARSE_ERROR, 5),
        (CALL_OF_OTHERS % DEEP, types.PARSE_ERROR, "five"),
        (b'{"method":"a","params":{"jsonrpc":"2.0","id":9},"x":NaN}', types.PARSE_ERROR, None),
        (b'{"method":"a","params":"\\ud800 \\"id\\":9}"}', types.PARSE_ERROR, None),
        (b'{"jsonrpc":"2.0","id":5,"result":{"method":NaN}}', types.PARSE_ERROR, None),
        (b"[]", types.INVALID_REQUEST, None),
        (b"[" + PING.strip() + b"]", types.INVALID_REQUEST, None),
        (b"{}", types.INVALID_REQUEST, None),
        (b'"x"', types.INVALID_REQUEST, None),
        (b'{"jsonrpc":"1.0","id":7,"method":"ping"}', types.INVALID_REQUEST, 7),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', types.INVALID_REQUEST, None),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', types.INVALID_REQUEST, None),
    ],
)
def test_what_is_no_message_is_answered_with_its_id_where_that_is_sure(
    line: bytes, code: int, number: int | str | None
) -> None:
    (refused,) = Lines().feed(line + b"\n")
    assert isinstance(refused, Refused)
    assert refused.answer is not None
    assert (refused.answer.error.code, refused.answer.id) == (code, number)
    assert len(refused.answer.error.message) <= 200


def test_an_answer_that_is_none_is_not_answered() -> None:
    (refused,) = Lines().feed(b'{"jsonrpc":"1.0","id":7,"result":{}}\n')
    assert isinstance(refused, Refused)
    assert refused.answer is None


def test_so_many_requests_wait_for_their_answers_and_no_more() -> None:
    def ping(number: int) -> types.JSONRPCRequest:
        return types.JSONRPCRequest(jsonrpc="2.0", id=number, method="ping")

    unanswered = Unanswered(max_requests=2)
    assert [unanswered.refusal(ping(number)) is None for number in (1, 1, 3)] == [True, True, False]
    unanswered.answered(types.JSONRPCResponse(jsonrpc="2.0", id=1, result={}))
    assert [unanswered.refusal(ping(number)) is None for number in (4, 5)] == [True, False]
    cancelled = types.JSONRPCNotification(jsonrpc="2.0", method="notifications/cancelled", params={"requestId": 4})
    assert unanswered.refusal(cancelled) is None
    assert [unanswered.refusal(ping(number)) is None for number in (6, 7)] == [True, False]


def test_a_message_is_what_the_protocol_makes_of_it() -> None:
    (message,) = Lines().feed(PING)
    assert isinstance(message, SessionMessage)
    assert message.message == types.JSONRPCRequest(jsonrpc="2.0", id=1, method="ping")
