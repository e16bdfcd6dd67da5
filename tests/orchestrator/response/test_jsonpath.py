"""Queries over answers: what RFC 9535 takes is evaluated, whatever letters its names are of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.jsonpath import InvalidQuery, is_query, select
from runtimes.values import Json, JsonObject

ANSWER: JsonObject = {"日本": {"東京": 1, "名": "it's"}, "한국": [{"도시": 2}, {"도시": 3}], "é": 4, "\U0001f600": 5}
BEYOND_ASCII = st.characters(min_codepoint=0x80, exclude_categories=["Cs"])
NAMES = st.builds(
    "{}{}".format,
    st.one_of(st.sampled_from("aZ_"), BEYOND_ASCII),
    st.text(st.one_of(st.sampled_from("aZ_09"), BEYOND_ASCII)),
)


@pytest.mark.parametrize(
    ("query", "selected"),
    [
        ("$.日本.東京", [1]),
        ("$.é", [4]),
        ("$.\U0001f600", [5]),
        ("$.한국[1].도시", [3]),
        ("$.한국[0:1].도시", [2]),
        ("$..도시", [2, 3]),
        ("$.한국[?@.도시 > 2].도시", [3]),
        ("$.한국[?@.도시 == $.한국[0].도시].도시", [2]),
        ("$['日本'].東京", [1]),
        ("$.日本[?@ == '.東京']", []),
        ('$.日本[?@ == "it\'s"]', ["it's"]),
        ("$.日本.大阪", []),
    ],
)
def test_names_of_any_letters_need_no_quotes(query: str, selected: list[Json]) -> None:
    """RFC 9535, 2.5.1.1: every character from U+0080 on that is no surrogate."""
    assert select(query, ANSWER) == selected


@pytest.mark.parametrize("query", ["$.日 本[0]", "$.日本[", "$. 日本[0]", "$...日本", "$.9日本", "$.日本-x[0]", "日本"])
def test_what_is_no_query_stays_none(query: str) -> None:
    assert not is_query(query)
    with pytest.raises(InvalidQuery, match="JSONPath"):
        select(query, ANSWER)


@given(NAMES)
def test_a_name_is_found_however_it_is_asked_for(name: str) -> None:
    item: JsonObject = {name: 1}
    assert select(f"$.{name}", item) == [1]
    assert select(f"$[0].{name}", [item]) == [1]
    assert select(f"$..{name}", [item]) == [1]
    assert select(f"$[?@.{name} == 1]", [item]) == [item]


@pytest.mark.parametrize("query", ["$..日本..東京", "$[?match(@.日本, 'a')]"])
def test_what_is_too_costly_is_a_query_all_the_same(query: str) -> None:
    assert is_query(query)
    with pytest.raises(InvalidQuery):
        select(query, ANSWER)
