"""The process that lints: what it finds, and what it cannot do to the one who waits for it."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import pytest

from orchestrator.check.lint import Finding, Lint
from orchestrator.cli.linter import LINT_SECONDS, MAX_OUTPUT_BYTES, ProcessLinter
from runtimes.values import Json, JsonObject
from tests.servers.loopback import Answer, Request, json_response, serve

INFO: JsonObject = {"title": "t", "version": "1"}
OK: JsonObject = {"200": {"description": "fine"}}
REACHED_OUT = "the validator wanted to open a file or a connection"


def described(paths: JsonObject, version: str = "3.1.0", **more: Json) -> JsonObject:
    member = "swagger" if version == "2.0" else "openapi"
    return {member: version, "info": INFO, "paths": paths, **more}


def operation(**members: Json) -> JsonObject:
    return {"/a": {"get": {"responses": OK, **members}}}


def schemas(**named: Json) -> JsonObject:
    return {"schemas": named}


PARAMETER = "/paths/~1a/get/parameters/0"


@pytest.mark.parametrize(
    ("description", "findings"),
    [
        (described(operation()), []),
        (described(operation(), "3.0.3"), []),
        (described(operation(), "2.0"), []),
        (
            described({}, "3.0.3", info={"title": "t"}),
            [Finding(pointer="/info", message="'version' is a required property")],
        ),
        (
            described(operation(parameters=[{"name": "x", "in": "query"}]), "3.0.3"),
            [
                Finding(
                    pointer=PARAMETER,
                    message="it fits none of what may stand here; nearest to it, 'schema' is a required property",
                )
            ],
        ),
        (
            described(operation(parameters=[{"name": "x", "in": "query"}]), "2.0"),
            [
                Finding(
                    pointer=PARAMETER,
                    message="it fits none of what may stand here; nearest to it, 'query' is not one of ['body']",
                )
            ],
        ),
        (
            described({"/a~/{b}": {"get": {"responses": OK}}}),
            [
                Finding(
                    pointer="/paths/~1a~0~1{b}/get",
                    message="Path parameter 'b' for 'get' operation in '/a~/{b}' was not resolved",
                )
            ],
        ),
        (
            described(operation(parameters=[{"$ref": "#/components/parameters/No"}])),
            [
                Finding(
                    pointer=PARAMETER + "/$ref",
                    message="the reference '#/components/parameters/No' points to nothing, "
                    "and what follows is not looked at",
                )
            ],
        ),
        (
            described({}, components=schemas(A={"type": "string", "default": 3})),
            [Finding(pointer="", message="the default of a schema does not fit it: 3 is not of type 'string'")],
        ),
    ],
)
async def test_what_is_wrong_is_found_where_it_stands(description: JsonObject, findings: list[Finding]) -> None:
    lint = await ProcessLinter().lint(description, "openapi.json")
    assert (list(lint.findings), lint.stopped) == (findings, "")


async def test_all_of_many_findings_are_named_up_to_a_limit() -> None:
    paths: JsonObject = {f"/p{number}": {"get": {}} for number in range(250)}
    lint = await ProcessLinter().lint(described(paths, "3.0.3"), "openapi.json")
    assert (len(lint.findings), lint.stopped) == (200, "there are more than 200 findings")


async def test_a_finding_does_not_quote_a_whole_description() -> None:
    paths: JsonObject = {"/a": {"get": {"responses": OK, "parameters": {"a": "long " * 10_000}}}}
    lint = await ProcessLinter().lint(described(paths, "3.0.3"), "openapi.json")
    (found,) = lint.findings
    assert found.message == f"{{'a': '{'long ' * 14}lon… is not of type 'array'"


async def test_a_version_that_the_validator_does_not_know_is_said() -> None:
    lint = await ProcessLinter().lint(described({}, "3.2.0"), "openapi.json")
    assert lint == Lint(stopped="the validator does not know this version of OpenAPI")


async def test_a_validator_that_fails_loses_none_of_its_findings() -> None:
    circle = schemas(A={"$ref": "#/components/schemas/A"})
    lint = await ProcessLinter().lint(described(operation(responses={}), "3.0.3", components=circle), "openapi.json")
    assert [found.pointer for found in lint.findings] == ["/paths/~1a/get/responses"]
    assert lint.stopped == "the validator failed with RecursionError"


async def test_nothing_is_fetched() -> None:
    asked: list[str] = []

    async def answer(request: Request) -> Answer:
        asked.append(request.path)
        return json_response({"type": "string"})

    async with serve(answer) as server:
        for reference in (f"{server.url}/schema.json", f"{server.url}/schema.json#/a"):
            body = described({}, components=schemas(A={"$ref": reference}))
            assert (await ProcessLinter().lint(body, "openapi.json")).stopped == REACHED_OUT
        body = described({}, components=schemas(A={"$id": f"{server.url}/a", "default": {}, "$ref": "b#/c"}))
        await ProcessLinter().lint(body, "openapi.json")
    assert asked == []


async def test_no_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"type": "a very secret word"}', encoding="utf-8")
    body = described({}, components=schemas(A={"$ref": secret.as_uri()}))
    lint = await ProcessLinter().lint(body, "openapi.json")
    assert lint == Lint(stopped=REACHED_OUT)


async def test_it_has_none_of_the_secrets_of_the_environment(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import json, os, sys\nsys.stdin.read()\nprint(json.dumps({'message': ' '.join(sorted(os.environ))}))\n",
        encoding="utf-8",
    )
    assert "PATH" in os.environ
    (found,) = (await ProcessLinter(program=program).lint({}, "x")).findings
    assert set(found.message.split()) <= {"LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT"}


async def test_one_that_takes_too_long_is_ended_and_its_findings_are_kept(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        'import sys, threading\nprint(\'{"message": "first"}\', flush=True)\nthreading.Event().wait()\n',
        encoding="utf-8",
    )
    linter = ProcessLinter(seconds=2.5, program=program)
    with anyio.fail_after(30):
        lint = await linter.lint({"a": "x" * 1_000_000}, "x")
        again = await linter.lint({}, "y")
    assert lint == Lint(
        findings=(Finding(pointer="", message="first"),), stopped="linting takes more than 2.5 s in all"
    )
    assert again == Lint(stopped="linting takes more than 2.5 s in all")


async def test_one_that_says_too_much_is_ended(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import sys\nwhile True: sys.stdout.write('{\"message\": 1}\\n' * 1000)\n", encoding="utf-8")
    with anyio.fail_after(30):
        lint = await ProcessLinter(program=program).lint({}, "x")
    assert lint == Lint(stopped=f"the findings have more than {MAX_OUTPUT_BYTES} bytes")


async def test_a_description_that_multiplies_ends() -> None:
    levels: JsonObject = {
        f"L{n}": {"properties": {side: {"$ref": f"#/components/schemas/L{n + 1}"} for side in ("a", "b")}}
        for n in range(25)
    }
    body = described({}, components={"schemas": {**levels, "L25": {"type": "string", "default": 1}}})
    with anyio.fail_after(30):
        lint = await ProcessLinter(seconds=10).lint(body, "openapi.json")
    assert lint.stopped == ""


async def test_a_person_is_told_what_is_waited_for_and_may_end_it(tmp_path: Path) -> None:
    program, pid = tmp_path / "program.py", tmp_path / "pid"
    program.write_text(
        f"import os, pathlib, threading\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        "threading.Event().wait()\n",
        encoding="utf-8",
    )
    told: list[str] = []
    with anyio.fail_after(LINT_SECONDS), anyio.CancelScope() as scope:

        def tell(text: str) -> None:
            told.append(text)
            scope.cancel()

        await ProcessLinter(tell=tell, program=program).lint({}, "openapi.json")
    assert told == ["linting openapi.json …"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    lint = await ProcessLinter(program=tmp_path / "missing.py").lint({}, "x")
    assert lint.stopped == "the validator failed with exit code 2"
