"""`--coverage`: what conversations have exercised of a plugin (issue 6)."""

from __future__ import annotations

import pickle
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.streams import MAX_COLUMNS, MIN_COLUMNS
from orchestrator.testing.playing.outcome import Outcome
from orchestrator.testing.playing.reports import as_json
from orchestrator.testing.telling.coverage import KINDS, Coverage, PluginCoverage, Thing, merged
from orchestrator.testing.telling.coverage_report import WIDTH, coverage_json, coverage_lines
from orchestrator.testing.telling.parameter_paths import MAX_PATH_DEPTH, MAX_PATHS, paths_given, paths_of
from runtimes.values import Json, JsonObject
from tests.orchestrator.testing.playing import FIND, write_conversation
from tests.orchestrator.testing.telling import CASES, told, told_everything, write_told_plugin
from tests.servers.example_service import EXAMPLES

THINGS = st.builds(
    Thing, kind=st.sampled_from(KINDS), function=st.text(max_size=30), what=st.sampled_from(["", "a", "b"])
)
PLUGINS = st.builds(
    PluginCoverage,
    source=st.sampled_from(["a", "b"]),
    name=st.text(max_size=20),
    counts=st.dictionaries(THINGS, st.integers(0, 3), max_size=60),
)
COVERAGES = st.builds(Coverage, plugins=st.tuples(PLUGINS))


def coverage_in(outcome: Outcome) -> Coverage:
    assert outcome.coverage is not None
    return outcome.coverage


def table(coverage: Coverage) -> str:
    return "".join(f"{line}\n" for line in coverage_lines(coverage))


async def found(folder: Path, text: str = FIND) -> PluginCoverage:
    """What a conversation over the plugin has exercised of it."""
    write_told_plugin(folder)
    [outcome] = await told(write_conversation(folder, text))
    [plugin] = coverage_in(outcome).plugins
    return plugin


async def test_the_table_names_what_is_missing(tmp_path: Path) -> None:
    coverage = coverage_in(await told_everything(tmp_path))
    assert table(coverage) == (CASES / "everything.coverage.txt").read_text(encoding="utf-8")


async def test_the_conversations_of_an_example_are_counted_together() -> None:
    outcomes = await told(EXAMPLES / "contoso_real_estate" / "conversations" / "homes.conversation.yaml")
    coverage = merged(map(coverage_in, outcomes))
    assert [plugin.name for plugin in coverage.plugins] == ["Contoso Real Estate"]
    assert coverage.missing("functions", "states", "cards") == ()


async def test_what_a_call_did_is_counted_and_what_it_did_not_is_missing(tmp_path: Path) -> None:
    plugin = await found(tmp_path)
    assert plugin.of("functions") == {
        Thing(kind="functions", function="getHome"): 1,
        Thing(kind="functions", function="putHome"): 0,
        Thing(kind="functions", function="dropHome"): 0,
    }
    assert plugin.of("cards") == {Thing(kind="cards", function="getHome", what="static card"): 1}
    assert [f"{thing.function} {thing.what}" for thing in plugin.missing("parameters", "responses")] == [
        "getHome view",
        "getHome 404",
        "getHome 5XX",
        "getHome no answer",
        "putHome name",
        "putHome 200",
        "putHome no answer",
        "dropHome id",
        "dropHome 204",
        "dropHome no answer",
    ]
    assert [f"{thing.function} {thing.what}" for thing in plugin.missing("states", "confirmations")] == [
        "getHome disengaging",
        "putHome responding",
        "putHome approved",
        "putHome declined",
        "dropHome approved",
        "dropHome declined",
    ]


async def test_a_call_that_was_declined_has_not_given_its_parameters(tmp_path: Path) -> None:
    text = """
turns:
  - say: Keep Elm Road
    model: [{call: putHome, with: {name: Elm Road}}, No., {text: Nothing is kept., in: responding}]
    decide: decline
"""
    plugin = await found(tmp_path, text)
    assert plugin.counts[Thing(kind="confirmations", function="putHome", what="declined")] == 1
    assert plugin.counts[Thing(kind="states", function="putHome", what="responding")] == 1
    assert plugin.counts[Thing(kind="parameters", function="putHome", what="name")] == 0
    assert plugin.counts[Thing(kind="functions", function="putHome")] == 0


async def test_a_status_counts_as_the_description_declares_it(tmp_path: Path) -> None:
    text = f"api: {{stubs: [{{path: /homes/1, answer: {{status: 501, json: {{}}}}}}]}}\n{FIND}"
    plugin = await found(tmp_path, text)
    statuses = {thing.what: count for thing, count in plugin.of("responses").items() if thing.function == "getHome"}
    assert statuses == {"200": 0, "404": 0, "5XX": 1, "no answer": 0}


async def test_a_function_that_is_not_offered_is_not_called(tmp_path: Path) -> None:
    write_told_plugin(tmp_path)
    description = tmp_path / "openapi.json"
    description.write_text(description.read_text(encoding="utf-8").replace("dropHome", "removeHome"), encoding="utf-8")
    [outcome] = await told(write_conversation(tmp_path, FIND))
    coverage = coverage_in(outcome)
    assert [thing.function for thing in coverage.missing("functions")] == ["putHome", "dropHome"]
    assert {thing.function for thing in coverage.missing("parameters", "confirmations")} == {"getHome", "putHome"}


async def test_it_crosses_processes(tmp_path: Path) -> None:
    outcome = await told_everything(tmp_path)
    assert pickle.loads(pickle.dumps(outcome)) == outcome


async def test_programs_are_told_in_numbers_and_names(tmp_path: Path) -> None:
    outcome = await told_everything(tmp_path)
    written = as_json([outcome, outcome], (), 0)["coverage"]
    assert isinstance(written, dict)
    kinds: JsonObject = {
        "functions": {"exercised": 3, "total": 3, "missing": []},
        "states": {"exercised": 2, "total": 2, "missing": []},
        "parameters": {"exercised": 4, "total": 4, "missing": []},
        "responses": {"exercised": 6, "total": 8, "missing": ["putHome no answer", "dropHome no answer"]},
        "confirmations": {"exercised": 3, "total": 4, "missing": ["putHome declined"]},
        "cards": {"exercised": 1, "total": 1, "missing": []},
    }
    source = str(tmp_path / "plugin.json")
    assert written == {"plugins": [{"source": source, "name": "Homes", **kinds}], "total": kinds}


def test_nothing_on_offer_is_said_so() -> None:
    assert table(Coverage()) == "coverage: no function was on offer\n"


@given(st.lists(COVERAGES, max_size=4))
def test_put_together_nothing_is_lost(coverages: list[Coverage]) -> None:
    counts = [
        (plugin.source, thing, count)
        for coverage in coverages
        for plugin in coverage.plugins
        for thing, count in plugin.counts.items()
    ]
    for plugin in merged(coverages).plugins:
        for thing, count in plugin.counts.items():
            assert count == sum(one for source, other, one in counts if (source, other) == (plugin.source, thing))


@given(COVERAGES, st.just(WIDTH) | st.integers(MIN_COLUMNS, MAX_COLUMNS))
def test_no_line_is_too_long(coverage: Coverage, width: int) -> None:
    assert [line for line in coverage_lines(coverage, width=width) if len(line) > width] == []
    assert set(coverage_json(coverage)) == {"plugins", "total"}


def test_parameters_are_named_with_those_inside_them() -> None:
    near: JsonObject = {"type": "object", "properties": {"lat": {"type": "number"}}}
    room: JsonObject = {"properties": {"size": {"type": "number"}, "beside": {"$ref": "#/$defs/room"}}}
    schema: JsonObject = {
        "properties": {"near": near, "rooms": {"type": "array", "items": {"$ref": "#/$defs/room"}}, "any": True},
        "$defs": {"room": room},
    }
    assert paths_of(schema) == (
        "near",
        "near.lat",
        "rooms",
        "rooms[].size",
        "rooms[].beside",
        "rooms[].beside.size",
        "rooms[].beside.beside",
        "any",
    )
    arguments: JsonObject = {"near": {"lat": 1}, "rooms": [{"size": 2}, {"size": 3, "beside": {}}]}
    assert paths_given(arguments) == ("near", "near.lat", "rooms", "rooms[].size", "rooms[].beside")


def test_parameters_are_named_so_far_and_no_further() -> None:
    deep: Json = 1
    for _ in range(MAX_PATH_DEPTH + 3):
        deep = {"a": deep}
    assert paths_given({"a": deep})[-1].count(".") == MAX_PATH_DEPTH - 1
    assert len(paths_given({f"p{number}": 1 for number in range(MAX_PATHS + 5)})) == MAX_PATHS
