"""Where arguments stand for files, by the schema of a function."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.tools.attachments import MAX_CHAIN, FileKind, with_files
from runtimes.values import Json, JsonObject

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
KEYWORDS = st.sampled_from(["properties", "items", "format", "contentEncoding", "$ref", "$defs", "a", "binary"])
SCHEMAS = st.recursive(
    st.sampled_from(["binary", "byte", "base64", "#/$defs/a", "#/$defs/b", 1, None]),
    lambda inner: st.dictionaries(KEYWORDS, inner, max_size=4),
    max_leaves=12,
)
TEXT: Json = {"type": "string"}


def marked(argument: str, text: str, kind: FileKind) -> str:
    return f"{argument}:{kind}:{text}"


def same(argument: str, text: str, kind: FileKind) -> str:
    del argument, kind
    return text


@given(arguments=st.dictionaries(st.text(max_size=3), JSON, max_size=4), schema=SCHEMAS)
def test_arguments_without_files_stay_as_they_are_whatever_the_schema(arguments: JsonObject, schema: Json) -> None:
    assert with_files(arguments, schema if isinstance(schema, dict) else {}, same) == arguments


@pytest.mark.parametrize(
    ("schema", "value", "meant"),
    [
        ({"format": "binary"}, "x", "a:binary:x"),
        ({"format": "byte"}, "x", "a:byte:x"),
        ({"contentEncoding": "base64"}, "x", "a:byte:x"),
        ({"contentEncoding": "base64url"}, "x", "x"),
        ({"format": "date"}, "x", "x"),
        ({"format": "binary"}, 7, 7),
        ({"items": {"format": "binary"}}, ["x", 7, ["y"]], ["a:binary:x", 7, ["y"]]),
        ({"properties": {"b": {"format": "binary"}}}, {"b": "x", "c": "y"}, {"b": "a:binary:x", "c": "y"}),
        ({"$ref": "#/$defs/File"}, "x", "a:byte:x"),
        ({"$ref": "#/$defs/a~1b"}, "x", "a:binary:x"),
        ({"$ref": "#/$defs/Loop"}, "x", "x"),
        ({"$ref": "https://example.com/File"}, "x", "x"),
        (
            {"$ref": "#/$defs/Tree"},
            {"file": "x", "next": {"file": "y"}},
            {"file": "a:byte:x", "next": {"file": "a:byte:y"}},
        ),
    ],
)
def test_a_file_is_where_the_schema_says_so(schema: Json, value: Json, meant: Json) -> None:
    definitions: JsonObject = {
        "File": {"format": "byte"},
        "a/b": {"format": "binary"},
        "Loop": {"$ref": "#/$defs/Loop"},
        "Tree": {"properties": {"file": {"$ref": "#/$defs/File"}, "next": {"$ref": "#/$defs/Tree"}}},
    }
    parameters: JsonObject = {"properties": {"a": schema, "text": TEXT}, "$defs": definitions}
    assert with_files({"a": value, "text": "x"}, parameters, marked) == {"a": meant, "text": "x"}


def test_a_long_chain_of_references_is_not_followed_to_its_end() -> None:
    definitions: JsonObject = {str(n): {"$ref": f"#/$defs/{n + 1}"} for n in range(MAX_CHAIN)}
    definitions[str(MAX_CHAIN)] = {"format": "byte"}
    near: JsonObject = {"properties": {"a": {"$ref": "#/$defs/1"}}, "$defs": definitions}
    far: JsonObject = {"properties": {"a": {"$ref": "#/$defs/0"}}, "$defs": definitions}
    assert with_files({"a": "x"}, near, marked) == {"a": "a:byte:x"}
    assert with_files({"a": "x"}, far, marked) == {"a": "x"}
