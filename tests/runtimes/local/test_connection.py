"""One side of a JSON-RPC conversation: what goes out, what is made of what comes in, and what is answered to it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.limits import MAX_DEPTH
from runtimes.local.connection import (
    MAX_BATCH,
    MAX_COMPLAINTS,
    MAX_OPEN_BATCHES,
    MAX_OUTSTANDING,
    Connection,
    JsonRpcError,
    request_message,
    request_number,
)
from runtimes.local.framing import MAX_MESSAGE_BYTES
from runtimes.local.messages import (
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    TOO_BUSY,
    Answer,
    Demand,
    Fault,
    Message,
    Notification,
    Unreadable,
)
from runtimes.values import Json

JSON_VALUES = st.recursive(
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


def text(value: Json) -> bytes:
    return json.dumps(value).encode()


def asked(identifier: Json, method: str = "m") -> Json:
    return {"jsonrpc": "2.0", "method": method, "id": identifier}


def refused(code: int, identifier: Json = None) -> Json:
    """An error answer without its words."""
    return {"jsonrpc": "2.0", "id": identifier, "error": code}


def replies(connection: Connection) -> list[Json]:
    """What was to be sent, errors by their codes alone."""
    return [wordless(json.loads(reply)) for reply in connection.take_replies()]


def wordless(value: Json) -> Json:
    if isinstance(value, list):
        return [wordless(one) for one in value]
    assert isinstance(value, dict)
    error = value.get("error")
    return {**value, "error": error["code"]} if isinstance(error, dict) else value


def demands(messages: tuple[Message, ...]) -> list[Demand]:
    return [one for one in messages if isinstance(one, Demand)]


def test_a_request_is_one_line_with_the_arguments_by_name() -> None:
    outgoing = Connection().request("set_theme", {"theme": "dark\nblue", "ümlaut": None})
    assert b"\n" not in outgoing.message
    assert json.loads(outgoing.message) == {
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
    assert connection.receive(text({"jsonrpc": "2.0", "id": 3, "result": [1]})) == (Answer(id=3, result=[1]),)
    assert connection.receive(text({"jsonrpc": "2.0", "id": 1, "result": None})) == (Answer(id=1, result=None),)


NOT_OPEN = Unreadable(reason="an answer whose id is that of no open request")
CASES: dict[str, tuple[dict[str, Json], Message]] = {
    "an error object": ({"id": 1, "error": {"code": -32601, "message": "no"}}, Fault(id=1, code=-32601, message="no")),
    "error null beside a result": ({"id": 1, "result": 5, "error": None}, Answer(id=1, result=5)),
    "a notification": ({"method": "m", "params": [1]}, Notification(method="m", params=[1])),
    "a request": ({"method": "m", "id": "a", "params": {"x": 1}}, Demand(id="a", method="m", params={"x": 1})),
    "a request under an open id": ({"method": "m", "id": 1}, Demand(id=1, method="m")),
    "a request with a result": ({"method": "m", "id": 1, "result": 5}, Demand(id=1, method="m")),
    "an id of no open request": ({"id": 2, "result": 5}, NOT_OPEN),
    "an id that is true": ({"id": True, "result": 5}, NOT_OPEN),
    "an id that is text": ({"id": "1", "result": 5}, Answer(id=1, result=5)),
    "an id with a fraction of zero": ({"id": 1.0, "result": 5}, Answer(id=1, result=5)),
    "an id that is other text": ({"id": "one", "result": 5}, NOT_OPEN),
    "an id that is endless text": ({"id": "1" * 10_000, "result": 5}, NOT_OPEN),
    "an id with a fraction": ({"id": 1.5, "result": 5}, NOT_OPEN),
    "no id": ({"result": 5}, NOT_OPEN),
    "a result without an id": ({"id": None, "result": 5}, NOT_OPEN),
    "an error without an id": (
        {"id": None, "error": {"code": -32700, "message": "no"}},
        Fault(id=1, code=-32700, message="no"),
    ),
    "neither result nor error": ({"id": 1}, Unreadable(reason="an answer with neither result nor error", id=1)),
    "an error that is text": (
        {"id": 1, "error": "no"},
        Unreadable(reason="an error without a code that is an integer or a message that is text", id=1),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_kind_of_message_is_told_from_the_others(name: str) -> None:
    value, expected = CASES[name]
    assert with_open(1).receive(text({"jsonrpc": "2.0", **value})) == (expected,)


def test_a_byte_order_mark_is_passed_over() -> None:
    answer = text({"jsonrpc": "2.0", "id": 1, "result": 5})
    assert with_open(1).receive(b"\xef\xbb\xbf" + answer) == (Answer(id=1, result=5),)


@pytest.mark.parametrize("blank", [b"", b" \t", b"\r", b"\r\n"])
def test_a_blank_message_is_none(blank: bytes) -> None:
    assert with_open(1).receive(blank) == ()


@pytest.mark.parametrize(
    ("message", "expected"),
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
def test_what_is_not_json_settles_the_only_request_if_meant_to(message: bytes, expected: int | None) -> None:
    connection = with_open(1)
    (read,) = connection.receive(message)
    assert isinstance(read, Unreadable)
    assert read.id == expected
    (later,) = connection.receive(text({"jsonrpc": "2.0", "id": 1, "result": 5}))
    assert isinstance(later, Answer) == (expected is None)


@pytest.mark.parametrize(
    "message",
    [b'{"jsonrpc":"2.0","id":1,"result":NaN}', b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}'],
)
def test_with_several_requests_open_none_is_guessed_at(message: bytes) -> None:
    (read,) = with_open(2).receive(message)
    assert isinstance(read, Unreadable)
    assert read.id is None


def test_an_answer_without_the_version_settles_its_request_as_unreadable() -> None:
    assert with_open(1).receive(text({"id": 1, "result": 5})) == (
        Unreadable(reason="an answer without 'jsonrpc': '2.0'", id=1),
    )


def test_a_second_answer_is_no_answer() -> None:
    connection = with_open(1)
    connection.receive(text({"jsonrpc": "2.0", "id": 1, "result": 5}))
    assert connection.receive(text({"jsonrpc": "2.0", "id": 1, "result": 6})) == (NOT_OPEN,)


def test_a_withdrawn_request_is_told_and_its_late_answer_dropped() -> None:
    connection = with_open(1)
    assert json.loads(connection.withdraw(1)) == {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 1}}
    assert connection.receive(text({"jsonrpc": "2.0", "id": 1, "result": 5})) == (NOT_OPEN,)


def test_a_request_of_the_other_side_is_answered_or_refused_under_its_own_id() -> None:
    connection = Connection()
    assert json.loads(connection.answer(Demand(id="q", method="host/ask"), {"approved": True})) == {
        "jsonrpc": "2.0",
        "id": "q",
        "result": {"approved": True},
    }
    assert wordless(json.loads(connection.refuse(Demand(id=7, method="m"), METHOD_NOT_FOUND, "no"))) == refused(
        METHOD_NOT_FOUND, 7
    )


def test_an_answer_of_ours_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(JsonRpcError, match=f"{MAX_MESSAGE_BYTES} is the limit"):
        Connection().answer(Demand(id=1, method="m"), "x" * MAX_MESSAGE_BYTES)


def test_only_so_many_requests_may_be_open() -> None:
    connection = with_open(MAX_OUTSTANDING)
    with pytest.raises(JsonRpcError, match="wait for their answers"):
        connection.request("f", {})
    connection.receive(text({"jsonrpc": "2.0", "id": 1, "result": 5}))
    connection.withdraw(connection.request("f", {}).id)
    connection.request("f", {})


@pytest.mark.parametrize("argument", ["x" * MAX_MESSAGE_BYTES, "\ud800"], ids=["too long", "a lone surrogate"])
def test_arguments_that_cannot_be_sent_are_refused_and_take_no_place(argument: str) -> None:
    connection = with_open(MAX_OUTSTANDING - 1)
    with pytest.raises(JsonRpcError):
        connection.request("f", {"text": argument})
    connection.request("f", {})


def test_what_nests_too_deep_is_unreadable_and_the_next_message_is_read() -> None:
    connection = Connection()
    (deep,) = connection.receive(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))
    assert isinstance(deep, Unreadable)
    assert connection.receive(text({"jsonrpc": "2.0", "method": "m"})) == (Notification(method="m"),)


# --- batches


def test_the_answers_to_a_batch_go_out_together_after_the_last() -> None:
    connection = with_open(1)
    answer: Json = {"jsonrpc": "2.0", "id": 1, "result": 5}
    told: Json = {"jsonrpc": "2.0", "method": "told"}
    messages = connection.receive(text([asked("a"), told, asked(2), answer, 3]))
    first, second = demands(messages)
    assert messages == (
        Demand(id="a", method="m", batch=1),
        Notification(method="told"),
        Demand(id=2, method="m", batch=1),
        Answer(id=1, result=5),
        Unreadable(reason="a message is not a JSON object", code=INVALID_REQUEST),
    )
    assert connection.take_replies() == ()
    assert connection.answer(second, [2]) == b""
    second_answer: Json = {"jsonrpc": "2.0", "id": 2, "result": [2]}
    assert wordless(json.loads(connection.refuse(first, METHOD_NOT_FOUND, "no"))) == [
        refused(INVALID_REQUEST),
        second_answer,
        refused(METHOD_NOT_FOUND, "a"),
    ]


def test_two_batches_are_kept_apart() -> None:
    connection = Connection()
    (one, other), (alone,) = (demands(connection.receive(text(batch))) for batch in ([asked(1), asked(2)], [asked(1)]))
    assert connection.answer(one, 1) == b""
    assert json.loads(connection.answer(alone, 3)) == [{"jsonrpc": "2.0", "id": 1, "result": 3}]
    assert [answer["result"] for answer in json.loads(connection.answer(other, 2))] == [1, 2]


def test_a_batch_is_as_long_as_the_limit_and_no_longer() -> None:
    connection = Connection()
    told: Json = {"jsonrpc": "2.0", "method": "m"}
    batch: list[Json] = [told] * MAX_BATCH
    assert len(connection.receive(text(batch))) == MAX_BATCH
    assert replies(connection) == []
    batch.append(told)
    (read,) = connection.receive(text(batch))
    assert isinstance(read, Unreadable)
    assert replies(connection) == [refused(INVALID_REQUEST)]


def test_only_so_many_batches_may_wait_for_answers() -> None:
    connection = Connection()
    first, *_ = [demands(connection.receive(text([asked(1)])))[0] for _ in range(MAX_OPEN_BATCHES)]
    assert demands(connection.receive(text([asked(1)]))) == []
    assert replies(connection) == [refused(INVALID_REQUEST)]
    assert connection.answer(first, None)
    assert len(demands(connection.receive(text([asked(1)])))) == 1


def test_an_answer_in_a_batch_that_is_refused_is_an_answer_all_the_same() -> None:
    connection = with_open(2)
    batch: list[Json] = [{"jsonrpc": "2.0", "method": "m"}] * MAX_BATCH
    answer: Json = {"jsonrpc": "2.0", "id": 2, "result": "x"}
    refusal, *read = connection.receive(text([*batch, answer, answer]))
    assert isinstance(refusal, Unreadable)
    assert read == [Answer(id=2, result="x")]
    assert replies(connection) == [refused(INVALID_REQUEST)]


def test_a_batch_of_answers_alone_needs_no_room_among_those_that_wait() -> None:
    connection = with_open(2)
    for _ in range(MAX_OPEN_BATCHES):
        connection.receive(text([asked(1)]))
    answers: list[Json] = [{"jsonrpc": "2.0", "id": number, "result": number} for number in (1, 2)]
    assert connection.receive(text(answers)) == (Answer(id=1, result=1), Answer(id=2, result=2))
    assert replies(connection) == []


def test_the_number_of_a_request_is_read_whatever_its_parameters_are() -> None:
    deep: Json = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert request_number(request_message(17, '"id":5', {"id": 4, "deep": deep, "long": 10**500})) == 17
    connection = with_open(1)
    assert request_number(connection.withdraw(1)) is None
    (demand,) = demands(connection.receive(text(asked(3))))
    assert request_number(connection.answer(demand, {"method": 5})) is None


def test_answers_to_a_batch_that_are_too_long_together_are_replaced_by_an_error() -> None:
    connection = Connection()
    one, other, third = demands(connection.receive(text([asked(1), asked(2), asked(3)])))
    assert connection.answer(one, "x" * (MAX_MESSAGE_BYTES // 2)) == b""
    assert connection.answer(other, "x" * (MAX_MESSAGE_BYTES // 2)) == b""
    assert wordless(json.loads(connection.answer(third, 3))) == refused(TOO_BUSY)


# --- complaints


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b'{"jsonrpc":"2.0","method":"m","params":NaN}', PARSE_ERROR),
        (b'[{"jsonrpc":"2.0","method":', PARSE_ERROR),
        (b'{"jsonrpc":"2.0","method":5}', INVALID_REQUEST),
        (b'{"method":"m"}', INVALID_REQUEST),
        (b"[]", INVALID_REQUEST),
        (b"loading the 'method': done", None),
        (b'"method": 5', None),
        (b"5", None),
        (b"null", None),
        (b'{"jsonrpc":"2.0","id":9,"result":5}', None),
        (b'{"jsonrpc":"2.0","id":1,"result":NaN}', None),
        (b'{"level":"info"}', None),
        (b'[{"level":"info"}, 5]', [INVALID_REQUEST, INVALID_REQUEST]),
    ],
)
def test_only_what_looks_like_a_request_is_answered_with_an_error(message: bytes, code: int | list[int] | None) -> None:
    connection = with_open(1)
    connection.receive(message)
    expected: Json = [refused(one) for one in code] if isinstance(code, list) else refused(code or 0)
    assert replies(connection) == ([] if code is None else [expected])
    assert connection.take_replies() == ()


def test_only_so_many_complaints_are_made() -> None:
    connection = Connection()
    for _ in range(MAX_COMPLAINTS - 1):
        connection.receive(b"[1]")
    connection.receive(b"[]")
    assert len(replies(connection)) == MAX_COMPLAINTS
    for message in (b"[1]", b"[]", b'{"method":5}', b'{"method":'):
        connection.receive(message)
    assert replies(connection) == []


@given(data=st.binary(max_size=300))
def test_garbage_becomes_messages_and_never_an_exception(data: bytes) -> None:
    connection = with_open(3)
    assert all(isinstance(message, Unreadable) for message in connection.receive(data))


@given(values=st.lists(JSON_VALUES, max_size=5))
def test_any_json_becomes_messages_and_never_an_exception(values: list[Json]) -> None:
    connection = with_open(2)
    for value in values:
        connection.receive(text(value))
    for reply in connection.take_replies():
        json.loads(reply)


@given(results=st.lists(JSON_VALUES, max_size=6))
def test_any_result_arrives_as_it_was_sent(results: list[Json]) -> None:
    connection = with_open(len(results))
    batch: list[Json] = [
        {"jsonrpc": "2.0", "id": number + 1, "result": result} for number, result in enumerate(results)
    ]
    expected = tuple(Answer(id=number + 1, result=result) for number, result in enumerate(results))
    assert (connection.receive(text(batch)) if batch else ()) == expected
