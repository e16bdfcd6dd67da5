"""Checking what a person names: a manifest in both readings, with and without what it refers to, and a package."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.check.report import Checked
from orchestrator.check.validation import Reading, check_source
from runtimes.fetch import SharedClient
from runtimes.placeholders import Environment
from runtimes.values import Json, JsonObject, pretty_json
from tests.servers.loopback import Request, Response, serve

MANIFEST: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Things",
    "namespace": "things",
    "description_for_human": "Things.",
    "functions": [{"name": "listThings"}],
    "runtimes": [
        {
            "type": "OpenApi",
            "auth": {"type": "None"},
            "spec": {"url": "openapi.yaml"},
            "run_for_functions": ["listThings"],
        }
    ],
}
DESCRIPTION = """\
openapi: 3.0.3
info: {title: Things, version: '1'}
servers: [{url: 'https://example.org'}]
paths:
  /things/{id}:
    get:
      operationId: listThings
      responses: {'200': {description: ok}}
"""
DECLARED = DESCRIPTION.replace(
    "      responses",
    "      parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n      responses",
)


def write(folder: Path, *, description: str = DECLARED, name: str = "plugin.json", **members: Json) -> Path:
    path = folder / name
    path.write_text(pretty_json(MANIFEST | members), encoding="utf-8")
    (folder / "openapi.yaml").write_text(description, encoding="utf-8")
    return path


async def checked(source: Path | str, reading: Reading) -> tuple[Checked, ...]:
    client = SharedClient()
    try:
        return await check_source(str(source), reading, client.allowing(["127.0.0.1"]))
    finally:
        await client.aclose()


async def found(source: Path, reading: Reading) -> list[tuple[str, str, int]]:
    (only,) = await checked(source, reading)
    return [(problem.severity, problem.code, problem.line) for problem in only.in_order()]


async def test_a_sound_manifest_has_no_problem_in_either_reading(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert await found(path, Reading()) == []
    assert await found(path, Reading(is_strict=True)) == []


async def test_what_loading_forgives_is_an_error_in_the_strict_reading_at_the_same_place(tmp_path: Path) -> None:
    path = write(tmp_path, descripton="x")
    lenient, strict = await found(path, Reading()), await found(path, Reading(is_strict=True))
    assert lenient == [("warning", "unknown-member", 25)]
    assert strict == [("error", "unknown-member", 25)]


async def test_what_only_the_schema_sees_has_a_place_too(tmp_path: Path) -> None:
    path = write(tmp_path, functions=[{"name": "listThings", "returns": {"$ref": "https://example.org/other.json"}}])
    problems = await found(path, Reading(is_strict=True, has_references=False))
    assert [(severity, line) for severity, _, line in problems] == [("error", 10)]


async def test_a_problem_of_a_description_stands_in_its_file(tmp_path: Path) -> None:
    (only,) = await checked(write(tmp_path, description=DESCRIPTION), Reading())
    (problem,) = only.problems
    assert (problem.code, problem.file, problem.line, problem.column) == (
        "undeclared-path-variable",
        str(tmp_path / "openapi.yaml"),
        5,
        3,
    )
    assert only.texts[problem.file] == DESCRIPTION


async def test_without_references_nothing_is_opened(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "openapi.yaml").unlink()
    assert await found(path, Reading(has_references=False)) == []
    assert [code for _, code, _ in await found(path, Reading())] == ["unreadable-reference"]


@pytest.mark.parametrize(
    ("is_strict", "has_references", "severity"),
    [(False, True, "warning"), (True, False, "warning"), (True, True, "error")],
)
async def test_a_placeholder_without_a_value_is_an_error_only_strictly_and_with_references(
    tmp_path: Path, is_strict: bool, has_references: bool, severity: str
) -> None:
    path = write(tmp_path, description_for_model="For ${{WHO}}")
    reading = Reading(is_strict=is_strict, has_references=has_references)
    assert await found(path, reading) == [(severity, "unresolved-placeholder", 25)]


async def test_placeholders_with_a_value_are_no_problem(tmp_path: Path) -> None:
    description = DECLARED.replace("https://example.org", "${{SERVER}}")
    path = write(tmp_path, description=description, description_for_model="For ${{WHO}}")
    environment = Environment(given={"WHO": "all", "SERVER": "https://example.org"})
    assert await found(path, Reading(is_strict=True, environment=environment)) == []


async def test_a_broken_manifest_is_not_compared_with_anything(tmp_path: Path) -> None:
    path = write(tmp_path, functions=7)
    (tmp_path / "openapi.yaml").unlink()
    assert [code for _, code, _ in await found(path, Reading())] == ["wrong-type"]


async def test_a_manifest_from_a_url_may_refer_to_urls_above_its_folder(tmp_path: Path) -> None:
    runtime: JsonObject = {"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": "/api/openapi.yaml"}}
    texts = {
        "/plugins/a.json": pretty_json(MANIFEST | {"runtimes": [runtime]}).encode(),
        "/api/openapi.yaml": DECLARED.encode(),
    }

    async def answer(request: Request) -> Response:
        return Response(body=texts[request.path])

    async with serve(answer) as server:
        (only,) = await checked(f"{server.url}/plugins/a.json", Reading())
    assert only.problems == ()
    assert len(server.requests) == 2


async def test_each_manifest_of_a_package_is_checked_also_where_another_one_is_missing(tmp_path: Path) -> None:
    write(tmp_path, name="a.json", descripton="x")
    agent: JsonObject = {
        "version": "v1.4",
        "name": "Agent",
        "description": "An agent.",
        "instructions": "Help.",
        "actions": [{"id": "a", "file": "a.json"}, {"id": "b", "file": "b.json"}],
    }
    (tmp_path / "declarativeAgent.json").write_text(pretty_json(agent), encoding="utf-8")
    package, manifest = await checked(tmp_path, Reading())
    assert [(problem.severity, problem.code, problem.line > 0) for problem in package.problems] == [
        ("error", "action-unreadable", True)
    ]
    assert [problem.code for problem in manifest.problems] == ["unknown-member"]
    assert Path(manifest.path).name == "a.json"
