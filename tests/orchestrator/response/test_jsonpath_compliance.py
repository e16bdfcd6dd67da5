"""RFC 9535 whole: the compliance suite, and random queries over random documents beside the engine of the parser."""

from __future__ import annotations

from pathlib import Path

import jsonpath_rfc9535
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.response.jsonpath import CostlyQuery, InvalidQuery, check_query, is_query, select
from runtimes.values import Json, JsonObject, parse_json
from tests.rounds import rounds

SUITE = Path(__file__).resolve().parents[3].parent / "shared" / "spec" / "jsonpath-cts.json"
NUMBER_OF_TESTS = 703


def suite() -> list[JsonObject]:
    if not SUITE.exists():
        return []
    document = parse_json(SUITE.read_bytes())
    assert isinstance(document, dict)
    tests = document["tests"]
    assert isinstance(tests, list)
    return [test for test in tests if isinstance(test, dict)]


TESTS = suite()
VALID = [test for test in TESTS if not test.get("invalid_selector")]
INVALID = [test for test in TESTS if test.get("invalid_selector")]


def selector(test: JsonObject) -> str:
    text = test["selector"]
    assert isinstance(text, str)
    return text


@pytest.mark.skipif(not TESTS, reason="the compliance suite is not beside the checkout")
def test_the_suite_is_whole() -> None:
    """Issue 5: 703 of 703."""
    assert len(VALID) + len(INVALID) == NUMBER_OF_TESTS


@pytest.mark.parametrize("test", VALID, ids=[str(test["name"]) for test in VALID])
def test_every_valid_selector_has_a_result_that_the_suite_allows(test: JsonObject) -> None:
    """Issue 5, line 1."""
    allowed = test["results"] if "results" in test else [test["result"]]
    assert isinstance(allowed, list)
    assert select(selector(test), test["document"]) in allowed
    assert is_query(selector(test))


@pytest.mark.parametrize("test", INVALID, ids=[str(test["name"]) for test in INVALID])
def test_every_invalid_selector_is_refused(test: JsonObject) -> None:
    """Issue 5, line 1."""
    with pytest.raises(InvalidQuery) as caught:
        check_query(selector(test))
    assert not isinstance(caught.value, CostlyQuery)
    with pytest.raises(InvalidQuery):
        select(selector(test), {})
    assert not is_query(selector(test))


names = st.sampled_from(["a", "b", "c"])
scalars = st.none() | st.integers(2, 5) | st.sampled_from(["", "a", "ab", "b"]) | st.floats(2, 5)
documents: st.SearchStrategy[Json] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=3), max_leaves=20
)
singular = st.lists(st.sampled_from([".a", ".b", "['c']", "[0]", "[-1]", "[1]"]), max_size=3).map("".join)
literals = st.sampled_from(["null", "2", "3.0", "'a'", '"ab"', "5e0"])
operands = st.one_of(
    literals,
    st.builds("{}{}".format, st.sampled_from("@$"), singular),
    st.builds("length({}{})".format, st.sampled_from("@$"), singular),
    st.builds("count(@{})".format, st.sampled_from([".*", "..*", "..a", "[*,0]", "[?@.a]"])),
    st.builds("value(@{})".format, st.sampled_from([".*", "..a", "[0]"])),
)
comparisons = st.builds("{} {} {}".format, operands, st.sampled_from(["==", "!=", "<", ">", "<=", ">="]), operands)
basic = st.one_of(
    comparisons,
    st.builds("@{}".format, st.sampled_from([".a", ".*", "..b", "[1:]", "[?@ == 2]", "[?@.a]"])),
    st.builds(
        "{}(@{}, {})".format, st.sampled_from(["match", "search"]), singular, st.sampled_from(["'a.?'", "'[^b]'"])
    ),
)
conditions = st.recursive(
    basic,
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("{} || {}".format, inner, inner),
        st.builds("!({})".format, inner),
    ),
    max_leaves=4,
)
segments = st.one_of(
    st.sampled_from([".a", ".b", "..a", "..*", ".*", "[*]", "..[0]", "[0,'a',*]", "[-1]", "[::2]", "[::-1]", "[1:3]"]),
    st.sampled_from(["[:-1]", "[3:0:-2]", "[0:9:0]", "..[0,1]", "..['a','b']"]),
    st.builds("[?{}]".format, conditions),
    st.builds("..[?{}]".format, comparisons),
)
queries = st.lists(segments, max_size=3).map(lambda found: "$" + "".join(found))


@settings(max_examples=rounds(4), deadline=None)
@given(queries, documents)
def test_a_query_selects_what_the_parsers_own_engine_selects(query: str, document: Json) -> None:
    """Without true and false, which that engine takes for numbers inside of arrays and objects."""
    assert select(query, document) == jsonpath_rfc9535.find(query, document).values()
