"""Queries over answers: what RFC 9535 takes is evaluated, whatever letters its names are of."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.response.jsonpath import (
    MAX_NESTING,
    MAX_NODES,
    MAX_QUERY,
    CostlyQuery,
    InvalidQuery,
    check_query,
    is_query,
    select,
)
from orchestrator.response.jsonpath_budget import MAX_SHOWN, Budget
from runtimes.values import Json, JsonObject, dump_json
from tests.pace import soon

MAX_SECONDS = 30.0
"""Processor seconds that the costliest query may take, on a slow machine whose steps are traced."""

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


@pytest.mark.parametrize(("query", "selected"), [("$..日本..東京", [1]), ('$.日本[?match(@, "it.s")]', ["it's"])])
def test_descendants_and_regular_expressions_are_evaluated(query: str, selected: list[Json]) -> None:
    assert is_query(query)
    assert select(query, ANSWER) == selected


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("$.items[?@.price = 1]", 18),
        ("$.items[", 9),
        ("items", 1),
        ("$[?length(@.a)]", 3),
        ("$[?!length(@.a)]", 5),
        ("$.日本.東京[?@.價 = 1]", 14),
        ("$[?nope(@)]", 4),
    ],
)
def test_what_is_no_query_is_told_with_its_place(query: str, column: int) -> None:
    """Issue 5, line 1: errors with a caret."""
    with pytest.raises(InvalidQuery, match="is not a JSONPath query") as caught:
        check_query(query)
    assert caught.value.column == column
    assert caught.value.drawn == f"{query}\n{' ' * (column - 1)}^"
    assert str(caught.value).endswith(f"(column {column})")


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("$[?@.a==1e400]", 9),
        ("$[?@.a==-1e400]", 9),
        ("$[?@=='1e400' || @.x1e400==1 || @==1E+999]", 36),
        ("$[?@==" + "9" * 400 + "]", 7),
    ],
)
def test_a_number_that_is_too_large_is_named(query: str, column: int) -> None:
    with pytest.raises(InvalidQuery, match="the number is too large") as caught:
        check_query(query)
    assert caught.value.column == column


def test_of_a_long_query_only_the_part_around_the_mistake_is_shown() -> None:
    query = "$" + ".name" * 100 + "[" + ".name" * 90
    with pytest.raises(InvalidQuery) as caught:
        check_query(query)
    line, caret = caught.value.drawn.split("\n")
    assert len(line) <= MAX_SHOWN + 2
    assert query[caught.value.column - 1 :].startswith(line[caret.index("^") :].rstrip("…"))


def chain(length: int) -> Json:
    """An array in an array in an array."""
    value: Json = 1
    for _ in range(length):
        value = [value]
    return value


TREE: Json = [[[[index, str(index)] for index in range(10)] for _ in range(10)] for _ in range(10)]
ROWS: list[Json] = ["a" * 15 + "!"] * 500
ZEROS: list[Json] = [0] * 200_000
EMPTIES: list[Json] = [[]] * 20_000
ITEM: Json = {"a": 1}
LIMITS: list[tuple[str, Json, str]] = [
    ("$" + ".a" * MAX_QUERY, {}, "longer than the 1024 characters"),
    ("$" + "[?@" * (MAX_NESTING + 1) + "]" * (MAX_NESTING + 1), [], "nests more than 32 deep"),
    ("$[?" + "(" * (MAX_NESTING + 1) + "@" + ")" * (MAX_NESTING + 1) + "]", [], "nests more than 32 deep"),
    ("$..[?count($..*) > 1]", TREE, "more than 3000000 steps"),
    ("$..*..*..*", chain(400), "more than 3000000 steps over this answer"),
    ("$[?match(@, '(a|a)*')]", ["a" * 40 + "!"], "more than 1.0 seconds for its regular expressions"),
    ("$[?match(@, '(a|a)*')]", ROWS, "more than 1.0 seconds for its regular"),
    ("$[?" + "||".join(["@==2"] * 160) + "]", ZEROS[:50_000], "more than 3000000 steps"),
    ("$[?" + "||".join(["1==2"] * 160) + "]", ZEROS[:50_000], "more than 3000000 steps"),
    ("$[?" + "&&".join(["!@.a"] * 160) + "]", ZEROS[:50_000], "more than 3000000 steps"),
    ("$[?" + "||".join(["length(@)==2"] * 60) + "]", ZEROS, "more than 3000000 steps"),
    ("$..[" + ",".join("0" * 500) + "]", EMPTIES, "more than 3000000 steps"),
    ("$[?search(@[0], @[1])]", [["a" * 40 + "!", "(a|aa)+c"], ["", ""]], "more than 1.0 seconds"),
]


@pytest.mark.parametrize(("query", "value", "limit"), LIMITS, ids=[case[0][:40] for case in LIMITS])
def test_hostile_queries_and_answers_end_in_a_named_limit(query: str, value: Json, limit: str) -> None:
    """Issue 5: hostile templates and data."""
    with soon(5 * MAX_SECONDS):  # a guard against work that no step pays for
        with pytest.raises(CostlyQuery, match=limit):
            select(query, value, Budget(seconds=MAX_SECONDS))
        assert is_query(query)


def test_evaluations_end_in_time_whatever_their_steps_cost() -> None:
    """Time passes while one of those that share a budget is evaluated, and not between them."""
    moments = count()
    budget = Budget(seconds=6, clock=lambda: float(next(moments)))
    assert select("$[?@.a]", [{"a": 1}], budget) == [{"a": 1}]
    assert [next(moments) for _ in range(100)]
    assert select("$[?@.a]", [{"a": 1}], budget) == [{"a": 1}]
    with pytest.raises(CostlyQuery, match="more than 2 seconds over this answer"):
        select("$[?@.a]", [ITEM] * 9_000, budget)


@pytest.mark.parametrize(
    "pattern",
    ["(" * 300 + "a" + ")" * 300, "a{2000}", "((a{0,999}){0,999}){0,999}", "(a", "a**", "\\\\d", "x" * 600, "(?i)a"],
)
def test_what_is_no_pattern_matches_nothing(pattern: str) -> None:
    """RFC 9535, 2.4.6; a pattern may have 512 characters and counts up to 1000."""
    assert select(f"$[?match(@, '{pattern}')]", ["b" * 50]) == []


def test_a_query_may_be_as_long_and_an_answer_as_deep_as_they_like_within_the_limits() -> None:
    row = " || ".join(["@.a == 1"] * 80)
    assert select(f"$[?{row}]", [{"a": 1}, {"a": 2}]) == [{"a": 1}]
    deep = chain(50_000)
    assert len(select("$..*", deep)) == MAX_NODES
    assert select("$[?@ == $[0]]", [deep, 1]) == [deep]


@pytest.mark.parametrize(
    ("document", "query", "selected"),
    [
        ([[1], [True]], "$[?@ == $[0]]", [[1]]),
        ([{"a": 0}, {"a": False}], "$[?@ == $[1]]", [{"a": False}]),
        ([[1.0], [1]], "$[?@ == $[1]]", [[1.0], [1]]),
        ([True, 1, "1"], "$[?@ == true]", [True]),
    ],
)
def test_true_is_no_number_however_deep_it_stands(document: Json, query: str, selected: list[Json]) -> None:
    """RFC 9535, 2.3.5.2.2; the parser's own engine takes [1] for [true]."""
    found = select(query, document)
    assert found == selected
    assert dump_json(found) == dump_json(selected)


def test_results_are_selected_soon() -> None:
    """Issue 5, line 1; a limit of steps is no limit on ordinary answers."""
    items: list[Json] = [{"name": str(index), "tags": ["a", "b"], "place": {"city": "Oslo"}} for index in range(50_000)]
    assert len(select("$..city", {"items": items})) == MAX_NODES
    assert select("$.items[?@.name == '49999'].place.city", {"items": items}) == ["Oslo"]
