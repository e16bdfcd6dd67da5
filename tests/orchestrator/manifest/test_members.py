"""What the model knows of members agrees with the official schemas and with the headings of the specification."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.manifest.examine import examine_document
from orchestrator.manifest.known import VALUES
from orchestrator.manifest.members import CLAUSES, KINDS, clause_at, objects_of
from orchestrator.manifest.problems import CODES
from orchestrator.manifest.versions import SINCE, UNTIL, VALUES_SINCE
from runtimes.values import Json, JsonObject

SPEC = Path(__file__).resolve().parents[3].parent / "shared" / "spec"
VERSIONS = ("v2.1", "v2.2", "v2.3", "v2.4")
DEFINITIONS = {
    "function-object": "Function",
    "response-semantics-object": "ResponseSemantics",
    "conversation-starter": "ConversationStarter",
    "runtime-object-openapi": "Runtime",
    "runtime": "Runtime",
    "auth-object": "RuntimeAuth",
    "open-api-spec": "OpenApiSpec",
    "local-plugin-spec": "LocalPluginSpec",
    "mcp-execution-spec": "RemoteMcpServerSpec",
    "mcp-tool-file-reference": "McpToolDescription",
    "mcp-tool-inline": "McpToolDescription",
    "function-parameters": "FunctionParameters",
    "function-parameter": "FunctionParameter",
    "simple-function-parameter": "FunctionParameter",
    "function-return-type": "Returns",
    "function-rich-response-return-type": "Returns",
    "function-state-config": "State",
    "confirmation-object": "Confirmation",
    "security-info-object": "SecurityInfo",
}
"""The kind of object for each definition of the schemas; others hold no members of their own."""
WITHOUT_MEMBERS = {"instruction", "example", "localization-object"}
NESTED = {
    "Manifest.capabilities": "PluginCapabilities",
    "Function.states": "States",
    "Function.capabilities": "FunctionCapabilities",
    "ResponseSemantics.properties": "ResponseProperties",
    "Runtime.spec": "OpenApiSpec",
}
"""The kinds that the schemas describe in place."""
needs_spec = pytest.mark.skipif(not SPEC.is_dir(), reason="the specification is not beside the checkout")


def members_in(version: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Every member that the schema of a version describes, as `kind.member`, with its known values."""
    schema = json.loads((SPEC / "schemas" / f"plugin-{version}.schema.json").read_text(encoding="utf-8"))
    objects = [("Manifest", schema)]
    objects += [(DEFINITIONS[name], one) for name, one in schema["$defs"].items() if name not in WITHOUT_MEMBERS]
    for kind, described in objects:
        for name, member in described.get("properties", {}).items():
            yield f"{kind}.{name}", frozenset(member.get("enum", member.get("items", {}).get("enum", ())))
            for inner, more in member.get("properties", {}).items():
                if f"{kind}.{name}" in NESTED:
                    yield f"{NESTED[f'{kind}.{name}']}.{inner}", frozenset(more.get("enum", ()))


@needs_spec
def test_every_member_of_every_version_is_known() -> None:
    """Issue 3, point 1."""
    paths = {path for version in VERSIONS for path, _ in members_in(version)}
    assert len(paths) > 60
    assert {path for path in paths if path.partition(".")[2] not in KINDS[path.partition(".")[0]]} == set()


@needs_spec
def test_members_belong_to_the_versions_that_the_schemas_give_them() -> None:
    having: dict[str, list[str]] = {}
    for version in VERSIONS:
        for path in dict.fromkeys(path for path, _ in members_in(version)):
            having.setdefault(path, []).append(version)
    kinds_since = {"LocalPluginSpec", "RemoteMcpServerSpec", "McpToolDescription", "SecurityInfo"}
    since = {path: versions[0] for path, versions in having.items() if versions[0] != "v2.1"}
    found = {path: version for path, version in since.items() if path.partition(".")[0] not in kinds_since}
    # what lies in a runtime of a later version, or in `security_info`, needs no word of its own
    assert found == {path: version for path, version in SINCE.items() if path in found}
    assert since["LocalPluginSpec.allowed_host"] == SINCE["LocalPluginSpec.allowed_host"]
    assert {path: versions[-1] for path, versions in having.items() if versions[-1] != "v2.4"} == UNTIL


@needs_spec
def test_every_value_of_every_version_is_known() -> None:
    seen: dict[str, set[str]] = {}
    for version in VERSIONS:
        for path, values in members_in(version):
            seen.setdefault(path, set()).update(values)
    known = {path: values for path, values in seen.items() if values and path != "RuntimeAuth.Type"}
    assert {path for path, values in known.items() if not values <= set(VALUES.get(path, ()))} == {
        "LocalPluginSpec.local_endpoint"  # any program of the person's own may be an endpoint (spec 11.4.2.1)
    }
    assert set(VALUES_SINCE) < set(VALUES["Runtime.type"])


@needs_spec
def test_each_clause_is_that_of_the_member() -> None:
    text = (SPEC / "plugin-manifest-2.2.txt").read_text(encoding="utf-8")
    headings = {match[1]: match[2] for match in re.finditer(r"^([0-9]+(?:\.[0-9]+)+) (\w+)$", text, re.MULTILINE)}
    headed = {path: clause for path, clause in CLAUSES.items() if clause in headings}
    assert len(headed) > 40
    assert {path for path, clause in headed.items() if headings[clause] != path.partition(".")[2]} == {
        "States.reasoning",
        "States.responding",
        "Returns.$ref",
    }


def test_objects_are_found_as_deep_as_they_lie() -> None:
    parameter: JsonObject = {"type": "array", "items": {"type": "object", "properties": {"a/b": {"type": "string"}}}}
    functions: list[Json] = [{"parameters": {"properties": {"type": parameter, "odd": 5}}}, 5]
    runtimes: list[Json] = [{"type": "openapi", "spec": {"url": "a"}}, {"type": "x-mine", "spec": {"url": 5}}]
    capabilities: JsonObject = {"localization": {"en": {"k": {"message": "m"}, "odd": []}, "fr": 5}}
    document: JsonObject = {"functions": functions, "runtimes": runtimes, "capabilities": capabilities}
    assert [(found.kind, found.pointer) for found in objects_of(document)] == [
        ("Manifest", ""),
        ("Function", "/functions/0"),
        ("FunctionParameters", "/functions/0/parameters"),
        ("FunctionParameter", "/functions/0/parameters/properties/type"),
        ("FunctionParameter", "/functions/0/parameters/properties/type/items"),
        ("FunctionParameter", "/functions/0/parameters/properties/type/items/properties/a~1b"),
        ("Runtime", "/runtimes/0"),
        ("OpenApiSpec", "/runtimes/0/spec"),
        ("Runtime", "/runtimes/1"),
        ("PluginCapabilities", "/capabilities"),
        ("LocalizedText", "/capabilities/localization/en/k"),
    ]


json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
WORDS: list[Json] = [*(word for values in VALUES.values() for word in values), "none", "$.a", "a", "../a", "${{A}}"]
words: st.SearchStrategy[Json] = st.sampled_from(WORDS)


def objects(kind: str, depth: int = 0) -> st.SearchStrategy[Json]:
    """Objects of a kind with its own members, which are right, nearly right or anything."""
    others = ("odd", "x-odd", "nullable", "anyOf")
    members: dict[str, st.SearchStrategy[Json]] = dict.fromkeys(others, json_values)
    for name, member in KINDS[kind].items():
        inner = json_values | words | st.lists(words, max_size=2)
        inside = member.inside or ("OpenApiSpec" if name == "spec" else "")
        if inside and depth < 5:
            nested = objects(inside, depth + 1)
            inner = inner | nested | st.lists(nested, max_size=3) | st.dictionaries(st.text(max_size=4), nested)
        members[name] = inner
    return st.fixed_dictionaries({}, optional=members).map(dict)


@given(objects("Manifest"))
def test_any_document_has_problems_that_are_well_formed(document: JsonObject) -> None:
    for problem in examine_document(document).problems:
        assert problem.code in CODES
        assert problem.message
        assert "\n" not in problem.message
        assert problem.pointer == "" or problem.pointer.startswith("/")
        assert len(problem.message) + len(problem.hint) < 600


@pytest.mark.parametrize(
    ("pointer", "clause"),
    [
        ("", "4"),
        ("/functions/0/parameters/properties/items/items/enum/0", "7.2.4"),
        ("/functions/0/parameters/properties/type", "6.2.2"),
        ("/functions/0/parameters/properties/a/properties/b/default", "7.2.5"),
        ("/runtimes/0/spec/url", "11.1.4"),
        ("/runtimes/0/spec/progress_style", "11.3.2.3"),
        ("/capabilities/localization/en/x/message", "4.2.12"),
        ("/none/of/it", "4"),
    ],
)
def test_a_clause_is_that_of_the_innermost_member_with_one(pointer: str, clause: str) -> None:
    assert clause_at(pointer) == clause
