"""The bytes that a body becomes, row by row, as previewed and as it arrives at a real server."""

from __future__ import annotations

import base64
import email.message
import email.parser
import email.policy
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtimes.base import CallContext, FunctionCall
from runtimes.errors import InvocationError
from runtimes.openapi import OpenApiExecutor
from runtimes.openapi.content import shown_content
from runtimes.openapi.files import data_url
from runtimes.values import Json, JsonObject, dump_json, parse_json
from tests.servers.bodies import description
from tests.servers.descriptions import opened
from tests.servers.loopback import Answer, LoopbackServer, Request, json_response, serve

ROWS: list[JsonObject] = json.loads((Path(__file__).parents[2] / "cases/openapi_bodies.json").read_bytes())
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


async def accept(request: Request) -> Answer:
    del request
    return json_response({"ok": True})


@asynccontextmanager
async def offered(
    content: Json, version: str = "3.0.4", components: Json = None
) -> AsyncGenerator[tuple[OpenApiExecutor, LoopbackServer]]:
    """One operation, `f`, with that body, on a real server."""
    async with serve(accept) as server:
        document = description(content, server=server.url, version=version, components=components)
        async with opened(document) as executor:
            yield executor, server


async def arrived(executor: OpenApiExecutor, server: LoopbackServer, arguments: JsonObject) -> Request:
    """What reached the server, which is what the preview says."""
    call = FunctionCall(id="c1", function="f", arguments=arguments)
    (message,) = executor.preview(call)
    result = await executor.invoke(call, CallContext(person="me"))
    assert result.payload == {"ok": True}
    request = server.requests[-1]
    assert shown_content(request.body, request.header("content-type") or "") == (message.body or "")
    assert set(message.headers) <= set(request.headers)
    return request


def parts_of(request: Request) -> list[email.message.Message]:
    """The parts, as the mail parser of the standard library reads them."""
    head = f"Content-Type: {request.header('content-type')}\r\n\r\n".encode()
    whole = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body)
    assert whole.is_multipart()
    assert not whole.defects
    return [part for part in whole.get_payload() if isinstance(part, email.message.Message)]


def content_of(part: email.message.Message) -> bytes:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def in_parts(parts: list[list[str]], content_type: str) -> bytes:
    boundary = content_type.partition("boundary=")[2].encode()
    pieces = [
        b"--" + boundary + b"\r\n" + head.encode() + b"\r\n\r\n" + base64.b64decode(content) + b"\r\n"
        for head, content in parts
    ]
    return b"".join(pieces) + b"--" + boundary + b"--\r\n"


def expected_body(row: Mapping[str, Json], content_type: str) -> bytes:
    if "parts" in row:
        parts: list[list[str]] = json.loads(dump_json(row["parts"]))
        return in_parts(parts, content_type)
    return base64.b64decode(str(row["bytes"])) if "bytes" in row else str(row["body"]).encode()


def read_back(row: Mapping[str, Json], request: Request) -> None:
    """Parses what arrived with a parser that shares nothing with what wrote it."""
    media_type = str(row["media_type"]).partition(";")[0]
    if "parts" in row:
        parts = parts_of(request)
        assert len(parts) == request.body.count(b"Content-Disposition: form-data; ")
        assert all(part.get_content_disposition() == "form-data" for part in parts)
    elif media_type == FORM and request.body:
        parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True)
    elif media_type.endswith("xml"):
        ElementTree.fromstring(request.body)
    elif media_type.endswith("json"):
        parse_json(request.body)


@pytest.mark.parametrize("row", ROWS, ids=[f"{index}-{row['source']}" for index, row in enumerate(ROWS)])
async def test_a_body_is_written_as_its_media_type_says(row: Mapping[str, Json]) -> None:
    arguments = row["arguments"]
    assert isinstance(arguments, dict)
    async with offered(row["content"], str(row.get("version", "3.0.4")), row.get("components")) as (executor, server):
        if "error" in row:
            assert str(row["error"]) in executor.unusable["f"]
            return
        assert executor.unusable == {}
        if "refused" in row:
            with pytest.raises(InvocationError, match=f"^nothing was sent: .*{row['refused']}"):
                executor.preview(FunctionCall(id="c1", function="f", arguments=arguments))
            return
        request = await arrived(executor, server, arguments)
    content_type = request.header("content-type") or ""
    assert content_type.partition("; boundary=")[0] == row["media_type"]
    assert request.body == expected_body(row, content_type)
    read_back(row, request)


# --- what arrives reads back equal

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FIELDS = st.dictionaries(NAMES.filter(lambda name: name != "body"), TEXT | st.lists(TEXT, min_size=1), max_size=5)
FREE_FORM: JsonObject = {"schema": {"type": "object", "additionalProperties": True}}


def exchanged(content: Json, value: Json) -> Request:
    async def exchange() -> Request:
        async with offered(content) as (executor, server):
            return await arrived(executor, server, {"body": value})

    return anyio.run(exchange)


def pairs_of(value: JsonObject) -> list[tuple[str, Json]]:
    return [(name, one) for name, many in value.items() for one in (many if isinstance(many, list) else [many])]


@settings(max_examples=40, deadline=None)
@given(value=FIELDS)
def test_a_form_reads_back_equal(value: JsonObject) -> None:
    request = exchanged({FORM: FREE_FORM}, value)
    assert parse_qsl(request.body.decode(), keep_blank_values=True) == pairs_of(value)


def unescaped(name: str) -> str:
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def split_at_boundary(request: Request) -> list[tuple[str, bytes]]:
    """Name and content of each part, cut by hand: mail parsers change line ends."""
    boundary = (request.header("content-type") or "").partition("boundary=")[2].encode()
    opening, *pieces, closing = request.body.split(b"--" + boundary)
    assert (opening, closing) == (b"", b"--\r\n")
    found: list[tuple[str, bytes]] = []
    for piece in pieces:
        head, _, content = piece.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")
        name = head.decode().partition('name="')[2].partition('"')[0]
        found.append((unescaped(name), content))
    return found


@settings(max_examples=40, deadline=None)
@given(value=FIELDS.filter(bool).filter(lambda value: not any("%" in name for name in value)))
def test_a_multipart_body_reads_back_equal(value: JsonObject) -> None:
    request = exchanged({MULTIPART: FREE_FORM}, value)
    assert split_at_boundary(request) == [(name, str(one).encode()) for name, one in pairs_of(value)]


@settings(max_examples=40, deadline=None)
@given(files=st.lists(st.binary(max_size=64) | st.just(b"\r\n--part-\r\n"), min_size=1, max_size=4))
def test_files_arrive_byte_for_byte(files: list[bytes]) -> None:
    schema: JsonObject = {"type": "object", "properties": {"f": {"type": "array", "items": {"format": "binary"}}}}

    async def exchange() -> Request:
        async with offered({MULTIPART: {"schema": schema}}) as (executor, server):
            urls: list[Json] = [data_url(file, name="a.bin") for file in files]
            return await arrived(executor, server, {"f": urls})

    assert [content for _, content in split_at_boundary(anyio.run(exchange))] == files


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(value=JSON)
def test_json_of_any_shape_reads_back_equal(value: Json) -> None:
    assert parse_json(exchanged({"application/json": {}}, value).body) == value


ELEMENTS = st.from_regex(r"\A[a-wyz_][a-z0-9_.-]{0,6}\Z")
CHARACTERS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12)
XML_TEXT = CHARACTERS | st.text("<>&\"'\r\n\t]", max_size=8)


def as_element(element: ElementTree.Element) -> tuple[str, object]:
    children = [as_element(child) for child in element]
    return element.tag, children or (element.text or "")


def as_expected(name: str, value: Json) -> tuple[str, object]:
    if isinstance(value, dict):
        children = [
            as_expected(key, one) for key, many in value.items() for one in (many if isinstance(many, list) else [many])
        ]
        return name, children or ""
    return name, value


@settings(max_examples=40, deadline=None)
@given(
    value=st.dictionaries(
        ELEMENTS,
        XML_TEXT | st.lists(XML_TEXT, max_size=3) | st.dictionaries(ELEMENTS, XML_TEXT, max_size=3),
        max_size=4,
    )
)
def test_xml_reads_back_equal(value: JsonObject) -> None:
    request = exchanged({"application/xml": FREE_FORM}, value)
    assert as_element(ElementTree.fromstring(request.body)) == as_expected("root", value)


@settings(max_examples=40, deadline=None)
@given(value=st.dictionaries(ELEMENTS, XML_TEXT, max_size=4))
def test_xml_attributes_read_back_equal(value: JsonObject) -> None:
    hinted: JsonObject = {"type": "string", "xml": {"attribute": True}}
    schema: JsonObject = {"type": "object", "additionalProperties": hinted}
    request = exchanged({"application/xml": {"schema": schema}}, value)
    assert ElementTree.fromstring(request.body).attrib == value
