"""Places in YAML text: every pointer's value and key stand where they are written."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from runtimes.documents import parse_document, parse_yaml
from runtimes.positions import MAX_NODES, Place, pointer_to
from runtimes.values import Json
from runtimes.yaml_positions import positions_of, scan_yaml
from tests.runtimes.placing import json_values, rest_at, values_in

QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""", re.DOTALL)
UNQUOTED = re.compile(r"[^,\]}\s]+")


def scalar_at(text: str) -> Json:
    """The scalar that the text begins with."""
    found = QUOTED.match(text) or UNQUOTED.match(text)
    return yaml.safe_load(found[0]) if found else ""


def begins_with(text: str, value: Json) -> bool:
    """True when the text begins with the value as PyYAML writes it."""
    if isinstance(value, dict):
        return text.startswith("{") or any(begins_with(text.removeprefix("? "), key) for key in value)
    if isinstance(value, list):
        return text.startswith(("[", "-"))
    is_plain = isinstance(value, str) and text[:1] not in ("'", '"')
    return text.startswith(str(value)) if is_plain else scalar_at(text) == value


@given(
    json_values,
    st.sampled_from([True, False, None]),
    st.sampled_from([None, '"', "'"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["", "\ufeff", "# 日本語 😀\r\n\n"]),
)
def test_every_value_and_key_stands_where_it_is_written(
    value: Json, is_flow: bool | None, quote: str | None, line_end: str, is_unicode: bool, lead: str
) -> None:
    # without tags, which come before a quoted number; without a document end, which comes after a scalar
    written = json.loads(json.dumps(value), parse_int=str, parse_float=str) if quote else value
    text = lead + yaml.safe_dump(
        written,
        default_flow_style=is_flow,
        default_style=quote,
        allow_unicode=is_unicode,
        line_break=line_end,
        width=10**9,
        sort_keys=False,
    )
    text = re.sub(r"!!(bool|null) ", "", text)
    assume(not re.search("[\x85\u2028\u2029]", text))  # PyYAML does not read these as it has written them
    positions, shown = scan_yaml(text), text.removeprefix("\ufeff")
    for parts, inner in values_in(written):
        pointer = pointer_to(*parts)
        rest = rest_at(shown, positions.value(pointer))
        expected = inner if isinstance(inner, dict | list | str) or not quote else yaml.safe_dump(inner).split()[0]
        assert begins_with(rest, expected)
        if parts and isinstance(parts[-1], str):
            assert begins_with(rest_at(shown, positions.key(pointer)), parts[-1])


PLACES = {
    "a:\n  b: 1\n": {"": (1, 1, 1, 1), "/a": (2, 3, 1, 1), "/a/b": (2, 6, 2, 3)},
    "- x\n-   - y\n": {"/0": (1, 3, 1, 3), "/1": (2, 5, 2, 5), "/1/0": (2, 7, 2, 7)},
    "a:\n- 1\n-\n": {"/a": (2, 1, 1, 1), "/a/0": (2, 3, 2, 3), "/a/1": (3, 2, 3, 2)},
    "{日本: [é, 😀x, {'q': \"r\"}]}": {"/日本/1": (1, 10, 1, 10), "/日本/2/q": (1, 20, 1, 15)},
    "a: &x\n  k: [1]\nb: *x\n": {"/b": (3, 4, 3, 1), "/b/k": (2, 6, 2, 3), "/b/k/0": (2, 7, 2, 7)},
    "a: &x 1\nb: &x [2]\nc: *x\n": {"/a": (1, 4, 1, 1), "/c": (3, 4, 3, 1), "/c/0": (2, 8, 2, 8)},
    "a: &x [1, &x 2, *x]\nb: *x\n": {"/a/2": (1, 17, 1, 17), "/b/0": (1, 8, 1, 8), "/b/2": (1, 17, 1, 17)},
    "{&k a: 1, b: *k}": {"/a": (1, 8, 1, 2), "/b": (1, 14, 1, 11)},
    "a: !!str 12\n": {"/a": (1, 4, 1, 1)},
    "'a/b': 1\n\"~\\x41\": 2\n": {"/a~1b": (1, 8, 1, 1), "/~0A": (2, 10, 2, 1)},
    "? a\n: b\n": {"": (1, 1, 1, 1), "/a": (2, 3, 1, 3)},
    "%YAML 1.2\n---\n# c\na: |\n  x\n  y\nb: >-\n  z\n": {"/a": (4, 4, 4, 1), "/b": (7, 4, 7, 1)},
    "a: 'x\n\n  y'\nb: x\n  y\nc: 1\n": {"/a": (1, 4, 1, 1), "/b": (4, 4, 4, 1), "/c": (6, 4, 6, 1)},
    "a:\nb:\n": {"/a": (1, 3, 1, 1), "/b": (2, 3, 2, 1)},
    "{a}": {"/a": (1, 3, 1, 2)},
    "a:\r\n  - 1\r\n  - {x: 2}\r\n": {"/a/0": (2, 5, 2, 5), "/a/1/x": (3, 9, 3, 6)},
    "\ufeffa: 1\nb: 2": {"": (1, 1, 1, 1), "/a": (1, 4, 1, 1), "/b": (2, 4, 2, 1)},
    "plain": {"": (1, 1, 1, 1), "/x": (1, 1, 1, 1)},
}


@pytest.mark.parametrize(("text", "places"), PLACES.items(), ids=[text.encode().hex()[:24] for text in PLACES])
def test_each_form_of_yaml_has_its_places(text: str, places: dict[str, tuple[int, int, int, int]]) -> None:
    parse_yaml(text.encode(), "x")
    positions = scan_yaml(text)
    for pointer, (line, column, key_line, key_column) in places.items():
        assert positions.nearest(pointer) == Place(line, column), pointer
        assert (positions.key(pointer) or positions.nearest(pointer)) == Place(key_line, key_column), pointer


def test_a_pointer_to_nothing_has_no_place_of_its_own() -> None:
    positions = scan_yaml("a:\n  - 1\n  - {}\n")
    for pointer in ("/b", "/a/2", "/a/x", "/a/-1", "/a/0/x"):
        assert positions.value(pointer) is None
    assert positions.nearest("/a/1/b/c") == Place(3, 5)
    assert positions.nearest("/b") == Place(1, 1)


@pytest.mark.parametrize(("text", "line"), [("", 1), ("# nothing\n", 1), ("---\n", 2)])
def test_a_text_without_a_value_has_a_place_for_the_whole(text: str, line: int) -> None:
    assert scan_yaml(text).nearest("/a") == Place(line, 1)


def test_beyond_the_limit_only_what_is_before_has_places() -> None:
    text = "- [x]\n- [" + "x," * MAX_NODES + "]\n- y\n"
    parse_document(text.encode(), "x")
    positions = scan_yaml(text)
    assert positions.value("/0/0") == Place(1, 4)
    assert positions.value("/1/100") == Place(2, 4 + 200)
    assert positions.value("/2") is None


def test_aliases_take_no_memory_for_what_they_repeat() -> None:
    text = "a0: &a0 [x, x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 15))
    parse_document(text.encode(), "x")
    assert scan_yaml(text).value("/a14" + "/1" * 14 + "/2") == Place(1, 16)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b'\xef\xbb\xbf {"a": [1]}', Place(1, 9)),
        (b'\xef\xbb\xbf"a":\n - 1', Place(2, 4)),
        (b"# c\n{a: [1]}", Place(2, 6)),
        ('{"é": 0, "a": [😀]}'.replace("😀", '"😀"').encode(), Place(1, 16)),
    ],
    ids=["json", "yaml", "flow", "unicode"],
)
def test_a_document_is_scanned_in_the_language_it_is_parsed_in(data: bytes, place: Place) -> None:
    parse_document(data, "x")
    assert positions_of(data).value("/a/0") == place


@given(json_values)
def test_a_json_document_has_the_places_of_json_and_of_yaml(value: Json) -> None:
    text = json.dumps({"a": value}, indent=1)
    assume("\\ud" not in text)  # a pair of surrogates is two characters in YAML
    as_json, as_yaml = positions_of(text.encode()), scan_yaml(text)
    for parts, _ in values_in({"a": value}):
        pointer = pointer_to(*parts)
        assert as_json.value(pointer) == as_yaml.value(pointer)
        assert as_json.key(pointer) == as_yaml.key(pointer)


def test_what_is_merged_stands_where_it_is_written() -> None:
    text = "a: &a {x: 1, y: {z: 2}}\nb:\n  <<: *a\n  x: 3\nc:\n  <<: [{x: 4}, *a, {w: 5}]\nd: {<<: {'<<': {v: 6}}}\n"
    value, positions = parse_yaml(text.encode(), "x"), scan_yaml(text)
    for parts, inner in values_in(value):
        if not isinstance(inner, dict | list):
            assert rest_at(text, positions.value(pointer_to(*parts))).startswith(str(inner))
            assert rest_at(text, positions.key(pointer_to(*parts))).startswith((f"{parts[-1]}:", f"'{parts[-1]}':"))
    assert positions.value("/b/y/z") == Place(1, 21)
    assert positions.value("/b/x") == Place(4, 6)
    assert positions.value("/c/x") == Place(6, 12)
