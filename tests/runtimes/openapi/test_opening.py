"""How a description is found and opened, which functions it has, and what disables one of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeFactory
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.openapi import open_openapi
from runtimes.values import JsonObject, dump_json
from tests.servers.descriptions import api, get, having, opened, post, reason
from tests.servers.loopback import Answer, Request, Response, json_response, serve

FACTORY: RuntimeFactory = open_openapi


async def test_a_description_comes_from_a_url_and_relative_servers_start_there() -> None:
    document = b"openapi: 3.1.0\nservers: [{url: ../v2}]\npaths: {/x: {get: {operationId: f}}}"

    async def handler(request: Request) -> Answer:
        return Response(body=document) if request.path == "/api/docs/openapi.yaml" else json_response([request.path])

    async with serve(handler) as server:
        spec: JsonObject = {"url": "openapi.yaml"}
        async with opened(None, None, f"{server.url}/api/docs/plugin.json", spec) as executor:
            result = await executor.invoke(FunctionCall(id="1", function="f", arguments={}), CallContext(person="me"))
        assert executor.functions["f"].destination == server.url
    assert result == CallResult(payload=["/api/v2/x"], status=200)


async def test_a_description_comes_from_a_file_beside_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(dump_json(get({})), encoding="utf-8")
    async with opened(None, ("f",), str(tmp_path / "plugin.json"), {"url": "api.json"}) as executor:
        assert list(executor.functions) == ["f"]


async def test_merge_keys_of_a_description_stand_for_the_members_of_others() -> None:
    document = """
openapi: 3.0.4
servers: [{url: https://api.example}]
x-p: &p {name: a, in: query}
paths: {/x: {get: {operationId: f, parameters: [{<<: *p, schema: {type: string}}, {name: b, <<: *p}]}}}
"""
    spec: JsonObject = {"api_description": document}
    async with opened(None, None, "plugin.json", spec) as executor:
        (message,) = executor.preview(FunctionCall(id="1", function="f", arguments={"a": "1", "b": "2"}))
    assert message.url == "https://api.example/x?a=1&b=2"


async def test_a_description_in_the_manifest_wins_over_its_url() -> None:
    spec: JsonObject = {"url": "http://127.0.0.1:1/never", "api_description": dump_json(get({}))}
    async with opened(None, None, "plugin.json", spec) as executor:
        assert list(executor.functions) == ["f"]


UNAVAILABLE: Mapping[str, tuple[JsonObject, str]] = {
    "nothing": ({}, "neither 'url' nor 'api_description'"),
    "missing": ({"url": "none.yaml"}, "there is no file"),
    "outside": ({"url": "../none.yaml"}, "leads out of"),
    "placeholder": ({"url": "https://${{HOST}}/x"}, r"placeholder \$\{\{HOST\}\}"),
    "refused": ({"url": "http://127.0.0.1:1/x"}, "cannot connect"),
    "private": ({"url": "http://10.1.2.3/x"}, "--allow-host"),
    "syntax": ({"api_description": "a: b: c"}, "api_description:1:5"),
    "no-object": ({"api_description": "[]"}, "is an object"),
    "swagger": ({"api_description": "swagger: '1.2'"}, r"Swagger 1\.2; Swagger 2\.0 and OpenAPI 3\.x are read"),
    "no-version": ({"api_description": "a: 1"}, "has no member 'openapi'"),
    "version": ({"api_description": "openapi: 4.0.0"}, r"OpenAPI 3\.x is needed"),
}


@pytest.mark.parametrize(("spec", "words"), UNAVAILABLE.values(), ids=UNAVAILABLE)
async def test_a_description_that_cannot_be_opened_says_why(spec: JsonObject, words: str) -> None:
    with pytest.raises(RuntimeUnavailable, match=words) as caught:
        async with opened(None, None, "plugin.json", spec):
            raise NotImplementedError
    assert "\n" not in str(caught.value)


async def test_functions_are_found_by_operation_id_and_by_its_legal_form() -> None:
    description = api(
        {
            "/a": {"get": {"operationId": "list-items"}, "post": {"operationId": "items.add"}},
            "/a/{id}": {"get": {"parameters": [{"name": "id", "in": "path", "required": True}]}},
            "/": {"get": {}},
        }
    )
    async with opened(description) as executor:
        assert list(executor.functions) == ["list_items", "items_add", "get_a_id", "get"]
    async with opened(description, ("list-items", "items_add", "get_a_id", "nope")) as executor:
        assert list(executor.functions) == ["list-items", "items_add", "get_a_id"]
        assert list(executor.unusable) == ["nope"]


async def test_a_name_with_two_meanings_disables_that_name_alone() -> None:
    description = api({"/a": {"get": {"operationId": "a-b"}}, "/b": {"get": {"operationId": "a.b"}, "put": {}}})
    async with opened(description, ("a_b", "put_b")) as executor:
        assert list(executor.functions) == ["put_b"]
        words = "means 2 operations, such as GET /a ('a_b_f302df') and GET /b ('a_b_"
        assert words in executor.unusable["a_b"]


async def test_operations_of_one_name_are_told_apart_by_method_and_path_alone() -> None:
    by_id: JsonObject = {
        "/a": {"get": {"operationId": "a-b"}},
        "/b": {"get": {"operationId": "a_b"}},
        "/c": {"get": {"operationId": "twice"}, "put": {"operationId": "twice"}},
    }
    derived: JsonObject = {"/pets/{name}": {"get": {}}, "/pets/name": {"get": {}}}
    names = ["a_b_f302df", "a_b", "twice_247925", "twice_aa68c5"]
    names += ["get_pets_name_1033cb", "get_pets_name_444241"]
    async with opened(api({**by_id, **derived})) as executor:
        assert list(executor.functions) == names
        assert executor.unusable == {}
    async with opened(api({**dict(reversed(derived.items())), **by_id})) as executor:
        assert set(executor.functions) == set(names)
        (message,) = executor.preview(FunctionCall(id="1", function=names[4], arguments={"name": "x"}))
        assert message.url == "https://api.example/v1/pets/x"
        (message,) = executor.preview(FunctionCall(id="1", function=names[5], arguments={}))
        assert message.url == "https://api.example/v1/pets/name"
    async with opened(api({"/a": by_id["/a"]}), ("a_b_f302df", "a-b")) as executor:
        assert executor.unusable == {}


BROKEN: JsonObject = {
    "/pets": {"$ref": "#/components/pathItems/x"},
    "/file": {"$ref": "./no.yaml"},
    "/empty": None,
    "x-extension": None,
    "/q": {"get": {"operationId": "q"}},
}


async def test_a_path_that_cannot_be_followed_is_told_with_the_reason() -> None:
    async with opened(api(BROKEN)) as executor:
        assert list(executor.functions) == ["q"]
        assert list(executor.unusable) == ["/pets", "/file", "/empty"]
        words = "its operations are not known: the reference '#/components/pathItems/x' points to nothing"
        assert executor.unusable["/pets"] == words
        assert "'./no.yaml'" in executor.unusable["/file"]
    said = await reason(api(BROKEN), "listPets")
    assert "has no operation 'listPets'; it has: q; of the path '/pets' its operations are not known: " in said
    assert "points to nothing" in said


async def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    assert "did you mean 'getItems'" in await reason(api({"/a": {"get": {"operationId": "getItems"}}}), "getItem")


ARRAY: JsonObject = {"type": "array"}

BAD: Mapping[str, tuple[JsonObject, str]] = {
    "remote-ref": (get({"parameters": [{"$ref": "http://127.0.0.1/x#/p"}]}), "refers to another document"),
    "file-ref": (post({"$ref": "schemas.yaml#/A"}), "refers to another document"),
    "dangling-ref": (post({"properties": {"a": {"$ref": "#/nowhere"}}}), "points to nothing"),
    "ref-loop": (
        having(
            get({"parameters": [{"$ref": "#/components/parameters/a"}]}),
            components={"parameters": {"a": {"$ref": "#/components/parameters/a"}}},
        ),
        "references lead to one another",
    ),
    "querystring": (
        get({"parameters": [{"name": "c", "in": "querystring", "required": True, "content": {}}]}),
        "requires the parameter 'c': nothing is sent in 'querystring'",
    ),
    "style": (
        get({"parameters": [{"name": "c", "in": "query", "required": True, "style": "deepObject", "schema": ARRAY}]}),
        "the style 'deepObject'",
    ),
    "no-name": (get({"parameters": [{"in": "query"}]}), "has no name"),
    "form-body": (
        api({"/x": {"post": {"operationId": "f", "requestBody": {"content": {"multipart/form-data": {}}}}}}),
        "takes multipart/form-data",
    ),
    "placeholder": (having(get({}), servers=[{"url": "${{OPENAPI_SERVER_URL}}/api"}]), r"${{OPENAPI_SERVER_URL}}"),
    "relative-server": (having(get({}), servers=[{"url": "/api"}]), "is relative"),
    "no-server": (having(get({}), servers=[]), "is relative"),
    "server-scheme": (having(get({}), servers=[{"url": "file:///etc"}]), "only http and https"),
    "server-user": (having(get({}), servers=[{"url": "https://u:p@a.example"}]), "user name"),
    "server-variable": (having(get({}), servers=[{"url": "https://{h}.example"}]), "variable 'h' has no default"),
    "server-query": (having(get({}), servers=[{"url": "https://a.example/?x=1"}]), "query or a fragment"),
    "fragment": (api({"/x#y": {"get": {"operationId": "f"}}}), "has a fragment"),
}


@pytest.mark.parametrize(("description", "words"), BAD.values(), ids=BAD)
async def test_one_bad_operation_is_disabled_with_its_reason_and_alone(description: JsonObject, words: str) -> None:
    paths = description["paths"]
    assert isinstance(paths, dict)
    good: JsonObject = {"get": {"operationId": "good", "servers": [{"url": "https://good.example"}]}}
    async with opened(having(description, paths={**paths, "/good": good})) as executor:
        assert list(executor.functions) == ["good"]
        assert list(executor.unusable) == ["f"]
        assert words in executor.unusable["f"]
        with pytest.raises(InvocationError, match="cannot be called"):
            executor.preview(FunctionCall(id="1", function="f", arguments={}))
