"""Requests are judged by the description, and answered as it says."""

from __future__ import annotations

import pytest

from orchestrator.mock.api import MockApi
from orchestrator.mock.exchange import Request
from orchestrator.mock.routes import normalised
from runtimes.openapi.document import Description
from runtimes.values import Json, JsonObject, parse_json
from tests.orchestrator.mock.asking import asked, mock_of, told, wrong

ITEM: JsonObject = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string", "minLength": 2},
        "secret": {"type": "string", "writeOnly": True},
        "note": {"type": "string", "nullable": True},
    },
}
ITEMS: JsonObject = {
    "/items": {
        "get": {
            "operationId": "listItems",
            "parameters": [
                {
                    "name": "limit",
                    "in": "query",
                    "schema": {"type": "integer", "minimum": 1, "exclusiveMaximum": False},
                },
                {"name": "kind", "in": "query", "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
                {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "string", "format": "uuid"}},
                {"name": "key", "in": "query", "required": True, "schema": {"type": "string"}},
            ],
            "responses": {"200": {"content": {"application/json": {"schema": {"type": "array", "items": ITEM}}}}},
        },
        "post": {
            "operationId": "addItem",
            "requestBody": {"required": True, "content": {"application/json": {"schema": ITEM}}},
            "responses": {"201": {"content": {"application/json": {"schema": ITEM}}}},
        },
    },
    "/items/{id}": {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "get": {
            "operationId": "getItem",
            "responses": {"200": {"content": {"application/json": {"schema": ITEM}}}},
        },
        "delete": {"operationId": "removeItem", "responses": {"204": {"description": "gone"}}},
    },
    "/items/latest": {"get": {"operationId": "latestItem", "responses": {"default": {"description": "said"}}}},
}
SECURITY: JsonObject = {"securitySchemes": {"k": {"type": "apiKey", "in": "query", "name": "key"}}}
TRACE = (("X-Trace", "5f0c1c3e-1111-4111-8111-123456789012"),)


def items(seed: int = 0) -> MockApi:
    return mock_of(ITEMS, seed=seed, components=SECURITY)


def test_data_are_made_up_from_the_schema_of_the_answer() -> None:
    answer = asked(items(), "GET", "/items?limit=3&kind=a&kind=b", headers=TRACE)
    assert (answer.status, answer.media_type, answer.operation) == (200, "application/json", "listItems")
    value = parse_json(answer.body)
    assert isinstance(value, list)
    assert 1 <= len(value) <= 3
    assert all(isinstance(one, dict) and {"id", "name"} <= one.keys() <= {"id", "name", "note"} for one in value)


def test_the_same_request_gets_the_same_answer_and_another_seed_another() -> None:
    bodies = {asked(items(seed), "GET", "/items?limit=3", headers=TRACE).body for seed in (1, 1, 2, 3)}
    assert len(bodies) == 3


def test_what_is_asked_for_by_its_id_has_it() -> None:
    assert told(asked(items(), "GET", "/items/42"))["id"] == 42
    assert told(asked(items(), "POST", "/items", {"name": "pen"}))["name"] == "pen"


def test_all_that_is_wrong_is_said_at_once() -> None:
    answer = asked(items(), "GET", "/items?limit=0&limt=3&kind=c", headers=(("X-Trace", "no"),))
    assert (answer.status, answer.media_type) == (400, "application/problem+json")
    assert wrong(answer) == [
        ("query", "limit", ""),
        ("query", "kind", "/0"),
        ("header", "X-Trace", ""),
        ("query", "limt", ""),
    ]
    assert "did you mean 'limit'?" in str(told(answer))
    assert str(told(answer)["detail"]).endswith("; 1 more")


@pytest.mark.parametrize(
    ("method", "target", "body", "expected"),
    [
        ("GET", "/items", None, [("header", "X-Trace", "")]),
        ("GET", "/items/x", None, [("path", "id", "")]),
        ("POST", "/items", {}, [("body", "", "")]),
        ("POST", "/items", {"name": "x", "note": None}, [("body", "", "/name")]),
        ("POST", "/items", ["x"], [("body", "", "")]),
        ("DELETE", "/items/1", {"why": "so"}, [("body", "", "")]),
    ],
)
def test_a_request_that_does_not_fit_is_refused(
    method: str, target: str, body: Json, expected: list[tuple[str, str, str]]
) -> None:
    answer = asked(items(), method, target, body)
    assert answer.status == 400
    assert wrong(answer) == expected


def test_a_body_that_is_no_json_is_refused() -> None:
    headers = (("Content-Type", "application/json"),)
    answer = items().answer(Request(method="POST", target="/items", headers=headers, body=b"{"))
    assert answer.status == 400
    assert "not JSON" in str(told(answer)["detail"])


def test_a_body_that_is_missing_is_missed() -> None:
    answer = asked(items(), "POST", "/items")
    assert wrong(answer) == [("body", "", "")]


@pytest.mark.parametrize("content_type", ["text/csv", "application/jsonx", "", "multipart/form-data; boundary=x"])
def test_a_body_of_another_media_type_is_refused(content_type: str) -> None:
    request = Request(method="POST", target="/items", headers=(("Content-Type", content_type),), body=b"x")
    answer = items().answer(request)
    assert answer.status == 415
    assert "application/json" in str(told(answer)["detail"])


def test_an_unknown_path_is_nowhere_and_a_near_one_is_named() -> None:
    answer = asked(items(), "GET", "/item")
    assert answer.status == 404
    assert "did you mean '/items'?" in str(told(answer)["detail"])
    assert asked(items(), "GET", "/" + "x" * 10_000).status == 404


def test_another_method_is_refused_with_those_that_are_taken() -> None:
    answer = asked(items(), "PUT", "/items")
    assert (answer.status, answer.headers) == (405, (("Allow", "GET, HEAD, OPTIONS, POST"),))
    options = asked(items(), "OPTIONS", "/items/1")
    assert (options.status, options.headers, options.body) == (204, (("Allow", "DELETE, GET, HEAD, OPTIONS"),), b"")


def test_head_is_answered_as_get_is() -> None:
    head, get = asked(items(), "HEAD", "/items/1"), asked(items(), "GET", "/items/1")
    assert head == get


def test_a_concrete_path_comes_before_a_template() -> None:
    assert asked(items(), "GET", "/items/latest").operation == "latestItem"


def test_an_answer_without_content_has_none() -> None:
    assert (asked(items(), "DELETE", "/items/1").status, asked(items(), "DELETE", "/items/1").body) == (204, b"")
    assert asked(items(), "GET", "/items/latest").status == 200


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ({"example": {"a": 1}, "schema": {"example": {"a": 2}}}, {"a": 1}),
        ({"examples": {"one": {"value": {"a": 3}}, "two": {"value": {"a": 4}}}}, {"a": 3}),
        ({"examples": {"one": {"$ref": "#/components/examples/e"}}}, {"a": 5}),
        ({"schema": {"$ref": "#/components/schemas/S"}}, {"a": 6}),
        ({"example": None}, None),
    ],
)
def test_an_example_of_the_author_comes_first(media: JsonObject, expected: Json) -> None:
    components: JsonObject = {
        "examples": {"e": {"value": {"a": 5}}},
        "schemas": {"S": {"type": "object", "example": {"a": 6}}},
    }
    operation: JsonObject = {"responses": {"200": {"content": {"application/json": media}}}}
    api = mock_of({"/x": {"get": operation}}, components=components)
    assert parse_json(asked(api, "GET", "/x").body) == expected


@pytest.mark.parametrize(
    ("responses", "status"),
    [
        ({"404": {}, "201": {}, "200": {}}, 200),
        ({"404": {}, "2XX": {}}, 200),
        ({"202": {}, "default": {}}, 202),
        ({"default": {}}, 200),
        ({"500": {}}, 200),
        ({}, 200),
    ],
)
def test_the_answer_is_the_one_of_a_call_that_went_well(responses: JsonObject, status: int) -> None:
    assert asked(mock_of({"/x": {"get": {"responses": responses}}}), "GET", "/x").status == status


@pytest.mark.parametrize(
    ("media_type", "accept", "start"),
    [
        ("text/plain", "", b""),
        ("text/csv", "*/*", b""),
        ("application/xml", "", b"<root>"),
        ("image/png", "", b"\x89PNG"),
        ("application/octet-stream", "", b""),
        ("*/*", "text/html;q=x", b'"'),
    ],
)
def test_answers_of_other_media_types_are_made_up_too(media_type: str, accept: str, start: bytes) -> None:
    schema: JsonObject = {"type": "string"}
    operation: JsonObject = {"responses": {"200": {"content": {media_type: {"schema": schema}}}}}
    if start == b"<root>":
        operation = {"responses": {"200": {"content": {media_type: {"schema": {**ITEM, "required": ["name"]}}}}}}
    answer = asked(mock_of({"/x": {"get": operation}}), "GET", "/x", headers=(("Accept", accept),))
    assert answer.body
    assert answer.body.startswith(start)


def test_swagger_2_is_served_too() -> None:
    document: JsonObject = {
        "swagger": "2.0",
        "paths": {
            "/x/{id}": {
                "post": {
                    "operationId": "f",
                    "consumes": ["application/x-www-form-urlencoded"],
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "type": "integer"},
                        {"name": "tags", "in": "query", "type": "array", "items": {"type": "integer"}},
                        {"name": "n", "in": "formData", "type": "integer", "required": True},
                    ],
                    "responses": {"200": {"description": "", "schema": {"type": "object", "example": {"ok": True}}}},
                }
            }
        },
    }
    api = MockApi(Description(document, ""))
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    good = Request(method="POST", target="/x/1?tags=1,2", headers=headers, body=b"n=3")
    assert told(api.answer(good)) == {"ok": True}
    bad = Request(method="POST", target="/x/1?tags=1,z", headers=headers, body=b"n=many")
    assert wrong(api.answer(bad)) == [("query", "tags", "/1"), ("body", "", "/n")]


def test_a_description_whose_schemas_make_no_sense_is_served_all_the_same() -> None:
    schema: JsonObject = {
        "type": "thing",
        "required": True,
        "properties": {"a": {"pattern": "(", "minimum": "3", "enum": 3, "$ref": 7}, "b": 3, "c": {"$ref": "#/nowhere"}},
        "allOf": {},
        "items": [],
    }
    operation: JsonObject = {
        "parameters": [{"name": "q", "in": "query", "schema": schema}, {"$ref": "#/nowhere"}, 3],
        "responses": {"200": {"content": {"application/json": {"schema": schema}}}, "x": 3},
    }
    answer = asked(mock_of({"/x": {"get": operation}, "/y": 3}), "GET", "/x?q=1")
    assert answer.status == 200
    assert isinstance(parse_json(answer.body), dict)


@pytest.mark.parametrize(
    ("one", "other"),
    [("/a%7Eb", "/a~b"), ("/a%2fb", "/a%2Fb"), ("/é", "/%C3%A9"), ("/a b", "/a%20b")],
)
def test_spellings_of_one_path_are_one(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("template", "target", "status"),
    [
        ("/a/{x}.json", "/a/1.json", 200),
        ("/a/{x}.json", "/a/1.xml", 404),
        ("/a/{x}-{y}", "/a/1-2", 200),
        ("/a/{x}", "/a/", 404),
        ("/a/{x}", "/a/b/c", 404),
        ("/a/{x}", "/a/b%2Fc", 200),
        ("/a/{x}", "/a/1/", 404),
        ("/a(x='{x}')", "/a(x='1')", 200),
        ("/a?op={x}", "/a?op=1", 200),
        ("/a?op=go&x={x}", "/a?op=stay&x=1", 404),
    ],
)
def test_a_path_template_matches_what_it_should(template: str, target: str, status: int) -> None:
    assert asked(mock_of({template: {"get": {"responses": {}}}}), "GET", target).status == status


def test_members_that_only_answers_have_are_named() -> None:
    base: JsonObject = {"type": "object", "properties": {"id": {"readOnly": True}, "at": {"readOnly": True}}}
    schema: JsonObject = {
        "allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"at": {"type": "string"}}}],
        "properties": {
            "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Base"}},
            "a/b": {"additionalProperties": {"$ref": "#/components/schemas/Base"}},
        },
    }
    body: JsonObject = {"content": {"application/json": {"schema": schema}}}
    paths: JsonObject = {"/x": {"post": {"requestBody": body, "responses": {"201": {}}}}}
    api = mock_of(paths, components={"schemas": {"Base": base}})
    sent: Json = {"id": 3, "at": "now", "parts": [{"n": 1}, {"id": 4}], "a/b": {"at": {"at": 5}}}
    answer = asked(api, "POST", "/x", sent)
    assert (answer.status, sorted(wrong(answer))) == (
        400,
        [("body", "", "/a~1b/at/at"), ("body", "", "/id"), ("body", "", "/parts/1/id")],
    )
    assert asked(api, "POST", "/x", {"at": "now", "parts": [{"n": 1}]}).status == 201


def test_a_request_with_an_id_that_the_api_gives_is_refused() -> None:
    answer = items().answer(
        Request(
            method="POST",
            target="/items",
            headers=(("Content-Type", "application/json"),),
            body=b'{"id":3,"name":"abc"}',
        )
    )
    assert (answer.status, wrong(answer)) == (400, [("body", "", "/id")])
    assert "read-only" in answer.body.decode()


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_schemas_that_double_at_each_step_are_answered_all_the_same(keyword: str) -> None:
    schemas: JsonObject = {"s0": {"type": "object", "properties": {"a": {"type": "string"}}}}
    for level in range(1, 40):
        smaller: JsonObject = {"$ref": f"#/components/schemas/s{level - 1}"}
        schemas[f"s{level}"] = {keyword: [smaller, smaller]}
    top: JsonObject = {"$ref": "#/components/schemas/s39"}
    operation: JsonObject = {
        "requestBody": {"content": {"application/json": {"schema": top}}},
        "responses": {"200": {"content": {"application/json": {"schema": top}}}},
    }
    mock = mock_of({"/x": {"post": operation}}, components={"schemas": schemas})
    answer = asked(mock, "POST", "/x", {"a": 1})
    assert answer.status == 200
