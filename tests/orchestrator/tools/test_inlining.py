"""Schemas without references: what they say is what the schema said, within the same budget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orchestrator import Orchestrator, load_plugin
from orchestrator.tools.inlining import inlined
from runtimes.limits import MAX_DEPTH
from runtimes.openapi.keywords import CUT
from runtimes.openapi.schema import MAX_TOOL_SCHEMA_BYTES
from runtimes.values import Json, JsonObject, dump_json
from tests.pace import soon
from tests.rounds import rounds

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples").glob("*/plugin.json"))


def text_of(schema: JsonObject) -> str:
    return dump_json(schema)


def depth_of(value: Json) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth_of, inner), default=0)


def tool(properties: JsonObject, definitions: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties, "$defs": definitions}


def test_a_definition_stands_wherever_it_is_used() -> None:
    day: JsonObject = {"type": "string", "format": "date"}
    ref: Json = {"$ref": "#/$defs/Day"}
    assert inlined(tool({"from": ref, "to": ref}, {"Day": day})) == {
        "type": "object",
        "properties": {"from": day, "to": day},
    }


def test_a_schema_without_references_loses_only_its_definitions() -> None:
    properties: JsonObject = {"$defs": {"type": "string"}, "definitions": {"const": {"$ref": "#/nowhere"}}}
    assert inlined(tool(properties, {"Unused": {}})) == {"type": "object", "properties": properties}


def test_what_is_said_beside_a_reference_is_kept() -> None:
    schema = tool({"day": {"$ref": "#/$defs/Day", "description": "the first"}}, {"Day": {"type": "string"}})
    assert inlined(schema)["properties"] == {"day": {"type": "string", "description": "the first"}}


def test_what_is_demanded_beside_a_reference_holds_too() -> None:
    beside: JsonObject = {"$ref": "#/$defs/A", "properties": {"x": {"type": "integer"}}, "allOf": [{"required": ["x"]}]}
    schema = tool({"a": beside}, {"A": {"type": "object", "properties": {"y": {}}}})
    assert inlined(schema)["properties"] == {
        "a": {
            "properties": {"x": {"type": "integer"}},
            "allOf": [{"required": ["x"]}, {"type": "object", "properties": {"y": {}}}],
        }
    }


def test_a_property_called_as_a_reference_stays() -> None:
    properties: JsonObject = {
        "$ref": {"$ref": "#/$defs/$ref"},
        "%$ref": {"type": "integer"},
        "$ref+": {"type": "boolean"},
        "$ref-": {"enum": [{"$ref": "#/$defs/nothing", "$ref+": [], "%%$ref-": {}}]},
    }
    schema = tool(properties, {"$ref": {"type": "string", "default": "$ref"}})
    assert inlined(schema)["properties"] == {**properties, "$ref": {"type": "string", "default": "$ref"}}


def test_pointers_are_read_as_pointers() -> None:
    schema = tool(
        {
            "a": {"$ref": "#/$defs/a~1b~0%20c"},
            "b": {"$ref": "#/properties/a"},
            "c": {"prefixItems": [{"type": "integer"}]},
            "d": {"$ref": "#/properties/c/prefixItems/0"},
        },
        {"a/b~ c": {"type": "string"}},
    )
    found = inlined(schema)["properties"]
    assert isinstance(found, dict)
    assert (found["a"], found["b"], found["d"]) == ({"type": "string"}, {"type": "string"}, {"type": "integer"})


@pytest.mark.parametrize(
    "reference",
    ["#/$defs/Missing", "https://127.0.0.1:1/x", "file:///etc/passwd", "python://os/x", "#name", "#/required/0", 7],
)
def test_a_reference_that_leads_nowhere_admits_everything_and_says_so(reference: Json) -> None:
    schema: JsonObject = {"type": "object", "properties": {"a": {"$ref": reference}}, "required": ["a"]}
    assert inlined(schema)["properties"] == {"a": {"description": CUT}}


def test_a_schema_that_leads_back_to_itself_ends_with_a_note() -> None:
    node: JsonObject = {
        "type": "object",
        "description": "a comment",
        "properties": {"text": {"type": "string"}, "replies": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
    }
    shown: JsonObject = {
        "text": {"type": "string"},
        "replies": {"type": "array", "items": {"type": "object", "description": f"a comment {CUT}"}},
    }
    found = inlined(tool({"root": {"$ref": "#/$defs/Node"}}, {"Node": node}))
    assert found["properties"] == {"root": {**node, "properties": shown}}


def test_a_list_of_lists_ends_as_a_list() -> None:
    tree: JsonObject = {"type": "array", "items": {"$ref": "#/$defs/Tree"}}
    assert inlined(tool({"tree": {"$ref": "#/$defs/Tree"}}, {"Tree": tree}))["properties"] == {
        "tree": {"type": "array", "items": {"type": "array", "description": CUT}}
    }


def test_a_schema_may_lead_back_to_the_whole() -> None:
    schema: JsonObject = {"type": "object", "properties": {"child": {"$ref": "#"}}}
    assert inlined(schema)["properties"] == {"child": {"type": "object", "description": CUT}}


def test_references_that_only_lead_in_a_circle_admit_everything() -> None:
    circle = tool({"a": {"$ref": "#/$defs/A"}}, {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}})
    assert inlined(circle)["properties"] == {"a": {"description": CUT}}


@pytest.mark.parametrize(
    ("schema", "kept"),
    [
        ({"not": {"$ref": "#"}}, {}),
        ({"oneOf": [{"$ref": "#"}, {"type": "string"}]}, {"anyOf": [{"description": CUT}, {"type": "string"}]}),
        ({"oneOf": [{"$ref": "#"}], "anyOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}]}),
        ({"if": {"$ref": "#"}, "then": {"type": "string"}, "else": {"type": "null"}}, {}),
        ({"contains": {"$ref": "#"}, "maxContains": 2}, {"contains": {"description": CUT}}),
        ({"allOf": [{"$ref": "#"}], "unevaluatedProperties": False}, {"allOf": [{"description": CUT}]}),
        ({"$ref": "#", "unevaluatedItems": False}, {"allOf": [{"description": CUT}]}),
    ],
)
def test_what_is_left_out_makes_nothing_stricter(schema: JsonObject, kept: JsonObject) -> None:
    assert inlined(schema) == kept


def fan(levels: int) -> JsonObject:
    definitions: JsonObject = {
        f"L{level}": {"properties": {side: {"$ref": f"#/$defs/L{level + 1}"} for side in ("left", "right")}}
        for level in range(levels)
    }
    return tool({"top": {"$ref": "#/$defs/L0"}}, {**definitions, f"L{levels}": {"type": "string"}})


def test_references_that_multiply_are_cut_off_before_anything_is_put_together() -> None:
    with soon(2):
        text = text_of(inlined(fan(levels=25)))
        assert 1000 < len(text) <= MAX_TOOL_SCHEMA_BYTES
        assert CUT in text
        assert "$ref" not in text


def test_definitions_that_all_lead_to_all_others_end() -> None:
    names = [f"D{number}" for number in range(60)]
    all_of_them: JsonObject = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    schema = tool({"a": {"$ref": "#/$defs/D0"}}, {name: {"properties": all_of_them} for name in names})
    text = text_of(inlined(schema))
    assert len(text) <= MAX_TOOL_SCHEMA_BYTES
    assert "$ref" not in text


def test_a_long_chain_stays_within_the_depth_of_documents() -> None:
    chain: JsonObject = {f"C{n}": {"items": {"items": {"$ref": f"#/$defs/C{n + 1}"}}} for n in range(400)}
    schema = inlined(tool({"a": {"$ref": "#/$defs/C0"}}, {**chain, "C400": {"type": "string"}}))
    assert 10 < depth_of(schema) <= MAX_DEPTH


def test_many_references_to_one_large_definition_are_cut_off() -> None:
    large: JsonObject = {"type": "object", "description": "all of it. " * 2000, "properties": {"x": {"type": "string"}}}
    uses: JsonObject = {f"p{number}": {"$ref": "#/$defs/Large"} for number in range(20)}
    found = inlined(tool(uses, {"Large": large}))
    assert len(text_of(found)) <= MAX_TOOL_SCHEMA_BYTES
    properties = found["properties"]
    assert isinstance(properties, dict)
    assert set(properties) == set(uses)
    assert text_of(found).count(CUT) == 20


def test_so_many_references_that_not_even_notes_fit_are_left_open() -> None:
    uses: JsonObject = {f"p{number}": {"$ref": "#/$defs/Large"} for number in range(2500)}
    found = inlined(tool(uses, {"Large": {"type": "object", "description": "large " * 200}}))
    assert found["properties"] == {name: {} for name in uses}


NAMES = ("A", "B", "C")


def schemas(*, is_recursive: bool) -> st.SearchStrategy[JsonObject]:
    """Tools whose definitions refer to any others, or only to later ones."""

    def level(targets: tuple[str, ...]) -> st.SearchStrategy[Json]:
        plain: list[Json] = [{"type": "string"}, {"type": "integer"}, {"const": 1}, {"required": ["a"]}, True]
        references: list[Json] = [{"$ref": f"#/$defs/{name}"} for name in targets]
        leaves = st.sampled_from([*plain, *references])

        def nested(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
            members = st.fixed_dictionaries(
                {},
                optional={
                    "properties": st.dictionaries(st.sampled_from(["a", "b", "$ref", "not"]), inner, max_size=2),
                    "items": inner,
                    "allOf": st.lists(inner, min_size=1, max_size=2),
                    "oneOf": st.lists(inner, min_size=1, max_size=2),
                    "anyOf": st.lists(inner, min_size=1, max_size=2),
                    "not": inner,
                    "if": inner,
                    "then": inner,
                    "else": inner,
                    "additionalProperties": inner,
                    "unevaluatedProperties": st.just(False),
                    "contains": inner,
                    "maxContains": st.just(1),
                    "description": st.just("said"),
                    **({"$ref": st.sampled_from([f"#/$defs/{name}" for name in targets])} if targets else {}),
                },
            )
            return members.map(lambda found: dict(found))

        return st.recursive(leaves, nested, max_leaves=6)

    later = {name: NAMES if is_recursive else NAMES[index + 1 :] for index, name in enumerate(NAMES)}
    definitions = st.fixed_dictionaries({name: level(targets) for name, targets in later.items()})

    def whole(top: Json, given: dict[str, Json]) -> JsonObject:
        return {"properties": {"x": top}, "$defs": given}

    return st.builds(whole, level(NAMES), definitions)


INSTANCES: st.SearchStrategy[Json] = st.recursive(
    st.sampled_from([1, 2, "s", None]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["a", "b", "$ref", "not"]), inner, max_size=2)
    ),
    max_leaves=5,
)


def verdicts(schema: JsonObject, instances: list[Json]) -> Iterator[bool]:
    judge = jsonschema_rs.Draft202012Validator(schema)
    return (judge.is_valid({"x": instance}) for instance in instances)


@given(schema=schemas(is_recursive=False), instances=st.lists(INSTANCES, min_size=1, max_size=5))
@settings(max_examples=rounds(1.5), deadline=None)
def test_the_same_values_fit_a_schema_that_ends(schema: JsonObject, instances: list[Json]) -> None:
    found = inlined(schema)
    assert "#/$defs" not in text_of(found)
    assert list(verdicts(found, instances)) == list(verdicts(schema, instances))


@given(schema=schemas(is_recursive=True), instances=st.lists(INSTANCES, min_size=1, max_size=5))
@settings(max_examples=rounds(1.5), deadline=None)
def test_whatever_fits_a_schema_fits_it_without_references(schema: JsonObject, instances: list[Json]) -> None:
    found = inlined(schema)
    assert "#/$defs" not in text_of(found)
    try:
        before = list(verdicts(schema, instances))
    except (ValueError, RecursionError):
        assume(False)
        return
    assert all(after for was, after in zip(before, verdicts(found, instances), strict=True) if was)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
async def test_the_tools_of_the_examples_have_no_references(path: Path) -> None:
    plugin = await load_plugin(str(path))
    async with Orchestrator(plugins=[plugin], model="offline") as host:
        for function in host.toolbox.functions:
            found = inlined(function.parameters)
            assert "$ref" not in json.dumps(found)
            assert found == function.parameters or "$defs" in function.parameters
