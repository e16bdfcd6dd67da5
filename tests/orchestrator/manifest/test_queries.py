"""How data paths and properties are read, also where they are no JSONPath."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.manifest.queries import MAX_PATHS, Path, Text, data_path_of, property_of
from runtimes.values import Json

values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["json_path", "static_value", "other"]), inner, max_size=3)
    ),
    max_leaves=4,
)


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("$.results", "$.results"),
        ("", "$"),
        (" ", "$"),
        ("results", "$.results"),
        (".results", "$.results"),
        ("data.items[0].all", "$.data.items[0].all"),
        ("$[", "$["),
        ("all of it", "all of it"),
        ("a-b", "a-b"),
    ],
)
def test_a_data_path_may_be_empty_or_a_bare_name(written: str, query: str) -> None:
    """Issue 3, point 2."""
    assert data_path_of(written) == query


@given(st.text())
def test_reading_a_data_path_twice_changes_nothing_more(written: str) -> None:
    assert data_path_of(data_path_of(written)) == data_path_of(written)


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("$.name", (Path("$.name"),)),
        ("name", (Path("$.name"),)),
        ("", ()),
        ("Event created successfully", (Text("Event created successfully"),)),
        (
            "https://a.example/$.id?x=$.b[0].c",
            (Text("https://a.example/"), Path("$.id"), Text("?x="), Path("$.b[0].c")),
        ),
        ("costs $9", (Text("costs $9"),)),
        ("${{ENDPOINT_URL}}/$.id", ()),
        ({"json_path": "$.name"}, (Path("$.name"),)),
        ({"json_path": "name"}, (Path("$.name"),)),
        ({"static_value": "$.name"}, (Text("$.name"),)),
    ],
)
def test_a_property_may_be_more_than_a_path(written: Json, parts: tuple[Path | Text, ...]) -> None:
    """Issue 3, point 2: these are what real manifests write."""
    reading = property_of(written)
    assert reading is not None
    assert tuple(reading.parts) == parts
    assert (reading.taken_for == "") == (written == "$.name")


@pytest.mark.parametrize("written", [None, 5, True, [], {}, {"json_path": 1}, {"static_value": []}])
def test_a_property_that_says_nothing_is_not_read(written: Json) -> None:
    assert property_of(written) is None


def test_a_text_with_very_many_paths_is_a_text() -> None:
    reading = property_of("x " + "$.a " * (MAX_PATHS + 1))
    assert reading is not None
    assert [type(part) for part in reading.parts] == [Text]


@given(values)
def test_any_value_is_read_and_texts_without_objects_keep_their_characters(written: Json) -> None:
    reading = property_of(written)
    assert (reading is None) == (not isinstance(written, str | dict)) or isinstance(written, dict)
    if reading is not None and reading.parts and reading.taken_for == "":
        assert [part for part in reading.parts if isinstance(part, Text)] == []
