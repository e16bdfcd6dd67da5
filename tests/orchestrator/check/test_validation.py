"""Checking what a person names: a manifest in both readings, with and without what it refers to, and a package."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.check.report import Checked, as_text
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


async def found_in_strict(source: Path) -> list[tuple[str, str, int]]:
    return await found(source, Reading(is_strict=True))


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


@pytest.mark.parametrize(("is_strict", "severity"), [(False, "warning"), (True, "error")])
async def test_a_placeholder_without_a_value_in_a_file_is_judged_as_in_the_manifest(
    tmp_path: Path, is_strict: bool, severity: str
) -> None:
    path = write(tmp_path, description=DECLARED.replace("title: Things", "title: 'For ${{WHO}}'"))
    assert await found(path, Reading(is_strict=is_strict)) == [(severity, "unresolved-placeholder", 2)]


async def test_an_error_in_the_manifest_hides_nothing_that_its_files_show(tmp_path: Path) -> None:
    functions: list[Json] = [{"name": "listThings"}, {"name": "listThings"}]
    path = write(tmp_path, name_for_human=" ", functions=functions)
    (tmp_path / "openapi.yaml").unlink()
    codes = {code for _, code, _ in await found(path, Reading())}
    assert codes == {"blank-name", "duplicate-function", "unreadable-reference"}


async def test_an_openai_manifest_is_not_compared_with_anything(tmp_path: Path) -> None:
    path = write(tmp_path, api={"type": "openapi", "url": "openapi.yaml"})
    (tmp_path / "openapi.yaml").unlink()
    assert [code for _, code, _ in await found(path, Reading())] == ["openai-manifest"]


async def test_a_registration_that_the_vault_resolves_later_is_no_error(tmp_path: Path) -> None:
    """What `orchestrator new` writes for an API with auth is valid strictly (issue 3, item 8)."""
    secured = DECLARED.replace("      responses", "      security: [{key: []}]\n      responses")
    secured += "components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}\n"
    auth: JsonObject = {"type": "ApiKeyPluginVault", "reference_id": "${{KEY_REGISTRATION_ID}}"}
    runtime: JsonObject = {"type": "OpenApi", "auth": auth, "spec": {"url": "openapi.yaml"}}
    path = write(tmp_path, description=secured, runtimes=[{**runtime, "run_for_functions": ["listThings"]}])
    assert [found[:2] for found in await found_in_strict(path)] == [("warning", "unresolved-placeholder")]
    named: JsonObject = {**runtime, "auth": {**auth, "type": "${{KIND}}"}}
    path = write(tmp_path, description=secured, runtimes=[{**named, "run_for_functions": ["listThings"]}])
    assert ("error", "unresolved-placeholder") in [found[:2] for found in await found_in_strict(path)]


async def test_placeholders_with_a_value_are_no_problem(tmp_path: Path) -> None:
    description = DECLARED.replace("https://example.org", "${{SERVER}}")
    path = write(tmp_path, description=description, description_for_model="For ${{WHO}}")
    environment = Environment(given={"WHO": "all", "SERVER": "https://example.org"})
    assert await found(path, Reading(is_strict=True, environment=environment)) == []


async def test_a_description_in_the_manifest_is_filled_where_it_is_parsed(tmp_path: Path) -> None:
    description = pretty_json({"openapi": "3.0.3", "servers": [{"url": "https://${{HOST}}"}], "paths": {}})
    runtime: JsonObject = {"type": "OpenApi", "auth": {"type": "None"}, "spec": {"api_description": description}}
    path = write(tmp_path, runtimes=[runtime], functions=[])
    known = Environment(given={"HOST": "example.org"})
    assert "unresolved-placeholder" not in {code for _, code, _ in await found(path, Reading(environment=known))}
    codes = [code for _, code, _ in await found(path, Reading())]
    assert codes.count("unresolved-placeholder") == 1


@pytest.mark.parametrize(
    ("name", "value"), [("DB_PASS", "k123"), ("API_KEY_PROD", "k123"), ("SUFFIX", "k123:abc@example.org")]
)
async def test_no_secret_of_the_process_leaves_with_a_manifest_that_is_validated(
    tmp_path: Path, name: str, value: str
) -> None:
    targets: list[str] = []

    async def answer(request: Request) -> Response:
        targets.append(request.target)
        return Response(body=DECLARED.encode())

    async with serve(answer) as server:
        for leak in ("${{PLAIN}}", f"${{{{{name}}}}}"):
            spec: JsonObject = {"url": f"{server.url}/x/{leak}"}
            path = write(tmp_path, runtimes=[{"type": "OpenApi", "auth": {"type": "None"}, "spec": spec}])
            await checked(path, Reading(environment=Environment(ambient={name: value, "PLAIN": "plain"})))
    assert targets == ["/x/plain"]


async def test_a_broken_manifest_is_not_compared_with_anything(tmp_path: Path) -> None:
    path = write(tmp_path, functions=7)
    (tmp_path / "openapi.yaml").unlink()
    assert [code for _, code, _ in await found(path, Reading())] == ["wrong-type"]


async def test_a_manifest_from_a_url_may_refer_to_urls_above_its_folder(tmp_path: Path) -> None:
    runtime: JsonObject = {"type": "OpenApi", "auth": {"type": "None"}, "spec": {"url": "/api/openapi.yaml"}}
    manifest: JsonObject = {**MANIFEST, "runtimes": [runtime]}
    texts = {
        "/plugins/a.json": pretty_json(manifest).encode(),
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


@pytest.mark.parametrize("name", ["declarativeAgent.json", "manifest.json"])
async def test_a_document_that_is_named_itself_is_reported_with_its_lines(tmp_path: Path, name: str) -> None:
    written: JsonObject = {
        "name": "Agent",
        "instructions": "Help.",
        "copilotAgents": {"plugins": [{"file": "lost.json"}]},
    }
    if name == "declarativeAgent.json":
        written = {"name": "Agent", "instructions": "Help.", "actions": [{"file": "lost.json"}]}
    (tmp_path / name).write_text(pretty_json(written), encoding="utf-8")
    (only,) = await checked(tmp_path / name, Reading())
    assert only.text == pretty_json(written)
    assert '"file": "lost.json"' in as_text([only])
