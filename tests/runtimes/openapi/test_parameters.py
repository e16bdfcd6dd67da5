"""Which parameters are offered, which are left out and why, and what a call with a wrong one is told (issue 4)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from runtimes.base import FunctionCall
from runtimes.errors import InvocationError
from runtimes.values import Json, JsonObject
from tests.servers.descriptions import api, get, having, opened, reason, schema_of, sent

UNDEFINED: Mapping[str, tuple[JsonObject, str]] = {
    "whole-query": ({"in": "querystring", "content": {"text/plain": {}}}, "nothing is sent in 'querystring'"),
    "nowhere": ({}, "nothing is sent in ''"),
    "unknown-style": ({"in": "query", "style": "fancy"}, "there is no style 'fancy' for a parameter in the query"),
    "no-text": ({"in": "query", "style": 5}, "there is no style '5'"),
    "style-elsewhere": ({"in": "query", "style": "matrix"}, "there is no style 'matrix' for a parameter in the query"),
    "header-style": ({"in": "header", "style": "form"}, "there is no style 'form' for a parameter in the header"),
    "deep-array": ({"in": "query", "style": "deepObject", "schema": {"type": "array"}}, "no way to write an array"),
    "deep-array-behind-a-reference": (
        {"in": "query", "style": "deepObject", "schema": {"$ref": "#/components/schemas/names"}},
        "no way to write an array",
    ),
    "exploded-object": (
        {"in": "query", "style": "pipeDelimited", "explode": True, "schema": {"type": "object"}},
        "the style 'pipeDelimited' with explode has no way to write an object",
    ),
    "nested-items": (
        {"in": "query", "style": "spaceDelimited", "schema": {"type": "array", "items": {"type": ["array", "null"]}}},
        "no way to write an array or object inside another",
    ),
    "nested-members": (
        {"in": "query", "style": "pipeDelimited", "schema": {"properties": {"a": {"properties": {"b": {}}}}}},
        "no way to write an array or object inside another",
    ),
    "media-type": ({"in": "query", "content": {"application/xml": {}}}, "as JSON or text, not as application/xml"),
    "dangling-reference": ({"in": "query", "style": "deepObject", "schema": {"$ref": "#/none"}}, "points to nothing"),
}
NAMES: JsonObject = {"schemas": {"names": {"type": "array", "items": {"type": "string"}}}}
PLAIN: JsonObject = {"name": "q", "in": "query", "schema": {"type": "string"}}


@pytest.mark.parametrize(("members", "words"), UNDEFINED.values(), ids=UNDEFINED)
async def test_an_optional_parameter_that_no_style_defines_is_left_out_with_its_reason(
    members: JsonObject, words: str
) -> None:
    description = having(get({"parameters": [PLAIN, {"name": "bad", **members}]}), components=NAMES)
    assert (await schema_of(description))["properties"] == {"q": {"type": "string"}}
    assert await sent(description, {"q": "a"}) == ("https://api.example/v1/x?q=a", None)
    async with opened(description) as executor:
        with pytest.raises(InvocationError, match="the argument 'bad' cannot be sent: ") as caught:
            executor.preview(FunctionCall(id="1", function="f", arguments={"bad": [1]}))
    assert words in str(caught.value)


@pytest.mark.parametrize(("members", "words"), UNDEFINED.values(), ids=UNDEFINED)
async def test_a_required_parameter_that_no_style_defines_disables_its_operation(
    members: JsonObject, words: str
) -> None:
    description = having(get({"parameters": [{"name": "bad", "required": True, **members}]}), components=NAMES)
    told = await reason(description)
    assert told.startswith("it requires the parameter 'bad': ")
    assert words in told


async def test_a_parameter_whose_schema_is_in_a_document_that_cannot_be_read_says_so() -> None:
    parameter: JsonObject = {"name": "a", "in": "query", "style": "deepObject", "schema": {"$ref": "other.json#/A"}}
    assert "refers to another document" in await reason(get({"parameters": [parameter]}))


async def test_one_name_in_four_places_is_four_arguments() -> None:
    parameters: list[Json] = [
        {"name": "id", "in": where, "required": where == "path", "schema": {}}
        for where in ("path", "query", "header", "cookie")
    ]
    description = api({"/x/{id}": {"get": {"operationId": "f", "parameters": parameters}}})
    async with opened(description) as executor:
        arguments: JsonObject = {"id": 1, "query_id": 2, "header_id": 3, "cookie_id": 4}
        assert executor.functions["f"].parameters["properties"] == {name: {} for name in arguments}
        (message,) = executor.preview(FunctionCall(id="1", function="f", arguments=arguments))
    assert message.url == "https://api.example/v1/x/1?id=2"
    assert [header for header in message.headers if header[0] != "Accept"] == [("id", "3"), ("Cookie", "id=4")]


async def test_a_parameter_with_a_media_type_has_the_schema_of_it() -> None:
    schema: JsonObject = {"type": "object", "properties": {"a": {"type": "integer"}}}
    content: JsonObject = {"application/xml": {}, "application/json": {"schema": schema}}
    parameter: JsonObject = {"name": "filter", "in": "query", "description": "Which", "content": content}
    described = await schema_of(get({"parameters": [parameter]}))
    assert described["properties"] == {"filter": {**schema, "description": "Which"}}


async def test_cookies_go_in_one_header() -> None:
    parameters: list[Json] = [
        {"name": "a", "in": "cookie", "schema": {}},
        {"name": "b", "in": "cookie", "schema": {"type": "array"}},
        {"name": "c", "in": "cookie", "schema": {}},
    ]
    async with opened(get({"parameters": parameters})) as executor:
        arguments: JsonObject = {"a": "x; y", "b": [1, 2]}
        (message,) = executor.preview(FunctionCall(id="1", function="f", arguments=arguments))
    assert [value for name, value in message.headers if name == "Cookie"] == ["a=x%3B%20y; b=1; b=2"]


async def test_a_key_in_a_cookie_is_not_offered() -> None:
    key: JsonObject = {"type": "apiKey", "in": "cookie", "name": "SID"}
    parameters: list[Json] = [{"name": "sid", "in": "cookie", "required": True, "schema": {}}]
    description = having(get({"parameters": parameters}), components={"securitySchemes": {"k": key}})
    assert (await schema_of(description))["properties"] == {}
    async with opened(description) as executor:
        (message,) = executor.preview(FunctionCall(id="1", function="f", arguments={}))
    assert message.secrets == {"sid"}
    assert "Cookie" not in dict(message.headers)


def nested(depth: int) -> JsonObject:
    return {"a": nested(depth - 1) if depth else 1}


WRONG: Mapping[str, tuple[JsonObject, Json, str]] = {
    "deep-array": ({"in": "query", "style": "deepObject"}, [1], "'bad' cannot be sent: the style 'deepObject' has no"),
    "too-deep": ({"in": "query", "style": "deepObject"}, nested(20), "'bad' cannot be sent: nested more than 16 deep"),
    "brackets": (
        {"in": "query", "style": "deepObject"},
        {"a[": 1},
        "'bad' cannot be sent: a name cannot have brackets",
    ),
    "delimiter": ({"in": "query", "style": "pipeDelimited"}, ["a|b"], "'bad' cannot be sent: an item cannot have '|'"),
    "infinite": ({"in": "query"}, float("inf"), "'bad' cannot be sent: a number is too large"),
    "infinite-inside": ({"in": "query"}, [{"a": float("nan")}], "'bad' cannot be sent: a number is too large"),
    "infinite-json": ({"in": "header", "content": {"application/json": {}}}, float("inf"), "'bad' cannot be sent"),
    "cookie": ({"in": "cookie", "style": "cookie"}, "a b", "'bad' cannot be sent: a cookie cannot have spaces"),
    "header": ({"in": "header"}, "a\nb", "'bad' is a header and cannot have line breaks"),
}


@pytest.mark.parametrize(("members", "value", "words"), WRONG.values(), ids=WRONG)
async def test_a_value_that_cannot_be_written_is_named_with_its_reason(
    members: JsonObject, value: Json, words: str
) -> None:
    parameter: JsonObject = {"name": "bad", "schema": {}, **members}
    if "content" in members:
        del parameter["schema"]
    async with opened(get({"parameters": [parameter]})) as executor:
        with pytest.raises(InvocationError) as caught:
            executor.preview(FunctionCall(id="1", function="f", arguments={"bad": value}))
    assert str(caught.value).startswith("nothing was sent: ")
    assert words in str(caught.value)


async def test_a_list_in_the_query_of_a_path_template_is_joined_by_commas() -> None:
    parameters: list[Json] = [{"name": "ids", "in": "query", "required": True, "schema": {"type": "array"}}]
    description = api({"/x?ids={ids}&v=1": {"get": {"operationId": "f", "parameters": parameters}}})
    assert await sent(description, {"ids": ["a", "b,c"]}) == ("https://api.example/v1/x?ids=a,b%2Cc&v=1", None)


async def test_an_argument_that_is_nearly_a_name_is_answered_with_it() -> None:
    async with opened(get({"parameters": [PLAIN | {"name": "max_price"}]})) as executor:
        with pytest.raises(InvocationError, match=r"no argument 'maxprise'; did you mean 'max_price'\?"):
            executor.preview(FunctionCall(id="1", function="f", arguments={"maxprise": 1}))


async def test_how_a_parameter_is_written_changes_the_fingerprint() -> None:
    async def fingerprint(**members: Json) -> str:
        parameter: JsonObject = {"$ref": "#/components/parameters/p"}
        components: JsonObject = {"parameters": {"p": {"name": "a", "in": "query", "schema": {}, **members}}}
        async with opened(having(get({"parameters": [parameter]}), components=components)) as executor:
            return executor.functions["f"].fingerprint

    variants: list[JsonObject] = [
        {},
        {"style": "pipeDelimited"},
        {"explode": False},
        {"allowReserved": True},
        {"allowEmptyValue": True},
    ]
    assert len({await fingerprint(**members) for members in variants}) == len(variants)
