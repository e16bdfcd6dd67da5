"""The text that arguments become, row by row, as previewed and as it arrives at a real server."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, unquote

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtimes.base import FunctionCall
from runtimes.errors import InvocationError
from runtimes.values import Json, JsonObject, dump_json, parse_json
from tests.rounds import rounds
from tests.runtimes.openapi.exchange import arrived, opened
from tests.servers.loopback import Request

CASES = parse_json((Path(__file__).parents[2] / "cases/openapi_serialisation.json").read_bytes())
ROWS = [row for row in CASES if isinstance(row, dict)] if isinstance(CASES, list) else []

DECLARED = ("style", "explode", "allowReserved", "allowEmptyValue", "schema", "content")
"""Members of a row that its parameter has too."""


def described(row: JsonObject) -> JsonObject:
    """The parameter of a row."""
    members = {name: row[name] for name in DECLARED if name in row}
    if "content" not in row:
        members.setdefault("schema", {})
    return {"name": row["name"], "in": row["in"], "required": row["in"] == "path", **members}


def written(row: JsonObject) -> tuple[str, JsonObject]:
    """What the row says of the target, and of the header fields that carry parameters."""
    name, where, expected = str(row["name"]), row["in"], str(row["expected"])
    if where == "path":
        return str(row["expected"]) if "template" in row else f"/items/{expected}/x", {}
    if where == "query":
        return "/items" + (f"?{expected}" if expected else ""), {}
    header = "Cookie" if where == "cookie" else name
    is_absent = row.get("absent") is True or (where == "cookie" and not expected)
    return "/items", {header: None if is_absent else expected}


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['in']}-{row['value']!r}" for row in ROWS])
async def test_a_value_is_written_as_the_style_table_says(row: JsonObject) -> None:
    name = str(row["name"])
    path = str(row.get("template", f"/items/{{{name}}}/x")) if row["in"] == "path" else "/items"
    async with opened(path, {"parameters": [described(row)]}) as (executor, server):
        assert executor.unusable == {}
        if row["expected"] is None and "absent" not in row:
            with pytest.raises(InvocationError, match="nothing was sent"):
                executor.preview(FunctionCall(id="c1", function="f", arguments={name: row["value"]}))
            return
        request = await arrived(executor, server, {name: row["value"]})
    target, headers = written(row)
    assert request.target == f"/base{target}"
    assert {name: request.header(name) for name in headers} == headers


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = TEXT | st.integers(-(2**53), 2**53) | st.booleans()


def decoded(text: str) -> str:
    """As it is after all percent-encoding is removed."""
    while (text_after := unquote(text)) != text:
        text = text_after
    return text


def leads_elsewhere(text: str) -> bool:
    return not {".", ".."}.isdisjoint(text.replace("\\", "/").replace(";", "/").split("/"))


SAFE_PATHS = SCALARS.filter(
    lambda value: (
        decoded(str(value)).strip("/\\;") != ""
        and not decoded(str(value)).lstrip("/\\").startswith(";")
        and not leads_elsewhere(decoded(str(value)))
        and not any(char in decoded(str(value)) for char in "\r\n\0")
    )
)
ITEMS = st.lists(TEXT, min_size=1, max_size=4)
MEMBERS = st.dictionaries(TEXT.filter(lambda name: name not in {"q", "list"}), TEXT, min_size=1, max_size=3)
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OPERATION: JsonObject = {
    "parameters": [
        {"name": "id", "in": "path", "required": True, "schema": {}},
        {"name": "q", "in": "query", "schema": {}},
        {"name": "list", "in": "query", "explode": False, "schema": {"type": "array"}},
        {"name": "object", "in": "query", "schema": {"type": "object"}},
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"properties": {"a": {}, "b": {}}}}},
    },
}


def spelled(value: Json) -> str:
    return value if isinstance(value, str) else dump_json(value)


@settings(max_examples=60, deadline=None)
@given(
    arguments=st.fixed_dictionaries(
        {"id": SAFE_PATHS, "q": SCALARS, "list": ITEMS, "object": MEMBERS, "a": BODIES}, optional={"b": BODIES}
    )
)
def test_arguments_read_back_equal_from_what_arrived(arguments: JsonObject) -> None:
    async def exchange() -> Request:
        async with opened("/items/{id}/x", OPERATION, "post") as (executor, server):
            return await arrived(executor, server, arguments)

    request = anyio.run(exchange)
    before, segment, after = request.path.split("/")[2:]
    assert (before, unquote(segment), after) == ("items", spelled(arguments["id"]), "x")
    pairs = parse_qsl(request.query, keep_blank_values=True, strict_parsing=True)
    listed = next(pair for pair in request.query.split("&") if pair.startswith("list="))
    assert [unquote(item) for item in listed.removeprefix("list=").split(",")] == arguments["list"]
    members = arguments["object"]
    assert isinstance(members, dict)
    assert ("q", spelled(arguments["q"])) in pairs
    assert [pair for pair in pairs if pair[0] not in {"q", "list"}] == list(members.items())
    assert parse_json(request.body) == {name: arguments[name] for name in ("a", "b") if name in arguments}


@settings(max_examples=rounds(2))
@given(value=TEXT | st.text("./\\%2eEfF?#;:@&= \r\n\0", max_size=10) | ITEMS | MEMBERS)
def test_no_path_argument_leaves_its_segment(value: Json) -> None:
    async def preview() -> str | None:
        async with opened("/a/{x}{y}/b", TWO_IN_A_SEGMENT) as (executor, _):
            try:
                (message,) = executor.preview(FunctionCall(id="1", function="f", arguments={"x": value, "y": "."}))
            except InvocationError:
                return None
            return message.url

    url = anyio.run(preview)
    if url is None:
        return
    segments = url.split("/")[3:]
    assert (segments[:2], segments[3:]) == (["base", "a"], ["b"])
    assert segments[2]
    assert not leads_elsewhere(decoded(segments[2]))
    assert not set("?#\\ \r\n\0") & set(url)


TWO_IN_A_SEGMENT: JsonObject = {
    "parameters": [{"name": name, "in": "path", "required": True, "schema": {}} for name in ("x", "y")]
}
