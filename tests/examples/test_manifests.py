"""The manifests of the examples: valid by the published schema, and in step with their descriptions and scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from orchestrator.model.script_file import read_script
from orchestrator.model.scripted import Call, Calls
from runtimes.values import Json, JsonObject
from tests.servers.example_service import EXAMPLES, HTTP_EXAMPLES

SCHEMAS = Path(__file__).resolve().parents[2].parent / "shared" / "spec" / "schemas"
MANIFESTS = sorted(EXAMPLES.glob("*/plugin.json"))
SCRIPTS = sorted(
    path for path in EXAMPLES.glob("*/conversations/*.yaml") if not path.name.endswith(".conversation.yaml")
)
DEVIATIONS = {
    "windows_settings": ["/runtimes/0/spec"],  # the schema knows one local endpoint, an Office add-in (spec 11.4.2.1)
    "suno": ["/functions/0/states"],  # the schema lacks `disengaging`, which the M365 document defines
}
"""Where an example says what the specification allows and the published schema does not."""
LONGEST = {"name_for_human": 20, "description_for_human": 100, "description_for_model": 2048}
"""Characters beyond which a host may cut (spec 4.2.2 to 4.2.4)."""


def _read(path: Path) -> JsonObject:
    document: Json = json.loads(path.read_bytes())
    assert isinstance(document, dict)
    return document


def _object(value: Json) -> JsonObject:
    assert isinstance(value, dict)
    return value


def _list(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


def _functions(manifest: JsonObject) -> list[JsonObject]:
    return [_object(function) for function in _list(manifest["functions"])]


def _operations(description: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    for path in _object(description["paths"]).values():
        for operation in _object(path).values():
            yield str(_object(operation)["operationId"]), _object(operation)


def _resolved(schema: Json, description: JsonObject) -> JsonObject:
    """The schema with its `$ref` followed, one step."""
    here = _object(schema)
    if "$ref" not in here:
        return here
    for part in str(here["$ref"]).removeprefix("#/").split("/"):
        description = _object(description[part])
    return description


def _described_parameters(operation: JsonObject, description: JsonObject) -> dict[str, tuple[Json, bool, Json]]:
    """By name: type, whether it is required, and the values that it or its items may have."""
    found: dict[str, tuple[Json, bool, Json]] = {}
    for parameter in map(_object, _list(operation.get("parameters", []))):
        schema = _object(parameter["schema"])
        items = _resolved(schema.get("items", {}), description)
        found[str(parameter["name"])] = (schema["type"], parameter.get("required") is True, items.get("enum"))
    if "requestBody" in operation:
        content = _object(_object(operation["requestBody"])["content"])
        body = _object(_object(content["application/json"])["schema"])
        for name, member in _object(body["properties"]).items():
            found[name] = (_object(member)["type"], name in _list(body["required"]), None)
    return found


def _declared_parameters(function: JsonObject) -> dict[str, tuple[Json, bool, Json]]:
    parameters = _object(function.get("parameters", {"properties": {}}))
    required = _list(parameters.get("required", []))
    return {
        name: (_object(schema)["type"], name in required, _object(_object(schema).get("items", {})).get("enum"))
        for name, schema in _object(parameters["properties"]).items()
    }


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.parent.name)
def test_a_manifest_is_valid_but_for_the_known_gaps_of_the_published_schema(path: Path) -> None:
    manifest = _read(path)
    schema_path = SCHEMAS / f"plugin-{manifest['schema_version']}.schema.json"
    if not schema_path.exists():
        pytest.skip(f"{schema_path.name} is not beside the checkout")
    # the schema names draft 4 and uses `$defs`, `const` and `if`, which came later
    schema = {**_read(schema_path), "$schema": "https://json-schema.org/draft/2020-12/schema"}
    errors = jsonschema_rs.validator_for(schema).iter_errors(manifest)
    places = sorted({"/" + "/".join(map(str, error.instance_path)) for error in errors})
    assert places == DEVIATIONS.get(path.parent.name, [])


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.parent.name)
def test_no_text_is_longer_than_every_host_shows(path: Path) -> None:
    manifest = _read(path)
    assert all(0 < len(str(manifest[name])) <= longest for name, longest in LONGEST.items())
    assert str(manifest["contact_email"]).endswith("@example.com")


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.parent.name)
def test_a_manifest_has_starters_and_says_how_every_function_handles_data(path: Path) -> None:
    manifest = _read(path)
    starters = _list(_object(manifest["capabilities"])["conversation_starters"])
    assert 2 <= len(starters) <= 4
    assert all(_object(starter).keys() == {"title", "text"} for starter in starters)
    for function in _functions(manifest):
        assert _list(_object(_object(function["capabilities"])["security_info"])["data_handling"])


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.parent.name)
def test_every_declared_function_is_bound_by_name(path: Path) -> None:
    manifest = _read(path)
    bound = [name for runtime in _list(manifest["runtimes"]) for name in _list(_object(runtime)["run_for_functions"])]
    assert bound == [function["name"] for function in _functions(manifest)]


@pytest.mark.parametrize("name", HTTP_EXAMPLES)
def test_every_function_is_an_operation_with_the_same_parameters(name: str) -> None:
    """Names must match (spec 5.2.1); parameters match so that neither document says more than the other."""
    manifest = _read(EXAMPLES / name / "plugin.json")
    loaded: Json = yaml.safe_load((EXAMPLES / name / "openapi.yaml").read_bytes())
    description = _object(loaded)
    assert description["openapi"] == "3.0.4"
    described = {
        operation_id: _described_parameters(operation, description)
        for operation_id, operation in _operations(description)
    }
    assert {str(one["name"]): _declared_parameters(one) for one in _functions(manifest)} == described


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parents[1].name}/{path.stem}")
def test_a_conversation_is_a_script_that_calls_what_its_manifest_has(path: Path) -> None:
    names = {str(function["name"]) for function in _functions(_read(path.parents[1] / "plugin.json"))} | {"withdraw"}
    steps = [step for turn in read_script(str(path)) for step in turn.steps]
    called = {call.tool for step in steps if isinstance(step, Calls) for call in step.calls}
    called |= {step.tool for step in steps if isinstance(step, Call)}
    assert called
    assert called <= names


def test_every_example_has_a_conversation_a_logo_and_a_readme() -> None:
    assert len(MANIFESTS) == 4
    for path in MANIFESTS:
        assert {"service.py", "logo.svg", "README.md"} <= {file.name for file in path.parent.iterdir()}
        assert any((path.parent / "conversations").glob("*.yaml"))
