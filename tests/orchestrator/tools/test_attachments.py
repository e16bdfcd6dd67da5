"""Where arguments stand for files, by the schema of a function."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.tools.attachments import MAX_SCHEMAS, FilePlace, misnamed, with_files
from runtimes.base import RAW_BYTES, FunctionSignature
from runtimes.values import Json, JsonObject

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
NESTED = ["properties", "items", "prefixItems", "anyOf", "additionalProperties", "patternProperties", "$ref", "$defs"]
KEYWORDS = st.sampled_from([*NESTED, "format", "contentEncoding", "a", "binary"])
SCHEMAS = st.recursive(
    st.sampled_from(["binary", "byte", "base64", "#/$defs/a", "#/$defs/b", 1, None]),
    lambda inner: st.dictionaries(KEYWORDS, inner | st.lists(inner, max_size=3), max_size=4),
    max_leaves=12,
)


class Rules:
    """Arguments of which the model is told less."""

    def schema(self) -> JsonObject:
        return {"properties": {"deep": {"properties": {"photo": BYTE, "either": {"anyOf": [TEXT, RAW]}}}}}

    def completed(self, arguments: JsonObject, /) -> JsonObject:
        return arguments


TEXT: Json = {"type": "string"}
BYTE: Json = {"type": "string", "format": "byte"}
NULL: Json = {"type": "null"}
RAW: Json = {"type": "string", **RAW_BYTES}


def marked(place: FilePlace, text: str) -> str:
    return f"{place.argument}:{place.kind}{'' if place.is_certain else '?'}:{text}"


def same(place: FilePlace, text: str) -> str:
    del place
    return text


@given(arguments=st.dictionaries(st.text(max_size=3), JSON, max_size=4), schema=SCHEMAS)
def test_arguments_without_files_stay_as_they_are_whatever_the_schema(arguments: JsonObject, schema: Json) -> None:
    assert with_files(arguments, schema if isinstance(schema, dict) else {}, same) == arguments


@pytest.mark.parametrize(
    ("schema", "value", "meant"),
    [
        (RAW, "x", "a:binary:x"),
        ({"format": "binary"}, "x", "a:byte:x"),
        ({"format": "byte"}, "x", "a:byte:x"),
        ({"contentEncoding": "base64"}, "x", "a:byte:x"),
        ({"contentEncoding": "BASE64"}, "x", "a:byte:x"),
        ({"contentEncoding": "base64url", "format": "byte"}, "x", "a:base64url:x"),
        ({"format": "base64url"}, "x", "a:base64url:x"),
        ({"contentEncoding": "quoted-printable"}, "x", "x"),
        ({"anyOf": [BYTE, NULL]}, "x", "a:byte:x"),
        ({"oneOf": [NULL, {"$ref": "#/$defs/File"}]}, "x", "a:byte:x"),
        ({"allOf": [{"$ref": "#/$defs/File"}], "description": "d"}, "x", "a:byte:x"),
        ({"anyOf": [TEXT, BYTE]}, "x", "a:byte?:x"),
        ({"anyOf": [{"items": BYTE}, {"properties": {"b": BYTE}}]}, [{"b": "x"}, "y"], [{"b": "x"}, "a:byte:y"]),
        ({"additionalProperties": BYTE}, {"b": "x"}, {"b": "a:byte:x"}),
        ({"patternProperties": {"^b": BYTE}}, {"b": "x"}, {"b": "a:byte:x"}),
        ({"properties": {"b": TEXT}, "additionalProperties": BYTE}, {"b": "x", "c": "y"}, {"b": "x", "c": "a:byte:y"}),
        ({"prefixItems": [TEXT, BYTE], "items": RAW}, ["x", "y", "z"], ["x", "a:byte:y", "a:binary:z"]),
        ({"$ref": "#/$defs/File", "description": "d"}, "x", "a:byte:x"),
        ({"format": "date"}, "x", "x"),
        (RAW, 7, 7),
        ({"items": RAW}, ["x", 7, ["y"]], ["a:binary:x", 7, ["y"]]),
        ({"properties": {"b": RAW}}, {"b": "x", "c": "y"}, {"b": "a:binary:x", "c": "y"}),
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
        "a/b": RAW,
        "Loop": {"$ref": "#/$defs/Loop"},
        "Tree": {"properties": {"file": {"$ref": "#/$defs/File"}, "next": {"$ref": "#/$defs/Tree"}}},
    }
    parameters: JsonObject = {"properties": {"a": schema, "text": TEXT}, "$defs": definitions}
    assert with_files({"a": value, "text": "x"}, parameters, marked) == {"a": meant, "text": "x"}


def test_a_long_chain_of_references_is_not_followed_to_its_end() -> None:
    definitions: JsonObject = {str(n): {"$ref": f"#/$defs/{n + 1}"} for n in range(MAX_SCHEMAS)}
    definitions[str(MAX_SCHEMAS)] = {"format": "byte"}
    near: JsonObject = {"properties": {"a": {"$ref": "#/$defs/2"}}, "$defs": definitions}
    far: JsonObject = {"properties": {"a": {"$ref": "#/$defs/1"}}, "$defs": definitions}
    assert with_files({"a": "x"}, near, marked) == {"a": "a:byte:x"}
    assert with_files({"a": "x"}, far, marked) == {"a": "x"}


def test_members_may_stand_in_an_argument_that_is_all_of_them() -> None:
    parameters: JsonObject = {"properties": {"photo": BYTE}, "additionalProperties": False}
    assert with_files({"body": {"photo": "x", "n": "y"}}, parameters, marked) == {
        "body": {"photo": "body:byte:x", "n": "y"}
    }
    assert with_files({"more": "x"}, {"additionalProperties": BYTE}, marked) == {"more": "more:byte:x"}


def test_files_are_looked_for_in_all_that_arguments_are_held_to() -> None:
    parameters: JsonObject = {"properties": {"deep": {"type": "object", "description": "what it holds is not listed"}}}
    signature = FunctionSignature(name="f", destination="here", parameters=parameters, rules=Rules())
    assert "there is no 'attachment:1'" in misnamed({"deep": {"photo": "attachment:1"}}, signature, {})
    assert "not its path" in misnamed({"deep": {"photo": "@/etc/hostname"}}, signature, {})
    assert misnamed({"deep": {"photo": "no base64"}}, signature, {}) == ""
    assert misnamed({"deep": {"either": "@/etc/hostname"}}, signature, {}) == ""
    assert "there is no 'attachment:1'" in misnamed({"deep": {"either": "attachment:1"}}, signature, {})
