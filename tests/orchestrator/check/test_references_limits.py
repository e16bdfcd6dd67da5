"""Hostile manifests and descriptions: what is looked at is bounded, and everything ends in a problem."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.check.bindings import MAX_WILDCARDS
from orchestrator.check.codes import ALL_CODES
from orchestrator.check.confirmations import MAX_PLACEHOLDERS
from orchestrator.check.functions import MAX_CHANGES, MAX_PARAMETERS
from orchestrator.check.references import MAX_OPERATIONS, check_references
from orchestrator.check.referred import MAX_FUNCTIONS, MAX_RUNTIMES
from orchestrator.check.sources import MAX_REFERENCES, Sources
from orchestrator.manifest.examine import MAX_PROBLEMS
from orchestrator.manifest.model import Manifest
from runtimes.fetch import SharedClient
from runtimes.values import Json, JsonObject
from tests.orchestrator.check.referring import ENVIRONMENT, manifest_for, problems_of
from tests.pace import soon
from tests.servers.loopback import Request, Response, serve
from tests.servers.no_http import NoHttp


async def test_a_manifest_refers_to_so_many_documents_and_no_more(tmp_path: Path) -> None:
    card: JsonObject = {"type": "AdaptiveCard", "version": "1.5"}
    functions: list[Json] = []
    for number in range(MAX_REFERENCES + 1):
        (tmp_path / f"{number}.json").write_text(json.dumps(card), encoding="utf-8")
        semantics: Json = {"response_semantics": {"static_template": {"file": f"{number}.json"}}}
        functions.append({"name": f"f{number}", "capabilities": semantics})
    runtimes: Json = [{"type": "LocalPlugin"}]
    document: JsonObject = {"name_for_human": "Mine", "functions": functions, "runtimes": runtimes}
    (problem,) = await problems_of(document, tmp_path)
    assert (problem.code, problem.pointer) == (
        "too-many-references",
        f"/functions/{MAX_REFERENCES}/capabilities/response_semantics/static_template/file",
    )


async def test_more_functions_and_runtimes_than_are_looked_at_are_said_to_be_left_out(tmp_path: Path) -> None:
    functions: list[Json] = [{"name": f"f{number}"} for number in range(MAX_FUNCTIONS + 1)]
    runtimes: list[Json] = [{"type": "LocalPlugin", "run_for_functions": [f"f{MAX_FUNCTIONS}"]}] * (MAX_RUNTIMES + 1)
    runtimes[0] = {"type": "LocalPlugin"}
    document: JsonObject = {"name_for_human": "Mine", "functions": functions, "runtimes": runtimes}
    problems = await problems_of(document, tmp_path)
    assert [(problem.code, problem.pointer) for problem in problems] == [
        ("too-many-references", f"/functions/{MAX_FUNCTIONS}"),
        ("too-many-references", f"/runtimes/{MAX_RUNTIMES}"),
    ]


async def test_many_operations_that_change_something_are_counted_rather_than_listed(tmp_path: Path) -> None:
    paths: JsonObject = {f"/{number}": {"post": {}} for number in range(MAX_CHANGES + 3)}
    description: JsonObject = {"openapi": "3.0.3", "servers": [{"url": "https://api.example"}], "paths": paths}
    (tmp_path / "openapi.json").write_text(json.dumps(description), encoding="utf-8")
    problems = await problems_of(manifest_for("openapi.json"), tmp_path)
    assert [(problem.code, problem.pointer) for problem in problems] == [("unconfirmed-change", "/runtimes/0")] * (
        MAX_CHANGES + 1
    )
    assert problems[-1].message == "so may 3 more operations of this runtime"


async def test_more_wildcards_than_are_looked_at_are_said_to_be_left_out(tmp_path: Path) -> None:
    wildcards: list[Json] = [f"f*{'?' * number}" for number in range(MAX_WILDCARDS + 2)]
    document: JsonObject = {
        "name_for_human": "Mine",
        "functions": [{"name": "f" * 100}],
        "runtimes": [{"type": "LocalPlugin", "run_for_functions": wildcards}],
    }
    (problem,) = await problems_of(document, tmp_path)
    assert (problem.code, problem.pointer) == (
        "too-many-references",
        f"/runtimes/0/run_for_functions/{MAX_WILDCARDS}",
    )


def api_of(count: int) -> str:
    """A description with so many operations."""
    paths = {f"/{number}": {"get": {"operationId": f"f{number}"}} for number in range(count)}
    return json.dumps({"openapi": "3.0.3", "servers": [{"url": "https://api.example"}], "paths": paths})


async def test_operations_beyond_the_limit_are_said_to_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(api_of(MAX_OPERATIONS + 1), encoding="utf-8")
    (problem,) = await problems_of(manifest_for("api.json"), tmp_path)
    assert (problem.code, problem.pointer) == ("too-many-references", "/runtimes/0")


async def test_no_operation_is_looked_at_after_the_time_for_it(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(api_of(2), encoding="utf-8")
    document = manifest_for("api.json")
    manifest = Manifest.model_validate(document)
    location = str(tmp_path / "plugin.json")
    problems, _ = await check_references(
        document, manifest, location, http=NoHttp(), environment=ENVIRONMENT, seconds=0
    )
    assert [(problem.code, problem.pointer) for problem in problems] == [("too-many-references", "/runtimes/0")]


async def test_no_more_problems_are_listed_than_of_a_manifest(tmp_path: Path) -> None:
    names: list[Json] = [f"nobody{number}" for number in range(MAX_PROBLEMS + 5)]
    document: JsonObject = {
        "name_for_human": "Mine",
        "functions": [{"name": "f"}],
        "runtimes": [{"type": "LocalPlugin", "run_for_functions": names}],
    }
    with anyio.fail_after(10):
        problems = await problems_of(document, tmp_path)
    assert [problem.code for problem in problems[:2]] == ["too-many-references", "unknown-function"]
    assert len(problems) == MAX_PROBLEMS + 1


async def test_a_document_beyond_the_limits_is_a_problem_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text('{"a":' * 200 + "1" + "}" * 200, encoding="utf-8")
    bomb = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + number)}: &{chr(98 + number)} [{','.join(['*' + chr(97 + number)] * 8)}]\n" for number in range(8)
    )
    (tmp_path / "bomb.yaml").write_text(bomb, encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes(b"openapi: \xff")
    (tmp_path / "folder").mkdir()
    problems = await problems_of(manifest_for("deep.json", "bomb.yaml", "latin.yaml", "folder"), tmp_path)
    assert [(problem.code, Path(problem.file).name) for problem in problems] == [
        ("unparsable-reference", "deep.json"),
        ("unparsable-reference", "bomb.yaml"),
        ("unparsable-reference", "latin.yaml"),
        ("unreadable-reference", ""),
    ]


async def test_a_wildcard_of_any_length_is_not_looked_at(tmp_path: Path) -> None:
    document: JsonObject = {
        "name_for_human": "Mine",
        "functions": [{"name": "a" * 5000 + "b"}],
        "runtimes": [{"type": "LocalPlugin", "run_for_functions": ["*a" * 100_000]}],
    }
    with anyio.fail_after(5):
        problems = await problems_of(document, tmp_path)
    assert [problem.code for problem in problems] == ["too-many-references", "unbound-function"]


async def test_more_parameters_than_are_compared_are_said_to_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(api_of(1), encoding="utf-8")
    properties: JsonObject = {f"p{number}": {} for number in range(MAX_PARAMETERS + 1)}
    functions: list[Json] = [{"name": "f0", "parameters": {"properties": properties}}]
    (problem,) = await problems_of(manifest_for("api.json", functions=functions), tmp_path)
    assert (problem.code, problem.pointer) == ("too-many-references", "/functions/0/parameters/properties")


async def test_a_text_full_of_placeholders_is_read_soon_and_only_so_far(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(api_of(1), encoding="utf-8")
    body = "{{" + " " * 200_000 + "{{ a" * 50_000 + "{{a|" * 50_000
    body += "".join(f"{{{{n{number}}}}}" for number in range(MAX_PLACEHOLDERS + 1))
    functions: list[Json] = [{"name": "f0", "capabilities": {"confirmation": {"body": body}}}]
    with soon(5):
        problems = await problems_of(manifest_for("api.json", functions=functions), tmp_path)
    assert [problem.code for problem in problems] == ["confirmation-parameter"] * MAX_PLACEHOLDERS


async def test_documents_that_do_not_arrive_in_time_are_not_waited_for() -> None:
    async def handler(request: Request) -> Response:
        await anyio.sleep_forever()
        raise NotImplementedError

    async with serve(handler) as server:
        client = SharedClient()
        sources = Sources("plugin.json", client.allowing(["127.0.0.1"]), ENVIRONMENT, seconds=0.05)
        with anyio.fail_after(5):
            found = [await sources.refer(f"{server.url}/{name}.yaml", f"/{name}") for name in ("a", "b")]
        await client.aclose()
    assert found == [None, None]
    assert [(problem.code, problem.pointer) for problem in sources.problems] == [
        ("unreadable-reference", "/a"),
        ("unreadable-reference", "/b"),
    ]


async def test_documents_have_so_many_bytes_together_and_no_more(tmp_path: Path) -> None:
    """Each is within its own limit; the fourth of them reaches the common one."""
    text = '{"text": [' + ",".join([f'"{"y" * 1_000_000}"'] * 11) + "]}"
    for name in "abcde":
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    sources = Sources(str(tmp_path / "plugin.json"), NoHttp(), ENVIRONMENT)
    read = [await sources.refer(f"{name}.json", f"/{name}") for name in "abcde"]
    assert [one is not None for one in read] == [True, True, True, True, False]
    assert [(problem.code, problem.pointer) for problem in sources.problems] == [("too-many-references", "/e")]


KEYS = st.sampled_from(
    [
        *("paths", "/a/{b}", "/c", "get", "post", "parameters", "operationId", "$ref", "servers", "url", "security"),
        *("components", "securitySchemes", "key", "requestBody", "content", "application/json", "schema", "properties"),
        *("name", "in", "type", "items", "allOf", "responses", "200", "description", "required", "x"),
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | KEYS
    | st.sampled_from(["#/paths", "#", "object", "array", "path"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)


@given(
    paths=st.dictionaries(
        st.sampled_from(["/a/{b}", "/c", "/${{X}}"]),
        st.dictionaries(st.sampled_from(["get", "post", "parameters", "servers", "$ref"]), VALUES, max_size=4),
        max_size=3,
    ),
    rest=st.dictionaries(KEYS, VALUES, max_size=4),
    functions=st.lists(
        st.fixed_dictionaries(
            {"name": KEYS | st.just("get_c")},
            optional={"parameters": st.dictionaries(KEYS, VALUES, max_size=3)},
        ),
        max_size=3,
    ),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_description_gives_problems_with_sound_places(
    paths: JsonObject, rest: JsonObject, functions: list[Json], tmp_path: Path
) -> None:
    text = json.dumps({**rest, "openapi": "3.0.3", "paths": paths}, indent=1)
    (tmp_path / "api.json").write_text(text, encoding="utf-8")
    document = manifest_for("api.json", functions=functions)
    problems = anyio.run(problems_of, document, tmp_path)
    lines = text.split("\n")
    for problem in problems:
        assert problem.code in ALL_CODES
        assert bool(problem.file) == bool(problem.line)
        if problem.line:
            assert lines[problem.line - 1][problem.column - 1] in '"{[-0123456789tfn'
