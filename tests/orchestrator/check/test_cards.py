"""What `validate` says of cards beyond the place: hints, carets inside strings, and what it does with hostile ones."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.check.card_expressions import expression_problems
from orchestrator.check.cards import schema_problems
from orchestrator.check.references import check_references
from orchestrator.check.report import Checked, as_text
from orchestrator.check.responses import card_problems
from orchestrator.check.validation import Reading, check_source
from orchestrator.errors import Problem
from orchestrator.manifest.model import Manifest
from runtimes.values import Json, JsonObject
from tests.orchestrator.check.referring import CASES, ENVIRONMENT, PLACE, found_in, written
from tests.servers.no_http import NoHttp

HINTS = {
    "card-type": "did you mean 'TextBlock'?",
    "card-type.select-action": "did you mean 'Action.OpenUrl'?",
    "card-member": "did you mean 'weight'?",
    "card-member.case": "did you mean 'isVisible'?",
    "card-member.when": "did you mean '$when'?",
    "card-member.data": "did you mean '$data'?",
    "card-member.action": "did you mean 'actions'?",
    "card-value": "did you mean 'attention'?",
    "card-missing": "add 'url'",
    "card-newer": 'state "version": "1.2"',
    "card-function": "did you mean 'formatDateTime'?",
    "card-target": "did you mean 'details'?",
    "card-url": "write a web address, with https",
    "card-name": "did you mean 'name'?",
    "card-name.lambda": "did you mean 'label'?",
    "card-silent": "make it text: '${string(price)}'",
}
CARETS = {
    "card-expression": "Name: ${if(a,",
    "card-function": "On ${",
    "card-handlebars": "On ",
    "card-unclosed": "Name ${id} and ",
    "card-name": "Name: ${",
    "card-name.inline": "${maker.city} ${maker",
    "invalid-jsonpath.sign-in": "$.x[",
}
"""What stands before the caret, in the string."""


async def _found(name: str, folder: Path) -> tuple[Problem, Checked]:
    files = {file: text.replace(PLACE, "") for file, text in CASES[name].files.items()}
    document = written(folder, files)
    (problem,), _ = await found_in(document, str(folder / "plugin.json"))
    (checked,) = await check_source(str(folder / "plugin.json"), Reading(), NoHttp())
    return problem, checked


@pytest.mark.parametrize(("name", "hint"), HINTS.items(), ids=HINTS)
async def test_a_mistake_in_a_card_says_what_was_probably_meant(name: str, hint: str, tmp_path: Path) -> None:
    problem, _ = await _found(name, tmp_path)
    assert problem.hint == hint


@pytest.mark.parametrize(("name", "before"), CARETS.items(), ids=CARETS)
async def test_a_report_points_into_the_string(name: str, before: str, tmp_path: Path) -> None:
    """Issue 5, point 3: errors name the expression, its place in the card, and have a caret."""
    problem, checked = await _found(name, tmp_path)
    assert problem.before == before
    lines = as_text([checked]).splitlines()
    caret = next(place for place, line in enumerate(lines) if line.strip() == "^" and before in lines[place - 1])
    assert lines[caret - 1][: lines[caret].index("^")].endswith(f'"{before}')


async def test_a_card_that_cannot_be_shown_is_an_error_in_the_strict_reading(tmp_path: Path) -> None:
    await _found("card-expression", tmp_path)
    (checked,) = await check_source(str(tmp_path / "plugin.json"), Reading(is_strict=True), NoHttp())
    found = {problem.code: problem.severity for problem in checked.problems}
    assert found["card-expression"] == "error"


async def test_a_card_of_two_functions_is_judged_for_the_answers_of_both(tmp_path: Path) -> None:
    """What is wrong with the card itself is said once."""
    answer = "responses: {'200': {content: {application/json: {schema: {type: object, properties: {%s: {}}}}}}}"
    paths = "".join(f"  /{name}: {{get: {{operationId: {name}, {answer % name}}}}}\n" for name in ("one", "two"))
    card = '{"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "${one}"}]}'
    (tmp_path / "card.json").write_text(card, encoding="utf-8")
    (tmp_path / "api.yaml").write_text(
        f"openapi: 3.0.3\nservers: [{{url: https://api.example}}]\npaths:\n{paths}", encoding="utf-8"
    )
    semantics: Json = {"response_semantics": {"data_path": "$", "static_template": {"file": "card.json"}}}
    document: JsonObject = {
        "name_for_human": "Mine",
        "functions": [{"name": name, "capabilities": semantics} for name in ("one", "two")],
        "runtimes": [{"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": "api.yaml"}}],
    }
    problems, _ = await found_in(document, str(tmp_path / "plugin.json"))
    assert sorted(problem.code for problem in problems) == ["card-name", "card-version"]
    (name,) = [problem for problem in problems if problem.code == "card-name"]
    assert name.message == "'one' is not in the answers of GET /two as they are described"


def test_all_mistakes_of_a_card_are_said_at_once() -> None:
    card: JsonObject = {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [{"type": "Image", "size": "huge"}, {"type": "TextBlock", "text": "${a(} ${b"}, {"typ": "TextBlock"}],
    }
    found = [(problem.code, problem.pointer) for problem in card_problems(card)]
    assert found == [
        ("card-value", "/body/0/size"),
        ("card-missing", "/body/0/url"),
        ("card-type", "/body/2/type"),
        ("card-expression", "/body/1/text"),
    ]


async def test_a_card_with_mistakes_everywhere_is_left_where_the_list_of_problems_ends(tmp_path: Path) -> None:
    body: list[Json] = [{"type": "Txt"} for _ in range(40_000)]
    card: JsonObject = {"type": "AdaptiveCard", "version": "1.5", "body": body}
    semantics: Json = {"response_semantics": {"data_path": "$", "static_template": card}}
    document: JsonObject = {
        "name_for_human": "Mine",
        "functions": [{"name": "one", "capabilities": semantics}],
        "runtimes": [{"type": "LocalPlugin"}],
    }
    with anyio.fail_after(10):
        problems, _ = await found_in(document, str(tmp_path / "plugin.json"))
    assert {problem.code for problem in problems} == {"card-type", "too-many-references"}


async def test_no_card_is_looked_at_after_the_time_for_it(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text('{"type": "HeroCard"}', encoding="utf-8")
    cards: list[JsonObject] = [{}, {"static_template": {"file": "card.json"}}]
    functions: list[Json] = [
        {"name": f"f{place}", "capabilities": {"response_semantics": {"data_path": "$", **card}}}
        for place, card in enumerate(cards)
    ]
    document: JsonObject = {
        "name_for_human": "Mine",
        "functions": functions,
        "runtimes": [{"type": "LocalPlugin"}],
    }
    manifest, location = Manifest.model_validate(document), str(tmp_path / "plugin.json")
    problems, _ = await check_references(
        document, manifest, location, http=NoHttp(), environment=ENVIRONMENT, seconds=0
    )
    assert [(problem.code, problem.pointer) for problem in problems] == [("too-many-references", "/functions/1")]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "${a}", "${", "{{x}}", "TextBlock", "1.5", "drop"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "body", "items", "columns", "$data", "$when", "when", "fallback", "id", "é"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(JSON)
def test_any_json_is_judged_without_an_exception(document: Json) -> None:
    for found in card_problems(document):
        assert found.pointer == "" or found.pointer.startswith("/")
    if isinstance(document, dict):
        list(schema_problems(document))
    list(expression_problems(document))
