"""JSON and YAML from strangers: values, places of mistakes, limits."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runtimes.documents import DocumentError, parse_document, parse_yaml
from runtimes.limits import MAX_JSON_BYTES, MAX_YAML_BYTES
from runtimes.values import Json, canonical_json, dump_json

PLAIN: dict[str, Json] = {
    "yes": "yes",
    "on": "on",
    "NO": "NO",
    "true": True,
    "FALSE": False,
    "null": None,
    "~": None,
    "2020-01-31": "2020-01-31",
    "1:30": "1:30",
    "012": 12,
    "0o17": 15,
    "0x1f": 31,
    "1_000": "1_000",
    "+3": 3,
    "1e3": 1000.0,
    "-.5": -0.5,
    "1.2.3": "1.2.3",
    "'12'": "12",
    '"true"': "true",
    "!!str 12": "12",
    "!!float 12": 12,
    "18446744073709551615": 18446744073709551615,
    "18446744073709551616": 1.8446744073709552e19,
    "0o" + "7" * 26: float(8**26 - 1),
    "0x" + "f" * 26: float(16**26 - 1),
    "0o" + "0" * 30 + "17": 15,
    "=": "=",
    "[a, {b: 1}]": ["a", {"b": 1}],
    "{200: ok, on: x, null: y}": {"200": "ok", "on": "x", "null": "y"},
    "{a: &x [1], b: *x}": {"a": [1], "b": [1]},
    "{&k a: 1, b: *k}": {"a": 1, "b": "a"},
    "|\n x\n y": "x\ny\n",
}


@pytest.mark.parametrize(("text", "value"), PLAIN.items(), ids=PLAIN)
def test_yaml_is_read_by_the_core_schema_of_version_1_2(text: str, value: Json) -> None:
    # `canonical_json` tells 1 from true and 1.0, which `==` does not
    parsed = parse_yaml(f"- {text}\n".encode(), "x")
    assert isinstance(parsed, list)
    assert canonical_json(parsed[0]) == canonical_json(value)


MERGED = {
    "a: &a {b: 1, c: 2}\nd: {<<: *a, c: 3}": {"a": {"b": 1, "c": 2}, "d": {"c": 3, "b": 1}},
    "a: &a {b: 1, c: 2}\nd: {c: 3, <<: *a}": {"a": {"b": 1, "c": 2}, "d": {"c": 3, "b": 1}},
    "<<: [{a: 1}, {a: 2, b: 3}]": {"a": 1, "b": 3},
    "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b, z: 3}\nd: *b": {
        "a": {"x": 1},
        "b": {"y": 2, "x": 1},
        "c": {"z": 3, "y": 2, "x": 1},
        "d": {"y": 2, "x": 1},
    },
    "a: {<<: &x {y: 1}}\nb: *x": {"a": {"y": 1}, "b": {"y": 1}},
    "l: &l [{a: 1}]\nb: {<<: *l}": {"l": [{"a": 1}], "b": {"a": 1}},
    "<<: {}\na: 1": {"a": 1},
    "<<: []": {},
    "'<<': 1": {"<<": 1},
    '"<<": {a: 1}': {"<<": {"a": 1}},
    "<<: {'<<': {a: 1}}": {"<<": {"a": 1}},
    "- <<": ["<<"],
    "a: <<": {"a": "<<"},
}


@pytest.mark.parametrize("text", MERGED)
def test_merge_keys_stand_for_members_that_a_mapping_has_not_itself(text: str) -> None:
    assert parse_yaml(text.encode(), "x") == MERGED[text]


REFUSED = {
    "a: 1\na: 2": (2, 1, "occurs twice"),
    "a: .inf": (1, 4, "no number in JSON"),
    "a: 1e999": (1, 4, "too large"),
    "? [a]\n: 1": (1, 3, "key must be a string"),
    "a: &x b\n*x : 1": (2, 1, "alias cannot be a key"),
    "&a [*a]": (1, 5, "no anchor before it"),
    "a: *b": (1, 4, "no anchor before it"),
    "!!python/name:os.system x": (1, 1, "tag"),
    "!x {a: 1}": (1, 1, "tag"),
    "!!int x": (1, 1, "tag"),
    "a: 1\n---\nb: 2": (2, 1, "more than one document"),
    "a: b: c": (1, 5, "mapping values"),
    "a: 'x": (1, 6, "end of stream"),
    '{"a": }': (1, 7, "unexpected character"),
    "[" * 200: (1, 129, "nested more than 128"),
    "- " * 200: (1, 257, "nested more than 128"),
    "0o" + "7" * 390: (1, 1, "too large"),
    "0x" + "f" * 390: (1, 1, "too large"),
    "9" * 390: (1, 1, "too large"),
    "9" * 500: (1, 1, "more than 400 digits"),
}


@pytest.mark.parametrize(("text", "problem"), REFUSED.items(), ids=[text[:20] for text in REFUSED])
def test_a_mistake_is_named_with_its_place(text: str, problem: tuple[int, int, str]) -> None:
    line, column, words = problem
    with pytest.raises(DocumentError) as caught:
        parse_document(text.encode(), "api.yaml")
    assert (caught.value.line, caught.value.column) == (line, column)
    assert words in caught.value.reason
    assert str(caught.value) == f"api.yaml:{line}:{column}: {caught.value.reason}"


def test_aliases_are_refused_when_they_repeat_too_much() -> None:
    levels = ["a: &a [" + "x," * 9 + "]"]
    levels += [
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    with pytest.raises(DocumentError, match="that aliases repeat"):
        parse_document("\n".join(levels).encode(), "x")


def test_aliases_are_refused_when_they_nest_too_deep() -> None:
    levels = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 140)]
    with pytest.raises(DocumentError, match="nested more than 128"):
        parse_document("\n".join(levels).encode(), "x")


def test_documents_beyond_the_limits_of_size_are_not_read() -> None:
    with pytest.raises(DocumentError, match="limit for YAML"):
        parse_document(b"#" * (MAX_YAML_BYTES + 1), "x")
    with pytest.raises(DocumentError, match="limit for JSON"):
        parse_document(b"{" + b" " * MAX_JSON_BYTES, "x")


@pytest.mark.parametrize("data", [b"\xff", b"a: \x00", b'"\\ud800"', b'{"a": "\\ud800"}', b"\xed\xa0\x80"])
def test_bytes_that_are_no_text_are_refused(data: bytes) -> None:
    with pytest.raises(DocumentError):
        parse_document(data, "x")


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert parse_document(b'\xef\xbb\xbf{"a":1}', "x") == {"a": 1}
    assert parse_document(b"\xef\xbb\xbfa: 1", "x") == {"a": 1}


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON_VALUES))
def test_json_that_begins_with_a_brace_is_read_back_equal(value: Json) -> None:
    assert parse_document(dump_json(value).encode(), "x") == value


PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))


@given(
    st.recursive(
        PRINTABLE | st.integers(-1000, 1000) | st.booleans() | st.none(),
        lambda x: st.lists(x) | st.dictionaries(PRINTABLE, x),
        max_leaves=8,
    )
)
def test_yaml_that_another_library_wrote_is_read_back_equal(value: Json) -> None:
    # in quotes, with a tag on whatever is no string: the versions of YAML differ in what plain text means
    text = yaml.safe_dump(value, default_style='"')
    assert parse_yaml(text.encode(), "x") == value


@given(st.binary() | st.text("{}[]:,&*!|>'\"#%@`\n -?ab1.\\x").map(str.encode))
def test_nothing_but_an_invalid_document_is_raised(data: bytes) -> None:
    try:
        value = parse_document(data, "x")
    except DocumentError:
        return
    dump_json(value)
