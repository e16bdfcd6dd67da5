"""The strict reading: what each version refuses, in which words, and what becomes of the lenient findings."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.check.codes import ALL_CODES
from orchestrator.check.differences import DIFFERENCES, strict_list
from orchestrator.check.places import value_at
from orchestrator.check.strict import judged_strictly
from orchestrator.check.versions import VERSIONS
from orchestrator.errors import Problem
from orchestrator.manifest.examine import MAX_PROBLEMS, examine, examine_document
from runtimes.values import Json, JsonObject
from tests.orchestrator.check.mutations import NAMES, VALUES, full_documents

FUNCTION = "/functions/0"
RUNTIME = "/runtimes/0"
CARD = "/functions/1/capabilities/response_semantics/static_template"
ALL = tuple(VERSIONS)
REMOVED = object()


def judged(document: JsonObject) -> tuple[Problem, ...]:
    return judged_strictly(document, examine_document(document).problems)


def errors_of(document: JsonObject) -> list[Problem]:
    return [found for found in judged(document) if found.severity == "error"]


def changed(version: str, pointer: str, value: object) -> JsonObject:
    """A manifest that is valid and has every member, with one value changed, added or removed."""
    document = full_documents()[version]
    parent, _, last = pointer.rpartition("/")
    node = value_at(document, parent)
    assert isinstance(node, dict)
    if value is REMOVED:
        del node[last]
    else:
        node[last] = json.loads(json.dumps(value))
    return document


def function_of(document: JsonObject) -> JsonObject:
    functions = document["functions"]
    assert isinstance(functions, list)
    assert isinstance(functions[0], dict)
    return functions[0]


DIFFERING: Sequence[tuple[str, object, Sequence[str]]] = (
    ("/namespace", "a_b", ("v2.1", "v2.2", "v2.3")),
    ("/namespace", "a-b", ("v2.4",)),
    (f"{FUNCTION}/name", "a-b", ("v2.4",)),
    ("/contact_email", None, ("v2.1",)),
    ("/capabilities/localization", {}, ("v2.1",)),
    (f"{FUNCTION}/capabilities/security_info", {}, ("v2.2", "v2.3", "v2.4")),
    (f"{FUNCTION}/capabilities/confirmation/isNonConsequential", False, ("v2.4",)),
    (CARD, {"file": "card.json", "body": []}, ("v2.1", "v2.2", "v2.3")),
    (f"{RUNTIME}/output_template", "{{ response }}", ("v2.2", "v2.3", "v2.4")),
    (f"{RUNTIME}/type", "LocalPlugin", ("v2.2", "v2.3")),
    (f"{RUNTIME}/spec/unexpected", 1, ("v2.1",)),
    (f"{RUNTIME}/spec", {}, ("v2.1",)),
    (f"{RUNTIME}/auth", {}, ("v2.1",)),
    (f"{RUNTIME}/auth", {"type": "OAuthPluginVault"}, ("v2.1",)),
    (f"{RUNTIME}/spec", {"local_endpoint": "Microsoft.Office.Addin"}, ("v2.1", "v2.2", "v2.3")),
    ("/runtimes/1/spec/local_endpoint", "any", ("v2.4",)),
    ("/runtimes/1/spec/allowed_host", ["workbook"], ("v2.3", "v2.4")),
    ("/runtimes/1/type", "RemoteMCPServer", ()),
    (f"{FUNCTION}/states/disengaging", {"description": "d"}, ALL),
    (f"{RUNTIME}/auth", {"type": "EntraOnBehalfOf", "scopes": ["a"]}, ALL),
    (f"{RUNTIME}/auth", {"type": "None", "scopes": ["a"]}, ()),
    (f"{RUNTIME}/auth", {"type": "None", "x-scopes": ["a"]}, ALL),
    (f"{FUNCTION}/x-ours", 1, ALL),
    (f"{FUNCTION}/parameters/properties/q/x-ours", 1, ALL),
    (f"{FUNCTION}/parameters/properties/q/type", "x-date", ALL),
    (f"{FUNCTION}/parameters/properties/q/type", "object", ()),
    (f"{FUNCTION}/parameters/type", "x-object", ()),
    (f"{FUNCTION}/returns", {"type": "x-html"}, ALL),
    (f"{FUNCTION}/returns", {"$ref": "x-rich"}, ()),
    (CARD, {"file": "card.json", "x-ours": 1}, ALL),
    (f"{FUNCTION}/returns", {"type": "object"}, ()),
    (f"{FUNCTION}/parameters/properties/list/items/type", "array", ()),
)
"""A change, and the versions that accept it."""


JUDGED = [
    (version, *case)
    for case in DIFFERING
    for version in VERSIONS
    if version != "v2.1" or not case[0].startswith("/runtimes/1")  # which has one type of runtime, and one runtime
]


@pytest.mark.parametrize(("version", "pointer", "value", "accepting"), JUDGED)
def test_each_version_accepts_what_its_schema_has(
    version: str, pointer: str, value: object, accepting: Sequence[str]
) -> None:
    assert (not errors_of(changed(version, pointer, value))) is (version in accepting)


MESSAGES: Sequence[tuple[str, str, object, str, str, str, str]] = (
    (
        "v2.4",
        "/namespace",
        "my_name",
        "namespace-name",
        "the name 'my_name' has other characters than letters, digits and hyphens, which v2.4 takes",
        "write 'my-name'",
        "4.2.9",
    ),
    (
        "v2.2",
        f"{FUNCTION}/name",
        "search/code",
        "function-name",
        "the name 'search/code' has other characters than letters, digits and underscores, which v2.2 takes",
        "write 'search_code'",
        "5.2.1",
    ),
    (
        "v2.3",
        "/namespace",
        "",
        "namespace-name",
        "the name is empty",
        "write letters, digits and underscores",
        "4.2.9",
    ),
    ("v2.2", "/namespace", None, "wrong-type", "'namespace' must be a string, not null", "", "4.2.9"),
    (
        "v2.2",
        "/schema_version",
        "v2.22",
        "schema-version",
        "schema_version 'v2.22' is not known; judged by the text of 'v2.2'",
        "did you mean 'v2.2'?",
        "4.2.1",
    ),
    (
        "v2.2",
        "/schema_version",
        REMOVED,
        "schema-version",
        "there is no schema_version; judged by the text of 'v2.2'",
        "known versions: v1, v2, v2.1, v2.2, v2.3, v2.4",
        "4.2.1",
    ),
    (
        "v2.2",
        "/runtimes/1/spec/local_endpoint",
        "MyProgram",
        "unknown-value",
        "v2.2 does not know the value 'MyProgram' here",
        "known values: Microsoft.Office.Addin",
        "11.4.2.1",
    ),
    (
        "v2.2",
        f"{FUNCTION}/parameters/properties/list/items/type",
        "array",
        "unknown-value",
        "v2.2 does not know the value 'array' here",
        "known values: string, boolean, integer, number",
        "7.2.1",
    ),
    (
        "v2.3",
        f"{FUNCTION}/parameters/properties/q/default",
        {"a": 1},
        "wrong-type",
        "'default' must be a string, true or false, a number or an array, not an object",
        "",
        "7.2.5",
    ),
)
"""What only the schema says, or says better: version, change; code, message, hint and clause at that place."""


READ_ALL_THE_SAME: Sequence[tuple[str, object, str, str, str, str]] = (
    ("/runtimes/0/auth", REMOVED, "missing", "/runtimes/0/auth", "member 'auth' is missing", "add 'auth'"),
    ("/namespace", REMOVED, "missing", "/namespace", "member 'namespace' is missing", "add 'namespace'"),
    (
        f"{RUNTIME}/spec",
        {},
        "missing",
        f"{RUNTIME}/spec/url",
        "member 'url' is missing",
        "add 'url' or 'api_description'",
    ),
    (
        f"{RUNTIME}/auth",
        {"reference_id": "r"},
        "missing",
        f"{RUNTIME}/auth/type",
        "member 'type' is missing",
        "add 'type'",
    ),
    (f"{RUNTIME}/auth", None, "wrong-type", f"{RUNTIME}/auth", "'auth' must be an object, not null", ""),
    (
        f"{FUNCTION}/states",
        None,
        "wrong-type",
        f"{FUNCTION}/states",
        "'states' must be an object, not null",
        "",
    ),
    (
        f"{FUNCTION}/parameters/properties/q/default",
        None,
        "wrong-type",
        f"{FUNCTION}/parameters/properties/q/default",
        "'default' must be a string, true or false, a number or an array, not null",
        "",
    ),
    (
        f"{FUNCTION}/parameters/properties/q/nullable",
        True,
        "unknown-member",
        f"{FUNCTION}/parameters/properties/q/nullable",
        "v2.2 has no member 'nullable' here",
        "remove it, or begin its name with 'x-'",
    ),
)
"""Changes of which the lenient reading says what it reads instead: code, place, message and hint of the error."""


@pytest.mark.parametrize(("pointer", "value", "code", "place", "message", "hint"), READ_ALL_THE_SAME)
def test_an_error_does_not_say_what_is_read_all_the_same(
    pointer: str, value: object, code: str, place: str, message: str, hint: str
) -> None:
    found = errors_of(changed("v2.2", pointer, value))
    assert [(item.code, item.pointer, item.message, item.hint) for item in found] == [(code, place, message, hint)]


@pytest.mark.parametrize(("version", "pointer", "value", "code", "message", "hint", "clause"), MESSAGES)
def test_what_only_the_schema_refuses_is_said_in_the_words_of_the_version(
    version: str, pointer: str, value: object, code: str, message: str, hint: str, clause: str
) -> None:
    expected = Problem(severity="error", code=code, pointer=pointer, message=message, hint=hint, clause=clause)
    assert errors_of(changed(version, pointer, value)) == [expected]


def test_a_form_that_is_told_by_its_members_is_explained_without_the_lenient_reading() -> None:
    spec = {"local_endpoint": "Microsoft.Office.Addin", "url": "https://example.com"}
    (found,) = judged_strictly(changed("v2.2", "/runtimes/1/spec", spec), [])
    assert (found.code, found.pointer) == ("unknown-member", "/runtimes/1/spec/url")
    assert (found.message, found.hint) == (
        "v2.2 has no member 'url' here",
        "remove it, or begin its name with 'x-'",
    )


ALONE: Sequence[tuple[str, str, object, str, str]] = (
    ("v2.2", f"{RUNTIME}/spec", {}, "member 'url' is missing", "add 'url' or 'api_description'"),
    ("v2.2", "/runtimes/1/spec", {}, "member 'local_endpoint' is missing", "add 'local_endpoint'"),
    ("v2.4", "/runtimes/3/spec/mcp_tool_description", {}, "member 'file' is missing", "add 'file' or 'tools'"),
    (
        "v2.4",
        f"{CARD}/body",
        [],
        "a card in a file has other members beside 'file'",
        "keep 'file' alone, or write the card here",
    ),
    ("v2.4", f"{FUNCTION}/descripton", "d", "v2.4 has no member 'descripton' here", "did you mean 'description'?"),
    ("v2.2", f"{RUNTIME}/auth/type", "Non", "v2.2 does not know the value 'Non' here", "did you mean 'None'?"),
    ("v2.2", f"{RUNTIME}/run_for_functions", [5], "element 0 must be a string, not a number", ""),
)


@pytest.mark.parametrize(("version", "pointer", "value", "message", "hint"), ALONE)
def test_the_schema_explains_itself_where_the_lenient_reading_is_silent(
    version: str, pointer: str, value: object, message: str, hint: str
) -> None:
    document = changed(version, pointer, value)
    if pointer == f"{FUNCTION}/descripton":
        del function_of(document)["description"]
    assert [(found.message, found.hint) for found in judged_strictly(document, [])] == [(message, hint)]


LENIENT: Sequence[tuple[str, str, object, str, str]] = (
    ("v2.2", "/runtimes/0/auth/reference_id", REMOVED, "reference-missing", "/runtimes/0/auth/reference_id"),
    ("v2.2", "/name_for_human", REMOVED, "missing", "/name_for_human"),
    ("v2.2", "/name_for_human", 5, "wrong-type", "/name_for_human"),
    ("v2.2", f"{RUNTIME}/auth/type", "none", "value-case", f"{RUNTIME}/auth/type"),
    ("v2.2", f"{FUNCTION}/descripton", "d", "unknown-member", f"{FUNCTION}/descripton"),
    ("v2.2", f"{RUNTIME}/runs_for_functions", ["f"], "misspelled-member", f"{RUNTIME}/runs_for_functions"),
    ("v2.2", "/capabilities/localization", {}, "version-mismatch", "/capabilities/localization"),
    ("v2.2", f"{RUNTIME}/type", "RemoteMCPServer", "version-mismatch", f"{RUNTIME}/type"),
    ("v2.4", f"{CARD}/body", [], "card-and-file", f"{CARD}/file"),
    ("v2.2", "/namespace", "${{NAMESPACE}}", "unresolved-placeholder", "/namespace"),
    ("v2.2", f"{FUNCTION}/parameters/required", ["absent"], "unknown-required", f"{FUNCTION}/parameters/required/0"),
)
"""What the lenient reading says too."""


@pytest.mark.parametrize(("version", "pointer", "value", "code", "place"), LENIENT)
def test_the_lenient_readings_words_are_kept_and_its_warning_becomes_an_error(
    version: str, pointer: str, value: object, code: str, place: str
) -> None:
    document = changed(version, pointer, value)
    found = errors_of(document)
    assert [(item.code, item.pointer) for item in found] == [(code, place)]
    assert found[0].message in [item.message for item in examine_document(document).problems]


def test_what_the_schema_accepts_stays_a_warning() -> None:
    document = changed("v2.2", "/name_for_human", "A name of more than twenty characters")
    assert [(item.severity, item.code) for item in judged(document) if item.pointer == "/name_for_human"] == [
        ("warning", "too-long")
    ]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_version_without_a_schema_is_judged_by_the_text_of_the_second(version: str) -> None:
    document = full_documents()["v2.2"] | {"schema_version": version}
    assert errors_of(document) == []
    assert [item.pointer for item in errors_of(document | {"namespace": "a-b"})] == ["/namespace"]


def test_places_that_the_lenient_reading_knows_are_kept() -> None:
    text = json.dumps(full_documents()["v2.2"] | {"unexpected": 1}, indent=2)
    examined = examine(text.encode())
    (found,) = (item for item in judged_strictly(examined.document, examined.problems) if item.severity == "error")
    assert text.splitlines()[found.line - 1][found.column - 1 :].startswith('"unexpected"')


@pytest.mark.parametrize("text", ['{"api": {}, "schema_version": "v1"}', "[]", "{"])
def test_what_is_no_manifest_is_held_to_no_schema(text: str) -> None:
    examined = examine(text.encode())
    assert judged_strictly(examined.document, examined.problems) == examined.problems


def test_inside_a_value_of_the_wrong_type_nothing_more_is_said() -> None:
    document = changed("v2.2", "/functions", {"type": "x", "unexpected": 1})
    assert [(item.code, item.pointer) for item in judged(document) if item.pointer.startswith("/functions")] == [
        ("wrong-type", "/functions")
    ]


def test_mistakes_without_end_are_listed_up_to_the_limit() -> None:
    document = full_documents()["v2.2"] | {f"m{number}": 1 for number in range(3 * MAX_PROBLEMS)}
    assert len(judged(document)) == MAX_PROBLEMS + 1
    assert len(judged_strictly(document, [])) == MAX_PROBLEMS


def test_a_problem_of_another_file_is_judged_by_its_code_alone() -> None:
    elsewhere = Problem(severity="warning", code="not-openapi", message="m", pointer="/namespace", file="openapi.yaml")
    document = full_documents()["v2.2"] | {"namespace": "a-b"}
    found = judged_strictly(document, [elsewhere])
    assert [(item.code, item.severity, item.file) for item in found] == [
        ("not-openapi", ALL_CODES["not-openapi"].strict, "openapi.yaml"),
        ("namespace-name", "error", ""),
    ]


def test_the_list_of_differences_is_a_table_with_a_row_for_each() -> None:
    lines = strict_list().splitlines()
    assert len(lines) == 2 + len(DIFFERENCES)
    assert all(line.count(" | ") == 3 for line in lines if "---" not in line)
    assert {item.code for item in DIFFERENCES if item.code} <= set(ALL_CODES)


values = st.recursive(
    st.sampled_from(VALUES) | st.text(max_size=5) | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=4),
    max_leaves=12,
)
members = st.sampled_from([*full_documents()["v2.1"]])


@given(st.dictionaries(members | st.text(), values, max_size=8))
def test_any_object_is_judged_no_lenient_error_is_lost_and_a_second_judgement_is_the_same(
    document: dict[str, Json],
) -> None:
    lenient = examine_document(document).problems
    found = judged_strictly(document, lenient)
    codes = {item.code for item in found}
    assert codes <= set(ALL_CODES)
    kept = {(item.code, item.pointer) for item in found if item.severity == "error"}
    assert {(item.code, item.pointer) for item in lenient if item.severity == "error"} <= kept
    again = judged_strictly(document, found)
    assert {item.pointer for item in again if item.severity == "error"} == {pointer for _, pointer in kept}
