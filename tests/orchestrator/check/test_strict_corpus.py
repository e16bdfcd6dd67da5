"""The strict reading against the official schemas, over real manifests and mutated copies of them (issue 3, item 2)."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.check.differences import DIFFERENCES
from orchestrator.check.strict import judged_strictly
from orchestrator.errors import Problem
from orchestrator.manifest.examine import examine_document
from runtimes.values import JsonObject
from tests.orchestrator.check.mutations import CORPUS, extended_documents, full_documents, mutated, real_documents
from tests.orchestrator.check.official import (
    TEXT_VERSION,
    WITH_SCHEMA,
    Judge,
    Places,
    official_schema,
    part_of,
    places_of,
)
from tests.rounds import rounds

SEED = 20261121
MUTATIONS = rounds(0.4)
"""Mutated copies of each real manifest."""
MUTATIONS_OF_FULL = rounds(5)
"""Of each that has every member."""
URLS = frozenset({"/logo_url", "/legal_info_url", "/privacy_policy_url", "/contact_email"})
TIGHTENED = frozenset(item.code for item in DIFFERENCES if item.code and item.code != "wrong-type")

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real manifests is not beside the checkout")


def judged(document: JsonObject) -> tuple[Problem, ...]:
    return judged_strictly(document, examine_document(document).problems)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


def is_below(pointer: str, place: str) -> bool:
    return pointer == place or pointer.startswith(place + "/")


def decided_by_schema(problems: Sequence[Problem], official: Places) -> frozenset[str]:
    """The places of errors, without those that the list says the schema does not see."""
    untyped = URLS - official.exact
    errors = (found for found in problems if found.severity == "error" and found.code not in TIGHTENED)
    return frozenset(found.pointer for found in errors if found.code != "wrong-type" or found.pointer not in untyped)


def disagreement(problems: Sequence[Problem], official: Places) -> str:
    """What is at a place for one and not for the other; empty where both agree."""
    ours = decided_by_schema(problems, official)
    if set(ours) == {"/api"}:  # another format: nothing else is said of it
        return "" if "/api" in official.exact else "not refused"
    unseen = official.exact - ours
    unseen |= {form for form in official.forms if not any(is_below(place, form) for place in ours)}
    rejected = official.forms | official.exact  # below what is refused whole, a reader may say more
    invented = {place for place in ours if not any(is_below(place, other) for other in rejected)}
    return f"unseen: {sorted(unseen)}; invented: {sorted(invented)}" if unseen or invented else ""


def doubled(problems: Sequence[Problem]) -> list[str]:
    """Places with two errors, but for members that are of another version and of another type."""
    errors = [found for found in problems if found.severity == "error" and found.code not in TIGHTENED]
    counts = Counter((found.pointer, found.code == "wrong-type") for found in errors)
    return sorted(pointer for (pointer, _), count in counts.items() if count > 1)


def complaints(judge: Judge, documents: Iterator[tuple[str, JsonObject]]) -> list[str]:
    """Where the strict reading and the judge part, also where the lenient reading has said nothing before."""
    told: list[str] = []
    for name, document in documents:
        problems, official = judged(document), places_of(judge.errors(document))
        what = [disagreement(problems, official), disagreement(judged_strictly(document, ()), official)]
        if any(what) or doubled(problems):
            told.append(f"{name}: {what} {doubled(problems)}: {json.dumps(document)[:3000]}")
    return told


def copies() -> Iterator[tuple[str, JsonObject]]:
    chance = random.Random(SEED)
    for name, document in real_documents():
        for _ in range(MUTATIONS):
            yield name, mutated(document, chance)


def copies_of_full() -> Iterator[tuple[str, JsonObject]]:
    chance = random.Random(SEED)
    for name, document in extended_documents().items():
        for _ in range(MUTATIONS_OF_FULL):
            yield name, mutated(document, chance)


@needs_corpus
def test_the_official_schemas_and_the_strict_reading_agree_on_every_real_manifest(judge: Judge) -> None:
    assert complaints(judge, real_documents()) == []


@needs_corpus
def test_they_agree_on_mutated_copies_of_real_manifests(judge: Judge) -> None:
    assert complaints(judge, copies()) == []


@needs_corpus
def test_they_agree_on_mutated_copies_of_manifests_that_have_every_member(judge: Judge) -> None:
    assert complaints(judge, copies_of_full()) == []


@needs_corpus
def test_the_manifests_that_have_every_member_are_valid_for_both(judge: Judge) -> None:
    for document in (*full_documents().values(), *extended_documents().values()):
        assert judge.errors(document) == []
        assert [found for found in judged(document) if found.severity == "error"] == []


@needs_corpus
def test_exactly_those_real_manifests_are_refused_that_violate_the_schema_of_their_version() -> None:
    refused = {
        name for name, document in real_documents() if any(item.severity == "error" for item in judged(document))
    }
    rows = [line.split("\t") for line in (CORPUS / "INDEX.tsv").read_text("utf-8").splitlines()[1:]]
    assert refused == {f"{row[0]}/{row[2]}" for row in rows if row[11] == "no"}


@needs_corpus
@settings(max_examples=rounds(3), deadline=None)
@given(st.sampled_from(WITH_SCHEMA), st.integers(min_value=0))
def test_no_error_is_invented_however_a_manifest_is_mutated(judge: Judge, version: str, seed: int) -> None:
    document = mutated(extended_documents()[version], random.Random(seed))
    assert disagreement(judged(document), places_of(judge.errors(document))) == ""


Change = Callable[[JsonObject], None]


def function_of(document: JsonObject) -> JsonObject:
    functions = document["functions"]
    assert isinstance(functions, list)
    assert isinstance(functions[0], dict)
    return functions[0]


def runtime_of(document: JsonObject) -> JsonObject:
    runtimes = document["runtimes"]
    assert isinstance(runtimes, list)
    assert isinstance(runtimes[0], dict)
    return runtimes[0]


def bind_twice(document: JsonObject) -> None:
    runtimes = document["runtimes"]
    assert isinstance(runtimes, list)
    runtimes.append(runtimes[0])


def declare_twice(document: JsonObject) -> None:
    functions = document["functions"]
    assert isinstance(functions, list)
    functions.append(functions[0])


WRITTEN: Mapping[str, Sequence[Change]] = {
    "members whose name begins": (lambda document: document.update({"x-ours": 1}),),
    "values that begin": (lambda document: runtime_of(document).update(type="x-ours", spec={"any": 1}),),
    "`DataExport`": (
        lambda document: part_of(function_of(document), "capabilities").update(
            security_info={"data_handling": ["DataExport"]}
        ),
    ),
    "`states.disengaging`": (lambda document: part_of(function_of(document), "states").update(disengaging={}),),
    "`EntraOnBehalfOf`": (
        lambda document: runtime_of(document).update(auth={"type": "EntraOnBehalfOf"}),
        lambda document: runtime_of(document).update(auth={"type": "EntraOnBehalfOf", "scopes": ["a"]}),
    ),
    "`schema_version` `v1`": (
        lambda document: document.update(schema_version="v1"),
        lambda document: document.update(schema_version="v2"),
    ),
    "two functions": (declare_twice,),
    "a name in `required`": (
        lambda document: part_of(function_of(document), "parameters").update(required=["absent"]),
    ),
    "a function that two": (bind_twice,),
    "a `name_for_human`": (lambda document: document.update(name_for_human="  "),),
    "`logo_url`": (
        lambda document: document.update(logo_url=5),
        lambda document: document.update(legal_info_url=[]),
        lambda document: document.update(privacy_policy_url={}),
    ),
    "a file that lies outside": (lambda document: part_of(runtime_of(document), "spec").update(url="../other.yaml"),),
}
"""By the beginning of what the list says: changes to a valid manifest that the two judge otherwise."""
ONLY_IN_TEXT = "a key that an object has twice"


def test_every_difference_of_the_list_has_an_example() -> None:
    assert [item.what for item in DIFFERENCES if not item.what.startswith(tuple(WRITTEN))] == [ONLY_IN_TEXT]
    assert len(WRITTEN) + 1 == len(DIFFERENCES)


@needs_corpus
@pytest.mark.parametrize("beginning", WRITTEN)
def test_what_the_list_says_is_judged_otherwise_by_the_official_schema(beginning: str) -> None:
    (difference,) = (item for item in DIFFERENCES if item.what.startswith(beginning))
    official = official_schema(TEXT_VERSION)
    for change in WRITTEN[beginning]:
        document = full_documents()[TEXT_VERSION]
        change(document)
        is_accepted = not any(found.severity == "error" for found in judged(document))
        assert is_accepted == (difference.verdict == "accepted")
        assert jsonschema_rs.Draft202012Validator(official).is_valid(document) is not is_accepted
