"""Bodies of odd, wide and hostile descriptions: previews, limits, and what the model is told of files."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.base import RAW_BYTES
from runtimes.errors import InvocationError
from runtimes.openapi.body import MAX_OFFERED
from runtimes.openapi.content import MAX_BODY_BYTES
from runtimes.openapi.files import MAX_FILE_BYTES
from runtimes.openapi.media_types import read_media_type
from runtimes.openapi.shapes import MAX_COMPOSED
from runtimes.values import Json, JsonObject
from tests.servers.bodies import description, preview
from tests.servers.descriptions import api, opened

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FREE_FORM: JsonObject = {"schema": {"type": "object", "additionalProperties": True}}


async def test_a_boundary_is_the_same_for_the_same_call_and_another_for_another() -> None:
    content: JsonObject = {MULTIPART: FREE_FORM}
    first, again = [await preview(content, {"body": {"a": "x"}}) for _ in range(2)]
    other_call, _ = await preview(content, {"body": {"a": "x"}}, "c2")
    other_content, _ = await preview(content, {"body": {"a": "y"}})
    assert first == again
    assert len({first[0], other_call, other_content}) == 3


async def test_bytes_that_are_no_text_are_previewed_as_a_data_url_with_all_of_them() -> None:
    content: JsonObject = {MULTIPART: {"schema": {"properties": {"f": {"type": "string", "format": "binary"}}}}}
    media_type, body = await preview(content, {"f": base64.b64encode(b"\xff\x00").decode()})
    head, _, text = body.partition(";base64,")
    assert head == f"data:{media_type.replace('; ', ';')}"
    assert b"\r\n\r\n\xff\x00\r\n--part-" in base64.b64decode(text)


ENDLESS: JsonObject = {
    "schemas": {
        "A": {
            "type": "object",
            "properties": {"a": {"$ref": "#/components/schemas/A"}, "b": {"type": "string"}},
            "allOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}],
        },
        "B": {"oneOf": [{"$ref": "#/components/schemas/B"}, {"$ref": "#/components/schemas/A"}]},
        "N": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/N"}, "b": {"type": "string"}}},
    }
}
"""Schemas that lead back to themselves."""


@pytest.mark.parametrize("media_type", ["application/json", FORM, MULTIPART, "application/xml"])
@pytest.mark.parametrize("version", ["3.0.4", "3.1.0"])
async def test_endless_schemas_are_followed_as_far_as_the_value_goes(media_type: str, version: str) -> None:
    deep: Json = {"b": "end"}
    for _ in range(100):
        deep = {"a": deep}
    nested: JsonObject = {"type": "object", "properties": {"v": {"$ref": "#/components/schemas/N"}}}
    wild: JsonObject = {"type": "object", "properties": {"v": {"oneOf": [{"$ref": "#/components/schemas/B"}]}}}
    with anyio.fail_after(5):
        for schema in (nested, wild):
            content: JsonObject = {media_type: {"schema": schema}}
            _, body = await preview(content, {"v": deep}, version=version, components=ENDLESS)
            assert "end" in body


async def test_a_body_that_leads_to_itself_by_composition_alone_is_refused_with_the_reason() -> None:
    content: JsonObject = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
    async with opened(description(content, components=ENDLESS)) as executor:
        assert "nests 'allOf' more than" in executor.unusable["f"]


LONG_NAME = "n" * 1000
MANY: list[Json] = ["x"] * 20_000
TOO_MUCH: Mapping[str, tuple[Json, JsonObject]] = {
    "json": ({"application/json": {}}, {"body": "x" * MAX_BODY_BYTES}),
    "form": ({FORM: {"schema": {"properties": {LONG_NAME: {"type": "array"}}}}}, {LONG_NAME: MANY}),
    "multipart": ({MULTIPART: {"schema": {"properties": {LONG_NAME: {"type": "array"}}}}}, {LONG_NAME: MANY}),
    "xml": (
        {
            "application/xml": {
                "schema": {
                    "properties": {
                        "a": {"type": "array", "items": {"type": "string", "xml": {"namespace": "urn:" + "x" * 900}}}
                    }
                }
            }
        },
        {"a": MANY},
    ),
    "text": ({"text/plain": {}}, {"body": "é" * (MAX_BODY_BYTES // 2 + 1)}),
}


@pytest.mark.parametrize(("content", "arguments"), TOO_MUCH.values(), ids=TOO_MUCH)
async def test_few_arguments_never_become_an_endless_body(content: Json, arguments: JsonObject) -> None:
    with anyio.fail_after(10), pytest.raises(InvocationError, match="longer than"):
        await preview(content, arguments)


async def test_a_file_that_is_too_large_is_refused_before_it_is_decoded() -> None:
    for size in (MAX_FILE_BYTES + 1, MAX_FILE_BYTES * 3):
        text = base64.b64encode(bytes(size)).decode()
        with pytest.raises(InvocationError, match="is longer than"):
            await preview({"application/octet-stream": {}}, {"body": text})


# --- what the model is told


async def test_files_are_offered_as_base64_text_and_read_only_members_are_not_offered() -> None:
    schema: JsonObject = {
        "type": "object",
        "required": ["f", "id"],
        "properties": {
            "id": {"type": "string", "readOnly": True},
            "f": {"type": "string", "format": "binary", "description": "The photo.", "maxLength": 10},
            "many": {"type": "array", "maxItems": 2, "items": {"type": "string", "format": "binary"}},
            "p": {},
            "e": {"type": "string", "contentEncoding": "base64"},
            "t": {"type": "string", "maxLength": 5},
        },
    }
    content: JsonObject = {MULTIPART: {"schema": schema, "encoding": {"p": {"contentType": "image/png"}}}}
    note = "The content of a file, as base64 text."
    async with opened(description(content)) as executor:
        parameters = executor.functions["f"].parameters
    assert parameters == {
        "type": "object",
        "properties": {
            "f": {"type": "string", **RAW_BYTES, "description": f"The photo. {note}"},
            "many": {
                "type": "array",
                "maxItems": 2,
                "items": {"type": "string", **RAW_BYTES, "description": note},
            },
            "p": {"type": "string", **RAW_BYTES, "description": note},
            "e": {"type": "string", "format": "byte", "contentEncoding": "base64"},
            "t": {"type": "string", "maxLength": 5},
        },
        "required": ["f"],
    }


async def test_a_body_of_bytes_is_described_by_what_is_said_of_the_body() -> None:
    body: JsonObject = {"description": "The scan.", "content": {"image/png": {}}}
    async with opened(api({"/x": {"post": {"operationId": "f", "requestBody": body}}})) as executor:
        properties = executor.functions["f"].parameters["properties"]
    described = "The scan. The content of a file, as base64 text."
    assert properties == {"body": {"type": "string", **RAW_BYTES, "description": described}}


async def test_encoding_is_part_of_what_a_signature_is_the_hash_of() -> None:
    fingerprints: set[str] = set()
    for style in ("form", "pipeDelimited"):
        schema: JsonObject = {"properties": {"a": {"type": "array"}}}
        body: JsonObject = {"content": {FORM: {"schema": schema, "encoding": {"a": {"style": style}}}}}
        operation: JsonObject = {"operationId": "f", "requestBody": {"$ref": "#/components/requestBodies/B"}}
        document = api({"/x": {"post": operation}}, components={"requestBodies": {"B": body}})
        async with opened(document) as executor:
            fingerprints.add(executor.functions["f"].fingerprint)
    assert len(fingerprints) == 2


# --- descriptions that are odd, wide or hostile


async def test_a_media_type_that_is_not_sent_is_not_looked_at() -> None:
    broken: JsonObject = {"schema": {"$ref": "#/nowhere"}}
    good: JsonObject = {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
    content: JsonObject = {"application/xml": broken, "application/json": good, FORM: broken}
    assert await preview(content, {"a": "x"}) == ("application/json", '{"a":"x"}')


async def test_wide_compositions_are_looked_at_up_to_their_limit() -> None:
    branch: JsonObject = {"type": "object", "properties": {"k": {"type": "string", "readOnly": True}}}
    last: JsonObject = {"type": "object", "properties": {"z": {"type": "string", "readOnly": True}}}
    branches: list[Json] = [{**branch} for _ in range(MAX_COMPOSED)]
    wide: JsonObject = {"oneOf": [*branches, last]}
    schema: JsonObject = {"type": "object", "properties": {"v": wide}}
    with anyio.fail_after(5):
        _, body = await preview({"application/json": {"schema": schema}}, {"v": {"k": "1", "z": "2"}})
    assert body == '{"v":{"z":"2"}}'


async def test_only_so_many_media_types_are_looked_at() -> None:
    content: JsonObject = {f"application/x-{number}": {"schema": {"type": "object"}} for number in range(MAX_OFFERED)}
    content["application/json"] = {}
    async with opened(description(content)) as executor:
        assert "it takes application/x-0, " in executor.unusable["f"]


@given(text=st.text(max_size=30) | st.from_regex(r"\A\w+/[\w*]+(; ?\w+=(\w+|\"[^\"]*\"))*\Z"))
def test_what_is_read_as_a_media_type_can_stand_in_a_header(text: str) -> None:
    media_type = read_media_type(text)
    if media_type is not None:
        assert all(" " <= char <= "~" for char in media_type.text.replace("\t", " "))
        assert media_type.text == media_type.text.strip()
        assert media_type.name == media_type.name.lower()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("application/problem+json", "json"),
        ("text/csv", "text"),
        ("image/svg+xml", "xml"),
        ("multipart/related", "multipart"),
        ("application/yaml", "text"),
        ("audio/mpeg", "binary"),
        ("application/x-www-form-urlencoded; charset=utf-8", "form"),
    ],
)
def test_a_media_type_tells_how_it_is_written(text: str, kind: str) -> None:
    media_type = read_media_type(text)
    assert media_type is not None
    assert media_type.kind == kind
