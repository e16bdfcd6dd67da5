"""Places in JSON text: every pointer's value stands where the standard library reads it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.limits import MAX_DEPTH, MAX_KEY_CHARS
from runtimes.positions import MAX_NODES, MAX_NOTED, Place, name_at, pointer_to, scan, scan_within_limits
from runtimes.values import InvalidJson, Json
from tests.runtimes.placing import json_values, rest_at, values_in


@given(
    json_values,
    st.sampled_from([None, 0, 1, 4, "\t"]),
    st.sampled_from(["", " ", "\n", "\r\n\t"]),
    st.booleans(),
    st.booleans(),
)
def test_every_value_stands_where_json_reads_it(
    value: Json, indent: int | str | None, lead: str, is_ascii: bool, has_mark: bool
) -> None:
    text = lead + json.dumps(value, indent=indent, ensure_ascii=is_ascii) + lead
    positions = scan("\ufeff" + text if has_mark else text)
    decoder = json.JSONDecoder()
    for parts, inner in values_in(value):
        pointer = pointer_to(*parts)
        assert decoder.raw_decode(rest_at(text, positions.value(pointer)))[0] == inner
        if parts and isinstance(parts[-1], str):
            key, end = decoder.raw_decode(rest_at(text, positions.key(pointer)))
            assert key == parts[-1] == name_at(pointer)
            assert rest_at(text, positions.key(pointer))[end:].startswith(":")
    assert positions.duplicates == ()


def test_a_pointer_to_nothing_has_no_place_of_its_own() -> None:
    positions = scan('{"a": [1, {}]}')
    for pointer in ("/b", "/a/2", "/a/x", "/a/-1", "/a/99999999999999999999", "/a/0000000001", "/a/0/x"):
        assert positions.value(pointer) is None
    assert positions.nearest("/a/1/b/c") == Place(1, 11)
    assert positions.nearest("/b") == Place(1, 1)


def test_the_second_of_two_equal_keys_is_noted_however_it_is_written() -> None:
    positions = scan('{"a": {"b": 1,\n"\\u0062": {"c": 2}}}')
    (noted,) = positions.duplicates
    assert (noted.pointer, noted.place) == ("/a/b", Place(2, 1))
    assert positions.value("/a/b/c") == Place(2, 17)


def test_integers_beyond_64_bits_are_noted() -> None:
    text = f"[{2**64 - 1}, {2**64}, {-(2**63)}, {-(2**63) - 1}, 1e300]"
    assert [noted.pointer for noted in scan(text).huge_integers] == ["/1", "/3"]
    assert [noted.pointer for noted in scan(str(2**64)).huge_integers] == [""]


@pytest.mark.parametrize(
    ("text", "told", "line", "column"),
    [
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "deep", 1, MAX_DEPTH + 1),
        ("[\n" + "0," * MAX_NODES + "0]", "values", 2, 2 * MAX_NODES - 1),
        ('{"' + "k" * (MAX_KEY_CHARS + 1) + '": 1}', "key", 1, 2),
    ],
    ids=["depth", "values", "key"],
)
def test_each_limit_stops_the_scan_where_it_is_passed(text: str, told: str, line: int, column: int) -> None:
    with pytest.raises(InvalidJson, match=told) as caught:
        scan(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_what_is_at_the_limits_is_read() -> None:
    assert scan("[" * MAX_DEPTH + "]" * MAX_DEPTH).value("/0" * (MAX_DEPTH - 1)) == Place(1, MAX_DEPTH)
    assert len(scan("{" + ",".join(['"a": 1'] * 1000) + "}").duplicates) == MAX_NOTED


@pytest.mark.parametrize(
    "text",
    ["[\n1," + "0," * MAX_NODES + "0]", '[\n1,{"' + "k" * (MAX_KEY_CHARS + 1) + '": 1}]'],
    ids=["values", "key"],
)
def test_beyond_a_limit_the_places_up_to_there_may_be_had(text: str) -> None:
    positions = scan_within_limits(text)
    assert positions.value("/0") == Place(2, 1)
    assert positions.nearest(f"/{MAX_NODES}/x") == Place(1, 1)


def test_strings_of_many_escapes_are_read_in_one_go() -> None:
    text = '["' + '\\"' * 1_000_000 + '", 1]'
    assert scan(text).value("/1") == Place(1, len(text) - 1)
