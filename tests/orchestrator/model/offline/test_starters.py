"""The stand-in picks the expected function for the conversation starters of real plugins (issue 2, item 5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.model.base import ReasoningRequest, ToolSet, UserMessage
from orchestrator.model.offline import OfflineModel
from orchestrator.model.offline.choose import Index, own_name
from runtimes.values import Json, JsonObject
from tests.orchestrator.model.offline.chat import TODAY, collect
from tests.orchestrator.model.offline.manifest_tools import member, objects, read, tools_of

CORPUS = Path(__file__).resolve().parents[4].parent / "shared" / "corpus"
TABLE = Path(__file__).resolve().parents[3] / "cases" / "offline_starters.json"
ROWS = objects(read(TABLE)["rows"])
MIN_PLUGINS = 15
"""The demand of the issue."""

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the corpus is not there: {CORPUS.name}")


def _strings(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _tools(row: JsonObject) -> ToolSet:
    return ToolSet(tuple(tool for path in _strings(row["plugins"]) for tool in tools_of(CORPUS / path)))


def _starters(row: JsonObject) -> list[str]:
    document = read(CORPUS / str(row["starters"]))
    listed = document.get("conversation_starters") or member(document, "capabilities", "conversation_starters")
    return [str(starter["text"]) for starter in objects(listed)]


def _expected(row: JsonObject) -> dict[int, list[str]]:
    labels = row["expected"]
    assert isinstance(labels, dict)
    return {int(place): _strings(names) for place, names in labels.items()}


def _known_misses(row: JsonObject) -> set[int]:
    listed = row.get("misses", [])
    return {place for place in listed if isinstance(place, int)} if isinstance(listed, list) else set()


async def _picked(tools: ToolSet, text: str) -> str | None:
    """The function chosen; where all its arguments are in the sentence, it must also be the one called."""
    choice = Index(tools).choose(text)
    request = ReasoningRequest(system="", messages=(UserMessage(text=text),), tools=tools)
    _, calls = await collect(OfflineModel(today=lambda: TODAY).reason(request))
    assert choice is not None or not calls
    name = choice.tool.definition.name if choice else None
    assert {call.tool for call in calls} <= {name}
    return own_name(name) if name else None


@needs_corpus
@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["plugins"][0]).rpartition("/")[2] if row else "")
async def test_a_starter_picks_the_function_that_answers_it(row: JsonObject) -> None:
    tools, starters = _tools(row), _starters(row)
    wrong = {place for place, names in _expected(row).items() if (await _picked(tools, starters[place])) not in names}
    assert wrong == _known_misses(row), "a starter that is right by now leaves `misses`"


@needs_corpus
async def test_all_starters_of_at_least_15_different_plugins_are_right() -> None:
    right: set[tuple[str, ...]] = set()
    for row in ROWS:
        if not _known_misses(row):
            tools = _tools(row)
            right.add(tuple(tool.name + tool.description for tool in tools.definitions))
    assert len(right) >= MIN_PLUGINS


@needs_corpus
def test_every_label_names_a_function_of_its_plugins_and_every_starter_is_accounted_for() -> None:
    for row in ROWS:
        known = {own_name(tool.name) for tool in _tools(row).definitions}
        expected = _expected(row)
        skipped = row.get("skipped", {})
        assert isinstance(skipped, dict)
        assert {name for names in expected.values() for name in names} <= known, row["plugins"]
        assert expected.keys() | {int(place) for place in skipped} == set(range(len(_starters(row)))), row["plugins"]
