"""Operations of OpenAPI descriptions as functions: what is offered, what is sent, what comes back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import jsonschema_rs
import pytest

from runtimes.base import CallContext, CallResult, FunctionCall, RuntimeFactory, RuntimeServices, RuntimeSpec
from runtimes.errors import InvocationError, RuntimeUnavailable
from runtimes.fetch import SharedClient
from runtimes.http import MAX_RESPONSE_BYTES
from runtimes.openapi import OpenApiExecutor, open_openapi
from runtimes.openapi.schema import MAX_TOOL_SCHEMA_BYTES
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.loopback import Answer, Handler, Raw, Request, Response, json_response, serve, text_response

FACTORY: RuntimeFactory = open_openapi


@asynccontextmanager
async def opened(
    description: Json,
    functions: tuple[str, ...] | None = None,
    location: str = "plugin.json",
    spec: JsonObject | None = None,
) -> AsyncGenerator[OpenApiExecutor]:
    client = SharedClient()
    text = description if isinstance(description, str) else dump_json(description)
    runtime = RuntimeSpec(
        plugin="test",
        type="OpenApi",
        spec={"api_description": text} if spec is None else spec,
        location=location,
        functions=functions,
    )
    try:
        async with open_openapi(runtime, RuntimeServices(http=client.allowing(["127.0.0.1"]))) as executor:
            yield executor
    finally:
        await client.aclose()


def api(paths: JsonObject, **members: Json) -> JsonObject:
    return {"openapi": "3.0.3", "servers": [{"url": "https://api.example/v1/"}], "paths": paths, **members}


def get(operation: JsonObject, path: str = "/x") -> JsonObject:
    return api({path: {"get": {"operationId": "f", **operation}}})


def post(schema: Json, parameters: list[Json] | None = None, *, required: bool = True) -> JsonObject:
    body: JsonObject = {"required": required, "content": {"application/json": {"schema": schema}}}
    return api({"/x/{id}": {"post": {"operationId": "f", "parameters": parameters or [], "requestBody": body}}})


async def schema_of(description: JsonObject) -> JsonObject:
    async with opened(description) as executor:
        assert executor.unusable == {}
        schema = executor.functions["f"].parameters
    jsonschema_rs.validator_for(schema)
    return schema


async def sent(description: JsonObject, arguments: JsonObject, location: str = "plugin.json") -> tuple[str, str | None]:
    async with opened(description, ("f",), location) as executor:
        assert executor.unusable == {}
        (message,) = executor.preview(FunctionCall(id="call-1", function="f", arguments=arguments))
    return message.url, message.body


async def reason(description: JsonObject, function: str = "f", location: str = "plugin.json") -> str:
    async with opened(description, (function,), location) as executor:
        assert executor.functions == {}
        return executor.unusable[function]


# --- opening


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
    "swagger": ({"api_description": "swagger: '2.0'"}, r"Swagger 2\.0; only OpenAPI 3"),
    "no-version": ({"api_description": "a: 1"}, "has no member 'openapi'"),
    "version": ({"api_description": "openapi: 4.0.0"}, r"OpenAPI 3\.x is needed"),
}


@pytest.mark.parametrize(("spec", "words"), UNAVAILABLE.values(), ids=UNAVAILABLE)
async def test_a_description_that_cannot_be_opened_says_why(spec: JsonObject, words: str) -> None:
    with pytest.raises(RuntimeUnavailable, match=words) as caught:
        async with opened(None, None, "plugin.json", spec):
            raise NotImplementedError
    assert "\n" not in str(caught.value)


# --- names


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
    async with opened(description) as executor:
        assert list(executor.functions) == ["put_b"]
        assert "means 2 operations, such as GET /a and GET /b" in executor.unusable["a_b"]


async def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    assert "did you mean 'f1'" in await reason(api({"/a": {"get": {"operationId": "f1"}}}), "f2")


# --- what disables one operation

BAD: Mapping[str, tuple[JsonObject, str]] = {
    "remote-ref": (get({"parameters": [{"$ref": "http://127.0.0.1/x#/p"}]}), "refers to another document"),
    "file-ref": (post({"$ref": "schemas.yaml#/A"}), "refers to another document"),
    "dangling-ref": (post({"properties": {"a": {"$ref": "#/nowhere"}}}), "points to nothing"),
    "ref-loop": (
        get({"parameters": [{"$ref": "#/components/parameters/a"}]})
        | {"components": {"parameters": {"a": {"$ref": "#/components/parameters/a"}}}},
        "references lead to one another",
    ),
    "cookie": (
        get({"parameters": [{"name": "c", "in": "cookie", "required": True, "schema": {}}]}),
        "requires the parameter 'c'",
    ),
    "style": (
        get({"parameters": [{"name": "c", "in": "query", "required": True, "style": "deepObject", "schema": {}}]}),
        "the style 'deepObject'",
    ),
    "no-name": (get({"parameters": [{"in": "query"}]}), "has no name"),
    "form-body": (
        api({"/x": {"post": {"operationId": "f", "requestBody": {"content": {"multipart/form-data": {}}}}}}),
        "takes multipart/form-data",
    ),
    "placeholder": (get({}) | {"servers": [{"url": "${{OPENAPI_SERVER_URL}}/api"}]}, r"${{OPENAPI_SERVER_URL}}"),
    "relative-server": (get({}) | {"servers": [{"url": "/api"}]}, "is relative"),
    "no-server": (get({}) | {"servers": []}, "is relative"),
    "server-scheme": (get({}) | {"servers": [{"url": "file:///etc"}]}, "only http and https"),
    "server-user": (get({}) | {"servers": [{"url": "https://u:p@a.example"}]}, "user name"),
    "server-variable": (get({}) | {"servers": [{"url": "https://{h}.example"}]}, "variable 'h' has no default"),
    "server-query": (get({}) | {"servers": [{"url": "https://a.example/?x=1"}]}, "query or a fragment"),
    "fragment": (api({"/x#y": {"get": {"operationId": "f"}}}), "has a fragment"),
}


@pytest.mark.parametrize(("description", "words"), BAD.values(), ids=BAD)
async def test_one_bad_operation_is_disabled_with_its_reason_and_alone(description: JsonObject, words: str) -> None:
    paths = description["paths"]
    assert isinstance(paths, dict)
    good: JsonObject = {"get": {"operationId": "good", "servers": [{"url": "https://good.example"}]}}
    async with opened(description | {"paths": {**paths, "/good": good}}) as executor:
        assert list(executor.functions) == ["good"]
        assert list(executor.unusable) == ["f"]
        assert words in executor.unusable["f"]
        with pytest.raises(InvocationError, match="cannot be called"):
            executor.preview(FunctionCall(id="1", function="f", arguments={}))


# --- arguments


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
            "dry": {"type": "boolean", "description": "Only try"},
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


ID: JsonObject = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
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
        for arguments, words in (
            ({"id": "1", "b": 2}, "there is no argument 'b'; it takes: id, a"),
            ({"a": 2}, "the argument 'id' is missing"),
            ({"id": "1", "body": [1], "a": 2}, "is the whole body"),
        ):
            call = FunctionCall(id="1", function="f", arguments=dict[str, Json](arguments))
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
    description = get({"parameters": parameters}) | {
        "components": {"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "x-key"}}}
    }
    assert (await schema_of(description))["properties"] == {"X-Fine": {}}
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


# --- servers


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
    description = get({}) | {"servers": [{"url": "/api"}]}
    url, _ = await sent(description, {}, "https://m.example/p/plugin.json")
    assert url == "https://m.example/api/x"


# --- schemas


async def test_references_and_parameters_of_the_path_are_resolved() -> None:
    description = api(
        {
            "/x": {
                "parameters": [
                    {"$ref": "#/components/parameters/a"},
                    {"name": "b", "in": "query", "schema": {"type": "string"}},
                ],
                "post": {
                    "operationId": "f",
                    "parameters": [{"name": "b", "in": "query", "schema": {"type": "integer"}}],
                    "requestBody": {"$ref": "#/components/requestBodies/r~1%7Bx%7D"},
                },
            }
        },
        components={
            "parameters": {
                "a": {"$ref": "#/components/parameters/a2"},
                "a2": {"name": "a", "in": "query", "schema": {"$ref": "#/components/schemas/A"}},
            },
            "requestBodies": {
                "r/{x}": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/R"}}},
                    "required": True,
                }
            },
            "schemas": {
                "A": {"type": "string", "enum": ["x", "y"]},
                "R": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"n": {"type": "number"}}}]},
                "Base": {
                    "type": "object",
                    "required": ["k", "ro"],
                    "properties": {"k": {"type": "string"}, "ro": {"readOnly": True}},
                },
            },
        },
    )
    assert await schema_of(description) == {
        "type": "object",
        "properties": {
            "a": {"type": "string", "enum": ["x", "y"]},
            "b": {"type": "integer"},
            "k": {"type": "string"},
            "n": {"type": "number"},
        },
        "required": ["k"],
    }


async def test_cycles_and_shared_definitions_stay_definitions() -> None:
    node: JsonObject = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/Node"}, "at": {"$ref": "#/components/schemas/Point"}},
    }
    point: JsonObject = {"type": "object", "properties": {"x": {"type": "number", "xml": {}, "example": 1}}}
    body: JsonObject = {
        "properties": {
            "root": {"$ref": "#/components/schemas/Node", "description": "The first"},
            "at": {"$ref": "#/components/schemas/Point"},
        }
    }
    description = post(body, [ID]) | {"components": {"schemas": {"Node": node, "Point": point}}}
    schema = await schema_of(description)
    assert schema == {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "root": {"$ref": "#/$defs/Node", "description": "The first"},
            "at": {"$ref": "#/$defs/Point"},
        },
        "required": ["id"],
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {"next": {"$ref": "#/$defs/Node"}, "at": {"$ref": "#/$defs/Point"}},
            },
            "Point": {"type": "object", "properties": {"x": {"type": "number"}}},
        },
    }
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid({"id": "a", "root": {"next": {"next": {"at": {"x": 1}}}}})
    assert not validator.is_valid({"id": "a", "root": {"next": {"next": {"at": {"x": "1"}}}}})


async def test_schemas_of_3_0_become_json_schema_and_nonsense_is_left_out() -> None:
    properties: JsonObject = {
        "a": {"type": "string", "nullable": True, "enum": ["x"]},
        "b": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        "c": {"type": "file", "required": True, "items": [], "minLength": "1", "pattern": "(", "enum": []},
        "d": {"type": ["string", "null"], "const": "x", "pattern": "^x$", "format": "date"},
        "e": {"oneOf": [{"type": "string"}, True], "discriminator": {}, "default": None, "additionalProperties": False},
        "f": None,
    }
    assert (await schema_of(post({"properties": properties}, [ID])))["properties"] == {
        "id": {"type": "string"},
        "a": {"type": ["string", "null"], "enum": ["x", None]},
        "b": {"type": "integer", "exclusiveMinimum": 0},
        "c": {},
        "d": {"type": ["string", "null"], "format": "date", "const": "x", "pattern": "^x$"},
        "e": {"oneOf": [{"type": "string"}, True], "additionalProperties": False},
        "f": {},
    }


async def test_a_large_schema_is_cut_from_the_bottom_until_it_fits() -> None:
    level: JsonObject = {"type": "string", "description": "d" * 100}
    for _ in range(4):
        level = {"type": "object", "properties": {f"p{n}": level for n in range(6)}}
    schema = await schema_of(post({"properties": {"top": level}}, [ID]))
    assert len(dump_json(schema)) <= MAX_TOOL_SCHEMA_BYTES
    assert '"p5"' in dump_json(schema)
    wide: JsonObject = {f"property{n}": {"type": "string", "description": "d" * 100} for n in range(1000)}
    assert "more than 65536 bytes" in await reason(post({"properties": wide}, [ID]))


async def test_references_that_fan_out_do_not_blow_up() -> None:
    schemas: JsonObject = {
        f"S{n}": {"properties": {side: {"$ref": f"#/components/schemas/S{n + 1}"} for side in ("l", "r")}}
        for n in range(200)
    }
    schemas["S200"] = {"type": "string"}
    description = post({"properties": {"a": {"$ref": "#/components/schemas/S0"}}}, [ID])
    await schema_of(description | {"components": {"schemas": schemas}})


# --- signatures


async def test_a_signature_says_what_the_description_says() -> None:
    description = api(
        {
            "/x": {
                "get": {"operationId": "read", "summary": "Short", "description": " Long \n"},
                "post": {"operationId": "write", "summary": "Short", "x-openai-isConsequential": False},
                "delete": {"operationId": "drop", "x-oai-isConsequential": True},
            }
        }
    )
    async with opened(description) as executor:
        facts = {
            one.name: (one.method, one.description, one.repeatable, one.is_consequential)
            for one in executor.functions.values()
        }
    assert facts == {
        "read": ("GET", "Long", True, None),
        "write": ("POST", "Short", False, False),
        "drop": ("DELETE", "", False, True),
    }


async def test_a_fingerprint_changes_with_what_is_sent_and_not_with_the_answers() -> None:
    async def fingerprint(description: JsonObject) -> str:
        async with opened(description) as executor:
            return executor.functions["f"].fingerprint

    schema: JsonObject = {"components": {"schemas": {"A": {"type": "string"}}}}
    other: JsonObject = {"components": {"schemas": {"A": {"type": "integer"}}}}
    base = post({"properties": {"a": {"$ref": "#/components/schemas/A"}}}, [ID])
    first = await fingerprint(base | schema)
    assert len(first) == 64
    assert first == await fingerprint(base | schema | {"info": {"title": "x"}})
    assert first != await fingerprint(base | other)
    assert first != await fingerprint(base | schema | {"servers": [{"url": "https://other.example"}]})
    plain = get({"responses": {"200": {"description": "a"}}})
    assert await fingerprint(plain) == await fingerprint(get({"responses": {"200": {"description": "b"}}}))


# --- answers


async def answered(handler: Handler, method: str = "get") -> CallResult:
    async with serve(handler) as server:
        description = api({"/x": {method: {"operationId": "f"}}}, servers=[{"url": server.url}])
        async with opened(description) as executor:
            return await executor.invoke(FunctionCall(id="1", function="f", arguments={}), CallContext(person="me"))


def typed(content_type: str, body: bytes, status: int = 200) -> Response:
    return Response(status=status, headers=(("Content-Type", content_type),) if content_type else (), body=body)


ANSWERS: Mapping[str, tuple[Response, CallResult]] = {
    "json": (typed("application/json", b'{"a":[1]}'), CallResult(payload={"a": [1]}, status=200)),
    "json-scalar": (typed("application/json; charset=utf-8", b"3"), CallResult(payload=3, status=200)),
    "json-suffix": (typed("application/problem+json", b"{}", 404), CallResult(payload={}, status=404, is_error=True)),
    "broken-json": (typed("application/json", b"{oops"), CallResult(payload="{oops", status=200)),
    "json-as-text": (typed("text/plain", b' [{"a":1}]'), CallResult(payload=[{"a": 1}], status=200)),
    "number-as-text": (typed("text/plain", b"12"), CallResult(payload="12", status=200)),
    "untyped": (typed("", b"plain"), CallResult(payload="plain", status=200)),
    "latin": (typed("text/plain; charset=ISO-8859-1", b"caf\xe9"), CallResult(payload="café", status=200)),
    "false-charset": (typed("text/html; charset=hex", "é".encode()), CallResult(payload="é", status=200)),
    "not-its-charset": (typed("text/html", b"a\xff"), CallResult(payload="a\ufffd", status=200)),
    "surrogates": (typed("text/csv; charset=unicode_escape", b"\\ud800"), CallResult(payload="?", status=200)),
    "empty": (Response(status=204), CallResult(payload="", status=204)),
    "error-text": (text_response("no such", 500), CallResult(payload="no such", status=500, is_error=True)),
    "binary": (
        typed("image/png", b"\x89PNG"),
        CallResult(payload="a binary answer of type image/png, 4 bytes", status=200),
    ),
    "untyped-binary": (
        typed("", b"\xff\xfe"),
        CallResult(payload="a binary answer of type unknown, 2 bytes", status=200),
    ),
}


@pytest.mark.parametrize(("response", "result"), ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_is_read_for_what_it_is(response: Response, result: CallResult) -> None:
    async def handler(request: Request) -> Answer:
        del request
        return response

    assert await answered(handler) == result


async def test_a_long_answer_is_cut_and_says_so() -> None:
    async def handler(request: Request) -> Answer:
        del request
        return typed("application/json", b'"' + b"x" * (MAX_RESPONSE_BYTES + 10) + b'"')

    result = await answered(handler)
    assert result.is_truncated
    assert isinstance(result.payload, str)
    assert len(result.payload) == MAX_RESPONSE_BYTES


async def test_a_redirect_elsewhere_is_an_error_that_says_so() -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Response(status=302, headers=(("Location", "http://169.254.169.254/"),))

    result = await answered(handler)
    assert (result.status, result.is_error) == (302, True)
    assert "not followed" in str(result.payload)


async def test_too_many_requests_is_certainly_not_executed() -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Response(status=429, headers=(("Retry-After", "7"),))

    with pytest.raises(InvocationError, match="it asks to wait 7 s") as caught:
        await answered(handler, "post")
    assert caught.value.not_executed == "rate"


async def test_a_dropped_connection_leaves_the_outcome_unknown() -> None:
    async def handler(request: Request) -> Answer:
        del request
        return Raw()

    with pytest.raises(InvocationError) as caught:
        await answered(handler, "post")
    assert caught.value.not_executed is None


async def test_the_caller_s_patience_is_the_limit() -> None:
    import anyio

    async def handler(request: Request) -> Answer:
        del request
        await anyio.sleep_forever()
        raise NotImplementedError

    async with serve(handler) as server:
        description = api({"/x": {"get": {"operationId": "f"}}}, servers=[{"url": server.url}])
        async with opened(description) as executor:
            call = FunctionCall(id="1", function="f", arguments={})
            with anyio.fail_after(5), pytest.raises(InvocationError, match=r"no answer within 0\.2 s"):
                await executor.invoke(call, CallContext(person="me", timeout=0.2))
