"""The official schemas as a judge, with what the documents allow beyond them; written apart from the shapes of ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kinds

from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

SCHEMAS = Path(__file__).resolve().parents[3].parent / "shared" / "spec" / "schemas"
WITH_SCHEMA = ("v2.1", "v2.2", "v2.3", "v2.4")
WITHOUT_SCHEMA = ("v1", "v2")
TEXT_VERSION = "v2.2"
EXTENSION: JsonObject = {"type": "string", "pattern": "^x-"}


def official_schema(version: str) -> JsonObject:
    schema: JsonObject = json.loads((SCHEMAS / f"plugin-{version}.schema.json").read_text("utf-8"))
    return schema


def loosened_enum(schema: JsonObject) -> JsonObject:
    known = schema.pop("enum")
    assert isinstance(known, list)
    allowed: list[Json] = [{"enum": known}, EXTENSION]
    return {**schema, "anyOf": allowed}


def loosened_keywords(schema: JsonObject) -> JsonObject:
    """With `x-` members and values wherever there is a list of them."""
    changed = {name: loosened(part) if name != "propertyNames" else part for name, part in schema.items()}
    if "propertyNames" in schema:
        changed["propertyNames"] = {"anyOf": [schema["propertyNames"], EXTENSION]}
    if schema.get("additionalProperties") is False:
        changed["patternProperties"] = {"^x-": {}}
    return loosened_enum(changed) if "enum" in schema and schema.get("type") == "string" else changed


def loosened(schema: Json) -> Json:
    if isinstance(schema, list):
        return [loosened(part) for part in schema]
    return loosened_keywords(schema) if isinstance(schema, dict) else schema


def part_of(schema: JsonObject, *path: str) -> JsonObject:
    for name in path:
        inner = schema[name]
        assert isinstance(inner, dict)
        schema = inner
    return schema


def allow_states(official: JsonObject) -> None:
    states = part_of(official, "$defs", "function-object", "properties", "states")
    part_of(states, "properties")["disengaging"] = {"$ref": "#/$defs/function-state-config"}
    part_of(states, "propertyNames")["enum"] = ["reasoning", "responding", "disengaging"]


def allow_data_export(official: JsonObject) -> None:
    if "security-info-object" in part_of(official, "$defs"):
        handling = part_of(official, "$defs", "security-info-object", "properties", "data_handling", "items")
        known = handling["enum"]
        assert isinstance(known, list)
        known.append("DataExport")


def allow_on_behalf(official: JsonObject) -> None:
    definitions = part_of(official, "$defs")
    auth = part_of(definitions, "auth-object")
    for name in ("type", "Type"):
        known = part_of(auth, "properties", name)["enum"]
        assert isinstance(known, list)
        known.append("EntraOnBehalfOf")
    with_scopes = deepcopy(auth)
    part_of(with_scopes, "properties")["scopes"] = {"type": "array", "items": {"type": "string"}}
    if "propertyNames" in with_scopes:
        names = part_of(with_scopes, "propertyNames")["enum"]
        assert isinstance(names, list)
        names.append("scopes")
    is_on_behalf: JsonObject = {"required": ["type"], "properties": {"type": {"const": "EntraOnBehalfOf"}}}
    definitions["auth-object"] = {"if": is_on_behalf, "then": with_scopes, "else": auth}


def allow_runtime_types(official: JsonObject) -> None:
    """A runtime of an extension's type may have any object as its `spec`."""
    definitions = part_of(official, "$defs")
    name = "runtime" if "runtime" in definitions else "runtime-object-openapi"
    runtime = part_of(definitions, name)
    open_runtime = deepcopy(runtime)
    open_runtime.pop("oneOf", None)
    part_of(open_runtime, "properties").update({"spec": {"type": "object"}, "type": {"type": "string"}})
    is_extension: JsonObject = {"required": ["type"], "properties": {"type": EXTENSION}}
    definitions[name] = {"if": is_extension, "then": open_runtime, "else": runtime}


def allow_beside_file(cards: JsonObject) -> None:
    """A card in a file may have extensions."""
    forms = cards.get("oneOf")
    for form in forms if isinstance(forms, list) else ():
        if isinstance(form, dict) and form.get("additionalProperties") is False:
            form["patternProperties"] = {"^x-": {}}


def judge_of(version: str) -> JsonObject:
    """The official schema, loosened by what is written in the list of differences, and by nothing else."""
    official = official_schema(version)
    for allow in (allow_states, allow_data_export, allow_on_behalf, allow_runtime_types):
        allow(official)
    cards = part_of(official, "$defs", "response-semantics-object", "properties", "static_template")
    untouched = deepcopy(cards)
    allow_beside_file(untouched)
    judge = loosened(official)
    assert isinstance(judge, dict)
    semantics = part_of(judge, "$defs", "response-semantics-object", "properties")
    semantics["static_template"] = untouched
    return judge


class Judge:
    """The official verdict on a document, whatever its version."""

    def __init__(self) -> None:
        schemas = {version: judge_of(version) for version in WITH_SCHEMA}
        self._judges = {name: jsonschema_rs.Draft202012Validator(schema) for name, schema in schemas.items()}
        del part_of(schemas[TEXT_VERSION], "properties")["schema_version"]
        self._by_text = jsonschema_rs.Draft202012Validator(schemas[TEXT_VERSION])

    def errors(self, document: JsonObject) -> list[jsonschema_rs.ValidationError]:
        version = document.get("schema_version")
        if version in WITHOUT_SCHEMA:
            return list(self._by_text.iter_errors(document))
        judge = self._judges[version] if isinstance(version, str) and version in self._judges else None
        return list((judge or self._judges[TEXT_VERSION]).iter_errors(document))


@dataclass(frozen=True, slots=True)
class Places:
    """Where the schema finds errors."""

    exact: frozenset[str]
    forms: frozenset[str]
    """Values that have none of several forms: a reader who knows which was meant points into them."""


def places_of(errors: Sequence[jsonschema_rs.ValidationError]) -> Places:
    exact: set[str] = set()
    missing: set[str] = set()
    forms: set[str] = set()
    for error in errors:
        path = error.instance_path
        match error.kind:
            case Kinds.Required(property=name):
                missing.add(pointer_to(*path, name))
            case Kinds.AdditionalProperties(unexpected=names):
                exact.update(pointer_to(*path, name) for name in names)
            case Kinds.PropertyNames(error=inner):
                exact.add(pointer_to(*path, str(inner.instance)))
            case Kinds.OneOfNotValid() | Kinds.OneOfMultipleValid() | Kinds.AnyOf():
                forms.add(pointer_to(*path))
            case _:
                exact.add(pointer_to(*path))
    # the schemas demand a reference also of an `auth` without a type, where nobody knows whether it needs one
    untyped = {place.removesuffix("type") + "reference_id" for place in missing if place.endswith("/auth/type")}
    return Places(frozenset(exact | (missing - untyped)), frozenset(forms))
