"""Declared parameters become JSON Schema, whatever a manifest has in their place."""

from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.tools.declared import declared_schema
from runtimes.values import Json, JsonObject

KEYWORDS: tuple[str, ...] = ("type", "description", "items", "enum", "default", "properties", "required")
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4) | st.sampled_from(["string", "Object"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("declared", "read"),
    [
        ({"type": "String", "default": None}, {"type": "string"}),
        ({"type": ["string", "null", 5]}, {"type": ["string", "null"]}),
        ({"type": "strng", "description": 5, "enum": []}, {}),
        ({"items": {"type": "OBJECT", "required": True}}, {"items": {"type": "object"}}),
        ({"properties": {"default": {"default": None}, "a": 5}}, {"properties": {"default": {}, "a": {}}}),
        ({"const": None, "nullable": True, "x-a": {"b": None}}, {"const": None, "nullable": True, "x-a": {"b": None}}),
        ({"type": "integer", "default": "${{TOP}}"}, {"type": "integer"}),
    ],
)
def test_what_cannot_be_understood_is_left_out(declared: JsonObject, read: JsonObject) -> None:
    assert declared_schema(declared) == read


@given(st.dictionaries(st.sampled_from(KEYWORDS), values))
def test_the_result_is_a_schema_and_reading_it_again_changes_nothing_more(declared: JsonObject) -> None:
    read = declared_schema(declared)
    assert declared_schema(read) == read
    assert jsonschema_rs.validator_for(read).is_valid({}) in (True, False)
