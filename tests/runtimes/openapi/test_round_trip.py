"""What was sent reads back equal: any parameters, in any place and style, read by their description (issue 4).

Where a style cannot tell two values apart, only one of them is generated:

* null, and arrays and objects with nothing in them, are never sent (RFC 6570 2.3), so they read as not given;
* headers are not encoded, so items have no commas, exploded names no `=`, texts no white space at their ends;
* `label` divides exploded items by a dot, which is never encoded, so they have none;
* the delimited styles know no escape for their delimiter, so items have none (the others are refused);
* `deepObject` has no escape for the brackets of a name, so names have none (the others are refused);
* arrays and objects inside others have a form of their own in `deepObject` and in JSON only;
* the style `cookie` encodes nothing, so texts are what a cookie may carry;
* with `allowReserved` commas and %-triples of a value stay, so joined items have no commas, and no text has triples.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from urllib.parse import unquote

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from runtimes.values import Json, JsonObject
from tests.rounds import rounds
from tests.runtimes.openapi.exchange import arrived, opened
from tests.runtimes.openapi.reading import read
from tests.servers.loopback import Request

CHARACTERS = st.characters(exclude_categories=["Cs"])
ANY_TEXT = st.text(st.sampled_from(" \t\r\n\0,;.=&+%|/?#[]{}\"'<>\\é€😀aZ0") | CHARACTERS, max_size=8)
LATIN = st.text(st.sampled_from("".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x100)]))), max_size=8)
OCTETS = st.text(st.sampled_from(string.ascii_letters + string.digits + "!#$%&'()*+-./:<=>?@[]^_`{|}~"), max_size=8)

STYLES: Mapping[str, tuple[str, ...]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}
Case = tuple[JsonObject, Json]


def in_segment(text: str) -> bool:
    """Of the texts that a path can carry all but those with dots, whose refusal has a test of its own."""
    for _ in range(4):
        text = unquote(text)
    return not set("\r\n\0.") & set(text)


def texts(where: str, style: str, *, explode: bool, is_reserved: bool = False) -> st.SearchStrategy[str]:
    """The texts that can be told from one another."""
    if where == "header":
        return LATIN.filter(lambda text: text == text.strip() and "," not in text)
    if style == "cookie":
        return OCTETS if explode else OCTETS.filter(lambda text: "," not in text)
    if where == "path":
        return ANY_TEXT.map(lambda text: f"v{text}").filter(in_segment)
    if is_reserved:
        return ANY_TEXT.filter(lambda text: unquote(text) == text and (explode or "," not in text))
    delimiter = DELIMITERS.get(style)
    return ANY_TEXT.filter(lambda text: delimiter not in text) if delimiter else ANY_TEXT


def names(where: str, style: str, *, explode: bool) -> st.SearchStrategy[str]:
    if where == "header" or style == "cookie":
        return st.text(string.ascii_letters, min_size=1, max_size=4)
    found = texts(where, style, explode=explode)
    return found.filter(lambda text: not set("[]") & set(text)) if style == "deepObject" else found


@st.composite
def scalars(draw: st.DrawFn, text: st.SearchStrategy[str]) -> Case:
    kind = draw(st.sampled_from(["string", "integer", "boolean"]))
    values: Mapping[str, st.SearchStrategy[Json]] = {
        "string": text,
        "integer": st.integers(-(2**70), 2**70),
        "boolean": st.booleans(),
    }
    return {"type": kind}, draw(values[kind])


@st.composite
def arrays(draw: st.DrawFn, text: st.SearchStrategy[str]) -> Case:
    schema, first = draw(scalars(text))
    kinds: Mapping[Json, st.SearchStrategy[Json]] = {
        "string": text,
        "integer": st.integers(-9, 9),
        "boolean": st.booleans(),
    }
    return {"type": "array", "items": schema}, [first, *draw(st.lists(kinds[schema["type"]], max_size=3))]


@st.composite
def objects(draw: st.DrawFn, text: st.SearchStrategy[str], name: st.SearchStrategy[str], mark: str) -> Case:
    properties: JsonObject = {}
    value: JsonObject = {}
    for number in range(draw(st.integers(1, 3))):
        key = f"{draw(name)}{mark}{number}"
        properties[key], value[key] = draw(scalars(text))
    return {"type": "object", "properties": properties}, value


@st.composite
def deep_objects(draw: st.DrawFn, text: st.SearchStrategy[str], name: st.SearchStrategy[str], depth: int = 0) -> Case:
    properties: JsonObject = {}
    value: JsonObject = {}
    for number in range(draw(st.integers(1, 3))):
        key = f"{draw(name)}{number}"
        inner = [scalars(text), arrays(text)] + ([deep_objects(text, name, depth + 1)] if depth < 3 else [])
        properties[key], value[key] = draw(st.one_of(inner))
    return {"type": "object", "properties": properties}, value


@st.composite
def parameters(draw: st.DrawFn, number: int) -> Case:
    """A parameter whose name nothing else has, and a value for it."""
    where = draw(st.sampled_from(sorted(STYLES)))
    style = draw(st.sampled_from(STYLES[where]))
    explode = draw(st.booleans()) and style not in DELIMITERS
    is_reserved = style == "form" and where == "query" and draw(st.booleans())
    text = texts(where, style, explode=explode, is_reserved=is_reserved)
    key = names(where, style, explode=explode)
    if where == "header":
        name = f"X-{number}"
    else:
        name = f"{draw(key.filter(lambda text: not set('{}[]/?#') & set(text)))}.{number}"
    parameter: JsonObject = {"name": name, "in": where, "required": where == "path"}
    if style != STYLES[where][0] or draw(st.booleans()):
        parameter["style"] = style
    if explode is not (style in {"form", "cookie"}) or draw(st.booleans()):
        parameter["explode"] = explode
    if is_reserved:
        parameter["allowReserved"] = True
    if draw(st.integers(0, 9)) == 0:
        schema, value = draw(deep_objects(ANY_TEXT, ANY_TEXT) if where != "path" else objects(text, text, ""))
        content: JsonObject = {"application/json": {"schema": schema}}
        return {**parameter, "content": content}, value
    kinds = [scalars(text), arrays(text), objects(text, key, f"-{number}-")]
    if style == "deepObject":
        kinds = [deep_objects(text, key)]
    schema, value = draw(st.one_of(kinds))
    return {**parameter, "schema": schema}, value


@st.composite
def calls(draw: st.DrawFn) -> list[Case]:
    return [draw(parameters(number)) for number in range(draw(st.integers(1, 5)))]


@settings(max_examples=rounds(2.5), deadline=None)
@given(call=calls())
def test_every_parameter_reads_back_as_it_was_given(call: list[Case]) -> None:
    segments = [f"{{{parameter['name']}}}" for parameter, _ in call if parameter["in"] == "path"]
    template = "/".join(["", "base", *segments, "end"])
    arguments: JsonObject = {str(parameter["name"]): value for parameter, value in call}

    async def exchange() -> Request:
        operation: JsonObject = {"parameters": [parameter for parameter, _ in call]}
        async with opened(template.removeprefix("/base"), operation) as (executor, server):
            assert executor.unusable == {}
            return await arrived(executor, server, arguments)

    request = anyio.run(exchange)
    assert {str(parameter["name"]): read(parameter, template, request) for parameter, _ in call} == arguments
