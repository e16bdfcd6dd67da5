"""What descriptions are measured beside makes the same tools as we do, as far as it goes (issue 11)."""

from __future__ import annotations

from benchmarks.large_description import large_description
from benchmarks.linear_pass import LinearPass
from runtimes.openapi.document import Description
from runtimes.openapi.operations import read_arguments
from runtimes.values import Json, JsonObject


def _parameters_alone(description: JsonObject) -> list[tuple[Json, list[str]]]:
    whole = Description(description, "")
    taken = ((entry.operation_id, read_arguments(whole, entry)) for entry in whole.entries)
    return [(name, sorted(one.name for one in arguments.parameters.values())) for name, arguments in taken]


def test_a_linear_pass_makes_a_tool_of_every_operation_with_all_that_it_reaches() -> None:
    description = large_description()
    tools = {str(tool["name"]): tool["parameters"] for tool in LinearPass(description).tools()}
    expected = _parameters_alone(description)
    assert len(tools) == len(expected)
    reached: set[str] = set()
    for name, parameters in expected:
        schema = tools[str(name)]
        assert isinstance(schema, dict)
        properties, shared = schema["properties"], schema.get("$defs", {})
        assert isinstance(properties, dict)
        assert isinstance(shared, dict)
        assert sorted(properties.keys() - {"body"}) == parameters
        reached |= shared.keys()
    assert {name.partition("_")[0] for name in reached} == {"input"}
