"""Where the arguments of a function go, and on which server."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from runtimes.base import FunctionCall
from runtimes.errors import InvocationError
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.descriptions import ID, api, get, having, opened, post, schema_of, sent


async def test_parameters_and_body_members_stand_side_by_side() -> None:
    body: JsonObject = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
        "required": ["title"],
    }
    parameters: list[Json] = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
        {"name": "dry", "in": "query", "description": "Only try", "schema": {"type": "boolean", "example": True}},
    ]
    assert await schema_of(post(body, parameters)) == {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "dry": {"type": "boolean", "description": "Only try", "examples": [True]},
            "title": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["id", "title"],
    }
    url, text = await sent(post(body, parameters), {"id": 7, "dry": True, "title": "a", "tags": ["b"]})
    assert (url, text) == ("https://api.example/v1/x/7?dry=true", '{"title":"a","tags":["b"]}')
    assert await sent(post(body, parameters), {"id": 7, "title": "a"}) == (
        "https://api.example/v1/x/7",
        '{"title":"a"}',
    )


async def test_one_name_in_two_places_stays_plain_for_the_path() -> None:
    parameters: list[Json] = [
        {"name": "id", "in": where, "required": where == "path", "schema": {"type": "string"}}
        for where in ("path", "query", "header")
    ]
    description = api({"/x/{id}": {"get": {"operationId": "f", "parameters": parameters}}})
    schema = await schema_of(description)
    assert list(schema["properties"] if isinstance(schema["properties"], dict) else {}) == [
        "id",
        "query_id",
        "header_id",
    ]
    async with opened(description) as executor:
        arguments: JsonObject = {"id": "p", "query_id": "q", "header_id": "h"}
        (message,) = executor.preview(FunctionCall(id="1", function="f", arguments=arguments))
    assert message.url == "https://api.example/v1/x/p?id=q"
    assert ("id", "h") in message.headers


WHOLE: Mapping[str, tuple[Json, Json]] = {
    "clash": ({"type": "object", "properties": {"id": {}, "name": {}}}, {"id": "b", "name": "c"}),
    "array": ({"type": "array", "items": {"type": "integer"}}, [1, 2]),
    "scalar": ({"type": "string"}, "text"),
    "free-form": ({"type": "object", "additionalProperties": True}, {"any": {"thing": 1}}),
    "one-of": ({"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, {"a": 1}),
}


@pytest.mark.parametrize(("schema", "value"), WHOLE.values(), ids=WHOLE)
async def test_a_body_that_cannot_be_spread_is_one_argument(schema: Json, value: Json) -> None:
    described = await schema_of(post(schema, [ID]))
    assert described["required"] == ["id", "body"]
    url, text = await sent(post(schema, [ID]), {"id": "a", "body": value})
    assert (url, text) == ("https://api.example/v1/x/a", dump_json(value))


async def test_a_parameter_named_body_makes_way_for_the_body() -> None:
    parameters: list[Json] = [ID, {"name": "body", "in": "query", "schema": {}}]
    description = post({"type": "array"}, parameters)
    assert (await schema_of(description))["required"] == ["id", "body"]
    assert await sent(description, {"id": "a", "body": [1], "query_body": "q"}) == (
        "https://api.example/v1/x/a?body=q",
        "[1]",
    )


DECLARED: Mapping[str, tuple[Json, JsonObject, tuple[str, str | None]]] = {
    "whole-for-spread": ({"properties": {"a": {}}}, {"id": "1", "body": {"a": 2}}, ("/x/1", '{"a":2}')),
    "whole-and-member": ({"properties": {"a": {}}}, {"id": "1", "body": {"b": 1}, "a": 2}, ("/x/1", '{"b":1,"a":2}')),
    "member-of-clash": ({"properties": {"id": {}, "a": {}}}, {"id": "1", "a": 2}, ("/x/1", '{"a":2}')),
    "member-of-free-form": ({"type": "object"}, {"id": "1", "a": 2}, ("/x/1", '{"a":2}')),
    "place-in-front": ({"properties": {"a": {}}}, {"path_id": "1", "a": 2}, ("/x/1", '{"a":2}')),
    "legal-form": (
        {"properties": {"a": {}}},
        {"id": "1", "api_version": 3, "top": 4},
        ("/x/1?api-version=3&%24top=4", "{}"),
    ),
}


@pytest.mark.parametrize(("schema", "arguments", "expected"), DECLARED.values(), ids=DECLARED)
async def test_a_name_that_a_manifest_declared_differently_goes_to_the_same_place(
    schema: Json, arguments: JsonObject, expected: tuple[str, str | None]
) -> None:
    parameters: list[Json] = [
        ID,
        {"name": "api-version", "in": "query", "schema": {}},
        {"name": "$top", "in": "query", "schema": {}},
    ]
    target, text = expected
    assert await sent(post(schema, parameters), arguments) == (f"https://api.example/v1{target}", text)


async def test_arguments_that_go_nowhere_or_are_missing_are_named() -> None:
    async with opened(post({"properties": {"a": {}}}, [ID])) as executor:
        cases: list[tuple[JsonObject, str]] = [
            ({"id": "1", "b": 2}, "there is no argument 'b'; it takes: id, a"),
            ({"a": 2}, "the argument 'id' is missing"),
            ({"id": "1", "body": [1], "a": 2}, "is the whole body"),
        ]
        for arguments, words in cases:
            call = FunctionCall(id="1", function="f", arguments=arguments)
            with pytest.raises(InvocationError, match=words) as caught:
                executor.preview(call)
            assert caught.value.not_executed is None


async def test_an_optional_body_without_arguments_is_not_sent() -> None:
    schema: Json = {"properties": {"a": {}}, "required": ["a"]}
    assert (await schema_of(post(schema, [ID], required=False)))["required"] == ["id"]
    assert await sent(post(schema, [ID], required=False), {"id": "1"}) == ("https://api.example/v1/x/1", None)
    assert await sent(post(schema, [ID]), {"id": "1"}) == ("https://api.example/v1/x/1", "{}")


async def test_a_required_parameter_that_is_not_given_is_sent_with_its_default() -> None:
    parameters: list[Json] = [
        {"name": "api-version", "in": "query", "required": True, "schema": {"enum": ["2024"]}},
        {"name": "n", "in": "query", "required": True, "schema": {"default": 5}},
        {"name": "m", "in": "query", "schema": {"default": 6}},
    ]
    assert await sent(get({"parameters": parameters}), {}) == ("https://api.example/v1/x?api-version=2024&n=5", None)


async def test_the_host_s_own_headers_and_keys_are_neither_offered_nor_sent() -> None:
    names = ["Authorization", "host", "Cookie", "Content-Length", "X-Key", "bad name", "Idempotency-Key", "X-Fine"]
    parameters: list[Json] = [{"name": name, "in": "header", "required": True, "schema": {}} for name in names]
    parameters.append({"name": "c", "in": "cookie", "schema": {}})
    key: JsonObject = {"type": "apiKey", "in": "header", "name": "x-key"}
    description = having(get({"parameters": parameters}), components={"securitySchemes": {"k": key}})
    assert (await schema_of(description))["properties"] == {"X-Fine": {}, "c": {}}
    async with opened(description) as executor:
        (message,) = executor.preview(FunctionCall(id="call-1", function="f", arguments={"X-Fine": "a"}))
        assert executor.functions["f"].repeatable
    assert [name for name, _ in message.headers] == ["Accept", "X-Fine", "Idempotency-Key"]
    assert dict(message.headers)["Idempotency-Key"] == "call-1"


async def test_a_path_with_a_query_of_its_own_works() -> None:
    parameters: list[Json] = [ID, {"name": "userID", "in": "query", "required": True, "schema": {}}]
    parameters.append({"name": "more", "in": "query", "schema": {}})
    path = "/x/{id}/items?$filter=f/To eq '{userID}'&$expand={forgotten}"
    description = api({path: {"get": {"operationId": "f", "parameters": parameters}}})
    assert (await schema_of(description))["required"] == ["id", "userID", "forgotten"]
    url, _ = await sent(description, {"id": "1", "userID": "a&b", "forgotten": "x y", "more": 2})
    assert url == "https://api.example/v1/x/1/items?$filter=f/To%20eq%20'a%26b'&$expand=x%20y&more=2"


async def test_the_nearest_server_wins_and_variables_take_their_defaults() -> None:
    path: JsonObject = {
        "servers": [{"url": "https://path.example"}],
        "get": {
            "operationId": "f",
            "servers": [
                {
                    "url": "https://{region}.example/{v}",
                    "variables": {"region": {"default": "eu"}, "v": {"default": "2"}},
                }
            ],
        },
        "put": {"operationId": "g"},
    }
    async with opened(api({"/x": path, "/y": {"get": {"operationId": "h"}}})) as executor:
        destinations = {name: one.destination for name, one in executor.functions.items()}
    assert destinations == {"f": "https://eu.example", "g": "https://path.example", "h": "https://api.example"}
    assert (await sent(api({"/x": path}), {}))[0] == "https://eu.example/2/x"


async def test_a_relative_server_starts_at_the_manifest_when_the_description_is_a_string() -> None:
    description = having(get({}), servers=[{"url": "/api"}])
    url, _ = await sent(description, {}, "https://m.example/p/plugin.json")
    assert url == "https://m.example/api/x"
