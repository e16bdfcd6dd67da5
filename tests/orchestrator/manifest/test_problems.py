"""What is said of mistakes in manifests: each code with its place, its clause and its hint, and hostile input."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator import ManifestError, load_plugin
from orchestrator.errors import Problem
from orchestrator.manifest.examine import MAX_PROBLEMS, examine, examine_document
from orchestrator.manifest.known import DEFAULTS, LENGTHS, RICH_RESPONSES, UNMEASURED, VALUES
from orchestrator.manifest.load import read_document
from orchestrator.manifest.members import CLAUSES, KINDS
from orchestrator.manifest.problems import CODES
from orchestrator.manifest.versions import SINCE, UNTIL
from runtimes.values import Json, JsonObject
from tests.pace import soon
from tests.servers.loopback import Request, Response, json_response, serve

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT.parent / "shared" / "corpus"
PLACE = "▶"
"""Stands in the text of a case where the problem is expected."""
MUTATIONS = 400
MAX_SECONDS = 10
"""Of the processor, on a slow machine; it takes less than one."""
MINIMAL: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Mine",
    "namespace": "mine",
    "description_for_human": "A plugin.",
}
ODD: tuple[Json, ...] = (
    None,
    True,
    0,
    -1.5,
    2**70,
    "",
    "x",
    "none",
    "é\u202e",
    [],
    [[]],
    {},
    {"a": {"b": [1]}},
    [0, {}],
)
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real manifests is not beside the checkout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    code: str
    pointer: str
    clause: str
    lines: list[str]
    hint: str | None = None


CASES = [Case(**case) for case in json.loads((ROOT / "tests" / "cases" / "manifest_problems.json").read_text("utf-8"))]


def codes_of(document: JsonObject) -> list[str]:
    problems = examine_document(document).problems
    return [problem.code for problem in problems if problem.code != "unresolved-placeholder"]


def manifests() -> list[Path]:
    rows = [row.split("\t") for row in (CORPUS / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    return [CORPUS / row[0].replace("/", "__") / row[2] for row in rows]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.pointer}")
def test_a_mistake_is_named_once_where_it_stands(case: Case) -> None:
    """Issue 3, point 3."""
    marked = "\n".join(case.lines)
    before = marked[: marked.index(PLACE)]
    (problem,) = examine(marked.replace(PLACE, "").encode()).problems
    assert (problem.code, problem.pointer, problem.clause) == (case.code, case.pointer, case.clause)
    assert (problem.line, problem.column) == (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    assert problem.severity == CODES[problem.code].severity
    assert case.hint in (None, problem.hint)


def test_functions_of_one_name_are_each_named() -> None:
    """Spec 4.2.10."""
    text = '{"schema_version": "v2.2", "name_for_human": "M", "namespace": "m", "description_for_human": "M.",\n'
    problems = examine((text + '"functions": [{"name": "a"},\n{"name": "b"}, {"name": "a"}]}').encode()).problems
    assert [(problem.code, problem.line, problem.column, problem.clause) for problem in problems] == [
        ("duplicate-function", 2, 24, "4.2.10"),
        ("duplicate-function", 3, 25, "4.2.10"),
    ]


def test_too_many_problems_are_an_error_of_their_own_after_which_the_rest_is_left_out() -> None:
    members = ", ".join(f'"m{number}": 0' for number in range(MAX_PROBLEMS + 1))
    examined = examine(("{" + members + ', "name_for_human": "M"}').encode())
    assert [problem.code for problem in examined.errors] == ["too-many-problems"]
    assert (examined.errors[0].line, examined.errors[0].column) == (1, 1)
    assert len(examined.problems) == MAX_PROBLEMS + 1


@pytest.mark.parametrize(
    "text",
    [
        '{"functions": [' + "0," * 50_000 + "0]}",
        "{" + ",".join(f'"namespac{number}": 0' for number in range(50_000)) + "}",
        '{"name_for_human": "M", "functions": [{"name": "f", "parameters": {"properties": {'
        + ",".join(f'"p{number}": 0' for number in range(50_000))
        + '}, "required": ['
        + ",".join(f'"q{number}"' for number in range(50_000))
        + "]}}]}",
    ],
    ids=["types", "members", "required"],
)
def test_a_text_full_of_mistakes_is_refused_soon(text: str) -> None:
    """Issue 3, point 9: where every name is compared with every other, these take minutes."""
    with soon(MAX_SECONDS):
        assert "too-many-problems" in [problem.code for problem in examine(text.encode()).errors]


async def test_a_file_that_is_not_there_has_no_place(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        await load_plugin(tmp_path / "none.json")
    assert [(problem.code, problem.line) for problem in caught.value.problems] == [("unreadable", 0)]


async def test_a_problem_at_a_url_does_not_repeat_its_query() -> None:
    async def handler(request: Request) -> Response:
        return json_response({"api": {}})

    async with serve(handler) as server:
        with pytest.raises(ManifestError) as caught:
            await load_plugin(f"{server.url}/plugin.json?token=s3cret", allowed_hosts=["127.0.0.1"])
    assert caught.value.source == f"{server.url}/plugin.json"
    assert "s3cret" not in str(caught.value)


def test_every_code_has_a_failing_fixture() -> None:
    """Issue 3: here, or in a table of its own for what needs more than one file."""
    assert {case.code for case in CASES} <= set(CODES)
    tables = [path for path in (ROOT / "tests" / "cases").glob("*.json") if path.name != "manifest_problems.json"]
    tests = [*(ROOT / "tests").rglob("test_*.py"), *tables]
    texts = [path.read_text(encoding="utf-8") for path in tests]
    without = set(CODES) - {case.code for case in CASES}
    assert {code for code in without if not any(f'"{code}"' in text for text in texts)} == set()


def test_the_rules_speak_of_members_that_the_model_has() -> None:
    known = {f"{kind}.{member.name}" for kind, members in KINDS.items() for member in members.values()}
    assert {path for path in CLAUSES if "." in path} <= known
    assert set(LENGTHS) | set(VALUES) | set(DEFAULTS) | UNMEASURED <= known
    assert (set(SINCE) | set(UNTIL)) - known == {"static_template.file"}


@pytest.mark.parametrize(
    ("data", "line", "column", "told"),
    [
        (b'{\n"a": "\xe9"}', 2, 7, "not UTF-8"),
        (b"\xef\xbb\xbf\xff", 1, 1, "not UTF-8"),
        ('{"name_for_human": "x"}'.encode("utf-16"), 1, 1, "not UTF-8"),
        (b"", 1, 1, "nothing"),
        (b'{"a": "\\udc00"}', 1, 8, "surrogate"),
        (b'{"a": ' + b"9" * 5000 + b"}", 1, 7, "400 digits"),
        (b"[" * 100_000 + b"]" * 100_000, 1, 129, "128 deep"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, 1, 641, "128 deep"),
        (b"[" + b"0," * 250_000 + b"0]", 1, 400_000, "200000 values"),
    ],
    ids=["latin-1", "mark", "utf-16", "empty", "surrogate", "huge", "hundred-thousand-deep", "deep", "many"],
)
def test_hostile_bytes_are_one_clear_problem(data: bytes, line: int, column: int, told: str) -> None:
    """Issue 3, point 9."""
    (problem,) = examine(data).problems
    assert (problem.code, problem.severity, problem.line, problem.column) == ("not-json", "error", line, column)
    assert told in problem.message


def test_a_byte_order_mark_takes_no_column() -> None:
    (problem,) = examine(b"\xef\xbb\xbf[]").problems
    assert (problem.code, problem.line, problem.column) == ("not-an-object", 1, 1)


def test_a_dict_that_json_cannot_express_is_one_problem() -> None:
    with pytest.raises(ManifestError) as caught:
        read_document({**MINIMAL, "x-odd": "\ud800"}, location="x")
    assert [problem.code for problem in caught.value.problems] == ["not-json"]


def test_errors_of_type_and_of_meaning_and_warnings_are_told_together() -> None:
    functions: list[Json] = [{"name": "a"}, {"name": "a"}, {"name": "-"}]
    assert codes_of({**MINIMAL, "logo_url": 1, "functions": functions, "extra": 1}) == [
        "wrong-type",
        "duplicate-function",
        "duplicate-function",
        "function-name",
        "unknown-member",
    ]


def test_an_openai_manifest_is_told_nothing_else() -> None:
    """Spec 4.2.1."""
    assert codes_of({"api": {}, "name_for_model": "x", "functions": 5}) == ["openai-manifest"]


MANY: list[Json] = [{"text": f"Question {number}?"} for number in range(9)]
HARMLESS: list[JsonObject] = [
    {"schema_version": "v2.4", "namespace": "my-plugin", "functions": [{"name": "list-all"}]},
    {"namespace": "p${{SUFFIX}}", "name_for_human": "A name that is long${{SUFFIX}}"},
    {"name_for_human": "[[name_of_the_plugin_as_shown]]"},
    {"runtimes": [{"type": "x-mine", "auth": {"type": "x-odd", "scopes": ["a"]}, "spec": {"whatever": 1}}]},
    {"description_for_model": "m" * 2048, "logo_url": "u" * 4096, "description_for_human": "h" * 100},
    {"$schema": 5, "functions": [{"name": "f", "returns": {"$ref": RICH_RESPONSES[0]}}]},
    {"functions": [{"name": "f", "returns": {"$ref": RICH_RESPONSES[1]}, "states": {"disengaging": {}}}]},
    {"runtimes": [{"type": "OpenApi", "auth": {}, "spec": {"api_description": "a" * 5000, "x-more": []}}]},
    {"schema_version": "v2", "runtimes": [{"type": "LocalPlugin", "auth": {}, "spec": {"local_endpoint": "e"}}]},
    {"schema_version": "v2.1", "capabilities": {"localization": {}}},
    {"capabilities": {"conversation_starters": MANY}},
]


@pytest.mark.parametrize(
    "members",
    HARMLESS,
    ids=[
        "hyphens-in-2.4",
        "environment",
        "localized",
        "extensions",
        "just-short-enough",
        "rich",
        "rich-in-the-other-spelling",
        "description-inside",
        "local-in-v2",
        "localization-in-2.1",
        "many-starters",
    ],
)
def test_what_is_no_mistake_is_not_mentioned(members: JsonObject) -> None:
    assert codes_of({**MINIMAL, **members}) == []


@pytest.mark.parametrize("member", ["description_for_model", "logo_url"])
def test_strings_one_character_too_long_are_mentioned(member: str) -> None:
    """Spec 3.2 and 4.2.3."""
    assert codes_of({**MINIMAL, member: "m" * (LENGTHS.get(f"Manifest.{member}", 4096) + 1)}) == ["too-long"]


def test_messages_repeat_only_the_beginning_of_long_names() -> None:
    problems = examine_document({**MINIMAL, "m" * 5000: 1, "namespace": "n " * 3000}).problems
    assert {problem.code for problem in problems} == {"unknown-member", "namespace-name", "too-long"}
    assert max(len(problem.message) + len(problem.hint) for problem in problems) < 300


def well_formed(problem: Problem, lines: list[str]) -> bool:
    return 1 <= problem.line <= len(lines) and 1 <= problem.column <= len(lines[problem.line - 1]) + 1


@needs_corpus
def test_every_real_manifest_is_examined_and_each_problem_lies_in_its_text() -> None:
    paths = manifests()
    assert len(paths) > 50
    refused: list[str] = []
    for path in paths:
        data = path.read_bytes()
        lines = data.decode("utf-8-sig").split("\n")
        examined = examine(data)
        assert all(well_formed(problem, lines) for problem in examined.problems), path
        refused += [problem.code for problem in examined.errors]
    assert refused == ["not-json"]


def mutated(document: Json, chance: random.Random) -> Json:
    """A copy with one member removed, replaced, renamed or added, or one element replaced, somewhere."""
    copy = deepcopy(document)
    node: Json = copy
    while True:
        inner = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
        deeper = [item for item in inner if isinstance(item, dict | list) and item]
        if not deeper or chance.random() < 0.3:
            break
        node = chance.choice(deeper)
    odd = deepcopy(chance.choice(ODD))
    if isinstance(node, list) and node:
        node[chance.randrange(len(node))] = odd
    elif isinstance(node, dict) and node:
        name = chance.choice(list(node))
        value = node.pop(name)
        node.update(chance.choice(({}, {name: odd}, {name[:-1]: value}, {name: value, "odd": odd})))
    return copy


def is_read(document: JsonObject) -> bool:
    try:
        read_document(document, location="x")
    except ManifestError as error:
        return all(problem.severity == "warning" for problem in error.problems)
    return True


@pytest.mark.parametrize("seed", range(4))
def test_mutated_manifests_are_read_or_refused_with_problems_and_nothing_else(seed: int) -> None:
    """Issue 3: a short run of the fuzz; by document and by text, both find the same."""
    chance = random.Random(seed)
    documents: list[Json] = [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "examples").glob("*/plugin.json"))
    ]
    for _ in range(MUTATIONS // 4):
        value = chance.choice(documents)
        for _ in range(chance.randint(1, 4)):
            value = mutated(value, chance)
        assert isinstance(value, dict)
        document: JsonObject = value
        text = json.dumps(document, indent=chance.choice((None, 2)), ensure_ascii=False)
        examined = examine(text.encode())
        assert all(well_formed(problem, text.split("\n")) for problem in examined.problems)
        by_document = sorted((item.code, item.pointer) for item in examine_document(document).problems)
        seen_in_text = {"huge-integer"}
        assert by_document == sorted((p.code, p.pointer) for p in examined.problems if p.code not in seen_in_text)
        assert is_read(document) == (not examined.errors)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_bytes_are_examined_without_a_crash(seed: int) -> None:
    """Issue 3: a short run of the fuzz."""
    chance = random.Random(seed)
    data = (ROOT / "examples" / "contoso_real_estate" / "plugin.json").read_bytes()
    outcomes: set[bool] = set()
    for _ in range(MUTATIONS // 4):
        at = chance.randrange(len(data))
        damage = chance.choice((b"", b'"', b"\\", b"{", b"]", b",", b"\xff", b"\n", b"\xef\xbb\xbf", b"1"))
        examined = examine(data[:at] + damage + data[at + chance.randrange(2) :])
        outcomes.add(bool(examined.errors))
        assert (examined.manifest is None) <= bool(examined.errors)
    assert outcomes == {True, False}


@pytest.mark.parametrize("written", ["${{X}}.a", "$.${{X}}", "a text with ${{X}}", "[[key]]"])
def test_a_property_or_data_path_that_is_not_filled_is_not_called_no_jsonpath(written: str) -> None:
    """Spec 3.4: what it is shows when it is filled."""
    semantics: JsonObject = {"data_path": written, "properties": {"title": written}}
    functions: list[Json] = [{"name": "f", "capabilities": {"response_semantics": semantics}}]
    assert "not-jsonpath" not in codes_of({**MINIMAL, "functions": functions})


@pytest.mark.parametrize("pointer", ["capabilities", "runtimes", "description_for_human"])
def test_a_null_that_is_read_as_nothing_leaves_the_manifest_to_be_loaded(pointer: str) -> None:
    plugin = read_document({**MINIMAL, pointer: None}, location="x")
    without = {name: value for name, value in MINIMAL.items() if name != pointer}
    assert plugin.manifest == read_document(without, location="x").manifest


@pytest.mark.parametrize("member", ["openapi", "swagger"])
def test_a_manifest_that_has_a_member_of_openapi_is_a_manifest(member: str) -> None:
    assert codes_of({**MINIMAL, member: "3.0.0"}) == ["unknown-member"]


def test_a_member_of_another_version_says_so_and_no_more() -> None:
    (found,) = examine_document({**MINIMAL, "capabilities": {"localization": {}}}).problems
    assert found.message == "member 'localization' belongs to version 'v2.1', not 'v2.2'"
