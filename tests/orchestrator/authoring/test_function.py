"""One function: its description, states, confirmation, response semantics, card and security_info."""

from __future__ import annotations

import pytest

from orchestrator.authoring.extensions import card_files
from runtimes.openapi.document import Description
from runtimes.values import Json, JsonObject
from tests.orchestrator.authoring.judge import answering, api, at, drafted, only_function

HOME: JsonObject = {
    "type": "object",
    "required": ["title", "price"],
    "properties": {
        "id": {"type": "integer"},
        "title": {"type": "string"},
        "summary": {"type": "string"},
        "price": {"type": "number"},
        "sold": {"type": "boolean"},
        "url": {"type": "string", "format": "uri"},
        "photo": {"type": "string"},
        "rooms": {"type": "array", "items": {"type": "string"}},
        "list-date": {"type": "string"},
        "true": {"type": "string"},
    },
}


def function(members: JsonObject, method: str = "get") -> JsonObject:
    return only_function(api({"/look": {method: {"operationId": "look", "responses": {}, **members}}}))


def semantics(schema: Json, **root: Json) -> Json:
    made = only_function(api({"/look": {"get": answering(schema)}}, **root))
    return at(made, "capabilities", "response_semantics")


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"x-ai-description": "A", "description": "B", "summary": "C"}, "A"),
        ({"description": "B", "summary": "C"}, "B"),
        ({"summary": "C"}, "C"),
        ({}, "Look"),
    ],
)
def test_a_description_is_the_best_there_is(members: JsonObject, expected: str) -> None:
    assert function(members)["description"] == expected


def test_parameters_are_left_to_the_runtime_to_infer() -> None:
    """Spec 5.2.3: the description already says more than the subset of spec 6 can."""
    assert "parameters" not in function({"parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}]})


def test_instructions_of_extensions_stand_in_their_states() -> None:
    made = function({"x-ai-reasoning-instructions": ["a", " ", 1, "b"], "x-ai-responding-instructions": "all"})
    assert made["states"] == {
        "reasoning": {"description": "`look` changes nothing.", "instructions": ["a", "b"]},
        "responding": {"instructions": "all"},
    }


def test_a_function_without_instructions_has_descriptions_alone() -> None:
    made = only_function(api({"/look": {"post": answering({"type": "array", "items": HOME})}}))
    assert made["states"] == {
        "reasoning": {"description": "`look` changes data: call it only where the person asks for that."},
        "responding": {"description": "`look` answers with a list of results at `$`."},
    }


BODY: JsonObject = {
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"listPrice": {"type": "number"}, "due-on": {"type": "string"}, "a'b": {}, "a}}b": {}},
            }
        }
    }
}


def test_a_function_that_changes_something_is_confirmed_with_its_parameters_and_body_properties() -> None:
    parameters: list[Json] = [{"name": "id", "in": "query", "schema": {"type": "integer"}}]
    made = function({"summary": "Change {{it}}", "parameters": parameters, "requestBody": BODY}, "put")
    assert at(made, "capabilities", "confirmation") == {
        "type": "AdaptiveCard",
        "title": "Change it",
        "body": "* **Id**: {{function.parameters.id}}\n"
        "* **List price**: {{function.parameters.listPrice}}\n"
        "* **Due on**: {{function.parameters['due-on']}}",
    }


def test_a_confirmation_is_bounded() -> None:
    properties: JsonObject = {f"{'long' * 20}{n}": {} for n in range(500)}
    made = function({"requestBody": {"content": {"application/json": {"schema": {"properties": properties}}}}}, "post")
    body = at(made, "capabilities", "confirmation", "body")
    assert isinstance(body, str)
    assert 1 < body.count("\n") < 30
    assert len(body) <= 4096


EFFECTS: list[tuple[str, JsonObject, bool, Json]] = [
    ("get", {}, False, ["GetPublicData"]),
    ("head", {}, False, ["GetPublicData"]),
    ("options", {}, False, ["GetPublicData"]),
    ("post", {}, True, ["ResourceStateUpdate"]),
    ("put", {}, True, ["ResourceStateUpdate"]),
    ("patch", {}, True, ["ResourceStateUpdate"]),
    ("delete", {}, True, ["ResourceStateUpdate"]),
    ("post", {"x-openai-isConsequential": False}, False, ["GetPublicData"]),
    ("get", {"x-openai-isConsequential": True}, True, ["ResourceStateUpdate"]),
    ("get", {"x-oai-isConsequential": True}, True, ["ResourceStateUpdate"]),
    ("get", {"security": [{"key": []}]}, False, ["GetPrivateData"]),
    ("delete", {"security": [{"key": []}]}, True, ["ResourceStateUpdate", "GetPrivateData"]),
]


@pytest.mark.parametrize(("method", "members", "is_confirmed", "handling"), EFFECTS)
def test_what_changes_something_is_confirmed_and_declared(
    method: str, members: JsonObject, is_confirmed: bool, handling: Json
) -> None:
    components: JsonObject = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}
    made = only_function(api({"/look": {method: {"operationId": "look", **members}}}, components=components))
    assert (at(made, "capabilities", "confirmation") is not None) is is_confirmed
    assert at(made, "capabilities", "security_info") == {"data_handling": handling}


def wrapped(properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties}


HOMES: JsonObject = {"type": "array", "items": HOME}


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        (HOMES, "$"),
        (wrapped({"items": HOMES, "results": HOMES}), "$.results"),
        (wrapped({"total": {"type": "integer"}, "homes": HOMES}), "$.homes"),
        (wrapped({"homes": HOMES, "errors": {"type": "array", "items": {"type": "string"}}}), "$.homes"),
        (wrapped({"name": {"type": "string"}, "reviews": HOMES}), "$"),
        (wrapped({"a": HOMES, "b": HOMES, "ok": {"type": "boolean"}}), "$"),
        (wrapped({"my homes": HOMES}), "$['my homes']"),
        (HOME, "$"),
        ({"$ref": "#/components/schemas/Page"}, "$.value"),
        ({"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Page"}]}, "$.value"),
    ],
)
def test_the_results_are_found_where_answers_have_them(schema: Json, path: str) -> None:
    page: JsonObject = {"allOf": [wrapped({"count": {"type": "integer"}}), {"$ref": "#/components/schemas/List"}]}
    components: JsonObject = {
        "schemas": {"Page": page, "List": wrapped({"value": {"type": ["array", "null"], "items": HOME}})}
    }
    assert at(semantics(schema, components=components), "data_path") == path


@pytest.mark.parametrize(
    "schema", [None, {}, {"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"$ref": "#/nowhere"}, 5]
)
def test_an_answer_of_which_nothing_is_known_has_no_semantics(schema: Json) -> None:
    found = semantics(schema)
    assert found is None or found == {"data_path": "$"}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (("display_title", "title", "name"), {"title": "$.display_title"}),
        (("dishName", "href"), {"title": "$.dishName", "url": "$.href"}),
        (("webUrl", "url"), {"url": "$.webUrl"}),
        (
            ("Subject", "Description", "imageUrl"),
            {"title": "$.Subject", "subtitle": "$.Description", "thumbnail_url": "$.imageUrl"},
        ),
        (("@odata.title",), {"title": "$['@odata.title']"}),
        (("ti'tle", "other"), None),
    ],
)
def test_the_properties_of_a_citation_are_found_by_their_usual_names(
    properties: tuple[str, ...], expected: Json
) -> None:
    item = wrapped({name: {"type": "string"} for name in properties})
    assert at(semantics({"type": "array", "items": item}), "properties") == expected


def test_a_property_of_another_type_is_not_taken_for_its_name() -> None:
    item = wrapped({"title": {"type": "object"}, "url": {"type": "integer"}, "fileName": {"type": "string"}})
    assert at(semantics({"type": "array", "items": item}), "properties") == {"title": "$.fileName"}


def test_the_card_has_a_title_facts_and_a_link() -> None:
    assert at(semantics(HOMES), "static_template") == {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": [
            {"type": "TextBlock", "text": "${title}", "weight": "Bolder", "size": "Medium", "wrap": True},
            {
                "type": "TextBlock",
                "text": "${if(summary, summary, '')}",
                "isSubtle": True,
                "wrap": True,
                "spacing": "None",
            },
            {
                "type": "FactSet",
                "facts": [
                    {"title": "Price", "value": "${string(price)}"},
                    {"title": "Sold", "value": "${if(sold, 'yes', if(sold == false, 'no', ''))}"},
                    {"title": "Id", "value": "${if(id, string(id), '')}"},
                ],
            },
        ],
        "actions": [
            {
                "type": "Action.OpenUrl",
                "title": "Open",
                "url": "${url}",
                "$when": "${startsWith(url, 'http')}",
            }
        ],
    }


def test_a_card_of_many_properties_has_six_facts() -> None:
    found = semantics(wrapped({f"p{n}": {"type": "string"} for n in range(50)}))
    facts = at(found, "static_template", "body", 1, "facts")
    assert isinstance(facts, list)
    assert len(facts) == 6
    assert at(found, "static_template", "body", 0, "text") == "Look"


CARD: JsonObject = {"type": "AdaptiveCard", "version": "1.6", "body": []}


def deep(levels: int) -> Json:
    value: Json = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (CARD, CARD),
        ({"file": "cards/home.json", "data_path": "$"}, CARD),
        ("cards/home.json", CARD),
    ],
)
def test_a_card_of_the_description_takes_the_place_of_ours(given: Json, expected: Json) -> None:
    """One in a file is written out: a manifest of version 2.2 names no files of cards."""
    root = api({"/look": {"get": answering(HOMES, {"x-ai-adaptive-card": given})}})
    made = only_function(root, {"cards/home.json": CARD})
    assert at(made, "capabilities", "response_semantics", "static_template") == expected


@pytest.mark.parametrize(
    "given",
    [
        "../up.json",
        "/etc/passwd",
        "c:\\card.json",
        "https://example.com/card.json",
        "a/..\\b.json",
        {"file": "..", "data_path": "$.x"},
        {"type": "Other"},
        {**CARD, "file": ""},
        {**CARD, "file": {"name": "card.json"}},
        {**CARD, "body": deep(70)},
        {**CARD, "fallbackText": "x" * 70_000},
        ["card.json"],
    ],
)
def test_a_card_that_leads_out_of_the_folder_or_beyond_a_limit_is_passed_over(given: Json) -> None:
    plain = only_function(api({"/look": {"get": answering(HOMES)}}))
    assert only_function(api({"/look": {"get": answering(HOMES, {"x-ai-adaptive-card": given})}})) == plain


def test_a_card_in_a_file_that_is_not_there_or_is_no_card_is_passed_over() -> None:
    plain = only_function(api({"/look": {"get": answering(HOMES)}}))
    for name in ("lost.json", "list.json", "deep.json"):
        written: tuple[JsonObject, ...] = (
            {"x-ai-adaptive-card": name},
            {"x-ai-adaptive-card": {"file": name, "data_path": "$.x"}},
            {"x-ai-capabilities": {"response_semantics": {"static_template": {"file": name}}}},
        )
        for more in written:
            cards: dict[str, JsonObject] = {"list.json": {"type": "List"}, "deep.json": {**CARD, "body": deep(70)}}
            assert only_function(api({"/look": {"get": answering(HOMES, more)}}), cards) == plain


def test_the_files_of_cards_are_found_where_an_operation_names_them() -> None:
    semantics: JsonObject = {"response_semantics": {"static_template": {"file": "c.json"}}}
    root = api(
        {
            "/a": {"get": answering(HOMES, {"x-ai-adaptive-card": "a.json"})},
            "/b": {"get": answering(HOMES, {"x-ai-adaptive-card": {"file": "b.json"}, "x-ai-capabilities": semantics})},
            "/c": {"get": answering(HOMES, {"x-ai-adaptive-card": {"file": "a.json"}})},
            "/d": {"get": answering(HOMES, {"x-ai-adaptive-card": CARD, "x-ai-capabilities": {}})},
            "/e": {"get": answering(HOMES, {"x-ai-adaptive-card": "x" * 5000})},
        }
    )
    assert card_files(Description(root, "")) == ("a.json", "b.json", "c.json")


@pytest.mark.parametrize("summary", ["...", "{}", "", " ", "…"])
def test_a_summary_without_a_word_is_passed_over(summary: str) -> None:
    root = api({"/look": {"post": answering(HOMES, {"operationId": "look-around", "summary": summary})}})
    made = only_function(root)
    assert made["description"] == "Look around"
    assert at(made, "capabilities", "confirmation", "title") == "Look around"
    assert at(drafted(root).document, "capabilities", "conversation_starters") == [{"text": "Look around"}]


def test_a_card_with_a_path_of_its_own_brings_its_own_properties() -> None:
    given: JsonObject = {"file": "a.json", "data_path": "$.x", "title": "$.t", "url": "$.u", "other": "$.o"}
    root = api({"/look": {"get": answering(HOMES, {"x-ai-adaptive-card": given})}})
    assert at(only_function(root, {"a.json": CARD}), "capabilities", "response_semantics") == {
        "data_path": "$.x",
        "properties": {"title": "$.t", "url": "$.u"},
        "static_template": CARD,
    }


def test_capabilities_of_the_description_win_member_by_member() -> None:
    given: JsonObject = {
        "confirmation": {"title": "Sure?", "type": "adaptiveCard", "isNonConsequential": True},
        "response_semantics": {"properties": {"title": "$.headline", "rank": "$.r"}, "static_template": CARD},
        "security_info": {"data_handling": ["DataTransform", "DataExport"]},
    }
    made = only_function(api({"/look": {"post": answering(HOMES, {"requestBody": BODY, "x-ai-capabilities": given})}}))
    capabilities = made["capabilities"]
    assert at(capabilities, "confirmation", "title") == "Sure?"
    assert "listPrice" in str(at(capabilities, "confirmation", "body"))
    assert at(capabilities, "response_semantics") == {
        "data_path": "$",
        "properties": {"title": "$.headline"},
        "static_template": CARD,
    }
    assert at(capabilities, "security_info") == {"data_handling": ["DataTransform"]}


def test_a_confirmation_may_be_asked_for_or_declined_by_the_description() -> None:
    asked = function({"x-ai-capabilities": {"confirmation": {"title": "Look?"}}})
    declined = function({"x-ai-capabilities": {"confirmation": {"type": "none", "body": "x"}}}, "post")
    assert at(asked, "capabilities", "confirmation") == {"type": "AdaptiveCard", "title": "Look?"}
    assert at(declined, "capabilities", "confirmation") == {"type": "None"}


@pytest.mark.parametrize("given", [1, [], {"confirmation": []}, {"security_info": {"data_handling": "x"}}, {"x": {}}])
def test_capabilities_of_another_form_are_passed_over(given: Json) -> None:
    assert function({"x-ai-capabilities": given}) == function({})
