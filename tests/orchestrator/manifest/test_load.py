"""Reading manifests: from where, of which version, and what is said of mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import ManifestError, Problem, load_plugin
from orchestrator.manifest.load import read_document
from orchestrator.manifest.rules import slug
from orchestrator.manifest.versions import KNOWN_VERSIONS
from runtimes.values import Json, JsonObject
from tests.servers.loopback import Request, Response, json_response, serve

CORPUS = Path(__file__).resolve().parents[3].parent / "shared" / "corpus"

MINIMAL: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "My Plugin!",
    "namespace": "mine",
    "description_for_human": "A plugin.",
}


def problems_of(document: JsonObject) -> list[tuple[str, str]]:
    with pytest.raises(ManifestError) as caught:
        read_document(document, location="plugin.json")
    return [(problem.code, problem.pointer) for problem in caught.value.problems]


async def test_a_manifest_is_read_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "plugin.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(MINIMAL).encode())
    plugin = await load_plugin(path)
    assert (plugin.namespace, plugin.location, plugin.problems) == ("mine", str(path), ())


async def test_a_manifest_is_read_from_a_url_and_from_a_dict() -> None:
    async def handler(request: Request) -> Response:
        return json_response(MINIMAL)

    async with serve(handler) as server:
        by_url = await load_plugin(f"{server.url}/plugin.json", allowed_hosts=["127.0.0.1"])
    assert by_url.location == f"{server.url}/plugin.json"
    assert by_url.digest == (await load_plugin(MINIMAL)).digest


@pytest.mark.parametrize("version", KNOWN_VERSIONS)
def test_every_known_version_is_read_without_a_word(version: str) -> None:
    assert read_document({**MINIMAL, "schema_version": version}, location="x").problems == ()


@pytest.mark.parametrize("version", [None, "v9.9"])
def test_another_version_is_read_as_the_newest_with_a_warning(version: str | None) -> None:
    (problem,) = read_document({**MINIMAL, "schema_version": version}, location="x").problems
    assert (problem.severity, problem.code) == ("warning", "schema-version")


def test_a_namespace_that_is_missing_is_made_from_the_name() -> None:
    document = {name: value for name, value in MINIMAL.items() if name != "namespace"}
    plugin = read_document(document, location="x")
    assert plugin.namespace == "My_Plugin"
    assert [problem.code for problem in plugin.problems] == ["namespace-missing"]


def test_all_mistakes_are_named_at_once_where_they_stand() -> None:
    functions: list[Json] = [
        {"name": "a"},
        {"name": 5},
        {"name": "b", "states": {"reasoning": {"instructions": {}}}, "capabilities": []},
    ]
    runtimes: list[Json] = [{"spec": "x", "run_for_functions": "a"}]
    assert problems_of({"functions": functions, "runtimes": runtimes}) == [
        ("missing", "/name_for_human"),
        ("wrong-type", "/functions/1/name"),
        ("wrong-type", "/functions/2/states/reasoning/instructions"),
        ("wrong-type", "/functions/2/capabilities"),
        ("missing", "/runtimes/0/type"),
        ("wrong-type", "/runtimes/0/run_for_functions"),
        ("wrong-type", "/runtimes/0/spec"),
    ]


def test_a_function_declared_twice_or_bound_twice_is_an_error() -> None:
    """Spec 4.2.10 and 11."""
    functions: list[Json] = [{"name": "a"}, {"name": "a"}]
    runtimes: list[Json] = [{"type": "OpenApi", "run_for_functions": ["a"]}] * 2
    assert problems_of({**MINIMAL, "functions": functions, "runtimes": runtimes}) == [
        ("duplicate-function", "/functions/0/name"),
        ("duplicate-function", "/functions/1/name"),
        ("function-bound-twice", "/runtimes/1/run_for_functions"),
    ]


def test_an_openai_manifest_is_told_apart() -> None:
    """Spec 4.2.1: by its `api` member."""
    assert problems_of({**MINIMAL, "api": {"type": "openapi"}}) == [("openai-manifest", "/api")]


def test_unknown_members_are_warned_of_and_extensions_are_not() -> None:
    """Spec 3.3 and 3.5."""
    functions: list[Json] = [{"name": "a", "x-mine": 1, "descripton": "typo"}]
    plugin = read_document({**MINIMAL, "$schema": "s", "x-other": 1, "functions": functions}, location="x")
    assert [(problem.code, problem.pointer) for problem in plugin.problems] == [
        ("unknown-member", "/functions/0/descripton")
    ]


def test_the_misspelling_of_the_specification_is_read() -> None:
    """Spec 11.4.1 writes `runs_for_functions`."""
    runtimes: list[Json] = [{"type": "LocalPlugin", "runs_for_functions": ["a"]}]
    plugin = read_document({**MINIMAL, "runtimes": runtimes}, location="x")
    assert plugin.manifest.runtimes[0].run_for_functions == ("a",)


@pytest.mark.parametrize(
    ("data", "place", "told"),
    [
        (b"{", ":1:2", "not JSON"),
        (b"[1]", ":1:1", "JSON object"),
        (b"\xff\xfe", ":1:1", "not UTF-8 text"),
        (b"[" * 100_000, ":1:129", "128 deep"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, ":1:641", "nested more than 128 deep"),
        (b'{"a": NaN}', ":1:7", "not JSON"),
    ],
)
async def test_what_is_no_manifest_is_one_clear_problem(tmp_path: Path, data: bytes, place: str, told: str) -> None:
    path = tmp_path / "plugin.json"
    path.write_bytes(data)
    with pytest.raises(ManifestError) as caught:
        await load_plugin(path)
    assert str(caught.value).startswith(f"{path}{place}: ")
    assert told in str(caught.value)


json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
members = st.dictionaries(
    st.sampled_from(["name_for_human", "functions", "runtimes", "capabilities", "namespace", "schema_version", "api"]),
    json_values | st.lists(st.dictionaries(st.sampled_from(["name", "states", "type", "auth", "spec"]), json_values)),
)


def problems_in(document: JsonObject) -> tuple[Problem, ...]:
    try:
        return read_document(document, location="x").problems
    except ManifestError as error:
        return error.problems


@given(members)
def test_any_document_is_read_or_refused_with_problems(document: JsonObject) -> None:
    severities = {problem.severity for problem in problems_in(document)}
    assert severities <= {"warning"} or "error" in severities
    assert all(problem.message for problem in problems_in(document))


@given(st.text())
def test_a_slug_is_a_namespace(text: str) -> None:
    """Spec 4.2.9."""
    assert slug(text).isascii()
    assert slug(text).replace("_", "a").isalnum()


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real manifests is not beside the checkout")
async def test_every_real_manifest_that_is_json_loads() -> None:
    rows = [row.split("\t") for row in (CORPUS / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    refused: set[str] = set()
    for row in rows:
        try:
            await load_plugin(CORPUS / row[0].replace("/", "__") / row[2])
        except ManifestError:
            refused.add(row[2])
    assert refused == {row[2] for row in rows if row[10] == "no"}
