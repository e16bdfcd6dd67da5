"""Tool definitions from a plugin manifest on disk: just enough of one for the tests of the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from orchestrator.model.base import ToolDefinition
from runtimes.values import InvalidJson, Json, JsonObject, dump_json, parse_json

MAX_REFERENCES = 6
"""References followed inside each other; deeper ones become empty schemas."""


def read(path: Path) -> JsonObject:
    """A JSON or YAML document."""
    text = path.read_text(encoding="utf-8-sig")
    document: Json
    try:
        document = parse_json(text)
    except InvalidJson:
        document = yaml.safe_load(text)
    assert isinstance(document, dict), path
    return document


def objects(value: Json) -> list[JsonObject]:
    """The objects of a list; nothing for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def member(value: Json, *names: str) -> Json:
    """What lies under the names, one after the other; None where something is missing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _inlined(value: Json, root: JsonObject, depth: int = 0) -> Json:
    if isinstance(value, list):
        return [_inlined(item, root, depth) for item in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str):
        steps = [step.replace("~1", "/").replace("~0", "~") for step in reference.removeprefix("#/").split("/")]
        return _inlined(member(root, *steps), root, depth + 1) if depth < MAX_REFERENCES else {}
    return {name: _inlined(inner, root, depth) for name, inner in value.items()}


def _operations(api: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    paths = api.get("paths")
    for item in paths.values() if isinstance(paths, dict) else ():
        for operation in item.values() if isinstance(item, dict) else ():
            name = member(operation, "operationId")
            if isinstance(operation, dict) and isinstance(name, str):
                shared = objects(member(item, "parameters"))
                own = objects(operation.get("parameters"))
                everything: list[Json] = [*shared, *own]
                inlined = _inlined({**operation, "parameters": everything}, api)
                assert isinstance(inlined, dict)
                yield name, inlined


def _parameters(operation: JsonObject) -> JsonObject:
    properties: JsonObject = {}
    required: list[Json] = []
    for parameter in objects(operation.get("parameters")):
        name, schema = parameter.get("name"), parameter.get("schema")
        if not isinstance(name, str) or parameter.get("in") not in ("path", "query"):
            continue
        described: JsonObject = {"description": parameter["description"]} if "description" in parameter else {}
        properties[name] = {**(schema if isinstance(schema, dict) else {}), **described}
        required += [name] if parameter.get("required") is True else []
    content = member(operation, "requestBody", "content")
    for media in list(content.values())[:1] if isinstance(content, dict) else []:
        body, demanded = member(media, "schema", "properties"), member(media, "schema", "required")
        properties.update(body if isinstance(body, dict) else {})
        required += demanded if isinstance(demanded, list) else []
    return {"type": "object", "properties": properties, "required": required}


def _apis(manifest: JsonObject, folder: Path) -> dict[str, JsonObject]:
    urls = [member(runtime, "spec", "url") for runtime in objects(manifest.get("runtimes"))]
    files = [folder / url for url in urls if isinstance(url, str) and "://" not in url]
    return {name: operation for file in files if file.is_file() for name, operation in _operations(read(file))}


def tools_of(path: Path) -> list[ToolDefinition]:
    """The functions of a manifest as tools; parameters it leaves out come from its OpenAPI file."""
    manifest = read(path)
    operations = _apis(manifest, path.parent)
    found: list[ToolDefinition] = []
    for function in objects(manifest.get("functions")):
        name = str(function["name"])
        about = [function.get("description"), member(function, "states", "reasoning", "description")]
        parameters = function.get("parameters")
        if not isinstance(parameters, dict):
            parameters = _parameters(operations.get(name, {}))
        plain = parse_json(dump_json(parameters))
        assert isinstance(plain, dict)
        found.append(
            ToolDefinition(
                name=f"{manifest.get('namespace') or 'plugin'}-{name}",
                description="\n".join(text for text in about if isinstance(text, str)),
                parameters=plain,
            )
        )
    return found
