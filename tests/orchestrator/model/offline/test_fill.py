"""Arguments from sentences, by the parameters' schemas alone: `tests/cases/offline_arguments.json`."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.model.base import ToolDefinition, ToolSet
from orchestrator.model.offline.choose import Index
from orchestrator.model.offline.conversation import recall_nothing
from orchestrator.model.offline.fill import fill
from runtimes.values import JsonObject
from tests.orchestrator.model.offline.chat import TODAY
from tests.orchestrator.model.offline.manifest_tools import objects, read

TABLE = read(Path(__file__).resolve().parents[3] / "cases" / "offline_arguments.json")
ROWS = objects(TABLE["rows"])


def _tool(function: str) -> ToolDefinition:
    tools = TABLE["tools"]
    assert isinstance(tools, dict)
    described = tools[function]
    assert isinstance(described, dict)
    properties, required = described["properties"], described.get("required", [])
    parameters: JsonObject = {"type": "object", "properties": properties, "required": required}
    return ToolDefinition(name=f"plugin-{function}", description=str(described["description"]), parameters=parameters)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["text"]))
def test_a_sentence_gives_these_arguments(row: JsonObject) -> None:
    (tool,) = Index(ToolSet((_tool(str(row["function"])),))).tools
    draft = fill(tool, str(row["text"]), TODAY, recall_nothing)
    missing = draft.missing()
    assert (draft.arguments(), missing.name if missing else None) == (row["arguments"], row.get("missing"))
