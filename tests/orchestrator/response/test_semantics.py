"""The results that a data path finds in an answer: what it gives does not hang on how many arrays there are."""

from __future__ import annotations

import pytest

from orchestrator.manifest.model import ResponseSemantics
from orchestrator.response.citations import citations_of
from orchestrator.response.jsonpath import MAX_NODES
from orchestrator.response.semantics import results_at
from runtimes.values import Json, JsonObject

BASE = "https://api.example"
ITEMS: list[Json] = [{"t": name, "url": f"{BASE}/{name}"} for name in "abcd"]
MIXED: Json = [{"x": [1, 2]}, {"x": 3}, {"x": [[4]]}]
ZEROS: list[Json] = [0] * (MAX_NODES - 1)


@pytest.mark.parametrize("groups", [[ITEMS], [ITEMS[:2], ITEMS[2:]], [[item] for item in ITEMS], [[], ITEMS]])
@pytest.mark.parametrize("properties", [{}, {"title": "$.t", "url": "$.url"}])
def test_every_element_is_a_result_however_many_arrays_there_are(
    groups: list[list[Json]], properties: JsonObject
) -> None:
    """Spec 9.4.2.1: one result for each element."""
    payload: Json = {"groups": [{"items": items} for items in groups]}
    read = ResponseSemantics(data_path="$.groups[*].items", properties=properties)
    assert [citation.url for citation in citations_of(read, payload, BASE)] == [f"{BASE}/{name}" for name in "abcd"]


def test_arrays_and_others_at_one_path_are_taken_as_what_they_are() -> None:
    results = results_at("$[*].x", MIXED)
    assert (results.values, results.is_array) == ([1, 2, 3, [4]], True)


def test_the_elements_of_many_arrays_are_few() -> None:
    assert len(results_at("$[*]", [ZEROS, ZEROS]).values) == MAX_NODES
