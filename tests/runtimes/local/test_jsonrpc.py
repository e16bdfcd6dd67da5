"""JSON-RPC without I/O: what goes out, and what is made of what comes in."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.limits import MAX_DEPTH
from runtimes.local.jsonrpc import (
    MAX_FRAME_BYTES,
    MAX_OUTSTANDING,
    Answer,
    Broken,
    Connection,
    Demand,
    Fault,
    JsonRpcError,
    Message,
    Notification,
    Unreadable,
)
from runtimes.values import Json

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def with_open(count: int) -> Connection:
    """A connection whose requests 1 to `count` are open."""
    connection = Connection()
    for _ in range(count):
        connection.request("f", {})
    return connection


def line(value: Json) -> bytes:
    return json.dumps(value).encode() + b"\n"


def test_a_request_is_one_line_with_the_arguments_by_name() -> None:
    outgoing = Connection().request("set_theme", {"theme": "dark\nblue", "ümlaut": None})
    assert outgoing.frame.endswith(b"\n")
    assert outgoing.frame.count(b"\n") == 1
    assert json.loads(outgoing.frame) == {
        "jsonrpc": "2.0",
        "id": outgoing.id,
        "method": "set_theme",
        "params": {"theme": "dark\nblue", "ümlaut": None},
    }


def test_ids_are_never_used_twice() -> None:
    connection = Connection()
    assert len({connection.request("f", {}).id for _ in range(50)}) == 50


def test_answers_find_their_requests_in_any_order() -> None:
    connection = with_open(3)
    data = line({"jsonrpc": "2.0", "id": 3, "result": [1]}) + line({"jsonrpc": "2.0", "id": 1, "result": None})
    assert connection.receive(data) == (Answer(id=3, result=[1]), Answer(id=1, result=None))


NOT_OPEN = Unreadable(reason="an answer whose id is that of no open request")
CASES: list[tuple[str, Json, Message]] = [
    ("an error object", {"id": 1, "error": {"code": -32601, "message": "no"}}, Fault(id=1, code=-32601, message="no")),
    ("error null beside a result", {"id": 1, "result": 5, "error": None}, Answer(id=1, result=5)),
    ("a notification", {"method": "m", "params": [1]}, Notification(method="m", params=[1])),
    ("a request", {"method": "m", "id": "a"}, Demand(id="a", method="m")),
    ("a request with a number", {"method": "m", "id": 7}, Demand(id=7, method="m")),
    (
        "an id of no open request",
        {"id": 2, "result": 5},
        NOT_OPEN,
    ),
    (
        "an id that is true",
        {"id": True, "result": 5},
        NOT_OPEN,
    ),
    ("an id that is text", {"id": "1", "result": 5}, Answer(id=1, result=5)),
    ("an id with a fraction of zero", {"id": 1.0, "result": 5}, Answer(id=1, result=5)),
    ("an id that is other text", {"id": "one", "result": 5}, NOT_OPEN),
    ("an id that is endless text", {"id": "1" * 10_000, "result": 5}, NOT_OPEN),
    ("an id with a fraction", {"id": 1.5, "result": 5}, NOT_OPEN),
    ("a result without an id", {"id": None, "result": 5}, NOT_OPEN),
    (
        "an error without an id",
        {"id": None, "error": {"code": -32700, "message": "no"}},
        Fault(id=1, code=-32700, message="no"),
    ),
    ("neither result nor error", {"id": 1}, Unreadable(reason="an answer with neither result nor error", id=1)),
    (
        "an error that is text",
        {"id": 1, "error": "no"},
        Unreadable(reason="an error without a code that is an integer or a message that is text", id=1),
    ),
    (
        "a request with an odd id",
        {"method": "m", "id": [1]},
        Unreadable(reason="a request whose id is neither a string nor an integer"),
    ),
    (
        "a method that is no text",
        {"method": 5},
        Unreadable(reason="a request without 'jsonrpc': '2.0' or a method that is a string"),
    ),
]


@pytest.mark.parametrize(("value", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_kind_of_message_is_told_from_the_others(value: dict[str, Json], expected: Message) -> None:
    assert with_open(1).receive(line({"jsonrpc": "2.0", **value})) == (expected,)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert with_open(1).receive(b"\xef\xbb\xbf" + line({"jsonrpc": "2.0", "id": 1, "result": 5})) == (
        Answer(id=1, result=5),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"jsonrpc":"2.0","id":1,"result":NaN}', 1),
        (b'{"id": "1", "result": "\\ud800"}', 1),
        (b'{"result": {"id": 7, "x": Infinity}, "id": 1}', 1),
        (b'{"jsonrpc":"2.0","error": {]', 1),
        (b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * 200 + b"]" * 200 + b"}", 1),
        (b'{"jsonrpc":"2.0","id":2,"result":NaN}', None),
        (b'{"jsonrpc":"2.0","id":' + b"1" * 5000 + b',"result":NaN}', None),
        (b'{"jsonrpc":"2.0","id":1}}', None),
        (b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"result":NaN}}', None),
        (b"the result is out of order", None),
    ],
)
def test_a_line_that_is_not_json_settles_the_only_request_if_meant_to(text: bytes, expected: int | None) -> None:
    connection = with_open(1)
    (message,) = connection.receive(text + b"\n")
    assert isinstance(message, Unreadable)
    assert message.id == expected
    (later,) = connection.receive(line({"jsonrpc": "2.0", "id": 1, "result": 5}))
    assert isinstance(later, Answer) == (expected is None)


@pytest.mark.parametrize(
    "text",
    [b'{"jsonrpc":"2.0","id":1,"result":NaN}', b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}'],
)
def test_with_several_requests_open_none_is_guessed_at(text: bytes) -> None:
    (message,) = with_open(2).receive(text + b"\n")
    assert isinstance(message, Unreadable)
    assert message.id is None


def test_an_answer_without_the_version_settles_its_request_as_unreadable() -> None:
    assert with_open(1).receive(line({"id": 1, "result": 5})) == (
        Unreadable(reason="an answer without 'jsonrpc': '2.0'", id=1),
    )


def test_a_second_answer_is_no_answer() -> None:
    connection = with_open(1)
    connection.receive(line({"jsonrpc": "2.0", "id": 1, "result": 5}))
    (message,) = connection.receive(line({"jsonrpc": "2.0", "id": 1, "result": 6}))
    assert isinstance(message, Unreadable)
    assert message.id is None


def test_a_withdrawn_request_is_told_and_its_late_answer_dropped() -> None:
    connection = with_open(1)
    assert json.loads(connection.withdraw(1)) == {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 1}}
    (message,) = connection.receive(line({"jsonrpc": "2.0", "id": 1, "result": 5}))
    assert isinstance(message, Unreadable)


def test_a_request_of_the_other_side_is_refused_under_its_own_id() -> None:
    refusal = json.loads(Connection().refuse(Demand(id="q", method="host/ask")))
    assert (refusal["id"], refusal["error"]["code"]) == ("q", -32601)


def test_only_so_many_requests_may_be_open() -> None:
    connection = with_open(MAX_OUTSTANDING)
    with pytest.raises(JsonRpcError, match="wait for their answers"):
        connection.request("f", {})
    connection.receive(line({"jsonrpc": "2.0", "id": 1, "result": 5}))
    connection.request("f", {})


@pytest.mark.parametrize("text", ["x" * MAX_FRAME_BYTES, "\ud800"], ids=["too long", "a lone surrogate"])
def test_arguments_that_cannot_be_sent_are_refused_and_take_no_place(text: str) -> None:
    connection = with_open(MAX_OUTSTANDING - 1)
    with pytest.raises(JsonRpcError):
        connection.request("f", {"text": text})
    connection.request("f", {})


def test_a_line_beyond_the_limit_breaks_the_stream_for_good() -> None:
    connection = with_open(1)
    good = line({"jsonrpc": "2.0", "method": "m"})
    messages = connection.receive(good + b"x" * (MAX_FRAME_BYTES + 1))
    assert messages == (Notification(method="m"), Broken(reason=f"a line is longer than {MAX_FRAME_BYTES} bytes"))
    assert connection.receive(b"\n" + good) == ()


def test_a_line_at_the_limit_is_read() -> None:
    frame = b'{"jsonrpc":"2.0","method":"m","params":""}'
    padded = frame[:-2] + b"x" * (MAX_FRAME_BYTES - len(frame)) + frame[-2:]
    (message,) = Connection().receive(padded + b"\n")
    assert isinstance(message, Notification)


def test_a_line_that_nests_too_deep_is_unreadable_and_the_next_one_is_read() -> None:
    deep = b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"\n"
    messages = Connection().receive(deep + line({"jsonrpc": "2.0", "method": "m"}))
    assert [type(message).__name__ for message in messages] == ["Unreadable", "Notification"]


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_garbage_becomes_messages_and_never_an_exception(data: bytes, cuts: list[int]) -> None:
    connection = with_open(3)
    for piece in pieces(data, cuts):
        assert all(isinstance(message, Unreadable | Broken) for message in connection.receive(piece))


@given(
    results=st.lists(json_values, max_size=6),
    junk=st.binary(max_size=20),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_any_cutting_of_the_stream_gives_the_same_messages(results: list[Json], junk: bytes, cuts: list[int]) -> None:
    lines = [line({"jsonrpc": "2.0", "id": number + 1, "result": result}) for number, result in enumerate(results)]
    stream = b"".join([*lines[:2], junk, b"\r\n", *lines[2:], b"unfinished"])
    whole = with_open(len(results)).receive(stream)
    cut = with_open(len(results))
    assert tuple(message for piece in pieces(stream, cuts) for message in cut.receive(piece)) == whole
    if not junk.strip():
        assert whole == tuple(Answer(id=number + 1, result=result) for number, result in enumerate(results))


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(places)]
