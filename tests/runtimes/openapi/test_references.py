"""References: within a description, to the documents beside it, and to those that must not be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.openapi import loading
from runtimes.openapi.document import Description, OperationUnusable
from runtimes.openapi.references import absolute, address_of, location_of, overlaid, rebased, references_in
from runtimes.values import Json, JsonObject, dump_json
from tests.servers.descriptions import api, get, having, opened, post
from tests.servers.loopback import Answer, Request, Response, serve


@pytest.mark.parametrize(
    ("base", "reference", "meant"),
    [
        ("dir/api.yaml", "#/a", "dir/api.yaml#/a"),
        ("dir/api.yaml", "b.yaml#/a", "dir/b.yaml#/a"),
        ("dir/api.yaml", "./sub/../b.yaml", "dir/b.yaml"),
        ("dir/api.yaml", "../b.yaml#/a", "b.yaml#/a"),
        ("api.yaml", "../b.yaml", "../b.yaml"),
        ("/d/api.yaml", "my%20file.yaml?x#/a", "/d/my%20file.yaml#/a"),
        ("/d/api.yaml", "..%2fb.yaml", "/b.yaml"),
        ("/d/api.yaml", "sub\\b.yaml", "/d/sub/b.yaml"),
        ("/d/api.yaml", "https://h.example/b.yaml#/a", "https://h.example/b.yaml#/a"),
        ("/d/api.yaml", "file:///etc/passwd", "file:///etc/passwd"),
        ("https://h.example/d/api.yaml?v=1", "b.yaml#/a", "https://h.example/d/b.yaml#/a"),
        ("https://h.example/d/api.yaml", "/b.yaml?v=2", "https://h.example/b.yaml?v=2"),
        ("https://h.example/d/api.yaml", "python://os", "python://os"),
    ],
)
def test_a_reference_starts_at_its_document(base: str, reference: str, meant: str) -> None:
    assert absolute(address_of(base), reference) == meant


@given(st.lists(st.text(st.characters(exclude_characters="\\/\0", codec="utf-8"), min_size=1), min_size=1))
def test_the_address_of_a_file_leads_back_to_it(parts: list[str]) -> None:
    path = "/" + "/".join(part for part in parts if part not in {".", ".."})
    assert location_of(address_of(path)) == path or path == "/"


def test_only_references_become_absolute() -> None:
    data: JsonObject = {"$ref": "#/a"}
    document: JsonObject = {
        "schemas": {"default": {"$ref": "#/a"}, "x": {"default": data, "enum": [data], "example": data}},
        "properties": {"$ref": {"type": "string"}, "enum": {"$ref": "b.yaml"}},
    }
    assert rebased(document, "d/c.yaml") == {
        "schemas": {"default": {"$ref": "d/c.yaml#/a"}, "x": {"default": data, "enum": [data], "example": data}},
        "properties": {"$ref": {"type": "string"}, "enum": {"$ref": "d/b.yaml"}},
    }
    assert sorted(references_in(document)) == ["#/a", "b.yaml"]


def test_pointers_are_decoded_and_anchors_found() -> None:
    document: JsonObject = {
        "openapi": "3.1.0",
        "components": {"schemas": {"a/b~c d%": {"const": 1}, "named": {"$anchor": "here", "const": 2}}},
        "paths": {"/x/{id}": {"get": {"parameters": [{"name": "q"}]}}},
    }
    description = Description(document, "")
    assert description.resolve("#/components/schemas/a~1b~0c%20d%25") == {"const": 1}
    assert description.resolve("#here") == document["components"]["schemas"]["named"]  # type: ignore[index,call-overload]
    assert description.resolve("#/paths/~1x~1%7Bid%7D/get/parameters/0") == {"name": "q"}
    for nothing in ("#there", "#/paths/x", "#/paths/~1x~1%7Bid%7D/get/parameters/1", "#/components/schemas/²"):
        with pytest.raises(OperationUnusable, match="points to nothing"):
            description.resolve(nothing)


@pytest.mark.parametrize(
    ("version", "own", "meant"),
    [
        ("3.1.0", {"description": "mine"}, {"description": "mine", "type": "string"}),
        ("3.1.0", {"maxLength": 3}, {"description": "theirs", "type": "string", "maxLength": 3}),
        ("3.1.0", {"type": "null"}, {"allOf": [{"description": "theirs", "type": "string"}], "type": "null"}),
        ("3.0.3", {"description": "mine", "type": "null"}, {"description": "theirs", "type": "string"}),
    ],
)
def test_what_stands_beside_a_reference_holds_from_3_1_on(version: str, own: JsonObject, meant: JsonObject) -> None:
    schemas: JsonObject = {"A": {"description": "theirs", "type": "string"}}
    description = Description({"openapi": version, "components": {"schemas": schemas}}, "")
    assert description.follow({"$ref": "#/components/schemas/A", **own}) == meant


def test_nothing_is_changed_by_laying_over() -> None:
    target: JsonObject = {"a": 1}
    assert overlaid(target, {"$ref": "#/x"}) is target
    assert overlaid(target, {"$ref": "#/x", "b": 2}) == {"a": 1, "b": 2}
    assert target == {"a": 1}


SCHEMAS = """
Item:
  type: object
  properties:
    name: {type: string}
    next: {$ref: '#/Item'}
    place: {$ref: 'more/place.json'}
    back: {$ref: '../api.json#/components/schemas/Back'}
"""

DESCRIPTION: JsonObject = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://api.example"}],
    "paths": {
        "/items": {"$ref": "parts/paths.yaml#/~1items"},
        "/other": {"get": {"operationId": "other", "parameters": [{"$ref": "parts/nowhere.yaml#/x"}]}},
    },
    "components": {"schemas": {"Back": {"type": "boolean"}}},
}

PARTS = {
    "parts/paths.yaml": "/items: {post: {operationId: add, requestBody: {$ref: 'bodies.yaml#/Add'}}}",
    "parts/bodies.yaml": "Add: {content: {application/json: {schema: {$ref: 'schemas.yaml#/Item'}}}}",
    "parts/schemas.yaml": SCHEMAS,
    "parts/more/place.json": '{"type": "array", "items": {"type": "number"}}',
}

ADDED: JsonObject = {
    "name": {"type": "string"},
    "next": {"$ref": "#/$defs/Item"},
    "place": {"$ref": "#/$defs/place.json"},
    "back": {"$ref": "#/$defs/Back"},
}


def described(folder: Path) -> str:
    (folder / "parts" / "more").mkdir(parents=True)
    (folder / "api.json").write_text(dump_json(DESCRIPTION), encoding="utf-8")
    for name, text in PARTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return str(folder / "plugin.json")


async def test_references_lead_to_files_beside_the_description_and_back(tmp_path: Path) -> None:
    location = described(tmp_path)
    async with opened(None, ("add", "other"), location, {"url": "api.json"}) as executor:
        parameters = executor.functions["add"].parameters
        assert list(executor.functions) == ["add"]
        assert "'parts/nowhere.yaml#/x', which cannot be read: there is no file" in executor.unusable["other"]
    assert parameters["properties"] == ADDED
    definitions = parameters["$defs"]
    assert isinstance(definitions, dict)
    assert definitions["Back"] == {"type": "boolean"}
    assert definitions["place.json"] == {"type": "array", "items": {"type": "number"}}


async def test_references_lead_to_urls_of_the_description_s_origin_and_each_is_fetched_once() -> None:
    async def handler(request: Request) -> Answer:
        if request.path == "/d/api.json":
            return Response(body=dump_json(DESCRIPTION).encode())
        text = PARTS.get(request.path.removeprefix("/d/"))
        return Response(body=text.encode()) if text is not None else Response(status=404)

    async with serve(handler) as server:
        async with opened(None, None, f"{server.url}/d/plugin.json", {"url": "api.json"}) as executor:
            assert executor.functions["add"].parameters["properties"] == ADDED
            assert "answered with HTTP status 404" in executor.unusable["other"]
        fetched = [request.path for request in server.requests]
    assert len(fetched) == len(set(fetched)) == 6


async def test_only_what_a_bound_function_needs_is_fetched(tmp_path: Path) -> None:
    description = api(
        {
            "/a": {"get": {"operationId": "a", "parameters": [{"$ref": "a.yaml#/q"}]}},
            "/b": {"get": {"operationId": "b", "parameters": [{"$ref": "http://127.0.0.1:1/never.yaml#/q"}]}},
        }
    )
    (tmp_path / "api.json").write_text(dump_json(description), encoding="utf-8")
    (tmp_path / "a.yaml").write_text("q: {name: q, in: query, schema: {type: integer}}", encoding="utf-8")
    async with opened(None, ("a",), str(tmp_path / "plugin.json"), {"url": "api.json"}) as executor:
        assert executor.functions["a"].parameters["properties"] == {"q": {"type": "integer"}}
    async with opened(None, None, str(tmp_path / "plugin.json"), {"url": "api.json"}) as executor:
        assert "cannot connect to http://127.0.0.1:1/never.yaml" in executor.unusable["b"]


async def test_a_description_in_the_manifest_refers_to_files_beside_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("q: {name: q, in: query, schema: {type: integer}}", encoding="utf-8")
    description = get({"parameters": [{"$ref": "a.yaml#/q"}]})
    async with opened(description, ("f",), str(tmp_path / "plugin.json")) as executor:
        assert list(executor.functions) == ["f"]


ESCAPES = {
    "up": ("../secret.yaml#/q", "leads out of"),
    "encoded": ("..%2Fsecret.yaml#/q", "leads out of"),
    "absolute": ("/etc/hostname#/q", "leads out of"),
    "link": ("link.yaml#/q", "leads out of"),
    "file": ("file:///etc/hostname#/q", "neither an http"),
    "python": ("python://os/x#/q", "neither an http"),
    "private": ("http://10.0.0.1/x.yaml?key=secret#/q", "--allow-host"),
    "metadata": ("http://169.254.169.254/x#/q", "169.254.169.254"),
    "not-text": ("broken.yaml#/q", "broken.yaml:1"),
}


@pytest.mark.parametrize(("reference", "words"), ESCAPES.values(), ids=ESCAPES)
async def test_a_reference_out_of_bounds_disables_its_operation(tmp_path: Path, reference: str, words: str) -> None:
    (tmp_path / "secret.yaml").write_text("q: {name: q, in: query}", encoding="utf-8")
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "broken.yaml").write_text("a: b: c", encoding="utf-8")
    (folder / "api.json").write_text(dump_json(get({"parameters": [{"$ref": reference}]})), encoding="utf-8")
    async with opened(None, ("f",), str(folder / "plugin.json"), {"url": "api.json"}) as executor:
        assert executor.functions == {}
        reason = executor.unusable["f"]
    assert reason.startswith("it refers to another document, ")
    assert words in reason
    assert "key=secret" not in reason


async def test_a_description_from_a_url_refers_to_no_file() -> None:
    async def handler(request: Request) -> Answer:
        assert request.path == "/api.json"
        return Response(body=dump_json(get({"parameters": [{"$ref": "file:///etc/hostname#/q"}]})).encode())

    async with serve(handler) as server, opened(None, ("f",), f"{server.url}/plugin.json", {"url": "api.json"}) as one:
        assert "neither an http or https URL" in one.unusable["f"]


async def test_documents_that_lead_to_ever_more_documents_come_to_an_end() -> None:
    async def handler(request: Request) -> Answer:
        if request.path == "/api.json":
            return Response(body=dump_json(post({"$ref": "1.json"})).encode())
        number = int(request.path.strip("/").removesuffix(".json"))
        return Response(body=dump_json({"properties": {"a": {"$ref": f"{number + 1}.json"}}}).encode())

    async with serve(handler) as server:
        async with opened(None, ("f",), f"{server.url}/plugin.json", {"url": "api.json"}) as executor:
            assert "refers to more than is read" in executor.unusable["f"]
        assert len(server.requests) == loading.MAX_NEIGHBOURS + 1


async def test_a_reference_in_an_example_is_data(tmp_path: Path) -> None:
    schema: Json = {"type": "object", "properties": {"a": {"type": "string"}}, "example": {"$ref": "nowhere.yaml"}}
    (tmp_path / "api.json").write_text(dump_json(having(post(schema))), encoding="utf-8")
    async with opened(None, ("f",), str(tmp_path / "plugin.json"), {"url": "api.json"}) as executor:
        assert list(executor.functions) == ["f"]


@pytest.mark.parametrize(
    ("text", "may_lead_elsewhere"),
    [
        (r'{"$ref":"#/a","b":{"$ref": "#/c"},"d":"costs $5, ^x$"}', False),
        (r'{"$ref":"#/a","b":{"$ref":"c.json#/d"}}', True),
        (r'{"$ref" : "#/a"}', True),
        (r'{"\u0024ref":"c.json"}', True),
        (r'{"$\u0072ef":"c.json"}', True),
        (r'{"$r\u0065f":"c.json"}', True),
        (r'{"$re\u0066":"c.json"}', True),
        (r'{"a":"x \"$ref\" y \\ \u00e9"}', False),
        (r'{"a":"x \\ \u00e9"}', False),
        ("$ref: c.yaml", True),
    ],
)
def test_a_text_is_said_to_stay_in_itself_only_where_that_is_certain(text: str, *, may_lead_elsewhere: bool) -> None:
    assert loading.may_refer_elsewhere(text.encode()) is may_lead_elsewhere
