"""Each JSON value that comes is one of the messages of JSON-RPC, or says why it is none."""

from __future__ import annotations

import json

import pytest

from runtimes.local.messages import (
    INVALID_REQUEST,
    MAX_ID_CHARS,
    Answer,
    Demand,
    Fault,
    Message,
    Notification,
    Unreadable,
    answered_id,
    error_answer,
    read_answer,
    read_request,
    written,
)
from runtimes.values import Json

ODD_ID = Unreadable(reason="a request whose id is neither a string nor an integer", code=INVALID_REQUEST)
LONG_ID = Unreadable(reason=f"a request whose id is longer than {MAX_ID_CHARS} characters", code=INVALID_REQUEST)
NO_REQUEST = Unreadable(reason="a request without 'jsonrpc': '2.0' or a method that is a string", code=INVALID_REQUEST)
REQUESTS: dict[str, tuple[dict[str, Json], Message]] = {
    "a notification": ({"method": "m", "params": [1]}, Notification(method="m", params=[1])),
    "a notification without parameters": ({"method": "m"}, Notification(method="m")),
    "an id that is text": ({"method": "m", "id": "a"}, Demand(id="a", method="m")),
    "an id that is empty": ({"method": "m", "id": ""}, Demand(id="", method="m")),
    "an id that is a number": (
        {"method": "m", "id": -7, "params": {"a": 1}},
        Demand(id=-7, method="m", params={"a": 1}),
    ),
    "an id that is null": ({"method": "m", "id": None}, ODD_ID),
    "an id that is true": ({"method": "m", "id": True}, ODD_ID),
    "an id with a fraction": ({"method": "m", "id": 1.5}, ODD_ID),
    "an id that is a list": ({"method": "m", "id": [1]}, ODD_ID),
    "the longest id": ({"method": "m", "id": "x" * MAX_ID_CHARS}, Demand(id="x" * MAX_ID_CHARS, method="m")),
    "an id that is too long": ({"method": "m", "id": "x" * (MAX_ID_CHARS + 1)}, LONG_ID),
    "an id of too many digits": ({"method": "m", "id": 10**MAX_ID_CHARS}, LONG_ID),
    "a method that is no text": ({"method": 5, "id": 1}, NO_REQUEST),
    "a method that is null": ({"method": None}, NO_REQUEST),
    "another version": ({"method": "m", "jsonrpc": "1.0"}, NO_REQUEST),
    "a version that is a number": ({"method": "m", "jsonrpc": 2.0}, NO_REQUEST),
}
ODD_ERROR = Unreadable(reason="an error without a code that is an integer or a message that is text", id=1)
ANSWERS: dict[str, tuple[dict[str, Json], Message]] = {
    "a result": ({"result": [1]}, Answer(id=1, result=[1])),
    "a result that is null": ({"result": None}, Answer(id=1, result=None)),
    "error null beside a result": ({"result": 5, "error": None}, Answer(id=1, result=5)),
    "an error": ({"error": {"code": -32601, "message": "no"}}, Fault(id=1, code=-32601, message="no")),
    "an error with data": (
        {"error": {"code": 5, "message": "no", "data": {"a": 1}}},
        Fault(id=1, code=5, message="no", data={"a": 1}),
    ),
    "an error beside a result": (
        {"result": 5, "error": {"code": 5, "message": "no"}},
        Fault(id=1, code=5, message="no"),
    ),
    "an error that is text": ({"error": "no"}, ODD_ERROR),
    "an error without a message": ({"error": {"code": 5}}, ODD_ERROR),
    "an error whose code is text": ({"error": {"code": "5", "message": "no"}}, ODD_ERROR),
    "an error whose code is true": ({"error": {"code": True, "message": "no"}}, ODD_ERROR),
    "neither": ({}, Unreadable(reason="an answer with neither result nor error", id=1)),
    "no version": ({"jsonrpc": None, "result": 5}, Unreadable(reason="an answer without 'jsonrpc': '2.0'", id=1)),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_an_object_with_a_method_asks_or_tells_or_is_no_request(name: str) -> None:
    value, expected = REQUESTS[name]
    assert read_request({"jsonrpc": "2.0", **value}) == expected


@pytest.mark.parametrize("name", ANSWERS)
def test_an_object_without_a_method_answers_or_says_why_it_does_not(name: str) -> None:
    value, expected = ANSWERS[name]
    assert read_answer({"jsonrpc": "2.0", "id": 1, **value}, 1) == expected


def test_a_request_knows_the_batch_that_it_came_in() -> None:
    assert read_request({"jsonrpc": "2.0", "method": "m", "id": 1}, 3) == Demand(id=1, method="m", batch=3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1), ("1", 1), (1.0, 1), ("01", 1), (True, None), (None, None), (1.5, None), ("one", None), ("", None),
        ("-1", None), ("\N{SUPERSCRIPT ONE}", None), ("\N{ARABIC-INDIC DIGIT ONE}", None), ("1" * 10_000, None),
        ([1], None), ({"id": 1}, None),
    ],
)  # fmt: skip
def test_the_id_of_an_answer_is_read_where_it_is_close_to_ours(value: Json, expected: int | None) -> None:
    assert answered_id(value) == expected


def test_what_we_write_is_one_line_with_the_version() -> None:
    text = written({"method": "m", "params": {"a": "line\nline", "ü": None}})
    assert b"\n" not in text
    assert json.loads(text) == {"jsonrpc": "2.0", "method": "m", "params": {"a": "line\nline", "ü": None}}
    assert json.loads(written(error_answer(None, -32700, "no"))) == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": -32700, "message": "no"},
    }
