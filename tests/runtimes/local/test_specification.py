"""The examples of the JSON-RPC 2.0 specification (section 7), with us on either side of each of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from runtimes.local.connection import Connection
from runtimes.local.messages import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    Answer,
    Demand,
    Fault,
    Message,
    Notification,
    Unreadable,
)
from runtimes.values import Json, JsonObject, canonical_json

ANY_WORDS = "any words"
PARSE = '{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}'
INVALID = '{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}'

EXAMPLES: dict[str, tuple[str, str]] = {
    "positional parameters": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
        '{"jsonrpc": "2.0", "result": 19, "id": 1}',
    ),
    "positional parameters, the other way": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
        '{"jsonrpc": "2.0", "result": -19, "id": 2}',
    ),
    "named parameters": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
        '{"jsonrpc": "2.0", "result": 19, "id": 3}',
    ),
    "named parameters, the other way": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
        '{"jsonrpc": "2.0", "result": 19, "id": 4}',
    ),
    "a notification": ('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', ""),
    "a notification without parameters": ('{"jsonrpc": "2.0", "method": "foobar"}', ""),
    "a method that does not exist": (
        '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
        '{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}',
    ),
    "invalid JSON": ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', PARSE),
    "an invalid request": ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', INVALID),
    "a batch of invalid JSON": (
        '[\n  {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},\n  {"jsonrpc": "2.0", "method"\n]',
        PARSE,
    ),
    "an empty array": ("[]", INVALID),
    "an invalid batch that is not empty": ("[1]", f"[{INVALID}]"),
    "an invalid batch": ("[1,2,3]", f"[{INVALID}, {INVALID}, {INVALID}]"),
    "a batch": (
        """[
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
        ]""",
        f"""[
        {{"jsonrpc": "2.0", "result": 7, "id": "1"}},
        {{"jsonrpc": "2.0", "result": 19, "id": "2"}},
        {INVALID},
        {{"jsonrpc": "2.0", "error": {{"code": -32601, "message": "Method not found"}}, "id": "5"}},
        {{"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}}
        ]""",
    ),
    "a batch of notifications": (
        """[
        {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
        ]""",
        "",
    ),
}
"""What one side sends, and what the other answers; empty where that is nothing."""


def offered(demand: Demand) -> Json:
    """What the methods of the examples return; None where there is no such method."""
    match demand.method, demand.params:
        case "sum", [*numbers]:
            return sum(one for one in numbers if isinstance(one, int))
        case "subtract", [int(minuend), int(subtrahend)]:
            return minuend - subtrahend
        case "subtract", {"minuend": int(minuend), "subtrahend": int(subtrahend)}:
            return minuend - subtrahend
        case "get_data", _:
            return ["hello", 5]
        case _:
            return None


def answered(connection: Connection, messages: Sequence[Message]) -> list[Json]:
    """What we send because of them."""
    sent = [*connection.take_replies()]
    for demand in messages:
        if isinstance(demand, Demand):
            result = offered(demand)
            sent.append(
                connection.refuse(demand, METHOD_NOT_FOUND, "no such method")
                if result is None
                else connection.answer(demand, result)
            )
    return [json.loads(one) for one in sent if one]


def wordless(value: Json) -> Json:
    """The same with the words of its errors replaced: they are not the specification's to say."""
    if isinstance(value, list):
        return [wordless(one) for one in value]
    if isinstance(value, dict) and isinstance(error := value.get("error"), dict):
        return {**value, "error": {**error, "message": ANY_WORDS}}
    return value


def sorted_by_id(value: Json) -> Json:
    """The answers to a batch may come in any order."""
    return sorted(value, key=canonical_json) if isinstance(value, list) else value


@pytest.mark.parametrize("name", EXAMPLES)
def test_we_answer_each_example_as_the_specification_does(name: str) -> None:
    sent, expected = EXAMPLES[name]
    connection = Connection()
    got = [sorted_by_id(wordless(one)) for one in answered(connection, connection.receive(sent.encode()))]
    wanted = [sorted_by_id(wordless(json.loads(expected)))] if expected else []
    assert got == wanted


ASKED: dict[str, tuple[JsonObject, str, Message]] = {
    "named parameters": (
        {"subtrahend": 23, "minuend": 42},
        '{"jsonrpc": "2.0", "result": 19, "id": 1}',
        Answer(id=1, result=19),
    ),
    "a method that does not exist": (
        {},
        '{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}',
        Fault(id=1, code=METHOD_NOT_FOUND, message="Method not found"),
    ),
    "invalid JSON": ({}, PARSE, Fault(id=1, code=-32700, message="Parse error")),
    "an invalid request": ({}, INVALID, Fault(id=1, code=-32600, message="Invalid Request")),
}
"""Our request is the first one: what we send with it, what comes back, and what we make of that."""


@pytest.mark.parametrize("name", ASKED)
def test_we_read_the_answers_of_the_examples_when_we_have_asked(name: str) -> None:
    params, answer, expected = ASKED[name]
    connection = Connection()
    outgoing = connection.request("subtract", params)
    assert json.loads(outgoing.message) == {"jsonrpc": "2.0", "method": "subtract", "params": params, "id": 1}
    assert connection.receive(answer.encode()) == (expected,)
    assert connection.take_replies() == ()


def test_we_read_the_answers_to_a_batch_although_we_send_none() -> None:
    connection = Connection()
    for _ in range(9):
        connection.request("m", {})
    messages = connection.receive(EXAMPLES["a batch"][1].encode())
    assert messages == (
        Answer(id=1, result=7),
        Answer(id=2, result=19),
        Unreadable(reason="an answer whose id is that of no open request"),
        Fault(id=5, code=METHOD_NOT_FOUND, message="Method not found"),
        Answer(id=9, result=["hello", 5]),
    )
    assert connection.take_replies() == ()


def test_what_one_of_us_asks_another_of_us_answers() -> None:
    asking, answering = Connection(), Connection()
    outgoing = asking.request("subtract", {"minuend": 42, "subtrahend": 23})
    messages = answering.receive(outgoing.message)
    assert messages == (Demand(id=1, method="subtract", params={"minuend": 42, "subtrahend": 23}),)
    (demand,) = (one for one in messages if isinstance(one, Demand))
    assert asking.receive(answering.answer(demand, 19)) == (Answer(id=1, result=19),)
    again = Demand(id=asking.request("subtract", {}).id, method="subtract")
    refusal = answering.refuse(again, INVALID_PARAMS, "minuend is missing")
    assert asking.receive(refusal) == (Fault(id=2, code=INVALID_PARAMS, message="minuend is missing"),)
    cancelled = asking.withdraw(asking.request("subtract", {}).id)
    assert answering.receive(cancelled) == (Notification(method="$/cancelRequest", params={"id": 3}),)
