"""Replies put together from chunks, as well-behaved and as strange servers send them."""

from __future__ import annotations

import contextlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import ModelError
from orchestrator.model.base import ModelCall, ReplyEnd, Usage
from orchestrator.model.completion_reply import (
    MAX_ARGUMENT_CHARS,
    MAX_CALLS,
    MAX_NAME_CHARS,
    MAX_REPLY_CHARS,
    ReplyAssembly,
)
from runtimes.values import Json, JsonObject


def chunk(delta: JsonObject, finish_reason: str | None = None) -> JsonObject:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def fragment(
    *, index: int | None = None, id: str | None = None, name: str | None = None, arguments: Json = None
) -> JsonObject:
    members: JsonObject = {"index": index, "id": id}
    function: JsonObject = {"name": name, "arguments": arguments}
    call = {key: value for key, value in members.items() if value is not None}
    return {**call, "function": {key: value for key, value in function.items() if value is not None}}


def assembled(*chunks: Json) -> tuple[str, ReplyEnd]:
    reply = ReplyAssembly("the model 'm' at host")
    text = "".join([reply.add(orjson.dumps(value)) for value in chunks])
    return text, reply.end()


def calls_of(*fragments: JsonObject) -> list[tuple[str, str]]:
    _, end = assembled(*(chunk({"tool_calls": [value]}) for value in fragments), chunk({}, "tool_calls"))
    return [(call.tool, call.arguments) for call in end.calls]


def test_text_and_usage_are_put_together() -> None:
    text, end = assembled(
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Two "}),
        chunk({"content": "homes"}),
        chunk({}, "stop"),
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}},
    )
    assert text == "Two homes"
    assert end == ReplyEnd(calls=(), usage=Usage(input_tokens=9, output_tokens=4))


def test_fragments_of_parallel_calls_are_joined_by_their_index() -> None:
    _, end = assembled(
        chunk({"tool_calls": [fragment(index=0, id="a", name="f", arguments="")]}),
        chunk({"tool_calls": [fragment(index=1, id="b", name="g", arguments='{"y"')]}),
        chunk({"tool_calls": [fragment(index=0, arguments='{"x":1}'), fragment(index=1, arguments=":2}")]}),
        chunk({}, "tool_calls"),
    )
    assert end.calls == (
        ModelCall(id="a", tool="f", arguments='{"x":1}'),
        ModelCall(id="b", tool="g", arguments='{"y":2}'),
    )


@pytest.mark.parametrize(
    "fragments",
    [
        pytest.param(
            (
                fragment(index=0, id="a", name="f", arguments='{"x":1}'),
                fragment(index=0, id="b", name="g", arguments='{"y":2}'),
            ),
            id="whole calls, all with index 0",
        ),
        pytest.param(
            (fragment(id="a", name="f", arguments='{"x":1}'), fragment(id="b", name="g", arguments='{"y":2}')),
            id="whole calls without an index",
        ),
        pytest.param(
            (fragment(name="f", arguments='{"x":1}'), fragment(name="g", arguments='{"y":2}')),
            id="whole calls with neither index nor id",
        ),
        pytest.param(
            (
                fragment(id="a", name="f", arguments='{"x"'),
                fragment(arguments=":1}"),
                fragment(id="b", name="g"),
                fragment(id="b", arguments='{"y":2}'),
            ),
            id="fragments without an index",
        ),
        pytest.param(
            (
                fragment(index=0, id="a", name="f", arguments='{"x"'),
                fragment(index=0, id="b", arguments=":1}"),
                fragment(index=1, id="c", name="g", arguments='{"y"'),
                fragment(index=1, id="d", arguments=":2}"),
            ),
            id="an id of its own for every fragment",
        ),
        pytest.param(
            (
                fragment(index=0, id="a", name="f", arguments='{"x"'),
                fragment(index=0, id="a", name="f", arguments=":1}"),
                fragment(index=1, id="a", name="g", arguments='{"y"'),
                fragment(index=1, name="g", arguments=":2}"),
            ),
            id="one id for all, names repeated",
        ),
        pytest.param(
            (
                fragment(index=0, id="a", name="f", arguments={"x": 1}),
                fragment(index=1, id="b", name="g", arguments={"y": 2}),
            ),
            id="arguments as objects",
        ),
        pytest.param(
            (
                fragment(index=0, id="", name="f", arguments='{"x":1}'),
                fragment(index=0, id="", name="g", arguments='{"y":2}'),
            ),
            id="whole calls, all with index 0 and an empty id",
        ),
        pytest.param(
            (
                fragment(index=0, id="a", name="f", arguments='{"x":1}'),
                fragment(index=0, id="a", name="g", arguments=""),
                fragment(index=0, arguments='{"y":2}'),
            ),
            id="one id and one index for all",
        ),
        pytest.param(
            (
                fragment(index=0, id="a", name="f", arguments='{"x"'),
                fragment(index=0, arguments=":1}"),
                fragment(index=0, id="a", name="f"),
                fragment(index=1, id="b", name="g", arguments='{"y":2}'),
                fragment(index=0, id="a", name="f", arguments='{"x":1}'),
                fragment(index=1, name="g", arguments='{"y":2} '),
            ),
            id="calls told again at the end",
        ),
    ],
)
def test_the_fragments_of_strange_servers_give_the_same_calls(fragments: tuple[JsonObject, ...]) -> None:
    assert calls_of(*fragments) == [("f", '{"x":1}'), ("g", '{"y":2}')]


def test_whole_calls_in_one_delta_stay_apart_though_index_and_id_are_the_same() -> None:
    calls: list[Json] = [
        fragment(index=0, id="", name="f", arguments='{"x":1}'),
        fragment(index=0, id="", name="f", arguments='{"x":2}'),
        fragment(index=0, id="", name="now", arguments=""),
        fragment(index=0, id="", name="g", arguments='{"y":2}'),
    ]
    _, end = assembled(chunk({"tool_calls": calls}, "tool_calls"))
    assert [(call.tool, call.arguments) for call in end.calls] == [
        ("f", '{"x":1}'),
        ("f", '{"x":2}'),
        ("now", "{}"),
        ("g", '{"y":2}'),
    ]
    assert len({call.id for call in end.calls}) == 4


def test_equal_calls_under_ids_of_their_own_are_two_calls() -> None:
    assert len(calls_of(*(fragment(index=0, id=id, name="f", arguments="{}") for id in "ab"))) == 2


@pytest.mark.parametrize("id", [None, "same", "x" * (MAX_NAME_CHARS + 1)])
def test_missing_repeated_and_endless_ids_are_replaced_by_unique_ones(id: str | None) -> None:
    fragments = [fragment(index=index, id=id, name="f", arguments="{}") for index in range(3)]
    _, end = assembled(chunk({"tool_calls": [*fragments]}, "tool_calls"))
    ids = [call.id for call in end.calls]
    assert len(set(ids)) == 3
    assert all(ids)
    assert max(map(len, ids)) <= MAX_NAME_CHARS


def test_a_call_without_arguments_has_an_empty_object() -> None:
    assert calls_of(fragment(index=0, id="a", name="f")) == [("f", "{}")]


def test_broken_arguments_are_left_as_the_model_wrote_them() -> None:
    assert calls_of(fragment(index=0, id="a", name="f", arguments='{"x":')) == [("f", '{"x":')]


def test_content_parts_and_refusals_are_text() -> None:
    parts: list[Json] = [{"type": "thinking", "text": "hm"}, {"type": "text", "text": "Yes"}, 7]
    text, _ = assembled(chunk({"content": parts}), chunk({"content": None, "refusal": ", but no"}), chunk({}, "stop"))
    assert text == "Yes, but no"


def test_a_whole_document_is_read_like_a_chunk() -> None:
    call: JsonObject = {"id": "a", "function": {"name": "f", "arguments": "{}"}}
    message: JsonObject = {"role": "assistant", "content": "Let me see", "tool_calls": [call]}
    text, end = assembled({"choices": [{"message": message, "finish_reason": "tool_calls"}]})
    assert (text, end.calls) == ("Let me see", (ModelCall(id="a", tool="f", arguments="{}"),))


def test_text_that_was_cut_at_the_length_limit_is_kept() -> None:
    assert assembled(chunk({"content": "Once upon"}, "length"))[0] == "Once upon"


@pytest.mark.parametrize("finish_reason", ["length", "content_filter"])
@pytest.mark.parametrize("delta", [{"tool_calls": [fragment(index=0, id="a", name="f", arguments="{")]}, {}])
def test_a_cut_reply_with_calls_or_with_nothing_is_an_error(delta: JsonObject, finish_reason: str) -> None:
    with pytest.raises(ModelError, match="the reply of the model 'm' at host was"):
        assembled(chunk(delta, finish_reason))


@pytest.mark.parametrize(
    "payload",
    [b"<html>", b'"text"', b"[]", b'{"error":{"message":"overloaded"}}', b'{"object":"error","message":"overloaded"}'],
)
def test_a_payload_that_is_no_chunk_is_an_error_in_one_line(payload: bytes) -> None:
    with pytest.raises(ModelError, match=r"the model 'm' at host (sent a reply that|broke the reply off: overloaded)"):
        ReplyAssembly("the model 'm' at host").add(payload)


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk({"content": "x" * (MAX_REPLY_CHARS // 2 + 1)})] * 2,
        [chunk({"tool_calls": [fragment(index=0, name="f", arguments="x" * (MAX_ARGUMENT_CHARS // 2 + 1))]})] * 2,
        [chunk({"tool_calls": [fragment(index=index, name="f") for index in range(MAX_CALLS + 1)]})],
    ],
    ids=["text", "arguments", "calls"],
)
def test_a_reply_beyond_a_limit_is_an_error(chunks: list[JsonObject]) -> None:
    with pytest.raises(ModelError, match=r"(is longer|ha(s|ve) more) than \d+"):
        assembled(*chunks)


def test_a_reply_is_complete_after_its_finish_reason_and_done_after_its_last_event() -> None:
    reply = ReplyAssembly("m")
    assert not reply.is_complete
    reply.add(orjson.dumps(chunk({}, "stop")))
    assert reply.is_complete
    assert not reply.is_done
    reply.add(b"[DONE]")
    assert reply.is_done


MEMBERS = [
    *("choices", "delta", "message", "content", "refusal", "tool_calls", "index", "id", "function", "name"),
    *("arguments", "finish_reason", "usage", "prompt_tokens", "error", "type", "text", "object"),
]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.sampled_from(["", "a", "text"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(MEMBERS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
DELTAS = st.fixed_dictionaries({}, optional={"content": ODD, "tool_calls": ODD | st.lists(ODD), "refusal": ODD})
CHOICES = st.fixed_dictionaries({}, optional={"delta": ODD | DELTAS, "message": ODD, "finish_reason": ODD})
CHUNKS = ODD | st.fixed_dictionaries({}, optional={"choices": ODD | st.lists(CHOICES), "usage": ODD, "error": ODD})


@given(values=st.lists(CHUNKS, max_size=6))
def test_arbitrary_chunks_are_read_or_refused_and_never_crash(values: list[Json]) -> None:
    with contextlib.suppress(ModelError):
        text, end = assembled(*values)
        assert isinstance(text, str)
        assert len({call.id for call in end.calls}) == len(end.calls)


@given(payload=st.binary())
def test_arbitrary_payloads_are_read_or_refused(payload: bytes) -> None:
    with contextlib.suppress(ModelError):
        assert ReplyAssembly("m").add(payload) == ""


def test_an_error_nested_ever_deeper_is_an_error_like_any_other() -> None:
    payload = b'{"error":' * 900 + b"1" + b"}" * 900
    with pytest.raises(ModelError, match="no reason given"):
        ReplyAssembly("m").add(payload)
