"""Swagger 2.0 is read as what it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator.mock.api import MockApi
from orchestrator.mock.exchange import Request
from runtimes.base import FunctionCall
from runtimes.errors import InvocationError
from runtimes.openapi.document import Description
from runtimes.openapi.servers import server_url
from runtimes.values import Json, JsonObject
from tests.servers.descriptions import having, opened

HERE: JsonObject = {"swagger": "2.0", "host": "api.example", "basePath": "/v1", "schemes": ["http", "https"]}


def swagger(operation: JsonObject, **members: Json) -> JsonObject:
    return {**HERE, "paths": {"/x/{id}": {"post": {"operationId": "f", **operation}}}, **members}


def operation_of(description: JsonObject) -> JsonObject:
    return Description(description, "").find("f").operation


ITEM: JsonObject = {"name": "item", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Item"}}
ID: JsonObject = {"name": "id", "in": "path", "required": True, "type": "integer", "format": "int64"}


async def test_a_call_of_an_operation_with_a_body_is_sent_as_it_says() -> None:
    description = swagger(
        {"parameters": [{"$ref": "#/parameters/item"}, {"name": "dry", "in": "query", "type": "boolean"}]},
        parameters={"item": ITEM},
        definitions={"Item": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
    )
    paths = description["paths"]
    assert isinstance(paths, dict)
    item = paths["/x/{id}"]
    assert isinstance(item, dict)
    item["parameters"] = [ID]
    async with opened(description) as executor:
        call = FunctionCall(id="1", function="f", arguments={"id": 3, "dry": True, "name": "a"})
        (message,) = executor.preview(call)
        parameters = executor.functions["f"].parameters
    assert (message.method, message.url) == ("POST", "https://api.example/v1/x/3?dry=true")
    assert message.body == '{"name":"a"}'
    assert parameters == {
        "type": "object",
        "properties": {
            "id": {"type": "integer", "format": "int64"},
            "dry": {"type": "boolean"},
            "name": {"type": "string"},
        },
        "required": ["id", "name"],
    }


def test_parameters_get_schemas_and_styles() -> None:
    strings: JsonObject = {"type": "array", "items": {"type": "string"}}
    parameters: list[Json] = [
        {"name": "csv", "in": "query", **strings},
        {"name": "ssv", "in": "query", "collectionFormat": "ssv", **strings},
        {"name": "tsv", "in": "query", "collectionFormat": "tsv", **strings},
        {"name": "pipes", "in": "query", "collectionFormat": "pipes", **strings},
        {"name": "multi", "in": "query", "collectionFormat": "multi", **strings},
        {"name": "id", "in": "path", "required": True, **strings},
        {"name": "n", "in": "header", "type": "integer", "minimum": 1, "default": 2, "description": "how many"},
    ]
    styles = {"csv": "form", "ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}
    assert operation_of(swagger({"parameters": parameters}))["parameters"] == [
        *(
            {"name": name, "in": "query", "schema": strings, "style": style, "explode": False}
            for name, style in styles.items()
        ),
        {"name": "multi", "in": "query", "schema": strings, "style": "form", "explode": True},
        {"name": "id", "in": "path", "required": True, "schema": strings, "style": "simple", "explode": False},
        {
            "name": "n",
            "in": "header",
            "description": "how many",
            "schema": {"type": "integer", "minimum": 1, "default": 2},
        },
    ]


def formatted(outer: str, *inner: str) -> JsonObject:
    """An array of arrays in these formats; an empty one is not stated."""
    schema: JsonObject = {"type": "string"}
    for name in reversed((outer, *inner)):
        stated: JsonObject = {"collectionFormat": name} if name else {}
        schema = {"type": "array", "items": schema, **stated}
    return schema


NESTED: Mapping[str, tuple[str, JsonObject, Json, str | None]] = {
    "multi of csv": ("query", formatted("multi", "csv"), [["1", "2"], ["3"]], "?m=1,2&m=3"),
    "multi of nothing said": ("query", formatted("multi", ""), [["1", "2"], ["3"]], "?m=1,2&m=3"),
    "csv of pipes": ("query", formatted("csv", "pipes"), [["1", "2"], ["3"]], "?m=1%7C2,3"),
    "pipes of csv": ("query", formatted("pipes", "csv"), [["1", "2"], ["3"]], "?m=1,2%7C3"),
    "ssv of tsv": ("query", formatted("ssv", "tsv"), [["a b"]], None),
    "tsv of ssv": ("query", formatted("tsv", "ssv"), [["1", "2"], ["3"]], "?m=1%202%093"),
    "three levels": ("query", formatted("multi", "csv", "pipes"), [[["1", "2"], ["3"]]], "?m=1%7C2,3"),
    "other commas": ("query", formatted("csv", "pipes"), [["1,5", "2"], ["&"]], "?m=1%2C5%7C2,%26"),
    "a null inside": ("query", formatted("multi", "csv"), [["1", None, "2"], None], "?m=1,2"),
    "the separator in an item": ("query", formatted("multi", "csv"), [["1,2"]], None),
    "an inner separator further in": ("query", formatted("multi", "csv", "pipes"), [[["1,2", "3"]]], None),
    "the same separator twice": ("query", formatted("pipes", "pipes"), [["1", "2"], ["3"]], None),
    "commas in commas": ("query", formatted("csv", "csv"), [["1", "2"], ["3"]], None),
    "commas in commas, one each": ("query", formatted("csv", "csv"), [["1"], ["3"]], "?m=1,3"),
    "multi inside": ("query", formatted("multi", "multi"), [["1", "2"]], "?m=1,2"),
    "in a header": ("header", formatted("csv", "pipes"), [["1", "2"], ["3"]], "1|2,3"),
    "in a form": ("formData", formatted("multi", "csv"), [["1", "2"], ["3"]], "m=1,2&m=3"),
}


@pytest.mark.parametrize(("place", "schema", "value", "expected"), NESTED.values(), ids=NESTED)
async def test_arrays_inside_arrays_are_written_in_their_own_formats(
    place: str, schema: JsonObject, value: Json, expected: str | None
) -> None:
    description: JsonObject = {
        **HERE,
        "paths": {"/x": {"post": {"operationId": "f", "parameters": [{"name": "m", "in": place, **schema}]}}},
    }
    call = FunctionCall(id="1", function="f", arguments={"m": value})
    async with opened(description) as executor:
        assert executor.unusable == {}
        if expected is None:
            with pytest.raises(InvocationError, match="nothing was sent"):
                executor.preview(call)
            return
        (message,) = executor.preview(call)
    written = {"query": message.url.removeprefix("https://api.example/v1/x"), "formData": message.body}
    assert written.get(place, dict(message.headers).get("m")) == expected
    target = message.url.removeprefix("https://api.example/v1")
    body = (message.body or "").encode()
    request = Request(method="POST", target=target, headers=message.headers, body=body)
    assert MockApi(Description(description, "")).answer(request).complaints == ()


def test_form_fields_become_one_body_and_files_make_it_multipart() -> None:
    name: JsonObject = {"name": "name", "in": "formData", "type": "string", "required": True, "description": "Its name"}
    tags: JsonObject = {"name": "tags", "in": "formData", "type": "array", "items": {"type": "string"}}
    file: JsonObject = {"name": "file", "in": "formData", "type": "file"}
    described: JsonObject = {"name": {"type": "string", "description": "Its name"}}
    listed: JsonObject = {"tags": {"type": "array", "items": {"type": "string"}}}
    assert operation_of(swagger({"parameters": [name, tags]}))["requestBody"] == {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "properties": {**described, **listed}, "required": ["name"]},
                "encoding": {"tags": {"style": "form", "explode": False}},
            }
        },
    }
    consumes: list[Json] = ["application/x-www-form-urlencoded", "multipart/form-data"]
    assert operation_of(swagger({"parameters": [name, file], "consumes": consumes}))["requestBody"] == {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {**described, "file": {"type": "string", "format": "binary"}},
                    "required": ["name"],
                }
            }
        },
    }


def test_answers_and_media_types_are_those_of_the_operation_else_of_the_document() -> None:
    responses: JsonObject = {
        "200": {"description": "ok", "schema": {"$ref": "#/definitions/Item"}, "examples": {"text/csv": "a,b"}},
        "404": {"$ref": "#/responses/missing"},
        "410": {"$ref": "#/responses/nowhere"},
    }
    description = swagger(
        {"responses": responses, "parameters": [ITEM], "consumes": ["application/vnd.x+json"]},
        produces=["application/json"],
        consumes=["text/plain"],
        responses={"missing": {"description": "no such item"}},
    )
    operation = operation_of(description)
    schema: JsonObject = {"$ref": "#/definitions/Item"}
    assert operation["responses"] == {
        "200": {
            "description": "ok",
            "content": {"application/json": {"schema": schema}, "text/csv": {"schema": schema, "example": "a,b"}},
        },
        "404": {"description": "no such item"},
        "410": {"$ref": "#/responses/nowhere"},
    }
    assert operation["requestBody"] == {"content": {"application/vnd.x+json": {"schema": schema}}, "required": True}


@pytest.mark.parametrize(
    ("members", "location", "url"),
    [
        ({}, "", "https://api.example/v1"),
        ({"schemes": ["http"]}, "", "http://api.example/v1"),
        ({"schemes": ["ws"]}, "", "https://api.example/v1"),
        ({"schemes": None}, "http://docs.example/api.json", "http://api.example/v1"),
        ({"basePath": None}, "", "https://api.example"),
        ({"basePath": "v2/"}, "", "https://api.example/v2"),
        ({"host": None}, "https://docs.example/a/api.json", "https://docs.example/v1"),
        ({"host": "https://other.example"}, "", "https://other.example/v1"),
    ],
)
def test_the_server_is_put_together(members: JsonObject, location: str, url: str) -> None:
    document: JsonObject = {name: value for name, value in {**swagger({}), **members}.items() if value is not None}
    description = Description(document, location)
    assert server_url(description, description.find("f"), "plugin.json") == url


def test_an_operation_may_have_schemes_of_its_own() -> None:
    description = Description(having(swagger({"schemes": ["http"]}), schemes=["https"]), "")
    assert server_url(description, description.find("f"), "plugin.json") == "http://api.example/v1"


def test_security_schemes_are_those_of_openapi_3() -> None:
    flow: JsonObject = {"authorizationUrl": "https://a.example/a", "tokenUrl": "https://a.example/t"}
    description = Description(
        swagger(
            {},
            securityDefinitions={
                "basic": {"type": "basic"},
                "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
                "code": {"type": "oauth2", "flow": "accessCode", "scopes": {"read": "Read"}, **flow},
            },
        ),
        "",
    )
    assert description.root["components"] == {
        "securitySchemes": {
            "basic": {"type": "http", "scheme": "basic"},
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "code": {"type": "oauth2", "flows": {"authorizationCode": {**flow, "scopes": {"read": "Read"}}}},
        }
    }


async def test_a_parameter_that_leads_nowhere_disables_its_operation_alone() -> None:
    description = swagger({"parameters": [{"$ref": "#/parameters/nowhere"}]})
    paths = description["paths"]
    assert isinstance(paths, dict)
    paths["/y"] = {"get": {"operationId": "good"}}
    async with opened(description) as executor:
        assert list(executor.functions) == ["good"]
        assert "points to nothing" in executor.unusable["f"]


async def test_a_version_that_yaml_reads_as_a_number_is_a_version(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text("swagger: 2.0\nhost: a.example\npaths: {/x: {get: {operationId: f}}}")
    async with opened(None, None, str(tmp_path / "plugin.json"), {"url": "api.yaml"}) as executor:
        assert list(executor.functions) == ["f"]


@pytest.mark.parametrize("place", [{}, [], 5, None])
async def test_a_parameter_whose_place_is_no_text_disables_its_operation_alone(place: Json) -> None:
    strange: JsonObject = {"name": "a", "in": place, "required": True, "type": "array", "collectionFormat": "csv"}
    description: JsonObject = {
        **HERE,
        "paths": {"/x": {"get": {"operationId": "f", "parameters": [strange]}, "put": {"operationId": "g"}}},
    }
    async with opened(having(description)) as executor:
        assert list(executor.functions) == ["g"]
        assert "'a'" in executor.unusable["f"]
