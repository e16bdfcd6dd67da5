"""Real manifests, manifests that have every member, and mutated copies of both."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path

from runtimes.values import InvalidJson, Json, JsonObject, parse_json

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT.parent / "shared" / "corpus"
FULL = ROOT / "tests" / "cases" / "strict" / "full.json"
NAMES = (
    "unexpected",
    "x-ours",
    "disengaging",
    "scopes",
    "localization",
    "output_template",
    "file",
    "tools",
    "$ref",
    "$schema",
    "Type",
    "type",
    "url",
    "items",
    "default",
    "spec",
    "auth",
    "id",
    "examples",
    "local_endpoint",
    "allowed_host",
    "api_description",
    "mcp_tool_description",
    "security_info",
    "isNonConsequential",
    "runs_for_functions",
    "static_template",
    "api",
    "progress_style",
)
"""Members to add, wherever an object is: unknown ones, extensions, and those of other places and versions."""
VALUES: tuple[Json, ...] = (
    None,
    True,
    7,
    2**70,
    1.5,
    "",
    "text",
    "x-ours",
    "none",
    "None",
    "string",
    "object",
    "array",
    "AdaptiveCard",
    "DataExport",
    "EntraOnBehalfOf",
    "OAuthPluginVault",
    "OpenApi",
    "LocalPlugin",
    "RemoteMCPServer",
    "a-b",
    "a_b",
    "a/b",
    "${{NAME}}",
    "v2",
    "v2.1",
    "v2.4",
    "v9",
    [],
    ["text"],
    ["x-ours", 5],
    ["mail"],
    [{"file": "a.json"}],
    {},
    {"file": "card.json"},
    {"url": "openapi.yaml"},
    {"tools": [{}]},
    {"local_endpoint": "Microsoft.Office.Addin"},
    {"type": "string"},
    {"type": "x-ours", "scopes": ["a"]},
    {"type": "EntraOnBehalfOf", "scopes": ["a"]},
    {"reasoning": {"description": "d"}},
)


def real_documents() -> Iterator[tuple[str, JsonObject]]:
    rows = [line.split("\t") for line in (CORPUS / "INDEX.tsv").read_text("utf-8").splitlines()[1:]]
    for row in rows:
        path = CORPUS / row[0].replace("/", "__") / row[2]
        try:
            document = parse_json(path.read_text("utf-8-sig"))
        except InvalidJson:
            assert row[10] == "no", path
            continue
        assert isinstance(document, dict)
        yield f"{row[0]}/{row[2]}", document


def full_documents() -> Mapping[str, JsonObject]:
    documents: dict[str, JsonObject] = json.loads(FULL.read_text("utf-8"))
    return documents


def extended_documents() -> Mapping[str, JsonObject]:
    """The same, with what the documents allow beyond the schemas."""
    documents = full_documents()
    for document in documents.values():
        runtimes, functions = document["runtimes"], document["functions"]
        assert isinstance(runtimes, list)
        auth: JsonObject = {"type": "EntraOnBehalfOf", "Type": "None", "scopes": ["a"], "x-ours": 1}
        runtimes.append({"type": "OpenApi", "auth": auth, "run_for_functions": [], "spec": {"url": "other.yaml"}})
        assert isinstance(functions, list)
        functions.append({"name": "leave", "states": {"disengaging": {"description": "d"}}, "x-ours": 1})
    return documents


def containers_in(value: Json, is_in_card: bool = False) -> Iterator[tuple[dict[str, Json] | list[Json], bool]]:
    if isinstance(value, dict):
        yield value, is_in_card
        for item in value.values():
            yield from containers_in(item, is_in_card or "body" in value)
    elif isinstance(value, list):
        yield value, is_in_card
        for item in value:
            yield from containers_in(item, is_in_card)


def mutate_object(node: dict[str, Json], chance: random.Random) -> None:
    names = sorted(node)
    kind = chance.choice(("remove", "replace", "replace", "add", "rename"))
    if kind == "add" or not names:
        node[chance.choice(NAMES)] = deepcopy(chance.choice(VALUES))
        return
    name = chance.choice(names)
    value = node.pop(name)
    if kind == "replace":
        node[name] = deepcopy(chance.choice(VALUES))
    elif kind == "rename":
        node[chance.choice((name.upper(), "x-" + name, name + "s", chance.choice(NAMES)))] = value


def mutated(document: JsonObject, chance: random.Random) -> JsonObject:
    """A copy with one to three changes, seldom inside a card."""
    copy = deepcopy(document)
    for _ in range(chance.choice((1, 1, 2, 3))):
        nodes = list(containers_in(copy))
        outside = [node for node, is_in_card in nodes if not is_in_card]
        node = chance.choice(outside if chance.random() < 0.9 else [node for node, _ in nodes])
        if isinstance(node, dict):
            mutate_object(node, chance)
        elif node and chance.random() < 0.7:
            node[chance.randrange(len(node))] = deepcopy(chance.choice(VALUES))
        else:
            node.append(deepcopy(chance.choice(VALUES)))
    return copy
