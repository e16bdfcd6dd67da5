"""What is said of the documents that a manifest refers to: each code with its file, its place and its pointer."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import pytest

from orchestrator.check.codes import ALL_CODES, REFERENCE_CODES
from orchestrator.errors import Problem
from runtimes.fetch import SharedClient
from runtimes.positions import scan
from runtimes.values import JsonObject
from tests.orchestrator.check.referring import CASES, PLACE, QUIET, Case, found_in, manifest_for, problems_of, written
from tests.servers.loopback import Request, Response, serve

BEYOND_TABLE = {"too-many-references"}
"""Codes that take more files than a table should have."""


def place_in_manifest(text: str, problem: Problem) -> tuple[int, int]:
    """As whoever has the text of the manifest finds it."""
    positions = scan(text)
    key = positions.key(problem.pointer) if ALL_CODES[problem.code].is_at_key else None
    place = key or positions.nearest(problem.pointer)
    return place.line, place.column


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_mistake_is_named_once_where_it_stands(case: Case, tmp_path: Path) -> None:
    """Issue 3, points 3 and 4."""
    ((name, marked),) = [(name, text) for name, text in case.files.items() if PLACE in text]
    files = {name: text.replace(PLACE, "") for name, text in case.files.items()}
    document = written(tmp_path, files)
    (problem,), texts = await found_in(document, str(tmp_path / "plugin.json"))
    assert (problem.code, problem.pointer) == (case.code, case.pointer)
    before = marked[: marked.index(PLACE)]
    place = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    if name == "plugin.json":
        assert (problem.file, problem.line, texts) == ("", 0, {})
        assert place_in_manifest(files[name], problem) == place
    else:
        assert (problem.file, problem.line, problem.column) == (str(tmp_path / name), *place)
        assert texts == {problem.file: files[name]}
    assert problem.severity == ALL_CODES[problem.code].severity
    assert problem.message[-1] != "."


def test_every_code_has_a_case() -> None:
    """Issue 3: every problem code has a failing fixture."""
    assert {case.code for case in CASES.values()} | BEYOND_TABLE >= set(REFERENCE_CODES)


@pytest.mark.parametrize("case", QUIET.values(), ids=QUIET)
async def test_what_is_right_is_not_complained_about(case: Case, tmp_path: Path) -> None:
    """Issue 3, point 4; what the case shows is in its first line."""
    document = written(tmp_path, case.files)
    assert await problems_of(document, tmp_path) == [], case.pointer


async def test_a_hint_says_what_was_probably_meant(tmp_path: Path) -> None:
    case = CASES["no-operation"]
    document = written(tmp_path, {name: text.replace(PLACE, "") for name, text in case.files.items()})
    (problem,) = await problems_of(document, tmp_path)
    assert problem.hint == "did you mean 'getItem'?"
    assert problem.clause == "5.2.1"


async def test_a_misspelt_function_is_told_from_what_its_runtime_describes(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(
        "openapi: 3.0.3\nservers: [{url: https://api.example}]\npaths: {/a: {get: {operationId: getThing}}}",
        encoding="utf-8",
    )
    runtime: JsonObject = {
        "type": "OpenApi",
        "run_for_functions": ["getThing"],
        "spec": {"url": "openapi.yaml"},
    }
    document = manifest_for(functions=[{"name": "getThign"}], runtimes=[runtime])
    problems = await problems_of(document, tmp_path)
    assert [(problem.code, problem.hint) for problem in problems] == [
        (
            "unknown-function",
            "the runtime describes 'getThing': declare a function of that name, or rename the function 'getThign'",
        ),
        ("unbound-function", "did you mean 'getThing'?"),
    ]


async def test_a_mismatch_of_credentials_says_which_scheme_of_http_is_demanded(tmp_path: Path) -> None:
    case = CASES["auth-mismatch.basic"]
    document = written(tmp_path, {name: text.replace(PLACE, "") for name, text in case.files.items()})
    (problem,) = await problems_of(document, tmp_path)
    assert problem.message == "the auth is 'OAuthPluginVault', and http basic is demanded by 'getItem'"


async def test_the_texts_of_files_come_in_the_order_of_their_problems(tmp_path: Path) -> None:
    """Two runs print the same."""
    names = [f"{letter}.yaml" for letter in "hbgcaedf"]
    for name in names:
        text = "openapi: 3.0.3\nservers: [{url: http://api.example}]\npaths: {/a: {get: {operationId: f}}}"
        (tmp_path / name).write_text(text, encoding="utf-8")
    problems, texts = await found_in(manifest_for(*names), str(tmp_path / "plugin.json"))
    assert [problem.file for problem in problems] == [str(tmp_path / name) for name in names]
    assert list(texts) == [problem.file for problem in problems]


async def test_what_differs_between_the_auth_of_runtimes_that_share_a_description_is_named(tmp_path: Path) -> None:
    """Types where these differ, and the registrations where these do."""
    told: dict[str, str] = {}
    for name in ("shared-description", "shared-description.same-type"):
        files = {file: text.replace(PLACE, "") for file, text in CASES[name].files.items()}
        (found,) = await problems_of(written(tmp_path, files), tmp_path)
        told[name] = found.message.rpartition("different auth ")[2]
    assert told == {
        "shared-description": "(None and ApiKeyPluginVault)",
        "shared-description.same-type": "('j' and 'k')",
    }


async def test_files_are_called_as_the_manifest_was(tmp_path: Path) -> None:
    """A relative path to the manifest gives relative paths to its files."""
    case = CASES["insecure-server"]
    document = written(tmp_path / "app", {name: text.replace(PLACE, "") for name, text in case.files.items()})
    with chdir(tmp_path):
        (problem,), texts = await found_in(document, "app/plugin.json")
    assert problem.file == "app/openapi.yaml"
    assert set(texts) == {"app/openapi.yaml"}


async def test_a_description_that_two_runtimes_name_is_had_once() -> None:
    async def handler(request: Request) -> Response:
        return Response(body=b"openapi: 3.0.3\nservers: [{url: http://api.example}]\npaths: {/a: {get: {}}}")

    async with serve(handler) as server:
        location = f"{server.url}/plugin.json?key=secret"
        client = SharedClient()
        http = client.allowing(["127.0.0.1"])
        document = manifest_for("api.yaml?token=secret", f"{server.url}/api.yaml?token=secret")
        problems, texts = await found_in(document, location, http=http)
        await client.aclose()
    assert [request.target for request in server.requests] == ["/api.yaml?token=secret"]
    assert [(problem.code, problem.line, problem.column) for problem in problems] == [("insecure-server", 2, 17)]
    assert list(texts) == [f"{server.url}/api.yaml"]
    assert "secret" not in repr(problems)


async def test_a_remote_description_that_cannot_be_had_is_a_warning() -> None:
    async def handler(request: Request) -> Response:
        return Response(status=404)

    async with serve(handler) as server:
        client = SharedClient()
        http = client.allowing(["127.0.0.1"])
        document = manifest_for(f"{server.url}/api.yaml?token=secret")
        (problem,), texts = await found_in(document, "plugin.json", http=http)
        await client.aclose()
    assert (problem.code, problem.severity, problem.file, texts) == ("unreadable-reference", "warning", "", {})
    assert problem.message == f"{server.url}/api.yaml answered with HTTP status 404"


async def test_no_private_address_is_reached_that_was_not_allowed() -> None:
    client = SharedClient()
    document = manifest_for("http://127.0.0.1:9/api.yaml", "http://169.254.169.254/latest")
    problems, _ = await found_in(document, "plugin.json", http=client)
    await client.aclose()
    assert [problem.code for problem in problems] == ["unreadable-reference"] * 2


async def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("openapi: 3.0.3\n", encoding="utf-8")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "openapi.yaml").symlink_to(tmp_path / "secret.yaml")
    (problem,) = await problems_of(manifest_for("openapi.yaml"), tmp_path / "app")
    assert problem.code == "unreadable-reference"
    assert "leads out of the manifest's folder" in problem.message
