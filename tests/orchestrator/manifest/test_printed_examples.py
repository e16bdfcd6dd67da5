"""The examples that both documents print load, mended only where they are not JSON or are cut out of a manifest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orchestrator.manifest.load import read_document
from runtimes.values import Json, JsonObject

SPEC = Path(__file__).resolve().parents[3].parent / "shared" / "spec"
DOCUMENTS = {"plugin-manifest-2.2.txt": 19, "api-plugin-manifest-2.2-m365.txt": 11}
"""How many examples of manifests, whole or in part, each document has."""
WARNINGS = {
    "plugin-manifest-2.2.txt": {"member-missing", "misspelled-member", "namespace-missing", "too-long", "value-case"},
    "api-plugin-manifest-2.2-m365.txt": {"namespace-missing", "no-languages", "value-case"},
}
"""What is wrong with them all the same."""

MENDS = (
    (re.compile("\u202f"), " "),  # the specification indents with narrow no-break spaces
    (re.compile(r"\{ \.\.\. \}"), "{}"),
    (re.compile(r'"<description for="" human="">"'), '"(residue of HTML)"'),
    (re.compile(r",(\s*[}\]])"), r"\1"),  # trailing commas
    (re.compile(r'^"returns": (\{[^{}]*\})', re.MULTILINE), r'{"returns": \1}'),
)
STARTS = re.compile(r"^\{", re.MULTILINE)
MINIMAL: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Mine",
    "namespace": "mine",
    "description_for_human": "A plugin.",
}
needs_spec = pytest.mark.skipif(not SPEC.is_dir(), reason="the specification is not beside the checkout")


def objects_in(name: str) -> list[JsonObject]:
    text = (SPEC / name).read_text(encoding="utf-8")
    for pattern, replacement in MENDS:
        text = pattern.sub(replacement, text)
    decoder = json.JSONDecoder()
    found: list[JsonObject] = []
    end = 0
    for match in STARTS.finditer(text):
        if match.start() >= end and "/*" not in text[match.start() : match.start() + 200]:
            value, end = decoder.raw_decode(text, match.start())
            found.append(value)
    return found


def function_with(members: JsonObject) -> JsonObject:
    return {**MINIMAL, "functions": [{"name": "f", **members}]}


def runtime_with(members: JsonObject) -> JsonObject:
    return {**MINIMAL, "runtimes": [{"type": "OpenApi", "spec": {"url": "openapi.yaml"}, **members}]}


def with_names(functions: Json) -> Json:
    """Functions cut out of a manifest: two examples have an object for the array, four have no name."""
    listed = [functions] if isinstance(functions, dict) else functions
    assert isinstance(listed, list)
    return [{"name": "f", **function} for function in listed if isinstance(function, dict)]


def with_types(runtimes: Json) -> list[Json]:
    """Runtimes cut out of a manifest: one example has nothing but `auth`."""
    assert isinstance(runtimes, list)
    return [{"type": "OpenApi", "spec": {"url": "a.yaml"}, **one} for one in runtimes if isinstance(one, dict)]


def whole(example: JsonObject) -> JsonObject:
    """The manifest that has the example in its place."""
    if "functions" in example and "schema_version" not in example:
        return {**MINIMAL, "functions": with_names(example["functions"])}
    if "runtimes" in example and "schema_version" not in example:
        return {**MINIMAL, "runtimes": with_types(example["runtimes"])}
    if "schema_version" in example:
        return example
    if "conversation_starters" in example:
        return {**MINIMAL, "capabilities": example}
    if "returns" in example:
        return function_with(example)
    if "reference_id" in example:
        return runtime_with({"auth": example})
    if "properties" in example:
        return function_with({"parameters": example})
    if "enum" in example:
        return function_with({"parameters": {"properties": {"p": example}}})
    assert set(example) == {"type", "description"}
    return function_with({"returns": example})


@needs_spec
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_examples_that_are_printed_load(name: str) -> None:
    """Issue 3, point 1; what a local plugin answers (spec 13.2) is no manifest."""
    examples = [example for example in objects_in(name) if "template" not in example]
    assert len(examples) == DOCUMENTS[name]
    codes: set[str] = set()
    for example in examples:
        plugin = read_document(whole(example), location="plugin.json")
        codes |= {problem.code for problem in plugin.problems}
    assert codes == WARNINGS[name]
