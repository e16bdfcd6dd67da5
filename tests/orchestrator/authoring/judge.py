"""What the tests of `orchestrator new` share: the official schema as the judge, and descriptions in a line."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import jsonschema_rs

from orchestrator.authoring.draft import Draft, draft_manifest
from orchestrator.authoring.extensions import Cards
from orchestrator.manifest.examine import examine
from runtimes.openapi.document import Description
from runtimes.values import Json, JsonObject, pretty_json

SHARED = Path(__file__).resolve().parents[4] / "shared"
SCHEMA = SHARED / "spec" / "schemas" / "plugin-v2.2.schema.json"
CORPUS = SHARED / "corpus"
EXPECTED = {"unresolved-placeholder", "version-mismatch"}
SERVER = "https://api.example.com"


@cache
def _validator() -> jsonschema_rs.Validator | None:
    if not SCHEMA.exists():
        return None
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def complaints(document: JsonObject) -> list[str]:
    """What the official schema (where it is there) and our own reading find wrong.

    Placeholders are filled in later, and a card in a file is what the description asks for.
    """
    validator = _validator()
    told = [str(error) for error in validator.iter_errors(document)] if validator is not None else []
    problems = examine(pretty_json(document).encode()).problems
    return told + [one.message for one in problems if one.code not in EXPECTED]


def api(paths: JsonObject, **root: Json) -> JsonObject:
    """A description with these paths."""
    return {
        "openapi": "3.0.4",
        "info": {"title": "Things", "version": "1"},
        "servers": [{"url": SERVER}],
        "paths": paths,
        **root,
    }


def answering(schema: Json, more: JsonObject | None = None) -> JsonObject:
    """An operation that answers with JSON of that schema, and has more members."""
    return {
        "operationId": "look",
        "responses": {"200": {"description": "it", "content": {"application/json": {"schema": schema}}}},
        **(more or {}),
    }


def drafted(
    root: JsonObject, *operations: str, source: str = "", name: str | None = None, cards: Cards | None = None
) -> Draft:
    """The draft of a description, which the official schema has nothing to say against."""
    description = Description(root, source)
    draft = draft_manifest(
        description,
        reference="openapi.yaml",
        location="/plugins/plugin.json",
        operations=operations,
        name=name,
        cards=cards,
    )
    assert complaints(draft.document) == []
    return draft


def only_function(root: JsonObject, cards: Cards | None = None) -> JsonObject:
    """The one function of the draft."""
    (function,) = functions_of(drafted(root, cards=cards))
    return function


def functions_of(draft: Draft) -> list[JsonObject]:
    functions = draft.document["functions"]
    assert isinstance(functions, list)
    return [function for function in functions if isinstance(function, dict)]


def at(value: Json, *path: str | int) -> Json:
    """What lies at a path of names and indexes; None where nothing does."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
