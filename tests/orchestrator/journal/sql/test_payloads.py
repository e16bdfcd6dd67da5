"""What of a fact is kept apart comes back as it was, and not without bounds."""

from __future__ import annotations

import zlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.journal.sql.payloads import SPLIT_OVER, join, payload_of, split, unpacked
from runtimes.values import JsonObject, dump_json


@st.composite
def long_texts(draw: st.DrawFn) -> str:
    """Texts beyond what stays in a fact."""
    return draw(st.text(min_size=1, max_size=40)) * draw(st.integers(1, 2000))


@st.composite
def objects(draw: st.DrawFn) -> JsonObject:
    """JSON objects, some of whose members are large."""
    scalars = st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False)
    leaves = scalars.filter(lambda one: one not in (float("inf"), float("-inf"))) | st.text() | long_texts()
    names = st.text(max_size=8)
    values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4))
    return draw(st.dictionaries(names, values, max_size=5))


@given(objects())
def test_whatever_is_split_is_joined_again(value: JsonObject) -> None:
    encoded = dump_json(value).encode()
    parts = split(encoded)
    found = {one.hash: unpacked(one.encoding, one.size, one.body) for one in parts.payloads}
    assert join(parts.body, parts.members, found).encode() == encoded


def test_a_small_fact_is_kept_whole_and_a_large_one_is_not() -> None:
    assert split(b'{"a":"b"}').body == '{"a":"b"}'
    parts = split(dump_json({"a": "x" * SPLIT_OVER, "b": "x" * SPLIT_OVER, "c": 1}).encode())
    assert parts.body == '{"a":null,"b":null,"c":1}'
    assert parts.members["a"] == parts.members["b"]
    assert [one.size for one in parts.payloads] == [SPLIT_OVER + 2]
    assert len(parts.payloads[0].body) < 200


def test_what_does_not_get_smaller_is_kept_as_it_is() -> None:
    data = b"".join(sha256(bytes([n])).digest() for n in range(100))
    assert (payload_of(data).encoding, payload_of(data).body) == ("raw", data)
    assert unpacked("raw", len(data), data) == data


def test_no_more_is_unpacked_than_was_packed() -> None:
    bomb = zlib.compress(b"0" * 10_000_000)
    with pytest.raises(ValueError, match="not as long"):
        unpacked("zlib", 1000, bomb)
    with pytest.raises(ValueError, match="not as long"):
        unpacked("zlib", 20_000_000, bomb)


@pytest.mark.parametrize(("encoding", "size", "body"), [("zlib", 4, b"junk"), ("other", 4, b"junk"), ("raw", -1, b"")])
def test_a_damaged_payload_is_told(encoding: str, size: int, body: bytes) -> None:
    with pytest.raises(ValueError, match="payload"):
        unpacked(encoding, size, body)
