"""Events go to JSON and back without loss, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.content import Card, Shown
from orchestrator.event_json import FORMAT, MAX_COMPLAINT_CHARS, decode, decode_value, encode
from orchestrator.events import CallAsked, CallDispatched, CallFailed, CallReturned, Event, Fact, TurnStarted
from orchestrator.signals import RetryScheduled, Signal
from runtimes.values import Json, parse_json
from tests.orchestrator.any_event import EVENTS
from tests.rounds import rounds

RETURNED = CallReturned(call_id="c", text="", shown=Shown())
ASKED = CallAsked(call_id="c", fingerprint="f", title="", body="", destination="", expires=1.5)
MOST_DIGITS = 4300
"""Of an integer that Python reads and writes."""


def test_each_kind_has_its_own_name() -> None:
    kinds = [cls.__dataclass_fields__["kind"].default for cls in get_args(Event)]
    assert len(set(kinds)) == len(kinds) == len(get_args(Fact)) + len(get_args(Signal))


@settings(max_examples=rounds(4))
@given(EVENTS)
def test_what_is_written_is_read_as_it_was(event: Event) -> None:
    line = encode(event)
    assert b"\n" not in line
    assert line.endswith(b',"v":%d}' % FORMAT)
    for read in (decode(line), decode(line.decode())):
        assert read == event
        assert repr(read) == repr(event)  # tells 1 from 1.0 and from true, and 0.0 from -0.0


@given(EVENTS, st.randoms())
def test_an_event_may_be_written_otherwise(event: Event, random: Random) -> None:
    """Members in another order, spaces, escapes: as a person's tool would write it."""
    members = list(json.loads(encode(event)).items())
    random.shuffle(members)
    value: Json = dict(members)
    assert repr(decode(json.dumps(value, indent=1))) == repr(event)
    assert repr(decode_value(value)) == repr(event)


def _with_body(value: Json) -> CallReturned:
    return replace(RETURNED, shown=Shown(cards=(Card(body={"it": value}),), rich=value))


@pytest.mark.parametrize(
    "value", [10**19, -(10**30), 10**MOST_DIGITS - 1, 5e-324, 1.7976931348623157e308, -0.0, 0, 1e16, 0.1, 1e-7]
)
def test_odd_numbers_stay_what_they_are(value: Json) -> None:
    event = _with_body([value])
    assert repr(decode(encode(event))) == repr(event)


def test_an_answer_as_deep_as_may_be_can_be_kept() -> None:
    """JSON from outside is at most `MAX_DEPTH` deep, and lies in a fact a few levels deeper."""
    value = parse_json("[" * 128 + "]" * 128)
    event = _with_body(value)
    assert decode(encode(event)) == event


def test_a_lone_surrogate_is_not_written() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        encode(CallFailed(call_id="c", message="\ud800"))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b'{"v":3}',
        b'{,"v":3}',
        b'[1,"v":3}',
        b'"text,\\"v\\":2}',
        b'{"kind":"turn_undone","v":3}x',
        b'{"kind":"turn_undone","v":3',
        b'{"kind":"nothing","v":3}',
        b'{"kind":7,"v":3}',
        b'{"kind":"call_failed","call_id":"c","v":3}',
        b'{"kind":"call_failed","call_id":1,"message":"","v":3}',
        b'{"kind":"call_failed","call_id":"c","message":null,"v":3}',
        b'{"kind":"call_failed","call_id":"\\ud800","message":"","v":3}',
        b'{"kind":"call_failed","call_id":"\xff","message":"","v":3}',
        b'{"kind":"call_dispatched","call_id":"c","attempt":"1","request_hash":"","v":3}',
        b'{"kind":"call_dispatched","call_id":"c","attempt":1.5,"request_hash":"","v":3}',
        b'{"kind":"call_withdrawn","call_id":"c","disengages":1,"v":3}',
        b'{"kind":"turn_ended","reason":"tired","v":3}',
        b'{"v":3,"kind":"turn_ended","reason":"tired"}',
        b'{"v":3,"kind":"data_set_aside","plugins":[],"call_ids":NaN}',
        b'{"kind":"data_set_aside","plugins":' + b"[" * 300 + b"]" * 300 + b',"v":3}',
        b'{"v":3,"kind":"data_set_aside","plugins":' + b"[" * 300 + b"]" * 300 + b"}",
    ],
)
def test_what_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whose words they are does not matter here
        decode(line)


def test_a_number_beyond_all_bounds_is_no_event_of_another_version() -> None:
    """A later `encode` would write it as null."""
    line = encode(_with_body(1)).replace(b'"it":1', b'"it":1e400')
    with pytest.raises(ValueError, match="float"):
        decode_value(json.loads(line))


NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    ("event", "written"),
    [
        (ASKED, b'"expires":1.5'),
        (RetryScheduled(attempt=1, delay=1.5, reason=""), b'"delay":1.5'),
        (CallDispatched(call_id="c", attempt=1, request_hash="", at=1.5), b'"at":1.5'),
    ],
)
def test_a_time_without_end_is_no_time(event: Event, written: bytes, number: str) -> None:
    line = encode(event).replace(written, written.replace(b"1.5", number.encode()))
    for data in (line, line.decode()):
        with pytest.raises(ValueError, match=r"finite|expected value|invalid number"):
            decode(data)


@pytest.mark.parametrize("number", NUMBERS[:3])
def test_a_number_that_json_has_not_is_refused_wherever_it_stands(number: str) -> None:
    line = encode(_with_body(1)).replace(b'"it":1', b'"it":' + number.encode())
    with pytest.raises(ValueError, match=r"expected value|invalid number"):
        decode(line)


@pytest.mark.parametrize("text", ["NaN", "Infinity and NaN", '"v"', '"v":3,', "\\u0076", "v"])
def test_a_text_may_speak_of_what_no_fact_may_hold(text: str) -> None:
    for event in (CallFailed(call_id=text, message=text), _with_body({text: text, "v": {"v": [3]}})):
        assert decode(encode(event)) == event
        assert decode(encode(event).decode()) == event


@pytest.mark.parametrize("first", [b'"v":3', b'"v" : 1', b'"v":2', b'"\\u0076":3'])
def test_a_version_is_named_once(first: bytes) -> None:
    for line in (b'{%s,"kind":"turn_undone","v":3}' % first, b'{%s,"v":3,"kind":"turn_undone"}' % first):
        with pytest.raises(ValueError, match="names the version of its form twice"):
            decode(line)


@pytest.mark.parametrize("name", ["expires", "title"])
def test_the_complaint_names_the_member_and_not_what_it_holds(name: str) -> None:
    value = json.loads(encode(ASKED))
    value[name] = {"secret": "hunter2" * 100}
    with pytest.raises(ValueError, match=rf"^not an event: call_asked\.{name}: Input should be") as caught:
        decode_value(value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["k" * 10_000, "\x1b[2J\n\u202e"])
def test_the_complaint_is_one_short_line_of_plain_text(key: str) -> None:
    value = json.loads(encode(TurnStarted(text="", person="", documents={})))
    value["documents"] = {key: 1}
    with pytest.raises(ValueError, match=r"^not an event: turn_started") as caught:
        decode_value(value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= MAX_COMPLAINT_CHARS


def test_a_kind_that_there_is_not_is_not_repeated() -> None:
    with pytest.raises(ValueError, match=r"^not an event: no kind of event is called so$"):
        decode(b'{"kind":"hunter2","v":3}')


def test_a_member_that_is_left_out_has_its_default() -> None:
    assert decode('{"kind":"turn_ended","reason":"limit","other":7,"v":3}') == decode(
        '{"kind":"turn_ended","reason":"limit","v":3}'
    )
