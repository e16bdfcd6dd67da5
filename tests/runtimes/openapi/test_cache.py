"""The part of a large description that a plugin uses is kept, and is read as the whole would be."""

from __future__ import annotations

import gc
import hashlib
import os
import secrets
import sys
import weakref
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
import yaml
from anyio.lowlevel import checkpoint

from runtimes.base import FunctionSignature, RuntimeServices, RuntimeSpec
from runtimes.http import HttpRequest, HttpResponse
from runtimes.openapi import OpenApiExecutor, cache, open_openapi
from runtimes.openapi.cutout import cut_out, missing_functions, reduced
from runtimes.openapi.document import Description, object_at
from runtimes.openapi.executor import MAX_UNUSED
from runtimes.openapi.operations import read_operation
from runtimes.values import Json, JsonObject, dump_json, parse_json
from tests.servers.descriptions import ID, api, having

NODE: JsonObject = {
    "type": "object",
    "properties": {"next": {"$ref": "#/components/schemas/Node"}, "z": {"type": "string"}, "a": {"type": "integer"}},
}
BODY: JsonObject = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
ANSWERS: JsonObject = {
    "200": {"description": "fine", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Big"}}}},
    "404": {"$ref": "#/components/responses/Missing"},
}
DESCRIPTION: JsonObject = api(
    {
        "/nodes/{id}": {
            "parameters": [ID],
            "summary": "Nodes",
            "put": {"operationId": "put", "requestBody": BODY, "responses": ANSWERS},
            "get": {"operationId": "get", "parameters": [{"$ref": "#/components/parameters/q%7E1"}]},
        },
        "/by-item": {"$ref": "#/components/pathItems/Item"},
        "/other": {"get": {"operationId": "other", "parameters": [{"$ref": "#/paths/~1nodes~1{id}/parameters/0"}]}},
    },
    components={
        "schemas": {"Node": NODE, "Big": {"enum": [f"value {n}" for n in range(30_000)]}},
        "parameters": {"q/": {"name": "q", "in": "query", "schema": NODE}},
        "responses": {"Missing": {"description": "there is none"}},
        "securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "key"}},
        "pathItems": {"Item": {"get": {"operationId": "item", "responses": ANSWERS}}},
    },
    security=[{"key": []}],
)


def signatures(description: Description, functions: Sequence[str]) -> list[FunctionSignature]:
    return [read_operation(description, name, "plugin.json").signature for name in functions]


@pytest.mark.parametrize(
    "functions", [("put",), ("get",), ("item",), ("other",), ("other", "get"), ("get", "item", "put")]
)
def test_the_part_is_read_as_the_whole(functions: tuple[str, ...]) -> None:
    whole = Description(DESCRIPTION, "")
    part = cut_out(whole, functions)
    assert part is not None
    text = dump_json(part)
    assert len(text) < 3000
    again = Description(parse_json(text), "")
    assert signatures(again, functions) == signatures(Description(DESCRIPTION, ""), functions)
    responses = [read_operation(one, functions[0], "plugin.json").signature.responses for one in (again, whole)]
    assert responses[0] == responses[1]
    answers = again.find(functions[0]).operation.get("responses")
    assert not isinstance(answers, dict) or not answers.get("200")


def test_a_part_of_all_operations_is_read_as_the_whole() -> None:
    document = with_dangling(having(DESCRIPTION, paths={**object_at(DESCRIPTION, "paths"), "/lost": LOST}))
    whole = Description(document, "")
    part = cut_out(whole, None)
    assert part is not None
    assert "value 1" not in dump_json(part)
    again = Description(parse_json(dump_json(part)), "")
    names = [entry.function_name for entry in whole.entries]
    assert [entry.function_name for entry in again.entries] == names
    assert again.broken == whole.broken
    assert list(again.broken) == ["/lost"]
    usable = [name for name in names if name != "broken"]
    assert signatures(again, usable) == signatures(whole, usable)


@pytest.mark.parametrize("functions", [("put",), ("get", "item", "pit")])
def test_a_reduced_description_is_read_as_the_whole_and_lets_go_of_the_rest(functions: tuple[str, ...]) -> None:
    document = parse_json(dump_json(DESCRIPTION))
    assert isinstance(document, dict)
    known = [name for name in functions if name != "pit"]
    expected = signatures(Description(document, ""), known)
    whole = Description(document, "")
    reference = weakref.ref(whole)
    reasons = missing_functions(whole, functions)
    less = reduced(whole, functions)
    assert "Big" not in object_at(object_at(less.root, "components"), "schemas")
    assert signatures(less, known) == expected
    assert missing_functions(less, functions) == reasons
    del whole
    assert reference() is None


def test_a_description_of_which_nothing_can_be_left_out_stays_as_it_is() -> None:
    whole = Description(DESCRIPTION, "")
    assert "Big" not in dump_json(reduced(whole, None).root)
    unreadable = having(DESCRIPTION, paths={"/a": {"get": {"operationId": "a", "parameters": [{"$ref": "b.yaml#/q"}]}}})
    elsewhere = Description(unreadable, "")
    assert reduced(elsewhere, ("a",)) is elsewhere


def test_swagger_is_cut_out_too() -> None:
    parameters: list[Json] = [{"name": "b", "in": "body", "schema": {"$ref": "#/definitions/A"}}]
    document: JsonObject = {
        "swagger": "2.0",
        "host": "api.example",
        "basePath": "/v1",
        "paths": {"/x": {"post": {"operationId": "f", "parameters": parameters}, "get": {"operationId": "g"}}},
        "definitions": {"A": {"properties": {"a": {"type": "string"}}}, "B": {"type": "string"}},
    }
    part = cut_out(Description(document, ""), ("f",))
    assert part is not None
    assert "B" not in dump_json(part)
    assert signatures(Description(part, ""), ("f",)) == signatures(Description(document, ""), ("f",))


@pytest.mark.parametrize(
    "description",
    [
        having(DESCRIPTION, paths={"/a": {"get": {"operationId": "other", "parameters": [{"$ref": "b.yaml#/q"}]}}}),
        having(DESCRIPTION, paths={}),
    ],
    ids=["elsewhere", "unknown"],
)
def test_what_cannot_be_cut_out_is_not(description: JsonObject) -> None:
    assert cut_out(Description(description, ""), ("other",)) is None


class Offline:
    """An HTTP client that must not be used."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        raise NotImplementedError(request)


@asynccontextmanager
async def opened(folder: Path, *functions: str, file: str = "api.json") -> AsyncGenerator[OpenApiExecutor]:
    spec = RuntimeSpec(
        plugin="test", type="OpenApi", spec={"url": file}, location=str(folder / "plugin.json"), functions=functions
    )
    async with open_openapi(spec, RuntimeServices(http=Offline(), cache=folder / "cache")) as executor:
        yield executor


async def signature(folder: Path, function: str = "put") -> FunctionSignature:
    async with opened(folder, function) as executor:
        return executor.functions[function]


async def entries(folder: Path) -> list[anyio.Path]:
    path = anyio.Path(folder / "cache")
    return sorted([entry async for entry in path.iterdir()]) if await path.exists() else []


async def test_the_part_is_kept_and_used_as_long_as_the_description_stays(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(dump_json(DESCRIPTION), encoding="utf-8")
    first = await signature(tmp_path)
    (entry,) = await entries(tmp_path)
    assert (await entry.parent.stat()).st_mode & 0o077 == 0
    assert await signature(tmp_path) == first
    text = (await entry.read_bytes())[64:].replace(b"/nodes/", b"/kept/")
    await entry.write_bytes(hashlib.sha256(text).hexdigest().encode() + text)
    kept = await signature(tmp_path)
    assert kept.parameters == first.parameters
    assert kept.fingerprint != first.fingerprint
    (tmp_path / "api.json").write_text(dump_json(having(DESCRIPTION, info={"title": "x"})), encoding="utf-8")
    assert await signature(tmp_path) == first
    assert len(await entries(tmp_path)) == 2


def with_dangling(description: JsonObject) -> JsonObject:
    parameters: list[Json] = [{"$ref": "#/components/parameters/none"}]
    broken: JsonObject = {"/broken": {"get": {"operationId": "broken", "parameters": parameters}}}
    return having(description, paths={**object_at(description, "paths"), **broken})


LOST: JsonObject = {"$ref": "#/components/pathItems/none"}


def without_big(components: JsonObject) -> JsonObject:
    schemas = {name: one for name, one in object_at(components, "schemas").items() if name != "Big"}
    return {**components, "schemas": {**schemas, "Big": {"type": "string"}}}


TEXTS: Mapping[str, str] = {
    "JSON with spaces": dump_json(with_dangling(DESCRIPTION)).replace('"$ref":', '"$ref" : '),
    "JSON with escapes": dump_json(with_dangling(DESCRIPTION)).replace("Nodes", r"\u004eodes"),
    "YAML": yaml.safe_dump(with_dangling(DESCRIPTION), sort_keys=False),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_a_part_is_kept_however_it_is_written_and_whatever_of_it_cannot_be_used(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "api.yaml").write_text(text, encoding="utf-8")
    functions = ("put", "get", "pit", "broken")
    async with opened(tmp_path, *functions, file="api.yaml") as executor:
        first = executor.functions
        reasons = dict(executor.unusable)
        assert list(first) == ["put", "get"]
        assert "did you mean" in reasons["pit"]
        assert "points to nothing" in reasons["broken"]
    (entry,) = await entries(tmp_path)
    kept = (await entry.read_bytes())[64:].replace(b"Nodes", b"Kept!")
    await entry.write_bytes(hashlib.sha256(kept).hexdigest().encode() + kept)
    async with opened(tmp_path, *functions, file="api.yaml") as executor:
        assert executor.unusable == reasons
        assert executor.functions.keys() == first.keys()
        for name, one in executor.functions.items():
            assert one.parameters == first[name].parameters
    async with opened(tmp_path, *functions[::-1], file="api.yaml") as executor:
        assert dict(executor.unusable) == reasons
    assert len(await entries(tmp_path)) == 2


async def test_a_yaml_description_with_placeholders_is_not_kept(tmp_path: Path) -> None:
    described = having(DESCRIPTION, info={"title": "x", "description": "${{TITLE}}"})
    (tmp_path / "api.yaml").write_text(yaml.safe_dump(described), encoding="utf-8")
    async with opened(tmp_path, "put", file="api.yaml") as executor:
        assert list(executor.functions) == ["put"]
    assert await entries(tmp_path) == []


async def test_a_plugin_that_names_no_functions_keeps_all_of_them_and_yaml_is_worth_it_early(tmp_path: Path) -> None:
    little = having(DESCRIPTION, components={**object_at(DESCRIPTION, "components"), "x-long": "long " * 5000})
    text = yaml.safe_dump(having(little, components=without_big(object_at(little, "components"))), sort_keys=False)
    assert cache.MIN_YAML_BYTES < len(text) < cache.MIN_JSON_BYTES
    (tmp_path / "api.yaml").write_text(text, encoding="utf-8")
    spec = RuntimeSpec(plugin="test", type="OpenApi", spec={"url": "api.yaml"}, location=str(tmp_path / "plugin.json"))
    services = RuntimeServices(http=Offline(), cache=tmp_path / "cache")
    async with open_openapi(spec, services) as executor:
        first = executor.functions
    (entry,) = await entries(tmp_path)
    assert "long long" not in await entry.read_text(encoding="utf-8")
    kept = (await entry.read_bytes())[64:].replace(b"Nodes", b"Kept!")
    await entry.write_bytes(hashlib.sha256(kept).hexdigest().encode() + kept)
    async with open_openapi(spec, services) as executor:
        assert executor.functions == first
        assert list(first) == ["get", "put", "item", "other"]


async def test_an_entry_that_is_not_what_was_written_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(dump_json(DESCRIPTION), encoding="utf-8")
    first = await signature(tmp_path)
    (entry,) = await entries(tmp_path)
    whole = await entry.read_bytes()
    for broken in (b"", whole[:-1], whole.replace(b"/nodes/", b"/evil_/"), b"\xff" * 100):
        await entry.write_bytes(broken)
        assert await signature(tmp_path) == first
        assert await entry.read_bytes() == whole


async def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(dump_json(DESCRIPTION), encoding="utf-8")
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    assert (await signature(tmp_path)).name == "put"


async def test_a_description_with_placeholders_is_not_kept(tmp_path: Path) -> None:
    description = having(DESCRIPTION, info={"title": "${{TITLE}}"})
    (tmp_path / "api.json").write_text(dump_json(description), encoding="utf-8")
    await signature(tmp_path)
    assert await entries(tmp_path) == []


def test_the_oldest_entries_make_room(tmp_path: Path) -> None:
    names = [cache.entry_name(b"", [str(number)]) for number in range(cache.MAX_ENTRIES + 3)]
    for name in names:
        cache.write_entry(tmp_path, name, {"name": name})
    kept = {entry.name for entry in tmp_path.iterdir()}
    assert len(kept) == cache.MAX_ENTRIES
    assert names[-1] in kept
    assert cache.read_entry(tmp_path, names[-1]) == {"name": names[-1]}


def test_what_is_too_long_is_not_kept(tmp_path: Path) -> None:
    cache.write_entry(tmp_path, "long.json", "x" * cache.MAX_ENTRY_BYTES)
    assert list(tmp_path.iterdir()) == []


def test_entries_that_are_too_long_together_make_room(tmp_path: Path) -> None:
    value = "x" * (cache.MAX_ENTRY_BYTES - 2)
    names = [cache.entry_name(b"", [str(number)]) for number in range(9)]
    for name in names:
        cache.write_entry(tmp_path, name, value)
    kept = {entry.name for entry in tmp_path.iterdir()}
    assert kept == set(names[-7:])
    assert sum(entry.stat().st_size for entry in tmp_path.iterdir()) <= cache.MAX_BYTES


def test_files_of_others_in_the_folder_are_never_removed(tmp_path: Path) -> None:
    for number in range(cache.MAX_ENTRIES + 3):
        (tmp_path / f"letter {number}.json").write_text("{}", encoding="utf-8")
    cache.write_entry(tmp_path, cache.entry_name(b"", []), {})
    assert len(list(tmp_path.iterdir())) == cache.MAX_ENTRIES + 4


@pytest.mark.skipif(sys.platform == "win32", reason="modes and pipes of POSIX")
def test_a_folder_that_others_can_write_into_is_not_used(tmp_path: Path) -> None:
    name = cache.entry_name(b"", [])
    cache.write_entry(tmp_path, name, 1)
    assert cache.read_entry(tmp_path, name) == 1
    tmp_path.chmod(0o777)
    assert cache.read_entry(tmp_path, name) is None
    cache.write_entry(tmp_path, name, 2)
    tmp_path.chmod(0o700)
    assert cache.read_entry(tmp_path, name) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="modes and pipes of POSIX")
def test_what_is_no_file_is_never_waited_for(tmp_path: Path) -> None:
    names = [cache.entry_name(b"", [str(number)]) for number in range(3)]
    os.mkfifo(tmp_path / names[0])
    (tmp_path / names[1]).mkdir()
    cache.write_entry(tmp_path, names[2], 1)
    for name in (names[0], names[1]):
        assert cache.read_entry(tmp_path, name) is None
    (tmp_path / names[2]).rename(tmp_path / "kept")
    (tmp_path / names[2]).symlink_to(tmp_path / "kept")
    assert cache.read_entry(tmp_path, names[2]) is None


def values_in_memory(name: str) -> int:
    """How many objects there are that have a member of that name."""
    gc.collect()
    return sum(isinstance(one, dict) and name in one for one in gc.get_objects())


async def test_what_a_plugin_does_not_use_of_a_large_description_is_let_go_without_a_cache(tmp_path: Path) -> None:
    unused: JsonObject = {"x-rest": [{}]}
    operation: JsonObject = {"requestBody": {"content": {"application/json": {"schema": {"allOf": [unused]}}}}}
    paths: JsonObject = {f"/unused/{number}": {"put": operation} for number in range(2 * MAX_UNUSED)}
    text = dump_json(api({**paths, "/used": {"put": {"operationId": "put", **operation}}}))
    name = f"x-{secrets.token_hex(8)}"
    (tmp_path / "api.json").write_text(text.replace("x-rest", name), encoding="utf-8")
    spec = RuntimeSpec(
        plugin="p",
        type="OpenApi",
        spec={"url": "api.json"},
        location=str(tmp_path / "plugin.json"),
        functions=("put", "nothing"),
    )
    async with open_openapi(spec, RuntimeServices(http=Offline())) as executor:
        await checkpoint()  # the loop holds what was awaited last until its next round
        assert values_in_memory(name) == 1
        assert "no operation 'nothing'" in executor.unusable["nothing"]
        assert list(executor.functions) == ["put"]
