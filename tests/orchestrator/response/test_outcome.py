"""An answer becomes text for the model and citations for the person (spec 9.4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.content import Citation
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.response.citations import MAX_CITATIONS, citations_of
from orchestrator.response.jsonpath import MAX_NODES, InvalidQuery, select
from orchestrator.response.outcome import read_result
from orchestrator.response.projection import RESULT_BUDGET
from runtimes.base import CallResult
from runtimes.values import Json, JsonObject

BASE = "https://api.example/v1/"
HOMES: JsonObject = {"homes": [{"name": "Cabin", "href": "/homes/1", "where": {"city": "Oslo"}}, {"name": "Hut"}]}


def semantics(data_path: str = "$.homes", **properties: Json) -> ResponseSemantics:
    return ResponseSemantics(data_path=data_path, properties=properties)


def text_of(result: CallResult, runtime_type: str = "OpenApi") -> str:
    return read_result(result, runtime_type=runtime_type, semantics=None, base=BASE)[0]


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (CallResult(payload={"a": [1, "ü"]}), '{"a":[1,"ü"]}'),
        (CallResult(payload="plain"), "plain"),
        (CallResult(payload=None, status=204), "done; the answer has no content"),
        (CallResult(payload={"e": 1}, is_error=True, status=404), 'error: HTTP 404: {"e":1}'),
        (CallResult(payload="no", is_error=True), "error: no"),
        (
            CallResult(payload={"e": 1}, is_error=True, status=404, explanation="no such home", notes=("a", "b")),
            'error: HTTP 404: no such home\n{"e":1}\n[note: a]\n[note: b]',
        ),
        (CallResult(payload="", is_error=True, status=410, explanation="gone"), "error: HTTP 410: gone"),
        (CallResult(payload=[1], notes=("there is more",)), "[1]\n[note: there is more]"),
        (CallResult(payload="so far", is_truncated=True), "so far\n[cut: the answer was longer than the host reads]"),
    ],
)
def test_the_model_is_given_text(result: CallResult, text: str) -> None:
    assert text_of(result) == text


def test_a_long_answer_is_cut_with_a_note() -> None:
    text = text_of(CallResult(payload="x" * (RESULT_BUDGET + 5)))
    assert text.endswith("\n[cut: 5 more characters are not shown]")
    assert len(text) < RESULT_BUDGET + 60


def test_only_a_local_plugins_array_is_read_as_local_results() -> None:
    payload: Json = [{"type": "text/plain", "data": "done"}]
    assert text_of(CallResult(payload=payload), "LocalPlugin") == "done"
    assert text_of(CallResult(payload=payload)) == '[{"type":"text/plain","data":"done"}]'


def test_citations_are_found_for_each_result() -> None:
    found = citations_of(semantics(title="$.name", url="$.href", subtitle="$.where.city"), HOMES, BASE)
    assert found == (
        Citation(title="Cabin", subtitle="Oslo", url="https://api.example/homes/1"),
        Citation(title="Hut"),
    )


def test_an_object_is_one_result_and_a_title_falls_back_to_the_host() -> None:
    assert citations_of(semantics("$.homes[0]", url="$.href"), HOMES, BASE) == (
        Citation(title="api.example", url="https://api.example/homes/1"),
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://", "//[", ""])
def test_only_web_addresses_are_cited(url: str) -> None:
    (citation,) = citations_of(semantics("$", title="$.t", url="$.u"), {"t": "T", "u": url}, BASE)
    assert citation.url is None


@pytest.mark.parametrize("path", ["$.none", "$[", "the homes", "$..[?count(@", "$" + ".a" * 2000])
def test_a_path_that_finds_nothing_or_is_none_gives_no_citation(path: str) -> None:
    assert citations_of(semantics(path, title="$.name"), HOMES, BASE) == ()


@pytest.mark.parametrize("path", ["", "homes", ".homes", "$.homes"])
def test_a_data_path_is_read_as_what_is_meant(path: str) -> None:
    """Issue 3, point 2."""
    answer: Json = HOMES if path else HOMES["homes"]
    found = citations_of(semantics(path, title="name"), answer, BASE)
    assert [citation.title for citation in found] == ["Cabin", "Hut"]


def test_properties_may_be_texts_and_texts_with_paths_in_them() -> None:
    """Issue 3, point 2."""
    read = semantics(
        "$.homes[0]", title={"json_path": "$.name"}, subtitle="For sale today", url="https://shop.example/$.name/$.name"
    )
    (citation,) = citations_of(read, HOMES, BASE)
    assert (citation.title, citation.subtitle, citation.url) == (
        "Cabin",
        "For sale today",
        "https://shop.example/Cabin/Cabin",
    )


@pytest.mark.parametrize("url", ["https://shop.example/$.none", "${{SHOP}}/$.name", "https://${{SHOP}}/"])
def test_a_text_that_cannot_be_completed_is_left_out(url: str) -> None:
    (citation,) = citations_of(semantics("$.homes[0]", title="$.name", url=url), HOMES, BASE)
    assert citation.url is None


def test_citations_have_a_limit() -> None:
    many: Json = [{"name": str(number)} for number in range(500)]
    assert len(citations_of(semantics("$", title="$.name"), many, BASE)) == MAX_CITATIONS


@pytest.mark.parametrize(
    ("query", "nodes"),
    [
        ("$", [HOMES]),
        ("$.homes[*].name", ["Cabin", "Hut"]),
        ("$.homes[?@.name=='Hut'].name", ["Hut"]),
        ("$..city", ["Oslo"]),
        ("$['homes'][0]['name']", ["Cabin"]),
        ("$.homes.name", []),
    ],
)
def test_queries_are_rfc_9535(query: str, nodes: list[Json]) -> None:
    assert select(query, HOMES) == nodes


def test_a_query_selects_a_bounded_number_of_nodes() -> None:
    numbers: list[Json] = [*range(MAX_NODES + 5)]
    assert len(select("$[*]", numbers)) == MAX_NODES


def test_quoted_names_are_no_searches() -> None:
    assert select("$['a..b?'][\"c..d\"]['e?']", {"a..b?": {"c..d": {"e?": 1}}}) == [1]


values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "ü", "_x"]), inner),
)


@given(st.text(alphabet="$.ab_x[]*'0?@=(ü ", max_size=20), values)
def test_any_query_selects_or_is_refused(query: str, value: Json) -> None:
    try:
        nodes = select(query, value)
    except InvalidQuery:
        return
    assert len(nodes) <= MAX_NODES


@given(st.lists(st.sampled_from(["a", "b", "_x"]), max_size=3), values)
def test_the_short_way_agrees_with_the_library(names: list[str], value: Json) -> None:
    plain = "$" + "".join(f".{name}" for name in names)
    quoted = "$" + "".join(f"['{name}']" for name in names)
    assert select(plain, value) == select(quoted, value)
